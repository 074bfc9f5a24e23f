"""Each verdict, from the smallest market that brings it about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from steelyard.decide.arbitrage import (
    AmtOptimizer,
    ArbitrageCache,
    ArbitrageSettings,
    GasModel,
    PathOptimizer,
    choose_lender,
    decide,
)
from steelyard.decide.arbitrage.graph import MarketGraph
from steelyard.decide.arbitrage.plan import builder_tip, least_profit
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.decide.arbitrage.wording import amount_text, ether_text, gwei_text
from steelyard.exceptions import ConfigError
from steelyard.model import LenderKind, LenderTerms, MarketSnapshot, VenueKind, VerdictCode
from steelyard.units import BPS, ETHER, GWEI, Address
from tests.support.markets import (
    DAI,
    EXECUTOR,
    ODD,
    TOKENS,
    USDC,
    VENUES,
    WETH,
    address,
    lender,
    route,
    settings,
    snapshot,
)
from tests.support.pools import v2_pool, v3_pool

if TYPE_CHECKING:
    from steelyard.amm import Pool
    from steelyard.model import ArbitragePlan, Decision, Verdict

pytestmark = pytest.mark.unit


def pair(number: int, token0: Address, token1: Address, reserve0: int, reserve1: int, **more: Any) -> Pool:
    return v2_pool(reserve0, reserve1, address=address(number), token0=token0, token1=token1, **more)


def drifted() -> list[Pool]:
    """WETH at 3,000 USDC in one pair and 3,150 in the other: some 0.1 WETH to earn."""
    return [
        pair(1, WETH, USDC, 100 * ETHER, 300_000 * 10**6),
        pair(2, WETH, USDC, 100 * ETHER, 315_000 * 10**6, venue="sushiswap_v2"),
    ]


def decided(
    market: MarketSnapshot, *, busy: Any = frozenset(), stopped: Any = None, **changes: Any
) -> Decision:
    return decide(market, settings(**changes), VENUES, ArbitrageCache(), busy, stopped)


def best(decision: Decision) -> Verdict:
    return decision.verdicts[0]


def only_plan(decision: Decision) -> ArbitragePlan:
    (plan,) = decision.plans
    return plan


# --- accepted ---------------------------------------------------------------------------------------------


def test_a_drifted_pair_of_pools_becomes_a_plan_that_is_complete() -> None:
    market = snapshot(drifted(), gas_price_wei=10 * GWEI)
    plan = only_plan(decided(market, slippage_bps=50, profit_share_kept_bps=9_000, deadline_seconds=30))
    assert [leg.pool for leg in plan.legs] == [address(2), address(1)]
    assert [leg.venue_id for leg in plan.legs] == [1, 0]
    assert [leg.fee_pips for leg in plan.legs] == [0, 0]
    assert (plan.executor, plan.chain_id, plan.asset) == (EXECUTOR, 1, WETH)
    assert plan.lender is LenderKind.BALANCER_V2
    assert plan.deadline_seconds == market.block.timestamp_seconds + 30
    assert plan.block_number == market.block.number
    assert plan.min_profit == -(-plan.expected_profit * 9 // 10)
    assert plan.loan_fee == plan.max_loan_fee == 0
    assert plan.gas_cost_wei == plan.gas_units * 10 * GWEI
    assert plan.expected_net_wei == plan.expected_profit - plan.gas_cost_wei
    assert [leg.min_amount_out for leg in plan.legs] == [leg.amount_out * 9_950 // BPS for leg in plan.legs]
    assert plan.amount == plan.legs[0].amount_in
    assert plan.expected_profit == plan.legs[-1].amount_out - plan.amount
    assert "borrow" in plan.reason


def test_a_v3_leg_names_its_fee_tier() -> None:
    deep = v3_pool(
        [(75_000 // 60 * 60 - 6_000, 75_000 // 60 * 60 + 6_000, 10**21)],
        tick=75_000,
        fee_pips=3_000,
        address=address(3),
        token0=WETH,
        token1=DAI,
    )
    flat = pair(1, WETH, DAI, 100 * ETHER, 150_000 * ETHER)
    plan = only_plan(decided(snapshot([deep, flat])))
    assert {(leg.pool, leg.fee_pips, leg.venue_id) for leg in plan.legs} == {
        (address(3), 3_000, 2),
        (address(1), 0, 0),
    }


def test_three_legs_are_found_and_two_are_all_that_path_length_two_looks_at() -> None:
    ring = [
        pair(1, WETH, USDC, 100 * ETHER, 300_000 * 10**6),
        pair(2, USDC, DAI, 300_000 * 10**6, 300_000 * ETHER),
        pair(3, WETH, DAI, 100 * ETHER, 320_000 * ETHER),
    ]
    assert len(only_plan(decided(snapshot(ring))).legs) == 3
    assert decided(snapshot(ring), path_length=2).verdicts == ()


def test_a_balanced_market_has_no_candidates() -> None:
    assert decided(snapshot([*drifted()[:1], replace(drifted()[0], address=address(7))])).verdicts == ()
    assert decided(snapshot([])).verdicts == ()


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


def test_min_profit_never_falls_below_what_gas_is_worth() -> None:
    gas = GasModel().units(LenderKind.BALANCER_V2, [VenueKind.UNISWAP_V2] * 2)
    free = only_plan(decided(snapshot(drifted())))
    price = free.expected_profit * 8 // 10 // gas
    plan = only_plan(decided(snapshot(drifted(), gas_price_wei=price), profit_share_kept_bps=100))
    assert plan.min_profit == plan.gas_cost_wei == gas * price


# --- refused ----------------------------------------------------------------------------------------------


def test_no_lender_is_an_answer() -> None:
    verdict = best(decided(snapshot(drifted(), lenders=[lender(available=0)])))
    assert verdict.code is VerdictCode.NO_LENDER
    assert "WETH" in verdict.reason
    assert verdict.amount == 0


def test_rounding_can_eat_what_the_margin_promises() -> None:
    tiny = [pair(1, WETH, USDC, 5, 5), pair(2, WETH, USDC, 5, 6)]
    verdict = best(decided(snapshot(tiny)))
    assert verdict.code is VerdictCode.NO_SIZE


def test_gas_can_cost_more_than_the_profit() -> None:
    verdict = best(decided(snapshot(drifted(), gas_price_wei=10_000 * GWEI)))
    assert verdict.code is VerdictCode.BELOW_GAS
    assert verdict.profit > 0
    assert verdict.net_wei is not None
    assert verdict.net_wei < 0
    assert "10000 gwei" in verdict.reason


def test_the_operators_minimum_counts() -> None:
    verdict = best(decided(snapshot(drifted()), min_net_profit_wei=ETHER))
    assert verdict.code is VerdictCode.BELOW_MINIMUM
    assert "the minimum is 1 ETH" in verdict.reason


def test_the_largest_trade_bounds_the_size() -> None:
    free = only_plan(decided(snapshot(drifted())))
    bounded = only_plan(decided(snapshot(drifted()), max_trade_wei=ETHER // 10))
    assert bounded.amount <= ETHER // 10 < free.amount
    verdict = best(decided(snapshot(drifted(), lenders=[lender(asset=USDC)]), max_trade_wei=10))
    assert verdict.code is VerdictCode.OVER_LIMIT


def test_what_is_available_bounds_the_size() -> None:
    plan = only_plan(decided(snapshot(drifted(), lenders=[lender(available=ETHER // 5)])))
    assert plan.amount <= ETHER // 5


def test_an_asset_without_a_price_is_not_traded() -> None:
    odd = [pair(1, DAI, ODD, 10**24, 10**24), pair(2, DAI, ODD, 10**24, 11 * 10**23)]
    verdict = best(decided(snapshot(odd, lenders=[lender(asset=ODD)])))
    assert verdict.code is VerdictCode.NO_PRICE
    assert verdict.profit > 0
    assert verdict.net_wei is None


def test_plans_that_share_a_pool_exclude_each_other_and_the_better_set_wins() -> None:
    market = snapshot([*drifted(), pair(3, WETH, USDC, 100 * ETHER, 310_000 * 10**6)])
    decision = decided(market)
    assert len(decision.plans) == 1
    assert {verdict.code for verdict in decision.verdicts[1:]} <= {
        VerdictCode.SHARES_POOL,
        VerdictCode.NO_SIZE,
    }
    assert decision.verdicts[1].code is VerdictCode.SHARES_POOL


def test_only_so_many_plans_a_block() -> None:
    twice = [
        *drifted(),
        pair(3, WETH, DAI, 100 * ETHER, 300_000 * ETHER),
        pair(4, WETH, DAI, 100 * ETHER, 320_000 * ETHER),
    ]
    assert len(decided(snapshot(twice), path_length=2).plans) == 2
    decision = decided(snapshot(twice), path_length=2, max_plans=1)
    assert [verdict.code for verdict in decision.verdicts] == [VerdictCode.ACCEPTED, VerdictCode.OVER_LIMIT]
    assert best(decision).net_wei == max(verdict.net_wei or 0 for verdict in decision.verdicts)


def test_pools_of_an_open_transaction_are_left_alone() -> None:
    verdict = best(decided(snapshot(drifted()), busy=frozenset({address(1)})))
    assert verdict.code is VerdictCode.PENDING
    assert address(1) in verdict.reason


def test_a_stop_is_obeyed_and_says_what_was_missed() -> None:
    decision = decided(snapshot(drifted()), stopped="the kill file is there")
    assert not decision.plans
    assert best(decision).code is VerdictCode.STOPPED
    assert "the kill file is there" in best(decision).reason
    assert (best(decision).net_wei or 0) > 0


def test_an_old_block_is_not_traded_on() -> None:
    market = snapshot(drifted())
    late = replace(market, observed_at_seconds=market.block.timestamp_seconds + 61)
    assert best(decided(late, max_block_age_seconds=60)).code is VerdictCode.STALE
    assert decided(market, max_block_age_seconds=60).plans


def test_shallow_pools_and_large_impacts_can_be_refused() -> None:
    shallow = best(decided(snapshot(drifted()), min_liquidity_wei=10**6 * ETHER))
    assert shallow.code is VerdictCode.OVER_LIMIT
    assert shallow.reason.startswith("Insufficient liquidity")
    steep = best(decided(snapshot(drifted()), max_price_impact_bps=1))
    assert steep.code is VerdictCode.OVER_LIMIT
    assert steep.reason.startswith("Price impact too high")


def test_pools_of_unlisted_venues_are_no_edges() -> None:
    strange = [replace(drifted()[0], venue="unlisted"), drifted()[1]]
    assert decided(snapshot(strange)).verdicts == ()


def test_empty_pools_are_no_edges() -> None:
    assert decided(snapshot([pair(1, WETH, USDC, 0, 5), *drifted()])).plans


# --- lenders ----------------------------------------------------------------------------------------------


def test_fee_and_gas_decide_together() -> None:
    offers = [
        lender(LenderKind.AAVE_V3, fee_wad=5 * 10**14),
        lender(LenderKind.MORPHO_BLUE),
        lender(LenderKind.BALANCER_V2),
    ]
    cheap_aave = GasModel(balancer_v2=500_000, morpho_blue=400_000, aave_v3=100_000)
    by_default = only_plan(decided(snapshot(drifted(), lenders=offers, gas_price_wei=GWEI)))
    assert by_default.lender in (LenderKind.BALANCER_V2, LenderKind.MORPHO_BLUE)
    dear = snapshot(drifted(), lenders=offers, gas_price_wei=20 * GWEI)
    assert only_plan(decided(dear, gas=cheap_aave)).lender is LenderKind.AAVE_V3
    assert only_plan(decided(dear, gas=replace(cheap_aave, aave_v3=600_000))).lender is LenderKind.MORPHO_BLUE


def test_a_dearer_lender_with_more_wins_where_the_cheap_one_runs_short() -> None:
    offers = [
        lender(available=ETHER // 1000),
        lender(LenderKind.AAVE_V3, fee_wad=5 * 10**14, available=10**24),
    ]
    plan = only_plan(decided(snapshot(drifted(), lenders=offers)))
    assert plan.lender is LenderKind.AAVE_V3
    assert plan.loan_fee == offers[1].fee(plan.amount) > 0


def pick(offers: list[LenderTerms], amount: int) -> Any:
    return choose_lender(
        offers,
        WETH,
        amount,
        gas_wei=lambda kind: 10 if kind is LenderKind.AAVE_V3 else 1_000,
        value_wei=lambda units: units,
    )


def test_the_cheapest_lender_for_an_amount_is_chosen_and_none_is_none() -> None:
    offers = [lender(available=100_000_000), lender(LenderKind.AAVE_V3, fee_wad=5 * 10**14)]
    assert pick(offers, 10_000).kind is LenderKind.AAVE_V3  # fee 5, gas 10
    dear = pick(offers, 100_000_000)
    assert (dear.kind, dear.fee, dear.total_wei) == (LenderKind.BALANCER_V2, 0, 1_000)
    assert pick(offers, 100_000_001).kind is LenderKind.AAVE_V3
    assert pick(offers[:1], 100_000_001) is None
    assert pick([], 1) is None
    assert pick([lender(asset=USDC)], 1) is None


def test_equal_lenders_are_taken_in_their_declared_order() -> None:
    assert pick([lender(LenderKind.MORPHO_BLUE), lender(LenderKind.BALANCER_V2)], 5).kind is (
        LenderKind.BALANCER_V2
    )


# --- parts ------------------------------------------------------------------------------------------------


def valuer(*pools: Pool) -> Valuer:
    return Valuer(MarketGraph({pool.address: pool for pool in pools}), WETH)


def test_the_deepest_pool_values_an_asset_and_the_native_coin_is_worth_itself() -> None:
    shallow, deep = pair(1, WETH, USDC, ETHER, 1_000 * 10**6), drifted()[1]
    prices = valuer(shallow, deep)
    assert prices.value_wei(WETH, 5) == 5
    assert prices.value_wei(USDC, 10**9) == deep.quote_exact_in(USDC, 10**9).amount_out
    assert prices.cost(USDC, ETHER) == deep.quote_exact_out(USDC, ETHER).amount_in
    assert prices.units_at_spot(USDC, ETHER) == 3_150 * 10**6
    assert prices.wei_at_spot(USDC, 3_150 * 10**6) == ETHER
    assert prices.value_wei(USDC, 0) == 0


def test_an_asset_without_a_pool_has_no_value() -> None:
    prices = valuer(*drifted())
    for unknown in (prices.value_wei, prices.cost, prices.units_at_spot, prices.wei_at_spot):
        assert unknown(ODD, 5) is None
    assert prices.cost(USDC, 10**30) is None, "more than the pool has"


@pytest.mark.parametrize(
    ("profit", "floor", "kept", "expected"),
    [(100, 0, 9_000, 90), (101, 0, 9_000, 91), (100, 95, 9_000, 95), (100, 150, 9_000, 100), (3, 0, 0, 1)],
)
def test_min_profit_is_the_kept_share_or_gas_whichever_is_more(
    profit: int, floor: int, kept: int, expected: int
) -> None:
    assert least_profit(profit, floor, kept) == expected


def test_the_tip_rounds_as_the_executor_does() -> None:
    assert builder_tip(1_000, 901, 5_000) == 49


@pytest.mark.parametrize(
    "change",
    [
        {"path_length": 4},
        {"path_length": 1},
        {"max_candidates": 0},
        {"max_plans": 0},
        {"max_trade_wei": 0},
        {"deadline_seconds": -1},
        {"max_evaluations": 0},
        {"min_net_profit_wei": -1},
        {"min_liquidity_wei": -1},
        {"sizing_tolerance_ppm": -1},
        {"slippage_bps": BPS},
        {"slippage_bps": BPS + 1},
        {"builder_share_bps": -1},
        {"profit_share_kept_bps": BPS + 1},
        {"max_price_impact_bps": -1},
        {"max_block_age_seconds": 0},
    ],
)
def test_absurd_settings_are_refused_by_name(change: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=next(iter(change))):
        ArbitrageSettings(executor=EXECUTOR, wrapped_native=WETH, **change)


def test_absurd_parameters_are_refused() -> None:
    with pytest.raises(ConfigError, match="path_length"):
        PathOptimizer(path_length=5)
    with pytest.raises(ConfigError, match="max_candidates"):
        PathOptimizer(max_candidates=0)
    with pytest.raises(ConfigError, match="aave_v3"):
        GasModel(aave_v3=0)


def test_gas_is_the_loans_and_each_legs() -> None:
    model = GasModel(balancer_v2=1, aave_v3=10, morpho_blue=100, uniswap_v2_leg=1_000, uniswap_v3_leg=10_000)
    kinds = [VenueKind.UNISWAP_V2, VenueKind.UNISWAP_V3, VenueKind.UNISWAP_V2]
    assert [model.units(kind, kinds) for kind in LenderKind] == [12_001, 12_010, 12_100]


def test_a_route_through_an_empty_pool_has_no_size() -> None:
    full, empty = drifted()[0], pair(2, WETH, USDC, 0, 0)
    assert AmtOptimizer().optimize(route((full, WETH), (empty, USDC)), lender(), 10**30) is None


def test_a_size_that_is_remembered_is_forgotten_when_the_memory_is_full() -> None:
    cache = ArbitrageCache(max_sizings=1)
    first = route((drifted()[1], WETH), (drifted()[0], USDC))
    second = route((drifted()[0], WETH), (drifted()[1], USDC))
    optimizer = AmtOptimizer()
    answer = cache.size(optimizer, first, lender(), 10**30)
    assert cache.size(optimizer, first, lender(), 10**30) is answer
    cache.size(optimizer, second, lender(), 10**30)
    assert cache.size(optimizer, first, lender(), 10**30) is not answer
    assert cache.size(optimizer, first, lender(), 10**30) == answer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (amount_text(1_234_567_890, USDC, TOKENS), "1234.57 USDC"),
        (amount_text(5, Address("0x00"), TOKENS), "5 base units of 0x00"),
        (ether_text(0), "0 ETH"),
        (ether_text(-1_500_000_000_000_000), "-0.0015 ETH"),
        (gwei_text(21 * GWEI), "21 gwei"),
        (ether_text(12_345_678 * ETHER), "12345678 ETH"),
    ],
)
def test_numbers_are_written_for_people(text: str, expected: str) -> None:
    assert text == expected
