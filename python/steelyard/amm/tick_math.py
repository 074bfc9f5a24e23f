"""Ticks and square-root prices of Uniswap V3, bit for bit.

Source of the formulas: ``TickMath`` of Uniswap v3-core 1.0.1. A price is token1 per token0 in base units;
its square root is carried as Q64.96. Tick ``i`` stands for the price ``1.0001 ** i``.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from steelyard.exceptions import QuoteError
from steelyard.units import Q96, UINT256_MAX

MIN_TICK: Final = -887_272
MAX_TICK: Final = 887_272
MIN_SQRT_RATIO: Final = 4_295_128_739
MAX_SQRT_RATIO: Final = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342
"""The first square-root price that is no longer allowed (a swap stops one below)."""

_Q32_MASK: Final = (1 << 32) - 1
_LOG_SQRT_BASE: Final = math.log(1.0001) / 2
_LOG_Q96: Final = math.log(Q96)

# 2**128 / sqrt(1.0001) ** (2**bit), as the contract has them.
_FACTORS: Final = (
    0xFFFCB933BD6FAD37AA2D162D1A594001,
    0xFFF97272373D413259A46990580E213A,
    0xFFF2E50F5F656932EF12357CF3C7FDCC,
    0xFFE5CACA7E10E4E61C3624EAA0941CD0,
    0xFFCB9843D60F6159C9DB58835C926644,
    0xFF973B41FA98C081472E6896DFB254C0,
    0xFF2EA16466C96A3843EC78B326B52861,
    0xFE5DEE046A99A2A811C461F1969C3053,
    0xFCBE86C7900A88AEDCFFC83B479AA3A4,
    0xF987A7253AC413176F2B074CF7815E54,
    0xF3392B0822B70005940C7A398E4B70F3,
    0xE7159475A2C29B7443B29C7FA6E889D9,
    0xD097F3BDFD2022B8845AD8F792AA5825,
    0xA9F746462D870FDF8A65DC1F90E061E5,
    0x70D869A156D2A1B890BB3DF62BAF32F7,
    0x31BE135F97D08FD981231505542FCFA6,
    0x9AA508B5B7A84E1C677DE54F3E99BC9,
    0x5D6AF8DEDB81196699C329225EE604,
    0x2216E584F5FA1EA926041BEDFE98,
    0x48A170391F7DC42444E8FA2,
)
_LOW_BITS: Final = 10
_LOW_MASK: Final = (1 << _LOW_BITS) - 1
_HIGH_FACTORS: Final = tuple(enumerate(_FACTORS))[_LOW_BITS:]


@lru_cache(maxsize=1 << _LOW_BITS)
def _ratio_of_low_bits(low: int) -> int:
    """Return the product of the first factors: the contract starts with them, so it can be kept."""
    ratio = 1 << 128
    for bit, factor in enumerate(_FACTORS[:_LOW_BITS]):
        if low >> bit & 1:
            ratio = ratio * factor >> 128
    return ratio


@lru_cache(maxsize=65_536)
def sqrt_ratio_at_tick(tick: int) -> int:
    """Return the square-root price at ``tick`` as Q64.96 (``TickMath.getSqrtRatioAtTick``).

    The products round down as in the contract; the last shift rounds up, so that ``tick_at_sqrt_ratio``
    of the result is ``tick`` again.

    Raises:
        QuoteError: ``tick`` is outside ``MIN_TICK..MAX_TICK``.
    """
    if not MIN_TICK <= tick <= MAX_TICK:
        raise QuoteError(f"tick {tick} must be in {MIN_TICK}..{MAX_TICK}")
    magnitude = abs(tick)
    ratio = _ratio_of_low_bits(magnitude & _LOW_MASK)
    for bit, factor in _HIGH_FACTORS:
        if magnitude >> bit & 1:
            ratio = ratio * factor >> 128
    if tick > 0:
        ratio = UINT256_MAX // ratio
    return (ratio >> 32) + (1 if ratio & _Q32_MASK else 0)


def tick_at_sqrt_ratio(sqrt_price_x96: int) -> int:
    """Return the greatest tick whose square-root price is not above ``sqrt_price_x96``.

    That sentence is what ``TickMath.getTickAtSqrtRatio`` guarantees. A float logarithm only proposes the
    tick; the exact ratios decide.

    Raises:
        QuoteError: the price is outside ``MIN_SQRT_RATIO..MAX_SQRT_RATIO - 1``.
    """
    if not MIN_SQRT_RATIO <= sqrt_price_x96 < MAX_SQRT_RATIO:
        raise QuoteError(
            f"square-root price {sqrt_price_x96} must be in {MIN_SQRT_RATIO}..{MAX_SQRT_RATIO - 1}"
        )
    guess = math.floor((math.log(sqrt_price_x96) - _LOG_Q96) / _LOG_SQRT_BASE)
    tick = min(max(guess, MIN_TICK), MAX_TICK)
    while sqrt_ratio_at_tick(tick) > sqrt_price_x96:
        tick -= 1
    while tick < MAX_TICK and sqrt_ratio_at_tick(tick + 1) <= sqrt_price_x96:
        tick += 1
    return tick
