"""Each verdict, from the smallest market that brings it about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from steelyard.decide.arbitrage import ArbitrageCache, GasModel, decide
from steelyard.decide.wording import amount_text
from steelyard.model import (
    AttemptRecord,
    Attempts,
    LenderKind,
    OraclePrice,
    TokenSafety,
    VenueKind,
    VerdictCode,
)
from steelyard.units import BPS, ETHER, GWEI, WAD
from tests.support.markets import (
    DAI,
    EXECUTOR,
    ODD,
    TOKENS,
    USDC,
    VENUES,
    WETH,
    address,
    best,
    decided,
    drifted,
    lender,
    only_plan,
    pair,
    settings,
    snapshot,
    stepped,
)
from tests.support.pools import v3_pool

if TYPE_CHECKING:
    from steelyard.decide.arbitrage.sizing import SizingSearch
    from steelyard.model import Decision

pytestmark = pytest.mark.unit


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


def test_crossed_ticks_cost_gas_and_a_dear_crossing_keeps_the_loan_on_this_side_of_it() -> None:
    steps, flat = stepped()
    cheap = only_plan(decided(snapshot([steps, flat], gas_price_wei=1)))
    kinds = [VENUES[leg.venue_id].kind for leg in cheap.legs]
    crossings = (cheap.gas_units - GasModel().units(cheap.lender, kinds)) // GasModel().tick_crossing
    assert cheap.gas_units == GasModel().units(cheap.lender, kinds, crossings)
    assert crossings > 3
    dear = only_plan(decided(snapshot([steps, flat], gas_price_wei=40 * GWEI)))
    assert dear.gas_units < cheap.gas_units
    assert dear.amount < cheap.amount


def test_of_lenders_that_cost_the_same_only_the_first_is_sized() -> None:
    class Counting(ArbitrageCache):
        asked = 0

        def size(self, *given: Any, **more: Any) -> SizingSearch:
            self.asked += 1
            return super().size(*given, **more)

    market = snapshot(drifted(), lenders=[lender(LenderKind.MORPHO_BLUE), lender()])
    cache = Counting()
    even = settings(gas=GasModel(balancer_v2=100, morpho_blue=100), certify_budget=0)
    (plan,) = decide(market, even, VENUES, cache).plans
    assert plan.lender is LenderKind.BALANCER_V2
    assert cache.asked == 1


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
    free = only_plan(decided(snapshot(drifted())))
    price_wei = free.expected_profit * 11 // (10 * free.gas_units)
    verdict = best(decided(snapshot(drifted(), gas_price_wei=price_wei)))
    assert verdict.code is VerdictCode.BELOW_GAS
    assert verdict.profit > 0
    assert verdict.net_wei is not None
    assert verdict.net_wei < 0


def test_no_loan_is_looked_for_where_none_earns_half_of_its_gas() -> None:
    verdict = best(decided(snapshot(drifted(), gas_price_wei=10_000 * GWEI)))
    assert verdict.code is VerdictCode.BELOW_GAS
    assert (verdict.amount, verdict.profit, verdict.net_wei) == (0, 0, None)
    free = only_plan(decided(snapshot(drifted())))
    stated = amount_text(free.expected_profit, WETH, TOKENS)
    assert verdict.reason.startswith(f"no loan earns more than {stated} before gas")
    assert "at 10000 gwei" in verdict.reason


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


def test_plans_that_share_a_pool_are_sized_in_sequence_and_earn_more_than_the_best_alone() -> None:
    market = snapshot([*drifted(), pair(3, WETH, USDC, 100 * ETHER, 310_000 * 10**6)])
    alone = decided(market, max_plans=1)
    assert [verdict.code for verdict in alone.verdicts[:2]] == [VerdictCode.ACCEPTED, VerdictCode.SHARES_POOL]
    (first,) = alone.plans
    decision = decided(market)
    assert decision.plans[0].pools & decision.plans[1].pools
    assert decision.built_on(decision.plans[1]) == decision.plans[:1]
    assert "behind better plans on the same pools" in decision.verdicts[1].reason
    assert sum(plan.expected_net_wei for plan in decision.plans) > first.expected_net_wei
    # Summed at the prices of the block they would promise more than there is.
    block_prices = {verdict.route: verdict.net_wei or 0 for verdict in alone.verdicts}
    routes = [verdict.route for verdict in decision.verdicts if verdict.plan is not None]
    assert sum(plan.expected_net_wei for plan in decision.plans) < sum(
        block_prices[route] for route in routes
    )


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
    assert shallow.code is VerdictCode.LIQUIDITY
    assert shallow.reason.startswith("Insufficient liquidity")
    steep = best(decided(snapshot(drifted()), max_price_impact_bps=1))
    assert steep.code is VerdictCode.PRICE_IMPACT
    assert steep.reason.startswith("Price impact too high")


def test_a_loan_that_is_not_worth_looking_at_is_left() -> None:
    loan = only_plan(decided(snapshot(drifted()), certify_budget=0)).amount
    verdict = best(decided(snapshot(drifted()), min_trading_limit_wei=loan + 1, certify_budget=0))
    assert verdict.code is VerdictCode.BELOW_MINIMUM
    assert "less than the least" in verdict.reason
    assert (
        only_plan(decided(snapshot(drifted()), min_trading_limit_wei=loan, certify_budget=0)).amount == loan
    )


def test_a_thin_range_before_a_deep_one_does_not_make_a_loan_too_small_to_look_at() -> None:
    thin = v3_pool(
        [(-600, 600, 10**15), (-60_000, -600, 10**24)],
        tick=0,
        fee_pips=3_000,
        address=address(1),
        token0=WETH,
        token1=DAI,
    )
    market = snapshot([thin, pair(2, WETH, DAI, 10_000 * ETHER, 8_000 * ETHER)])
    plan = only_plan(decided(market, min_trading_limit_wei=100 * ETHER))
    assert plan.amount > 600 * ETHER
    assert plan.expected_profit > 50 * ETHER


def test_a_token_with_a_problem_is_not_traded_and_the_numbers_say_what_was_missed() -> None:
    problem = TokenSafety(token=USDC, problem="a transfer is refused: no", block_number=90)
    verdict = best(decided(replace(snapshot(drifted()), safety={USDC: problem})))
    assert verdict.code is VerdictCode.UNSAFE_TOKEN
    assert verdict.reason.startswith(f"Unsafe token {USDC}: a transfer is refused: no, tried at block 90; ")
    assert "borrow" in verdict.reason
    assert (verdict.net_wei or 0) > 0
    untried = best(decided(snapshot(drifted()), require_token_trial=True))
    assert untried.code is VerdictCode.UNSAFE_TOKEN


def test_a_pool_that_an_oracle_contradicts_is_not_traded() -> None:
    market = snapshot(drifted())
    fair = OraclePrice(
        token=USDC,
        wei_per_unit_wad=10**18 * WAD // (3_075 * 10**6),  # between the two pools, some 250 bps from each
        updated_at_seconds=market.block.timestamp_seconds,
    )
    told = replace(market, oracles={USDC: fair})
    verdict = best(decided(told, max_oracle_deviation_bps=200))
    assert verdict.code is VerdictCode.ORACLE_DEVIATION
    assert only_plan(decided(told, max_oracle_deviation_bps=251))
    late = replace(told, block=replace(market.block, timestamp_seconds=fair.updated_at_seconds + 11))
    assert only_plan(decided(late, max_oracle_deviation_bps=200, max_oracle_age_seconds=10))


def test_a_record_of_failures_demands_a_larger_profit() -> None:
    market = snapshot(drifted(), gas_price_wei=10 * GWEI)
    plan = only_plan(decided(market))
    enough = plan.expected_net_wei // plan.gas_cost_wei
    assert enough > 1

    def after(failures: int) -> Decision:
        failed = AttemptRecord(failed=failures)
        attempts = Attempts(by_pools={plan.pools: failed}, overall=failed)
        return decide(market, settings(), VENUES, ArbitrageCache(), attempts=attempts)

    assert only_plan(after(enough)) == plan
    assert best(after(enough + 1)).code is VerdictCode.EXPECTED_LOSS


def test_every_sized_verdict_says_what_another_loan_could_earn_more_valued_in_wei() -> None:
    class Unsure(ArbitrageCache):
        def size(self, *given: Any, **more: Any) -> SizingSearch:
            search = super().size(*given, **more)
            assert search.sizing is not None
            unsure = search.sizing._replace(gap=5, certified=False, uncertified_reason="?")
            return search._replace(sizing=unsure)

    in_dollars = snapshot(drifted(), lenders=[lender(asset=USDC)])
    unsure = decide(in_dollars, settings(), VENUES, Unsure()).verdicts[0]
    assert unsure.gap_wei == -(-5 * 100 * ETHER // (300_000 * 10**6)), "at the pool's price, up"
    assert "at most 0.000005 USDC more is possible: ?" in unsure.reason
    assert best(decided(snapshot(drifted(), lenders=[lender(available=0)]))).gap_wei is None


def test_pools_of_unlisted_venues_are_no_edges() -> None:
    strange = [replace(drifted()[0], venue="unlisted"), drifted()[1]]
    assert decided(snapshot(strange)).verdicts == ()


def test_empty_pools_are_no_edges() -> None:
    assert decided(snapshot([pair(1, WETH, USDC, 0, 5), *drifted()])).plans


def test_plans_are_proven_to_the_last_unit_where_the_budget_allows() -> None:
    market = snapshot([*drifted(), pair(3, WETH, USDC, 100 * ETHER, 310_000 * 10**6)])
    quick, proven = decided(market, certify_budget=0), decided(market, certify_budget=10_000)
    assert len(quick.plans) == len(proven.plans) == 2
    gaps = [(verdict.gap_wei or 0) for verdict in quick.verdicts if verdict.plan]
    assert any(gaps), "the hot path stops at its tolerance"
    for verdict in proven.verdicts[:2]:
        assert verdict.gap_wei == 0
        assert "(certified)" in verdict.reason
    # The first stands on the block's own pools: its proof can only add, and no more than the gap had said.
    gained = (proven.verdicts[0].net_wei or 0) - (quick.verdicts[0].net_wei or 0)
    assert 0 <= gained <= gaps[0]


def test_plan_behind_a_proven_one_is_sized_on_what_that_now_leaves() -> None:
    market = snapshot([*drifted(), pair(3, WETH, USDC, 100 * ETHER, 310_000 * 10**6)])
    first, second = decided(market, certify_budget=10_000).plans
    pools = dict(market.pools)
    for leg in first.legs:
        pools[leg.pool] = pools[leg.pool].swap_exact_in(leg.token_in, leg.amount_in)[1]
    for leg in second.legs:
        quote, pools[leg.pool] = pools[leg.pool].swap_exact_in(leg.token_in, leg.amount_in)
        assert quote.amount_out == leg.amount_out
