"""Profitable executions against real bytecode: every lender over every family of venues, to the wei."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.flash import Lender, assert_nothing_left, executed, prepare, round_trip
from tests.support.fork_market import AAVE_POOL, USDC, USDT, WETH, Hop, VenueId

if TYPE_CHECKING:
    from steelyard.units import Address
    from tests.support.fork_chain import ForkChain
    from tests.support.fork_market import ForkMarket

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

V2, SUSHI = Hop(VenueId.UNISWAP_V2), Hop(VenueId.SUSHISWAP_V2)
V3_LOW, V3_MIDDLE = Hop(VenueId.UNISWAP_V3, 500), Hop(VenueId.UNISWAP_V3, 3000)

ROUTES = {
    "v2_v2": (SUSHI, V2),
    "v3_v3": (V3_LOW, V3_MIDDLE),
    "v2_v3": (SUSHI, V3_LOW),
    "v3_v2": (V3_LOW, SUSHI),
}


def aave_fee_bounds(chain: ForkChain, amount: int) -> tuple[int, int]:
    """Aave rounds its premium half up, in newer versions always up; the pool tells the rate."""
    (rate_bps,) = chain.read(AAVE_POOL, "FLASHLOAN_PREMIUM_TOTAL()", "(uint128)")
    return (amount * rate_bps + 5_000) // 10_000, -(-amount * rate_bps // 10_000)


@pytest.mark.parametrize("lender", Lender, ids=lambda lender: lender.name.lower())
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(("asset", "other"), [(WETH, USDC), (USDT, WETH)], ids=["weth", "usdt"])
def test_execute__profitable_route__treasury_event_and_return_agree_to_the_wei(
    chain: ForkChain,
    market: ForkMarket,
    executor: Any,
    keeper: Any,
    treasury: Address,
    lender: Lender,
    route: str,
    asset: str,
    other: str,
) -> None:
    hops = ROUTES[route]
    plan = prepare(market, executor, lender, asset, other, hops)
    received = market.quote(hops[1], other, asset, market.quote(hops[0], asset, other, plan.amount))
    treasury_before = chain.balance(asset, treasury)

    returned = executor.execute.call(plan.data, sender=keeper)
    receipt = executor.execute(plan.data, sender=keeper)

    event = executed(executor, receipt)
    gained = chain.balance(asset, treasury) - treasury_before
    assert gained > 0
    assert gained == returned == event.profit
    assert gained == received - plan.amount - event.loan_fee
    fees = aave_fee_bounds(chain, plan.amount) if lender is Lender.AAVE_V3 else (0,)
    assert event.loan_fee in fees
    assert event.plan_hash == plan.plan_hash
    assert (event.asset, event.builder_tip) == (asset, 0)
    assert_nothing_left(chain, executor, asset, other)


@pytest.mark.parametrize("lender", Lender, ids=lambda lender: lender.name.lower())
def test_execute__three_legs_over_three_venues__closes_the_cycle(
    chain: ForkChain, market: ForkMarket, executor: Any, keeper: Any, treasury: Address, lender: Lender
) -> None:
    plan = prepare(market, executor, lender, WETH, USDC, (SUSHI, V2))
    stable = Hop(VenueId.UNISWAP_V2)
    plan.legs = [
        (SUSHI.venue, 0, USDC, 1),
        (stable.venue, 0, USDT, 1),
        (V3_LOW.venue, V3_LOW.fee_pips, WETH, 1),
    ]
    amount = market.quote(SUSHI, WETH, USDC, plan.amount)
    amount = market.quote(stable, USDC, USDT, amount)
    amount = market.quote(V3_LOW, USDT, WETH, amount)
    before = chain.balance(WETH, treasury)
    receipt = executor.execute(plan.data, sender=keeper)
    event = executed(executor, receipt)
    assert chain.balance(WETH, treasury) - before == event.profit == amount - plan.amount - event.loan_fee
    assert_nothing_left(chain, executor, WETH, USDC, USDT)


@pytest.mark.parametrize(
    "lender", [Lender.BALANCER_V2, Lender.MORPHO_BLUE], ids=lambda each: each.name.lower()
)
def test_execute__empty_route_from_free_lender__moves_nothing(
    chain: ForkChain, market: ForkMarket, executor: Any, keeper: Any, treasury: Address, lender: Lender
) -> None:
    plan = round_trip(executor, lender, WETH, USDC, (SUSHI, V2), 10**15)
    plan.legs, plan.min_profit, plan.max_loan_fee = [], 0, 0
    before = chain.balance(WETH, treasury)
    receipt = executor.execute(plan.data, sender=keeper)
    event = executed(executor, receipt)
    assert (event.profit, event.loan_fee) == (0, 0)
    assert chain.balance(WETH, treasury) == before
    assert_nothing_left(chain, executor, WETH)


def test_execute__builder_share__builder_gets_its_part_and_treasury_the_rest(
    chain: ForkChain, market: ForkMarket, executor: Any, keeper: Any, treasury: Address
) -> None:
    builder = "0x00000000000000000000000000000000B0B1de40"
    chain.rpc.call("anvil_setCoinbase", builder)
    plan = prepare(market, executor, Lender.BALANCER_V2, WETH, USDC, (SUSHI, V2))
    gain = executor.execute.call(plan.data, sender=keeper)
    plan.min_profit, plan.builder_share_bps = gain // 3, 4_000
    tip = (gain - plan.min_profit) * 4_000 // 10_000
    before = chain.balance(WETH, treasury), chain.ether(builder)
    receipt = executor.execute(plan.data, sender=keeper)
    event = executed(executor, receipt)
    assert event.builder_tip == tip
    assert chain.balance(WETH, treasury) - before[0] == event.profit == gain - tip
    # The builder also earns the transaction's own priority fee.
    priority_fee = (receipt.gas_price - receipt.block.base_fee) * receipt.gas_used
    assert chain.ether(builder) - before[1] == tip + priority_fee
    assert_nothing_left(chain, executor, WETH, USDC)


def test_execute__donation_beforehand__is_neither_counted_nor_spent(
    chain: ForkChain, market: ForkMarket, executor: Any, keeper: Any
) -> None:
    plan = prepare(market, executor, Lender.MORPHO_BLUE, USDT, WETH, (SUSHI, V2))
    clean = executor.execute.call(plan.data, sender=keeper)
    chain.give(USDT, executor.address, 12_345_678)
    chain.give(WETH, executor.address, 10**17)
    event = executed(executor, executor.execute(plan.data, sender=keeper))
    assert event.profit == clean
    assert chain.balance(USDT, executor.address) == 12_345_678
    assert chain.balance(WETH, executor.address) == 10**17
