"""A candidate behind others: what is found quickly is what a whole assessment finds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from steelyard.decide.arbitrage import AmtOptimizer, ArbitrageCache, ArbitrageSettings, PathOptimizer
from steelyard.decide.arbitrage.assessment import Assessment, assess
from steelyard.decide.arbitrage.market import Market
from steelyard.decide.arbitrage.requoting import Requoting, pools_of_plan, worth
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.model import Attempts, GasTerms
from steelyard.sandbox.synthetic_market import synthetic_market
from steelyard.units import ETHER, GWEI
from tests.support.pools import magnitudes

if TYPE_CHECKING:
    from steelyard.decide.arbitrage.sequence import States

pytestmark = pytest.mark.property

SHARES_BPS = st.sampled_from((0, 0, 4_000))
LENT = st.sampled_from((1, 1, 1_000, 100_000))
"""Of what the lenders have, one part in so many is left: also so little that they are short of funds."""


def market_of(seed: int, gas_gwei: int, share_bps: int, lent: int) -> tuple[Market, list[Assessment]]:
    """A wild market, and the candidates that are worth sending, the best first."""
    made = synthetic_market(60, seed=seed, drift=0.01)
    native = made.wrapped_native
    lenders = [replace(terms, available=terms.available // lent) for terms in made.snapshot.lenders]
    snapshot = replace(
        made.snapshot,
        gas=GasTerms(base_fee_wei=gas_gwei * GWEI, priority_fee_wei=0),
        lenders=tuple(lenders),
    )
    settings = ArbitrageSettings(executor=native, wrapped_native=native, builder_share_bps=share_bps)
    venues, cache = {venue.name: venue for venue in made.venues}, ArbitrageCache()
    graph = cache.graph(snapshot, venues)
    market = Market(
        snapshot=snapshot,
        settings=settings,
        venues=venues,
        valuer=Valuer(graph, native, side_of=cache.side),
        optimizer=AmtOptimizer(tolerance_ppm=settings.sizing_tolerance_ppm, side_of=cache.side),
        cache=cache,
        attempts=Attempts(),
    )
    routes = PathOptimizer(max_candidates=40).search(snapshot, graph, cache, market.valuer).routes
    assessed = [assess(market, route) for route in routes]
    return market, sorted((one for one in assessed if one.terms is not None), key=worth, reverse=True)


def whole(market: Market, one: Assessment, states: States) -> Assessment:
    """The candidate on the states, asked everything."""
    route = [hop._replace(pool=states.get(hop.pool.address, hop.pool)) for hop in one.route]
    return assess(market, tuple(route))


@given(st.integers(0, 2**32), st.integers(0, 60), SHARES_BPS, LENT, magnitudes(0, ETHER))
def test_quick_answer_behind_another_is_that_of_a_whole_assessment(
    seed: int, gas_gwei: int, share_bps: int, lent: int, above_wei: int
) -> None:
    market, good = market_of(seed, gas_gwei, share_bps, lent)
    asked = Requoting(market).candidates()
    for first in good[:4]:
        states = asked.after(first, {})
        for other in good[:8]:
            if other is first or not pools_of_plan(other) & states.keys():
                continue
            quick, full = asked.requote(other, states, above_wei), whole(market, other, states)
            if quick is None:
                event("refused" if full.terms is None else "not above")
                assert full.terms is None or full.terms.net_wei <= above_wei
            else:
                event("accepted")
                assert quick.terms == full.terms


def test_a_search_for_plans_leaves_the_sides_of_the_block_where_they_are() -> None:
    market, good = market_of(1, 20, 0, 1)
    before = [market.cache.side(hop.pool, hop.token_in) for one in good for hop in one.route]
    asked = Requoting(market).candidates()
    states = asked.after(good[0], {})
    assert [one for one in good[1:] if pools_of_plan(one) & states.keys()], "somebody stands behind the first"
    for other in good[1:]:
        asked.requote(other, states, 0)
    after = [market.cache.side(hop.pool, hop.token_in) for one in good for hop in one.route]
    assert all(left is right for left, right in zip(before, after, strict=True))
