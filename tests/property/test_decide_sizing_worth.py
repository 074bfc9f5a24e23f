"""A search that stops because nothing can earn enough is right about that, and says what it left open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from steelyard.decide.arbitrage import AmtOptimizer, ArbitrageCache, Hop
from steelyard.decide.arbitrage.route import forward
from steelyard.decide.arbitrage.sizing import NOT_WORTH_IT
from steelyard.decide.arbitrage.sizing.ceiling import ceiling_of
from steelyard.decide.arbitrage.sizing.segment import Objective
from steelyard.model import LenderKind, LenderTerms
from steelyard.units import Address
from tests.support.pools import TOKEN0, TOKEN1, magnitudes, v2_pool, v3_pool
from tests.support.sizing_markets import best_of_all, lenders, small_routes

if TYPE_CHECKING:
    from steelyard.decide.arbitrage import Route

pytestmark = pytest.mark.property

MOST = 2_000
WORTHS = st.one_of(st.just(0), magnitudes(1, 10**5), st.just(10**9))
CAPS = st.one_of(st.integers(1, 40), st.integers(1, MOST))
PRICES = st.sampled_from((0, 0, 1, 40))
TOLERANCES = st.sampled_from((0, 10, 10_000))


@given(small_routes(), lenders(), PRICES, TOLERANCES, st.integers(-20, 100))
def test_nothing_earns_what_would_have_been_enough(
    hops: Route, terms: LenderTerms, crossing_price: int, tolerance_ppm: int, more: int
) -> None:
    best, _ = best_of_all(hops, terms, MOST, crossing_price)
    worth = max(best + more, 0)
    optimizer = AmtOptimizer(tolerance_ppm=tolerance_ppm)
    found = optimizer.optimize(hops, terms, MOST, crossing_price=crossing_price, worth=worth)
    if found is None or found.uncertified_reason != NOT_WORTH_IT:
        event("searched" if best else "nothing to earn")
        assert found or not best
        assert found == optimizer.optimize(hops, terms, MOST, crossing_price=crossing_price)
        return
    event("not worth it")
    net = found.profit - found.crossings * crossing_price
    assert best < worth
    assert found.gap is not None
    assert net <= best <= net + found.gap
    assert found.profit > 0
    assert found.amounts == forward(hops, found.amounts[0])


@given(small_routes(), lenders(), PRICES, TOLERANCES, st.integers(-20, 100), CAPS)
def test_where_there_is_no_hope_nothing_earns_as_much(
    hops: Route, terms: LenderTerms, crossing_price: int, tolerance_ppm: int, more: int, cap: int
) -> None:
    best, _ = best_of_all(hops, terms, cap, crossing_price)
    hope = max(best + more, 0)
    optimizer = AmtOptimizer(tolerance_ppm=tolerance_ppm)
    search = optimizer.search(hops, terms, cap, crossing_price=crossing_price, hope=hope)
    if not search.hopeless:
        event("hopeful")
        assert search.sizing == optimizer.optimize(hops, terms, cap, crossing_price=crossing_price)
        return
    event("hopeless")
    assert search.sizing is None
    assert search.reach is not None
    assert best <= search.reach < hope


@given(small_routes(), lenders(), TOLERANCES, st.lists(st.tuples(WORTHS, WORTHS), min_size=2, max_size=5))
def test_an_answer_is_remembered_for_the_worths_that_it_holds_for(
    hops: Route, terms: LenderTerms, tolerance_ppm: int, worths: list[tuple[int, int]]
) -> None:
    optimizer, cache = AmtOptimizer(tolerance_ppm=tolerance_ppm), ArbitrageCache()
    searches = [optimizer.search(hops, terms, MOST, worth=worth, hope=hope) for worth, hope in worths]
    for search in searches:
        for (worth, hope), other in zip(worths, searches, strict=True):
            if search.holds_for(worth, hope):
                assert search.sizing == other.sizing
                assert search.hopeless == other.hopeless
    for (worth, hope), search in zip(worths, searches, strict=True):
        remembered = cache.size(optimizer, hops, terms, MOST, worth=worth, hope=hope)
        assert remembered.sizing == search.sizing
        assert remembered.hopeless == search.hopeless


@given(small_routes(), lenders(), PRICES, TOLERANCES, WORTHS, CAPS, st.integers(0, MOST))
def test_a_cap_from_the_furthest_loan_on_changes_nothing(
    hops: Route,
    terms: LenderTerms,
    crossing_price: int,
    tolerance_ppm: int,
    worth: int,
    cap: int,
    more: int,
) -> None:
    optimizer = AmtOptimizer(tolerance_ppm=tolerance_ppm)
    search = optimizer.search(hops, terms, cap, crossing_price=crossing_price, worth=worth)
    if search.furthest > cap:
        return  # it depends on the cap
    for other in (search.furthest, search.furthest + more, 10**40):
        assert optimizer.search(hops, terms, other, crossing_price=crossing_price, worth=worth) == search


@given(small_routes(), lenders(), st.integers(1, MOST))
def test_no_loan_earns_more_than_the_ceiling(hops: Route, terms: LenderTerms, loan: int) -> None:
    sides = [hop.pool.side(hop.token_in) for hop in hops]
    ceiling = ceiling_of(sides, Objective.of(terms), loan, MOST)
    best, _ = best_of_all(hops, terms, MOST, 0)
    if ceiling is None:
        event("no chain")
        return
    assert best <= ceiling.bound
    assert ceiling.amounts == list(forward(hops, ceiling.amounts[0]) or ())
    event("close" if ceiling.bound <= best + best // 10 + 3 else "far")


@given(st.integers(0, 59), st.integers(10**12, 10**15), st.sampled_from((0, 1, 40)))
def test_hope_is_not_lost_where_the_liquidity_lies_beyond_a_thin_range(
    tick: int, thin: int, crossing_price: int
) -> None:
    # The range at the price is thin, the next two are deep: what the first can earn bounds nothing.
    ranges = v3_pool([(0, 60, thin), (-1_200, 0, 10**24), (60, 1_200, 10**24)], tick=tick, fee_pips=500)
    dear = v2_pool(10**24, 2 * 10**24, address=Address("0x" + "9" * 40))
    hops = (
        Hop(pool=dear, token_in=TOKEN0, token_out=TOKEN1),
        Hop(pool=ranges, token_in=TOKEN1, token_out=TOKEN0),
    )
    terms = LenderTerms(kind=LenderKind.MORPHO_BLUE, asset=TOKEN0, available=10**30, fee_wad=0)
    optimizer = AmtOptimizer(tolerance_ppm=10)
    plain = optimizer.search(hops, terms, 10**30, crossing_price=crossing_price)
    assert plain.sizing is not None
    hoped = optimizer.search(
        hops, terms, 10**30, crossing_price=crossing_price, hope=plain.sizing.profit // 2
    )
    assert not hoped.hopeless
    assert hoped.sizing == plain.sizing
