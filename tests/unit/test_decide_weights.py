"""The rule of weights by example: the documents' figures, presets, caps, idle, dust, and what is refused."""

from __future__ import annotations

from typing import Final

import pytest

from steelyard.decide.allocation.fixed_point import exp_wad, ln_wad
from steelyard.decide.allocation.weights import (
    AGGRESSIVE,
    CONSERVATIVE,
    DEFAULT,
    WeightModel,
    c_score,
    target_allocations,
)
from steelyard.exceptions import ConfigError, InvalidAllocation
from steelyard.units import UINT256_MAX, WAD

pytestmark = pytest.mark.unit

EXAMPLE: Final = (8_000, 6_000, 4_000, 2_000)
MILLION_IN_CENTS: Final = 100_000_000


def test_example_of_the_documents_gets_what_its_formula_gives() -> None:
    allocations = DEFAULT.target_allocations(EXAMPLE, MILLION_IN_CENTS)
    assert allocations.amounts == (46_990_883, 30_521_472, 16_613_785, 5_873_860)
    assert allocations.idle == 0


def test_example_weighs_in_basis_points() -> None:
    assert DEFAULT.target_allocations(EXAMPLE, 10_000).amounts == (4_700, 3_052, 1_661, 587)


def test_presets_are_the_documents() -> None:
    assert WeightModel() == DEFAULT
    assert _numbers(DEFAULT) == (5_000, 15_000, 2_500, 10_000, 3_000)
    assert _numbers(CONSERVATIVE) == (5_000, 10_000, 3_000, 5_000, 5_000)
    assert _numbers(AGGRESSIVE) == (5_000, 20_000, 1_000, 10_000, 1_000)


def _numbers(model: WeightModel) -> tuple[int, ...]:
    return (
        model.default_c_score,
        model.score_amplifier_bps,
        model.min_max_bps,
        model.max_bps,
        model.diversification_factor_bps,
    )


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((1, 1, 1), 1),
        ((9_999, 9_999, 9_999), 9_999),
        ((10_000, 10_000, 10_000), 10_000),
        ((10_000, 10_000, 9_999), 9_999),
        ((8_000, 6_000, 4_000), 5_768),
        ((0, 10_000, 10_000), 0),
        ((10_000, 0, 10_000), 0),
        ((10_000, 10_000, 0), 0),
        ((2, 2, 2), 2),
        ((1, 2, 3), 1),
    ],
)
def test_c_score_is_rounded_down(scores: tuple[int, int, int], expected: int) -> None:
    assert c_score(*scores) == expected


@pytest.mark.parametrize(
    ("pools", "percent"), [(1, 100.0), (2, 79.881164), (4, 55.119421), (8, 34.071795), (64, 25.0)]
)
def test_cap_falls_with_the_number_of_pools(pools: int, percent: float) -> None:
    assert DEFAULT.max_weight_wad(pools) / 10**16 == pytest.approx(percent, abs=1e-6)


def test_cap_is_an_equal_share_at_least_rounded_up() -> None:
    model = WeightModel(min_max_bps=0, diversification_factor_bps=65_535)
    assert model.max_weight_wad(3) == 333_333_333_333_333_334
    assert model.max_weight_wad(20) == WAD // 20
    assert model.max_weight_wad(1) == WAD


