"""Logarithm, exponential and cube root in whole numbers, equal bit for bit to the contracts'.

Source: ``FixedPointMathLib`` of Solady 0.1.26 (``lnWad``, ``expWad``, ``cbrt``), whose rational functions
are Remco Bloemen's. A WAD is 18 decimals; inside, numbers are Q96, and each division and shift rounds as the
EVM's does: ``sdiv`` towards zero, ``sar`` down.
"""

from __future__ import annotations

from typing import Final

_LN2_Q96: Final = 54_916_777_467_707_473_351_141_471_128

# ln on [1, 2): numerator (monic, degree 8 after scaling) and denominator, from the highest coefficient down.
_LN_P: Final = (
    3_273_285_459_638_523_848_632_254_066_296,
    24_828_157_081_833_163_892_658_089_445_524,
    43_456_485_725_739_037_958_740_375_743_393,
    -11_111_509_109_440_967_052_023_855_526_967,
    -45_023_709_667_254_063_763_336_534_515_857,
    -14_706_773_417_378_608_786_704_636_184_526,
)
_LN_P_LAST: Final = 795_164_235_651_350_426_258_249_787_498
_LN_Q: Final = (
    5_573_035_233_440_673_466_300_451_813_936,
    71_694_874_799_317_883_764_090_561_454_958,
    283_447_036_172_924_575_727_196_451_306_956,
    401_686_690_394_027_663_651_624_208_769_553,
    204_048_457_590_392_012_362_485_061_816_622,
    31_853_899_698_501_571_402_653_359_427_138,
    909_429_971_244_387_300_277_376_558_375,
)
_LN_SCALE: Final = 1_677_202_110_996_718_588_342_820_967_067_443_963_516_166
_LN_OF_2: Final = (
    16_597_577_552_685_614_221_487_285_958_193_947_469_193_820_559_219_878_177_908_093_499_208_371
)
_LN_OF_BASE: Final = (
    600_920_179_829_731_861_736_702_779_321_621_459_595_472_258_049_074_101_567_377_883_020_018_308
)

# exp on (-ln 2 / 2, ln 2 / 2).
_EXP_LEAST: Final = -41_446_531_673_892_822_313
_EXP_P: Final = (
    1_346_386_616_545_796_478_920_950_773_328,
    57_155_421_227_552_351_082_224_309_758_442,
    -94_201_549_194_550_492_254_356_042_504_812,
    28_719_021_644_029_726_153_956_944_680_412_240,
    4_385_272_521_454_847_904_659_076_985_693_276,
)
_EXP_Q: Final = (
    -2_855_989_394_907_223_263_936_484_059_900,
    50_020_603_652_535_783_019_961_831_881_945,
    -533_845_033_583_426_703_283_633_433_725_380,
    3_604_857_256_930_695_427_073_651_918_091_429,
    -14_423_608_567_350_463_180_887_372_962_807_573,
    26_449_188_498_355_588_339_934_803_723_976_023,
)
_EXP_SCALE: Final = 3_822_833_074_963_236_453_042_738_258_902_158_003_155_416_615_667


def _div_to_zero(dividend: int, divisor: int) -> int:
    """Return the quotient rounded towards zero, as ``sdiv`` does; the divisor is positive."""
    return dividend // divisor if dividend >= 0 else -(-dividend // divisor)


def ln_wad(x_wad: int) -> int:
    """Return the natural logarithm, WAD, within 1.05 units (``lnWad``).

    ``x_wad`` is from 1 to 2^255 - 1; nothing less has a logarithm.
    """
    exponent = x_wad.bit_length() - 1 - 96
    x = x_wad << (159 - exponent) >> 159
    p = x + _LN_P[0]
    for coefficient in _LN_P[1:]:
        p = (p * x >> 96) + coefficient
    p = p * x - (_LN_P_LAST << 96)
    q = x + _LN_Q[0]
    for coefficient in _LN_Q[1:]:
        q = (x * q >> 96) + coefficient
    scaled = _LN_SCALE * _div_to_zero(p, q)
    return scaled + _LN_OF_2 * exponent + _LN_OF_BASE >> 174


def exp_wad(x_wad: int) -> int:
    """Return e to the power of ``x_wad``, WAD (``expWad``); zero where that is below one unit.

    Within one unit, and never less for a higher ``x_wad``. That is below 135.3 WAD; the contract has no word
    for more.
    """
    if x_wad <= _EXP_LEAST:
        return 0
    x = _div_to_zero(x_wad << 78, 5**18)
    doublings = (_div_to_zero(x << 96, _LN2_Q96) + (1 << 95)) >> 96
    x -= doublings * _LN2_Q96
    y = x + _EXP_P[0]
    y = (y * x >> 96) + _EXP_P[1]
    p = y + x + _EXP_P[2]
    p = (p * y >> 96) + _EXP_P[3]
    p = p * x + (_EXP_P[4] << 96)
    q = x + _EXP_Q[0]
    for coefficient in _EXP_Q[1:]:
        q = (q * x >> 96) + coefficient
    return _div_to_zero(p, q) * _EXP_SCALE >> (195 - doublings)


def cube_root(x: int) -> int:
    """Return the cube root rounded down, exactly (``cbrt``), of a number that is not negative."""
    if x == 0:
        return 0
    # From above, Newton's steps fall until they stand on the root.
    root = 1 << -(-x.bit_length() // 3)
    while True:
        better = (2 * root + x // (root * root)) // 3
        if better >= root:
            return root
        root = better
