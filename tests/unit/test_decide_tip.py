"""The builder's tip in decisions: a cost after the minimum profit, paid out of wrapped native only."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steelyard.decide.arbitrage import GasModel
from steelyard.units import BPS, GWEI
from tests.support.markets import (
    USDC,
    VENUES,
    decided,
    drifted,
    lender,
    only_plan,
    snapshot,
    stepped,
)

pytestmark = pytest.mark.unit


def test_a_builders_share_is_taken_from_the_promise_and_only_where_it_can_be_paid() -> None:
    market = snapshot(drifted(), lenders=[lender(), lender(asset=USDC)], gas_price_wei=GWEI)
    chosen = decided(market, builder_share_bps=2_000, profit_share_kept_bps=5_000, max_plans=5)
    plan = only_plan(chosen)
    assert plan.asset == USDC, "without a tip the dollar loan keeps more"
    assert plan.builder_share_bps == 0
    native = only_plan(decided(snapshot(drifted()), builder_share_bps=2_000, profit_share_kept_bps=5_000))
    gain = native.legs[-1].amount_out - native.amount
    assert native.builder_share_bps == 2_000
    assert native.expected_profit == gain - (gain - native.min_profit) * 2_000 // BPS


@pytest.mark.parametrize(
    ("kept_bps", "gas_gwei"),
    [(2_000, 5), (2_000, 50)],
    ids=["minimum is the kept share", "minimum is the gas"],
)
def test_size_is_the_best_after_the_tip_whichever_minimum_the_builders_share_is_above(
    kept_bps: int, gas_gwei: int
) -> None:
    share = 9_000
    market = snapshot(stepped(), gas_price_wei=gas_gwei * GWEI)
    tipped = only_plan(decided(market, builder_share_bps=share, profit_share_kept_bps=kept_bps))
    best = 0
    for scale in range(100, 900, 40):  # crossings at 1 to 9 times their price give the other sizes
        gas = replace(GasModel(), tick_crossing=GasModel().tick_crossing * scale // 100)
        for sized in decided(market, gas=gas, min_net_profit_wei=0).plans:
            kinds = [VENUES[leg.venue_id].kind for leg in sized.legs]
            crossings = (sized.gas_units - gas.units(sized.lender, kinds)) // gas.tick_crossing
            units = GasModel().units(sized.lender, kinds, crossings) + GasModel().builder_tip
            cost = units * gas_gwei * GWEI
            gain = sized.legs[-1].amount_out - sized.amount
            least = min(max(-(-gain * kept_bps // BPS), cost), gain)
            best = max(best, gain - (gain - least) * share // BPS - cost)
    assert tipped.gas_units * gas_gwei * GWEI == tipped.gas_cost_wei
    assert tipped.expected_net_wei >= best > 0


def test_tip_costs_gas_of_its_own_and_only_where_one_is_paid() -> None:
    market = snapshot(drifted())
    plain, tipped = (only_plan(decided(market, builder_share_bps=share)) for share in (0, 1))
    assert tipped.gas_units - plain.gas_units == GasModel().builder_tip
    everything = only_plan(decided(market, builder_share_bps=BPS, profit_share_kept_bps=9_000))
    assert everything.expected_profit == everything.min_profit, "all above the minimum is the builder's"