def test_cap_is_the_hard_one_at_most() -> None:
    model = WeightModel(min_max_bps=2_000, max_bps=2_000)
    assert [model.max_weight_wad(pools) for pools in (1, 2, 64)] == [WAD // 5] * 3


def test_no_pool_has_no_cap() -> None:
    assert DEFAULT.max_weight_wad(0) == 0


@pytest.mark.parametrize("scores", [(), (0,), (0, 0, 0)])
def test_everything_is_idle_where_no_pool_has_a_score(scores: tuple[int, ...]) -> None:
    weights = DEFAULT.target_weights(scores)
    assert (weights.weights_wad, weights.idle_wad, weights.cap_wad) == ((0,) * len(scores), WAD, 0)
    assert DEFAULT.target_allocations(scores, 777).idle == 777
    assert target_allocations(scores, 777, 5_000, 15_000).idle == 777


def test_what_the_hard_cap_leaves_over_is_idle() -> None:
    model = WeightModel(min_max_bps=2_000, max_bps=2_000)
    weights = model.target_weights((10_000, 5_000, 0, 1))
    assert weights.weights_wad == (WAD // 5, WAD // 5, 0, WAD // 5)
    assert weights.idle_wad == WAD * 2 // 5
    assert model.target_allocations((10_000, 5_000, 0, 1), 101).amounts == (20, 20, 0, 20)


def test_capped_weight_is_shared_by_the_others_in_proportion() -> None:
    # 6/10 is cut to 1/2; what is left goes 3 to 1.
    weights = target_allocations((6_000, 3_000, 1_000), 8 * WAD, 5_000, 10_000)
    assert weights.amounts == (4 * WAD, 3 * WAD, WAD)


def test_cap_that_is_reached_by_the_share_of_another_caps_it_too() -> None:
    # 50, 30, 20 %, cap 35 %: the first leaves 65 for 30 and 20, so the second gets 39 and is cut as well.
    assert target_allocations((5_000, 3_000, 2_000), 100, 3_500, 10_000).amounts == (35, 35, 30)


def test_more_than_ten_rounds_are_gone_where_they_are_needed() -> None:
    # Each pool is over the cap only after all better ones have been cut; the last two are equals.
    scores = [10_000 >> at for at in range(14)] + [1]
    steep = WeightModel(score_amplifier_bps=65_535, min_max_bps=750, diversification_factor_bps=65_535)
    weights = steep.target_weights(scores).weights_wad
    assert weights == (WAD * 75 // 1_000,) * 13 + (WAD // 80,) * 2


def test_dust_goes_to_the_largest_and_among_equals_to_the_first() -> None:
    assert target_allocations((1, 2, 2), 11, 10_000, 10_000).amounts == (2, 5, 4)


def test_dust_passes_by_a_pool_at_its_cap() -> None:
    # The first is held at 4 of 10; 6 left, 3.27 and 2.72 by weight, so that 1 is dust.
    assert target_allocations((9_000, 6, 5), 10, 4_000, 10_000).amounts == (4, 4, 2)


def test_dust_that_does_not_fit_into_the_largest_goes_on_to_the_next() -> None:
    # Caps of 1 unit: 0.6, 0.6, 0.6 and 0.2 by weight leave 2 units, of which one pool can take but one.
    assert target_allocations((3, 3, 3, 1), 2, 5_000, 10_000).amounts == (1, 1, 0, 0)


def test_dust_is_idle_where_all_are_at_their_cap() -> None:
    allocations = target_allocations((5, 5), 3, 5_000, 10_000)
    assert (allocations.amounts, allocations.idle) == ((1, 1), 1)


def test_dust_never_goes_to_a_pool_without_a_score() -> None:
    allocations = target_allocations((0, 7), 3, 5_000, 10_000)
    assert (allocations.amounts, allocations.idle) == ((0, 1), 2)


def test_greatest_total_is_shared_out_to_the_unit() -> None:
    allocations = DEFAULT.target_allocations(EXAMPLE, UINT256_MAX)
    assert sum(allocations.amounts) == UINT256_MAX


def test_steepest_exponent_tells_the_best_from_the_worst_score() -> None:
    steepest = WeightModel(
        score_amplifier_bps=65_535, min_max_bps=4_000, diversification_factor_bps=0, max_bps=4_000
    )
    # The capped leave 20 %; the others, 26 decimals below them, still share it 2^e to 1.
    weights = steepest.target_weights((10_000, 10_000, 2, 1)).weights_wad
    assert weights[:2] == (WAD * 2 // 5,) * 2
    assert weights[2] / weights[3] == pytest.approx(2**6.5535, rel=1e-12)


@pytest.mark.parametrize("score", [-1, 10_001, 65_535])
def test_score_out_of_range_is_refused_by_its_place(score: int) -> None:
    with pytest.raises(InvalidAllocation, match=f"score 1 is {score}"):
        DEFAULT.target_weights((5, score))
    with pytest.raises(InvalidAllocation, match=f"score 1 is {score}"):
        target_allocations((5, score), 1, 5_000, 10_000)
    with pytest.raises(InvalidAllocation, match=f"score 2 is {score}"):
        c_score(0, 0, score)


@pytest.mark.parametrize("total", [-1, UINT256_MAX + 1])
def test_total_that_no_word_holds_is_refused(total: int) -> None:
    with pytest.raises(InvalidAllocation, match="2\\^256 - 1"):
        DEFAULT.target_allocations((5,), total)
    with pytest.raises(InvalidAllocation, match="2\\^256 - 1"):
        target_allocations((5,), total, 5_000, 10_000)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("default_c_score", 10_001),
        ("score_amplifier_bps", 0),
        ("score_amplifier_bps", 65_536),
        ("max_bps", 0),
        ("max_bps", 10_001),
        ("min_max_bps", 10_001),
        ("min_max_bps", -1),
        ("diversification_factor_bps", 65_536),
    ],
)
def test_model_out_of_range_is_refused_by_the_name_of_its_field(field: str, value: int) -> None:
    with pytest.raises(ConfigError, match=f"{field} is {value}"):
        WeightModel(**{field: value})


def test_least_cap_above_the_hard_one_is_refused() -> None:
    with pytest.raises(ConfigError, match="min_max_bps is 2501; it must be from 0 to 2500"):
        WeightModel(min_max_bps=2_501, max_bps=2_500)


@pytest.mark.parametrize(("cap", "amplifier"), [(0, 10_000), (10_001, 10_000), (5_000, 0)])
def test_ready_cap_or_exponent_out_of_range_is_refused(cap: int, amplifier: int) -> None:
    with pytest.raises(ConfigError, match="it must be from 1"):
        target_allocations((5,), 1, cap, amplifier)


def test_logarithm_and_exponential_are_those_of_known_values() -> None:
    assert (exp_wad(0), ln_wad(WAD)) == (WAD, 0)
    assert ln_wad(10_000 * WAD) == 9_210_340_371_976_182_736
    assert exp_wad(WAD) == 2_718_281_828_459_045_235
    assert (exp_wad(-41_446_531_673_892_822_313), exp_wad(-100 * WAD)) == (0, 0)


def test_logarithm_and_exponential_are_the_libraries_to_the_last_bit() -> None:
    # Sums over a grid, as Solady's own code gives them; one bit anywhere would show.
    assert sum(ln_wad(score * WAD) for score in range(1, 10_001)) == 82_108_927_836_814_353_450_346
    assert sum(ln_wad(3**power) for power in range(1, 160)) == 7_384_349_775_709_396_526_808
    grown = sum(exp_wad(step * 10**15 + step) for step in range(0, 60_000, 7))
    assert grown == 16_322_517_193_202_862_609_955_002_301_368_745_399_343_005_885
    decayed = sum(exp_wad(-step * 10**15 - step) for step in range(0, 42_000, 5))
    assert decayed == 200_500_416_666_492_851_297
