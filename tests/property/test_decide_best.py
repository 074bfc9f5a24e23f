"""What is decided is the best after every cost, or a refusal that no loan contradicts: all are tried."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

from steelyard.decide.arbitrage import ArbitrageCache, ArbitrageSettings, GasModel, decide
from steelyard.decide.arbitrage.plan import builder_tip, least_profit
from steelyard.model import LenderTerms, VenueKind, Verdict, VerdictCode
from tests.support.markets import DAI, USDC, VENUES, WETH, address, lender, route, settings, snapshot
from tests.support.pools import magnitudes, v2_pool, v3_pool
from tests.support.sizing_markets import (
    lenders,
    pools_with_a_crossing_that_hardly_pays,
    promising,
    small_v2,
    small_v3,
)

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

    from steelyard.amm import Pool
    from steelyard.decide.arbitrage import Route
    from steelyard.units import Address

pytestmark = pytest.mark.property

MOST: Final = 1_200
"""Every loan up to this is tried; the largest trade is as much."""
CHEAP: Final = dict.fromkeys(GasModel.__slots__, 1)


@dataclass(frozen=True)
class Costs:
    """What a transaction costs beside the lender's fee: gas at a wei a unit, and the builder's share.

    ``tries`` are the candidates of the hot path: few of them end many searches before anything is known.
    """

    tries: int = 64
    crossing: int = 1
    share_bps: int = 0
    kept_bps: int = 9_000
    least_wei: int = 0

    @property
    def settings(self) -> ArbitrageSettings:
        return settings(
            gas=GasModel(**CHEAP | {"tick_crossing": self.crossing}),
            builder_share_bps=self.share_bps,
            profit_share_kept_bps=self.kept_bps,
            min_net_profit_wei=self.least_wei,
            max_trade_wei=MOST,
            max_evaluations=self.tries,
            certify_budget=100_000,
        )


def costs() -> st.SearchStrategy[Costs]:
    return st.builds(
        Costs,
        tries=st.sampled_from((1, 3, 64)),
        crossing=st.sampled_from((1, 11, 37, 101, 205)),
        share_bps=st.sampled_from((0, 0, 5_000, 9_900)),
        kept_bps=st.sampled_from((0, 9_000)),
        least_wei=st.sampled_from((0, 0, 5, 60)),
    )


@st.composite
def near_par(draw: DrawFn, number: int, sold: Address, bought: Address) -> Pool:
    """A pool that pays about a unit for a unit, over ranges that end within a few units of one another."""
    token0, token1 = sorted((sold, bought))
    place: dict[str, Any] = {"address": address(number), "token0": token0, "token1": token1}
    if draw(st.integers(0, 2)) == 0:
        held, dearer = draw(magnitudes(500, 50_000)), draw(st.integers(40, 250))
        return v2_pool(held, held * dearer // 100, fee_pips=draw(st.sampled_from((0, 3_000))), **place)
    fee, spacing = draw(st.sampled_from(((100, 1), (500, 10), (3_000, 60))))
    bounds = sorted(draw(st.lists(st.integers(-60, 60), min_size=3, max_size=9, unique=True)))
    positions = [
        (lower * spacing, upper * spacing, draw(magnitudes(1_000, 500_000)))
        for lower, upper in pairwise(bounds)
    ]
    return v3_pool(positions, tick=draw(st.integers(-60, 60)) * spacing, fee_pips=fee, **place)


@st.composite
def routes(draw: DrawFn) -> Route:
    """Two or three pools from wrapped ether back to it, in the direction that pays better."""
    tokens = draw(st.sampled_from(((WETH, USDC), (WETH, USDC, DAI))))
    small = draw(st.sampled_from((small_v2, small_v3, near_par, near_par, near_par, near_par)))
    steps = []
    for number, sold in enumerate(tokens):
        make = draw(st.sampled_from((small, near_par)))
        steps.append((draw(make(number, sold, tokens[(number + 1) % len(tokens)])), sold))
    return promising(route(*steps))


def a_crossing_dearer_by_a_tenth_would_not_pay() -> Route:
    into, back = pools_with_a_crossing_that_hardly_pays()
    return route((into, WETH), (back, USDC))


def net_of(hops: Route, terms: LenderTerms, wanted: ArbitrageSettings, loan: int) -> int | None:
    """What a loan earns after the lender's fee, the builder's share and gas; None where it buys nothing."""
    sides = [hop.pool.side(hop.token_in) for hop in hops]
    amount, crossings = loan, 0
    for side in sides:
        crossings += side.crossings(amount)
        amount = side.output(amount)
        if not amount:
            return None
    profit = amount - loan - terms.fee(loan)
    if profit <= 0:
        return None
    kinds = [{venue.name: venue.kind for venue in VENUES}[hop.pool.venue] for hop in hops]
    share = wanted.builder_share_bps
    gas = wanted.gas.units(terms.kind, kinds, crossings) + (wanted.gas.builder_tip if share else 0)
    kept = least_profit(profit, gas, wanted.profit_share_kept_bps)
    return profit - builder_tip(profit, kept, share) - gas


def verdict_on(hops: Route, terms: LenderTerms, wanted: ArbitrageSettings) -> Verdict | None:
    market = snapshot([hop.pool for hop in hops], lenders=[terms], gas_price_wei=1)
    pools = [hop.pool.address for hop in hops]
    for verdict in decide(market, wanted, VENUES, ArbitrageCache()).verdicts:
        if [leg.pool for leg in verdict.route] == pools and verdict.route[0].token_in == WETH:
            return verdict
    return None


@given(routes(), lenders(), costs())
@example(a_crossing_dearer_by_a_tenth_would_not_pay(), lender(), Costs(crossing=101))
def test_the_plan_is_the_best_of_all_loans_after_every_cost_or_none_is_enough(
    hops: Route, terms: LenderTerms, given_costs: Costs
) -> None:
    wanted = given_costs.settings
    nets = [net_of(hops, terms, wanted, loan) for loan in range(1, MOST + 1)]
    best = max((net for net in nets if net is not None), default=0)
    verdict = verdict_on(hops, terms, wanted)
    if best < max(wanted.min_net_profit_wei, 1):
        assert verdict is None or verdict.plan is None
        event("refused" if verdict else "no cycle")
        return
    assert verdict is not None
    assert verdict.code is VerdictCode.ACCEPTED, verdict.reason
    assert (verdict.net_wei, verdict.gap_wei) == (best, 0)
    kinds = {VENUES[leg.venue_id].kind for leg in verdict.plan.legs} if verdict.plan else set()
    event(f"accepted, V3 among them: {VenueKind.UNISWAP_V3 in kinds}")
