"""The arithmetic that makes the replica's pools: edges, liquidity, first prices, and who draws from which."""

from __future__ import annotations

from random import Random

import pytest

from steelyard.amm.tick_math import sqrt_ratio_at_tick, tick_at_sqrt_ratio
from steelyard.sandbox.activity import FOLLOWERS, FairPrices
from steelyard.sandbox.activity.pools import PoolView, view_in_range
from steelyard.sandbox.activity.trading import Trading, Worths
from steelyard.sandbox.replica.manifest import NO_ADDRESS, PoolKind, PoolRecord, TokenRecord
from steelyard.sandbox.replica.pools.concentrated import (
    Position,
    first_sqrt_price_x96,
    liquidity_of,
    positions_of,
)
from steelyard.sandbox.replica.pools.plan import PoolPlan, PricedPlan, by_address
from steelyard.sandbox.replica.pools.registry import POOL_MAKERS, POOL_PLANS
from steelyard.sandbox.replica.tokens import (
    DAI,
    ETHER_ITSELF,
    MARKET_TOKENS,
    USDC,
    WETH,
    MarketToken,
    token_at,
)
from steelyard.units import Q96

pytestmark = pytest.mark.unit

TICKED = [plan for plan in POOL_PLANS if plan.tick_spacing]


def price_of(plan: PoolPlan) -> int:
    return first_sqrt_price_x96(PricedPlan(plan=plan, offset_pips=0))


def cost_of(position: Position, liquidity: int, sqrt_price_x96: int) -> tuple[int, int]:
    """Base units of each token that the liquidity takes at a price, rounded up as pools do."""
    lower, upper = sqrt_ratio_at_tick(position.lower_tick), sqrt_ratio_at_tick(position.upper_tick)
    at = min(max(sqrt_price_x96, lower), upper)
    amount0 = -(-liquidity * Q96 * (upper - at) // (upper * at))
    return amount0, -(-liquidity * (at - lower) // Q96)


@pytest.mark.parametrize("plan", TICKED, ids=lambda plan: f"{plan.kind}-{plan.fee_pips}")
def test_positions_lie_on_the_grid_and_cost_what_they_may_and_hardly_less(plan: PoolPlan) -> None:
    price = price_of(plan)
    for position in positions_of(plan, tick_at_sqrt_ratio(price)):
        assert position.lower_tick % plan.tick_spacing == position.upper_tick % plan.tick_spacing == 0
        assert position.lower_tick < position.upper_tick
        liquidity = liquidity_of(position, price)
        amount0, amount1 = cost_of(position, liquidity, price)
        assert amount0 <= position.amount0 + 1
        assert amount1 <= position.amount1 + 1
        more0, more1 = cost_of(position, liquidity * 1_001 // 1_000 + 1, price)
        assert more0 > position.amount0 or more1 > position.amount1


def test_position_beside_the_price_takes_one_token_only() -> None:
    price = sqrt_ratio_at_tick(0)
    above = Position(lower_tick=60, upper_tick=120, amount0=10**18, amount1=0)
    below = Position(lower_tick=-120, upper_tick=-60, amount0=0, amount1=10**18)
    for position, index in ((above, 0), (below, 1)):
        cost = cost_of(position, liquidity_of(position, price), price)
        assert 0.999 * 10**18 < cost[index] <= 10**18 + 1
        assert cost[1 - index] == 0


@pytest.mark.parametrize("plan", POOL_PLANS, ids=lambda plan: f"{plan.kind}-{plan.fee_pips}")
def test_tokens_are_in_the_order_in_which_pools_list_them(plan: PoolPlan) -> None:
    assert plan.tokens == by_address(*reversed(plan.tokens))
    assert set(plan.tokens) <= {*MARKET_TOKENS, ETHER_ITSELF}


def test_every_kind_of_pool_is_made_by_one_entry() -> None:
    assert [maker.kind for maker in POOL_MAKERS] == list(dict.fromkeys(plan.kind for plan in POOL_PLANS))
    assert {maker.kind for maker in POOL_MAKERS} == set(PoolKind)
    for maker in POOL_MAKERS:
        assert {plan.kind for plan in maker.plans} == {maker.kind}


def test_ether_itself_is_worth_what_wrapped_ether_is_and_no_token_of_the_market() -> None:
    assert ETHER_ITSELF.price_usd_e8 == WETH.price_usd_e8
    assert ETHER_ITSELF.address == NO_ADDRESS
    with pytest.raises(KeyError):
        token_at(NO_ADDRESS)


def test_offset_raises_the_first_price_of_token0() -> None:
    plan = TICKED[0]
    fair = price_of(plan)
    higher = first_sqrt_price_x96(PricedPlan(plan=plan, offset_pips=1_000))
    assert higher**2 * 10**6 // fair**2 == pytest.approx(1_001_000, abs=1)


def views(gap_ppm: int) -> list[PoolView]:
    """Two pools of DAI and USDC whose price is off by this."""
    root = price_of(next(plan for plan in TICKED if plan.tokens == by_address(DAI, USDC)))
    moved = Random(0)
    record = PoolRecord(
        kind=PoolKind.UNISWAP_V3, address=DAI.address, token0=DAI.address, token1=USDC.address, fee_pips=100
    )
    off = root * (2 * 10**6 + gap_ppm) // (2 * 10**6)
    return [view_in_range(record, off, moved.randrange(10**20, 10**21)) for _ in range(2)]


def trading(stream: str) -> Trading:
    tokens = {
        token.address: TokenRecord(
            symbol=token.symbol,
            address=token.address,
            decimals=token.decimals,
            price_usd_e8=token.price_usd_e8,
        )
        for token in MARKET_TOKENS
    }
    prices = FairPrices({token.symbol: token.price_usd_e8 for token in MARKET_TOKENS}, 1)
    return Trading(stream, (1, 3), Worths(tokens=tokens, fair_prices=prices))


def test_what_is_drawn_does_not_depend_on_the_chain() -> None:
    calm, moved = trading("a stream"), trading("a stream")
    calm.trades(views(0))
    moved.trades(views(5_000))
    # The block after: both meet the same market again, and do the same.
    assert calm.trades(views(2_000)) == moved.trades(views(2_000))


def test_another_stream_trades_otherwise() -> None:
    assert [trading("one").trades(views(2_000)) for _ in range(2)] == [
        trading("one").trades(views(2_000)) for _ in range(2)
    ]
    assert trading("one").trades(views(2_000)) != trading("two").trades(views(2_000))


def test_group_without_a_pool_trades_nothing() -> None:
    assert trading("any").trades([]) == []


@pytest.mark.parametrize(("off_ppm", "token_in"), [(6_000, DAI), (-6_000, USDC)])
def test_followers_sell_what_is_dear(off_ppm: int, token_in: MarketToken) -> None:
    followers = {follower.address for follower in FOLLOWERS}
    trades = [trade for at in range(20) for trade in trading(f"{at}").trades(views(off_ppm))]
    sold = {"0x" + trade["data"][34:74] for trade in trades if trade["from"] in followers}
    assert sold == {token_in.address.lower()}
