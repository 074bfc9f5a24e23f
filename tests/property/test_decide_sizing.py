"""The size found is the best there is: by brute force where that is possible, by neighbours elsewhere."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from steelyard.decide.arbitrage import AmtOptimizer
from steelyard.decide.arbitrage.route import forward
from steelyard.decide.arbitrage.sizing.segment import backward
from steelyard.decide.arbitrage.sizing.segment import forward as forward_by_sides
from steelyard.model import LenderKind
from tests.support.markets import address, lender, route
from tests.support.pools import v2_pool, v3_pool
from tests.support.sizing_markets import (
    LENDERS,
    TOKENS,
    best_of_all,
    coarse_route,
    lenders,
    market_route,
    net_of,
    promising,
    small_routes,
)

if TYPE_CHECKING:
    from steelyard.decide.arbitrage import Route, Sizing
    from steelyard.model import LenderTerms

pytestmark = pytest.mark.property

MOST = 2_000
"""Brute force tries every loan up to this."""
PLENTY = 100_000
WIDE_CAP = 10**40
KINDS = ((2, 2), (2, 2, 2), (2, 3), (3, 2), (2, 2, 3), (3, 3), (2, 3, 2, 3))


def crossing_prices() -> st.SearchStrategy[int]:
    return st.sampled_from((0, 0, 1, 7, 40))


def net(sizing: Sizing, crossing_price: int) -> int:
    return sizing.profit - sizing.crossings * crossing_price


@given(small_routes(), lenders(), st.one_of(st.just(MOST), st.integers(1, 60)), crossing_prices())
def test_certified_is_the_best_of_all_loans_and_the_least_of_the_best(
    hops: Route, terms: LenderTerms, cap: int, crossing_price: int
) -> None:
    best, loan = best_of_all(hops, terms, cap, crossing_price)
    found = AmtOptimizer().certify(hops, terms, cap, PLENTY, crossing_price=crossing_price)
    if found is None:
        assert best == 0
        event("nothing to earn")
        return
    event(f"{len(hops)} hops")
    assert (found.certified, found.gap, found.uncertified_reason) == (True, 0, None)
    assert (net(found, crossing_price), found.amounts[0]) == (best, loan)
    assert found.amounts == forward(hops, loan)
    assert found.loan_fee == terms.fee(loan)
    assert found.profit == found.amounts[-1] - loan - found.loan_fee
    sides = [hop.pool.side(hop.token_in) for hop in hops]
    assert found.crossings == sum(
        side.crossings(amount) for side, amount in zip(sides, found.amounts, strict=False)
    )


@given(
    small_routes(),
    lenders(),
    st.one_of(st.just(MOST), st.integers(1, 60)),
    crossing_prices(),
    st.integers(1, 64),
    st.sampled_from((0, 10, 10_000, 300_000)),
)
def test_a_budget_or_tolerance_misses_no_more_than_the_gap_that_it_states(
    hops: Route, terms: LenderTerms, cap: int, crossing_price: int, budget: int, tolerance_ppm: int
) -> None:
    optimizer = AmtOptimizer(max_evaluations=budget, tolerance_ppm=tolerance_ppm)
    found = optimizer.optimize(hops, terms, cap, crossing_price=crossing_price)
    if found is None:
        return
    best, loan = best_of_all(hops, terms, cap, crossing_price)
    assert found.evaluations <= budget
    assert found.amounts == forward(hops, found.amounts[0])
    assert found.amounts[0] <= cap
    assert (found.uncertified_reason is None) == found.certified
    if found.certified:
        assert (net(found, crossing_price), found.amounts[0], found.gap) == (best, loan, 0)
    event("certified" if found.certified else "nothing proven" if found.gap is None else "a gap")
    if found.gap is not None:
        assert net(found, crossing_price) <= best <= net(found, crossing_price) + found.gap


@given(
    small_routes(),
    lenders(),
    st.integers(1, MOST),
    st.integers(0, 3 * MOST),
    crossing_prices(),
    st.sampled_from((0, 10)),
)
def test_a_cap_from_the_furthest_loan_on_changes_nothing(
    hops: Route, terms: LenderTerms, cap: int, more: int, crossing_price: int, tolerance_ppm: int
) -> None:
    for budget in (3, 64, 5_000):
        optimizer = AmtOptimizer(max_evaluations=budget, tolerance_ppm=tolerance_ppm)
        search = optimizer.search(hops, terms, cap, crossing_price=crossing_price)
        if search.furthest > cap:
            continue  # it depends on the cap
        for other in (search.furthest, search.furthest + more, WIDE_CAP):
            assert optimizer.search(hops, terms, other, crossing_price=crossing_price) == search


@pytest.mark.parametrize("kinds", KINDS, ids=lambda kinds: "-".join(f"v{kind}" for kind in kinds))
def test_in_markets_no_neighbour_of_the_certified_size_is_better(kinds: tuple[int, ...]) -> None:
    """2,000 neighbours of each kind of route, a unit of the loan away or many coarse ones."""
    random = Random(7)
    for _ in range(10):
        _, hops = market_route(random, kinds)
        terms, crossing_price = random.choice(LENDERS), random.choice((0, 0, 10**13))
        found = AmtOptimizer().certify(hops, terms, WIDE_CAP, 4_000, crossing_price=crossing_price)
        if found is None:
            continue
        assert found.gap is not None
        unit = max(found.amounts[0] // min(found.amounts), 1)
        for _ in range(200):
            away = random.choice((1, unit)) * int(10 ** random.uniform(0, 4)) + random.randint(0, unit)
            other = found.amounts[0] + random.choice((-1, 1)) * away
            earned = net_of(hops, terms, max(other, 1), crossing_price) - net(found, crossing_price)
            assert earned <= found.gap
            assert earned < 0 or other > found.amounts[0] or not found.certified


@pytest.mark.parametrize("kinds", [(2, 2), (2, 2, 2), (2, 3), (2, 2, 3)], ids=lambda kinds: str(len(kinds)))
def test_in_markets_nearly_every_size_is_certified_within_a_thousand_candidates(
    kinds: tuple[int, ...],
) -> None:
    random = Random(11)
    found = [
        AmtOptimizer().certify(market_route(random, kinds)[1], lender(), WIDE_CAP, 1_000) for _ in range(40)
    ]
    assert sum(sizing is not None and sizing.certified for sizing in found) >= 36


@pytest.mark.parametrize("kinds", [(2, 2), (2, 2, 2), (2, 3), (2, 2, 3), (2, 3, 2)], ids=str)
def test_no_unit_of_a_coarse_token_is_better_than_the_certified(kinds: tuple[int, ...]) -> None:
    """Long windows, searched by remainders: against every loan that is the least for a unit."""
    random, tried = Random(23), 0
    while tried < 60:
        hops, terms = coarse_route(random, kinds), random.choice(LENDERS)
        found = AmtOptimizer().certify(hops, terms, WIDE_CAP, PLENTY)
        if found is None:
            continue
        assert found.certified
        sides = [hop.pool.side(hop.token_in) for hop in hops]
        for stage in range(1, len(hops)):
            for unit in range(max(found.amounts[stage] - 1_500, 1), found.amounts[stage] + 1_500):
                loan = backward(sides, stage, unit)
                assert loan is not None
                earned = forward_by_sides(sides, loan)[-1] - loan - terms.fee(loan)
                assert (earned, -loan) <= (found.profit, -found.amounts[0])
        tried += 1


def test_remainders_that_drift_are_followed() -> None:
    """Eight decimals on both sides of a pool at nearly one to one: each unit is a little better for long."""
    reserves = (
        (1_087_399_757_810_041_880_576, 3_658_674_252),
        (2_060_358_699, 2_089_957_050),
        (1_576_024_441_813_923_790_848, 5_213_677_514),
    )
    tokens = TOKENS[:3]
    hops = route(
        *(
            (v2_pool(*pair, address=address(number), token0=min(ends), token1=max(ends)), ends[0])
            for number, (pair, ends) in enumerate(zip(reserves, pairwise((*tokens, tokens[0])), strict=True))
        )
    )
    found = AmtOptimizer().certify(hops, lender(), WIDE_CAP, 15_000)
    assert found is not None
    assert found.certified


def test_a_gap_can_be_exact_so_no_unit_of_it_is_to_spare() -> None:
    random = Random(17)
    spare: list[int] = []
    while len(spare) < 400:
        hops = tiny_route(random)
        found = AmtOptimizer(max_evaluations=random.randint(1, 9)).optimize(hops, lender(), MOST)
        if found is not None and found.gap:
            spare.append(found.profit + found.gap - best_by_sides(hops)[0])
    assert min(spare) == 0


def test_a_gap_counts_the_loan_at_a_pools_end_that_no_budget_was_left_for() -> None:
    borrowed, first, second, third = TOKENS[0], TOKENS[3], TOKENS[2], TOKENS[1]
    ends = [(-270, -101, 7_656), (-101, -38, 7_785), (-38, -8, 7_914), (-8, 279, 8_064)]
    wide = v3_pool([(-270, -110, 4_489)], tick=-256, fee_pips=500, token0=borrowed, token1=first)
    short = v3_pool(ends, tick=-271, fee_pips=100, token0=third, token1=second)
    into = v2_pool(3_053, 106, fee_pips=10_000, token0=second, token1=first)
    back = v2_pool(49, 5, fee_pips=0, token0=borrowed, token1=third)
    hops = route((wide, borrowed), (into, first), (short, second), (back, third))
    terms = LENDERS[3]
    best, _ = best_of_all(hops, terms, 100)
    for budget in range(1, 12):
        found = AmtOptimizer(max_evaluations=budget).optimize(hops, terms, 100)
        assert found is not None
        assert found.gap is None or found.profit <= best <= found.profit + found.gap


def test_pole_of_a_map_just_before_its_start_is_no_division_by_nothing() -> None:
    """What loans below a segment can earn is asked of its maps a unit before their starts."""
    borrowed, first, second = TOKENS[:3]
    ends = [(-887_272, 887_272, 1), (-387, -161, 4_173), (-289, -161, 27_213), (17, 397, 2), (58, 397, 48)]
    into = v3_pool(
        [*ends, (113, 397, 30_766)],
        sqrt_price_x96=79_928_411_911_138_768_672_084_818_209,
        fee_pips=0,
        tick_spacing=1,
        address=address(1),
        token0=borrowed,
        token1=first,
    )
    back = v3_pool(
        [
            (-887_200, 887_200, 128),
            (-532_000, -115_400, 4),
            (-430_200, -115_400, 46),
            (-398_600, -115_400, 1_661),
            (-100_000, 240_600, 8),
        ],
        sqrt_price_x96=1_201_225_072_647_872_995_855_023,
        fee_pips=3_000,
        tick_spacing=200,
        address=address(3),
        token0=borrowed,
        token1=second,
    )
    middle = v2_pool(3, 21, address=address(2), token0=first, token1=second)
    hops = route((into, borrowed), (middle, first), (back, second))
    terms = lender(LenderKind.AAVE_V2, fee_wad=9 * 10**14)
    best, _ = best_of_all(hops, terms, 1_500)
    found = AmtOptimizer().certify(hops, terms, 1_500, PLENTY)
    assert (0 if found is None else found.profit) == best


def test_of_loans_that_earn_the_same_the_least_is_taken() -> None:
    random, ties = Random(29), 0
    while ties < 300:
        hops = tiny_route(random)
        found = AmtOptimizer().certify(hops, lender(), MOST, PLENTY)
        if found is not None:
            profit, loan, equals = best_by_sides(hops)
            assert (found.profit, found.amounts[0]) == (profit, loan)
            ties += equals > 1


def tiny_route(random: Random) -> Route:
    steps = []
    for number, (sold, bought) in enumerate(pairwise((*TOKENS[:3], TOKENS[0]))):
        token0, token1 = sorted((sold, bought))
        reserves = random.randint(1, 900), random.randint(1, 900)
        fee = random.choice((0, 3_000))
        pool = v2_pool(*reserves, fee_pips=fee, address=address(number), token0=token0, token1=token1)
        steps.append((pool, sold))
    return promising(route(*steps))


def best_by_sides(hops: Route) -> tuple[int, int, int]:
    """The greatest profit without fees, the least loan that earns it, and how many loans do."""
    sides = [hop.pool.side(hop.token_in) for hop in hops]
    profits = [forward_by_sides(sides, loan)[-1] - loan for loan in range(1, 600)]
    best = max(profits)
    return best, profits.index(best) + 1, profits.count(best)


@pytest.mark.parametrize("kinds", KINDS, ids=lambda kinds: "-".join(f"v{kind}" for kind in kinds))
def test_the_hot_path_states_a_gap_that_the_certificate_confirms(kinds: tuple[int, ...]) -> None:
    random = Random(5)
    for _ in range(10):
        _, hops = market_route(random, kinds)
        terms = random.choice(LENDERS)
        quick = AmtOptimizer(tolerance_ppm=10).optimize(hops, terms, WIDE_CAP)
        thorough = AmtOptimizer().certify(hops, terms, WIDE_CAP, 4_000)
        assert (quick is None) == (thorough is None)
        if quick is None or thorough is None:
            continue
        assert quick.gap is not None
        assert quick.evaluations <= 64
        assert quick.profit <= thorough.profit + (thorough.gap or 0)
        assert thorough.profit <= quick.profit + quick.gap


def test_a_larger_tolerance_takes_no_more_looks_and_is_kept() -> None:
    random = Random(3)
    for _ in range(20):
        _, hops = market_route(random, (2, 2, 2))
        thorough = AmtOptimizer().certify(hops, lender(), WIDE_CAP, PLENTY)
        assert thorough is not None
        for tolerance_ppm in (1, 1_000, 100_000):
            easy = AmtOptimizer(max_evaluations=PLENTY, tolerance_ppm=tolerance_ppm)
            found = easy.optimize(hops, lender(), WIDE_CAP)
            assert found is not None
            assert found.gap is not None
            assert found.gap <= found.profit * tolerance_ppm // 10**6
            assert thorough.profit <= found.profit + found.gap
