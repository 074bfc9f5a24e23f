"""Concentration, drift and spread of weights and scores, by example and by what must hold."""

from __future__ import annotations

import statistics
from fractions import Fraction
from typing import Final

import pytest

from steelyard.decide.allocation.metrics import (
    Liquidity,
    attribution,
    concentration,
    declining,
    drift_wad,
    loss_allowance,
    rebalances_per_day,
    score_spread,
    shares_wad,
)
from steelyard.decide.allocation.weights import DEFAULT
from steelyard.exceptions import InvalidAllocation
from steelyard.model import RebalanceLimits
from steelyard.units import WAD

pytestmark = pytest.mark.unit

DAY: Final = 86_400
EXAMPLE: Final = (8_000, 6_000, 4_000, 2_000)


def test_example_of_the_documents_is_as_concentrated_as_three_pools_almost() -> None:
    found = concentration(DEFAULT.target_weights(EXAMPLE).weights_wad)
    assert found.herfindahl_wad / WAD == pytest.approx(0.345022, abs=1e-6)
    assert found.effective_pools_wad / WAD == pytest.approx(2.898363, abs=1e-6)
    assert (found.heaviest, found.is_concentrated) == (0, False)


@pytest.mark.parametrize("pools", [1, 2, 4, 5, 8])
def test_equal_pools_count_as_many_as_they_are(pools: int) -> None:
    found = concentration((WAD // pools,) * pools)
    assert (found.herfindahl_wad, found.effective_pools_wad) == (WAD // pools, pools * WAD)


def test_idle_does_not_make_pools_look_more_diverse() -> None:
    found = concentration((WAD // 10, WAD // 10))
    assert (found.herfindahl_wad, found.effective_pools_wad) == (WAD // 2, 2 * WAD)


def test_concentration_is_more_than_half_of_the_whole() -> None:
    assert not concentration((WAD // 2, WAD // 2)).is_concentrated
    assert concentration((0, WAD // 2 + 1)).is_concentrated
    assert concentration((0, WAD // 2 + 1)).heaviest == 1
    # All that is invested, but not half of the whole.
    assert not concentration((WAD // 4,)).is_concentrated


@pytest.mark.parametrize("weights", [(), (0, 0)])
def test_nothing_invested_is_no_concentration(weights: tuple[int, ...]) -> None:
    found = concentration(weights)
    assert (found.herfindahl_wad, found.effective_pools_wad, found.heaviest) == (0, 0, None)
    assert not found.is_concentrated


@pytest.mark.parametrize("weights", [(-1, 5), (WAD, 1)])
def test_weights_that_are_none_are_refused(weights: tuple[int, ...]) -> None:
    with pytest.raises(InvalidAllocation, match="more than"):
        concentration(weights)


def test_shares_are_parts_of_everything_idle_included() -> None:
    assert shares_wad((30, 50), 20) == (WAD * 3 // 10, WAD // 2)
    assert shares_wad((1, 1), 1) == (WAD // 3, WAD // 3)
    assert shares_wad((0, 0), 0) == (0, 0)
    assert shares_wad((), 7) == ()
    with pytest.raises(InvalidAllocation, match="negative"):
        shares_wad((-1,), 5)
    with pytest.raises(InvalidAllocation, match="negative"):
        shares_wad((1,), -5)


def test_drift_is_what_a_rebalance_would_move() -> None:
    assert drift_wad((WAD, 0), (0, WAD)) == WAD
    assert drift_wad((WAD * 6 // 10, WAD * 4 // 10), (WAD // 2, WAD // 2)) == WAD // 10
    assert drift_wad((0, 0), (WAD // 4, WAD // 4)) == WAD // 2  # out of idle
    assert drift_wad((WAD // 2, WAD // 2), (WAD // 2, WAD // 2)) == 0
    assert drift_wad((1,), (0,)) == 1
    with pytest.raises(InvalidAllocation, match="1 pools now, 2 in the target"):
        drift_wad((1,), (1, 2))


def test_spread_is_that_of_the_population() -> None:
    found = score_spread(EXAMPLE)
    assert (found.lowest, found.highest, found.range_bps) == (2_000, 8_000, 6_000)
    assert (found.mean_bps, found.variance_bps2) == (5_000, 5_000_000)
    odd = score_spread((1, 2, 4))
    assert (
        odd.variance_bps2 == statistics.pvariance([Fraction(1), Fraction(2), Fraction(4)]) == Fraction(14, 9)
    )
    with pytest.raises(InvalidAllocation, match="no pool"):
        score_spread(())


def test_decline_is_the_fall_of_the_best_line() -> None:
    falls = declining(
        {
            "steep": [(0, 8_000), (DAY, 7_000), (2 * DAY, 6_000)],
            "slow": [(0, 5_000), (DAY, 4_990), (2 * DAY, 4_980)],
            "still": [(0, 5_000), (9 * DAY, 4_999)],
            "rising": [(0, 5_000), (DAY, 6_000)],
            # Its best line falls by 500 a day.
            "recovered": [(0, 5_000), (DAY, 6_000), (2 * DAY, 1_000), (3 * DAY, 5_000)],
            "known once": [(0, 5_000)],
            "unknown": [],
            "two at once": [(0, 5_000), (0, 4_000)],
        }
    )
    assert [(fall.pool, fall.first, fall.last) for fall in falls] == [
        ("steep", 8_000, 6_000),
        ("slow", 5_000, 4_980),
    ]
    assert [fall.slope_bps_per_day for fall in falls] == [-1_000, -10]


def test_decline_does_not_depend_on_the_order_of_the_history() -> None:
    points = [(2 * DAY, 6_000), (0, 8_000), (DAY, 7_500)]
    assert declining({"pool": points}) == declining({"pool": sorted(points)})


def test_least_fall_that_counts_can_be_set() -> None:
    history = {"pool": [(0, 5_000), (DAY, 4_990)]}
    assert declining(history, least_fall_bps_per_day=Fraction(10))
    assert not declining(history, least_fall_bps_per_day=Fraction(11))


def test_contributions_are_the_return_of_the_whole() -> None:
    best, worst, empty = attribution((600, 300, 0), (60, -15, 1), 100)
    assert (best.weight, best.own_return, best.contribution) == (
        Fraction(6, 10),
        Fraction(1, 10),
        Fraction(6, 100),
    )
    assert worst.contribution == worst.weight * worst.own_return == Fraction(-15, 1_000)
    # A pool that was filled only later has gained, on nothing that it held.
    assert (empty.own_return, empty.contribution) == (0, Fraction(1, 1_000))
    assert sum(one.contribution for one in (best, worst, empty)) == Fraction(46, 1_000)


def test_attribution_of_what_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidAllocation, match="2 pools held something, 1 gained"):
        attribution((1, 2), (1,), 0)
    with pytest.raises(InvalidAllocation, match="above zero"):
        attribution((0,), (1,), 0)
    with pytest.raises(InvalidAllocation, match="above zero"):
        attribution((-1, 2), (1, 1), 0)
    with pytest.raises(InvalidAllocation, match="above zero"):
        attribution((5,), (1,), -1)


def test_rebalances_are_counted_within_the_span_only() -> None:
    times = (0, DAY, 2 * DAY, 4 * DAY)
    assert rebalances_per_day(times, since_seconds=DAY, until_seconds=4 * DAY) == Fraction(2, 3)
    assert rebalances_per_day((), since_seconds=0, until_seconds=DAY) == 0
    with pytest.raises(InvalidAllocation, match="no time passes"):
        rebalances_per_day(times, since_seconds=DAY, until_seconds=DAY)


def test_buffer_is_stressed_only_by_more_than_it_holds() -> None:
    enough, short = Liquidity(buffer=5, requested=5), Liquidity(buffer=5, requested=8)
    assert (enough.is_stressed, enough.shortfall) == (False, 0)
    assert (short.is_stressed, short.shortfall) == (True, 3)


LIMITS: Final = RebalanceLimits(
    threshold_bps=100,
    max_step_bps=5_000,
    max_move_loss_bps=100,
    max_loss_bps=50,
    min_interval_seconds=3_600,
    loss_period_seconds=DAY,
)


@pytest.mark.parametrize(
    ("used", "elapsed_seconds", "still_used", "left"),
    [
        (0, 0, 0, 500),
        (400, 0, 400, 100),
        (400, DAY // 2, 150, 350),
        (400, 172, 400, 100),
        (400, 173, 399, 101),
        (400, DAY, 0, 500),
        (700, 0, 700, 0),
    ],
)
def test_loss_allowance_grows_back_evenly_what_has_grown_rounded_down(
    used: int, elapsed_seconds: int, still_used: int, left: int
) -> None:
    found = loss_allowance(100_199, used, LIMITS, elapsed_seconds=elapsed_seconds)
    assert (found.allowed, found.used, found.left) == (500, still_used, left)
