"""What pools refuse, and the corners of what they answer."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from steelyard.amm import Pool, TickMap
from steelyard.amm.sqrt_price_math import next_sqrt_price_from_input
from steelyard.amm.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from steelyard.amm.uniswap_v2 import RESERVE_MAX
from steelyard.exceptions import QuoteError
from steelyard.units import Q96, Address
from tests.support.pools import INT256_MAX, TOKEN0, TOKEN1, v2_pool, v3_pool

pytestmark = pytest.mark.unit

STRANGER = Address("0x4444444444444444444444444444444444444444")
DEEP = 10**21


def test_both_kinds_are_pools() -> None:
    assert isinstance(v2_pool(1, 1), Pool)
    assert isinstance(v3_pool([(-60, 60, 1)]), Pool)


# --- V2 ---------------------------------------------------------------------------------------------------


def test_v2_pays_what_the_routers_library_says() -> None:
    # 1 ether into 10 ether against 20,000 USDC: 997 * 20_000e6 * 1e18 // (10e18 * 1000 + 997 * 1e18)
    quote = v2_pool(10 * 10**18, 20_000 * 10**6).quote_exact_in(TOKEN0, 10**18)
    assert (quote.amount_in, quote.amount_out) == (10**18, 1_813_221_787)


def test_v2_sells_one_wei_for_nothing_where_a_unit_is_dear() -> None:
    assert v2_pool(10**18, 10**6).quote_exact_in(TOKEN0, 1).amount_out == 0


@pytest.mark.parametrize("fee_pips", [-1, 1_000_000, 2_000_000])
def test_a_fee_of_everything_or_less_than_nothing_is_refused(fee_pips: int) -> None:
    with pytest.raises(QuoteError, match="fee_pips"):
        v2_pool(1, 1, fee_pips=fee_pips)
    with pytest.raises(QuoteError, match="fee_pips"):
        v3_pool([(-60, 60, 1)], fee_pips=fee_pips, tick_spacing=60)


@pytest.mark.parametrize(("reserve0", "reserve1"), [(0, 5), (5, 0), (0, 0)])
def test_an_empty_pair_has_no_rate_and_no_quotes(reserve0: int, reserve1: int) -> None:
    pool = v2_pool(reserve0, reserve1)
    assert pool.marginal_rate(TOKEN0) == 0
    assert pool.virtual_reserves_q96(TOKEN0) == (0, 0)
    for refused in (pool.quote_exact_in, pool.quote_exact_out, pool.swap_exact_in):
        with pytest.raises(QuoteError):
            refused(TOKEN0, 1)


def test_v2_refuses_what_would_overflow_its_reserve() -> None:
    pool = v2_pool(RESERVE_MAX - 10, 10**20)
    assert pool.quote_exact_in(TOKEN0, 10).amount_in == 10
    with pytest.raises(QuoteError, match="overflow"):
        pool.quote_exact_in(TOKEN0, 11)
    with pytest.raises(QuoteError, match="overflow"):
        pool.quote_exact_out(TOKEN0, 10**19)
    with pytest.raises(QuoteError, match="overflow"):
        v2_pool(10, 10).quote_exact_in(TOKEN0, INT256_MAX)


def test_v2_never_pays_its_last_unit() -> None:
    with pytest.raises(QuoteError, match="cannot pay"):
        v2_pool(10, 10).quote_exact_out(TOKEN0, 10)


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_is_no_amount(amount: int) -> None:
    for pool in (v2_pool(10, 10), v3_pool([(-60, 60, DEEP)])):
        with pytest.raises(QuoteError):
            pool.quote_exact_in(TOKEN0, amount)
        with pytest.raises(QuoteError):
            pool.quote_exact_out(TOKEN0, amount)


def test_a_token_of_another_pool_is_refused() -> None:
    for pool in (v2_pool(10, 10), v3_pool([(-60, 60, DEEP)])):
        for refused in (pool.other, pool.marginal_rate, pool.virtual_reserves_q96):
            with pytest.raises(QuoteError, match="does not trade"):
                refused(STRANGER)
        with pytest.raises(QuoteError, match="does not trade"):
            pool.quote_exact_in(STRANGER, 1)


def test_a_pool_of_one_token_with_itself_is_refused() -> None:
    with pytest.raises(QuoteError, match="both"):
        v2_pool(1, 1, token1=TOKEN0)
    with pytest.raises(QuoteError, match="both"):
        v3_pool([(-60, 60, 1)], token1=TOKEN0)


def test_a_spacing_or_a_liquidity_that_no_pool_has_is_refused() -> None:
    with pytest.raises(QuoteError, match="tick_spacing"):
        replace(v3_pool([(-60, 60, 1)]), tick_spacing=0)
    for liquidity in (-1, 2**128):
        with pytest.raises(QuoteError, match="liquidity"):
            replace(v3_pool([(-60, 60, 1)]), liquidity=liquidity)


def test_reserves_beyond_uint112_are_refused() -> None:
    with pytest.raises(QuoteError, match="112"):
        v2_pool(1, RESERVE_MAX + 1)


def test_a_state_after_a_sync_is_the_state_made_anew() -> None:
    pool = v2_pool(10, 20, fee_pips=2_500)
    assert pool.with_reserves(30, 5) == v2_pool(30, 5, fee_pips=2_500)
    assert hash(pool.with_reserves(30, 5)) == hash(v2_pool(30, 5, fee_pips=2_500))
    assert pool == v2_pool(10, 20, fee_pips=2_500), "the state before is untouched"
    for reserves in ((-1, 5), (5, -1), (RESERVE_MAX + 1, 5), (5, RESERVE_MAX + 1)):
        with pytest.raises(QuoteError, match="112"):
            pool.with_reserves(*reserves)


@pytest.mark.parametrize(("reserve0", "reserve1"), [(0, 5), (5, 0), (0, 0)])
def test_the_side_of_an_empty_pair_trades_nothing(reserve0: int, reserve1: int) -> None:
    side = v2_pool(reserve0, reserve1).side(TOKEN0)
    assert (side.capacity, side.output(1), side.support(10**9, 1), side.crossings(1)) == (0, 0, 0, 0)
    assert side.least_input(1) is None
    assert side.curve(0) is None


def test_the_side_of_a_pair_ends_where_uint112_does() -> None:
    side = v2_pool(RESERVE_MAX - 10, 10**20).side(TOKEN0)
    assert side.capacity == 10
    assert side.output(10) == v2_pool(RESERVE_MAX - 10, 10**20).quote_exact_in(TOKEN0, 10).amount_out
    assert side.output(11) == 0
    assert side.least_input(10**19) is None


# --- V3 ---------------------------------------------------------------------------------------------------


def test_the_ends_of_the_tick_range_have_the_contracts_prices() -> None:
    assert sqrt_ratio_at_tick(MIN_TICK) == MIN_SQRT_RATIO == 4_295_128_739
    assert sqrt_ratio_at_tick(MAX_TICK) == MAX_SQRT_RATIO
    assert sqrt_ratio_at_tick(0) == Q96
    assert tick_at_sqrt_ratio(MIN_SQRT_RATIO) == MIN_TICK
    assert tick_at_sqrt_ratio(MAX_SQRT_RATIO - 1) == MAX_TICK - 1


@pytest.mark.parametrize("tick", [MIN_TICK - 1, MAX_TICK + 1])
def test_ticks_beyond_the_range_are_refused(tick: int) -> None:
    with pytest.raises(QuoteError, match="tick"):
        sqrt_ratio_at_tick(tick)


@pytest.mark.parametrize("price", [0, MIN_SQRT_RATIO - 1, MAX_SQRT_RATIO])
def test_prices_beyond_the_range_are_refused(price: int) -> None:
    with pytest.raises(QuoteError):
        tick_at_sqrt_ratio(price)
    with pytest.raises(QuoteError):
        v3_pool([(-60, 60, 1)]).with_price(price, 0, 1)


def test_a_state_after_a_swap_is_the_state_made_anew() -> None:
    pool = v3_pool([(-600, 600, DEEP)], tick=0)
    price = sqrt_ratio_at_tick(90)
    after = pool.with_price(price, 90, DEEP)
    assert after == replace(pool, sqrt_price_x96=price, tick=90)
    assert hash(after) == hash(replace(pool, sqrt_price_x96=price, tick=90))
    assert after.ticks is pool.ticks
    assert pool.tick == 0, "the state before is untouched"
    for liquidity in (-1, 2**128):
        with pytest.raises(QuoteError, match="liquidity"):
            pool.with_price(price, 90, liquidity)


def test_a_state_after_a_mint_is_the_map_made_anew() -> None:
    ticks = v3_pool([(-600, 600, DEEP)]).ticks.with_position(-60, 600, 7)
    assert ticks == TickMap.of({-600: (DEEP, DEEP), -60: (7, 7), 600: (DEEP + 7, -DEEP - 7)})
    assert [ticks.liquidity_at(tick) for tick in (-601, -600, -61, 0, 599, 600)] == [
        0,
        DEEP,
        DEEP,
        DEEP + 7,
        DEEP + 7,
        0,
    ]
    for tick in (MIN_TICK - 1, MAX_TICK + 1):
        with pytest.raises(QuoteError, match="tick"):
            ticks.updated(tick, net_delta=1, gross_delta=1)
    with pytest.raises(QuoteError, match="cover"):
        ticks.updated(0, net_delta=2, gross_delta=1)


def test_v3_takes_only_what_its_liquidity_can_use() -> None:
    pool = v3_pool([(-60, 60, DEEP)])
    everything = pool.quote_exact_in(TOKEN0, INT256_MAX)
    assert 0 < everything.amount_in < INT256_MAX
    assert pool.quote_exact_in(TOKEN0, everything.amount_in + 1) == everything
    assert pool.quote_exact_in(TOKEN0, everything.amount_in) == everything
    assert pool.fill_exact_out(TOKEN0, INT256_MAX) == everything
    with pytest.raises(QuoteError, match="can pay"):
        pool.quote_exact_out(TOKEN0, everything.amount_out + 1)


def test_v3_without_liquidity_in_a_direction_has_no_rate_there() -> None:
    pool = v3_pool([(600, 1_200, DEEP)])  # all above the price: only token0 lies in it
    assert pool.liquidity == 0
    assert pool.marginal_rate(TOKEN0) == 0
    for refused in (pool.quote_exact_in, pool.swap_exact_in):
        with pytest.raises(QuoteError, match="no liquidity"):
            refused(TOKEN0, 1)
    price_ahead = Fraction(sqrt_ratio_at_tick(600) ** 2, 2**192)
    assert pool.marginal_rate(TOKEN1) == Fraction(997, 1_000) / price_ahead
    assert pool.quote_exact_in(TOKEN1, 10**9).amount_out > 0


def test_the_side_of_a_direction_without_liquidity_trades_nothing() -> None:
    side = v3_pool([(600, 1_200, DEEP)]).side(TOKEN0)
    assert (side.capacity, side.output(1), side.support(10**9, 1), side.crossings(1)) == (0, 0, 0, 0)
    assert side.least_input(1) is None
    assert side.curve(0) is None


@pytest.mark.parametrize(("token_in", "price"), [(TOKEN0, MIN_SQRT_RATIO), (TOKEN1, MAX_SQRT_RATIO - 1)])
def test_the_side_of_a_pool_at_the_end_of_its_price_range_trades_nothing(
    token_in: Address, price: int
) -> None:
    pool = v3_pool([(-887_220, 887_220, DEEP)]).with_price(price, tick_at_sqrt_ratio(price), 0)
    side = pool.side(token_in)
    assert (side.capacity, side.output(10**9), side.least_input(1)) == (0, 0, None)
    assert pool.side(pool.other(token_in)).capacity > 0


def test_a_side_of_a_token_of_another_pool_is_refused() -> None:
    for pool in (v2_pool(10, 10), v3_pool([(-60, 60, DEEP)])):
        with pytest.raises(QuoteError, match="does not trade"):
            pool.side(STRANGER)


def test_a_support_at_no_price_is_all_that_there_is() -> None:
    pool = v3_pool([(-60, 60, DEEP)])
    for token_in in (TOKEN0, TOKEN1):
        side = pool.side(token_in)
        everything = side.output(side.capacity)
        assert everything <= side.support(1, 0) <= everything + 2
        assert side.support(0, 1) == 0
    assert v2_pool(10, 20).side(TOKEN0).support(3, 0) == 60


def test_v3_at_the_end_of_its_price_range_goes_no_further() -> None:
    pool = v3_pool([(-887_220, 887_220, DEEP)]).with_price(MIN_SQRT_RATIO + 1, MIN_TICK, 0)
    with pytest.raises(QuoteError, match="end of its price range"):
        pool.quote_exact_in(TOKEN0, 1)


def test_v3_divides_in_another_order_where_uint256_would_overflow() -> None:
    liquidity, price, amount = 2**119, MAX_SQRT_RATIO // 2 - 1, 2**101
    assert amount * price + (liquidity << 96) > 2**256
    moved = next_sqrt_price_from_input(price, liquidity, amount, zero_for_one=True)
    first, second = (
        -(-(liquidity << 96) // ((liquidity << 96) // price + amount)),
        -(-(liquidity << 96) * price // ((liquidity << 96) + amount * price)),
    )
    assert moved == first != second


@pytest.mark.parametrize("amount", [INT256_MAX + 1, 2**256])
def test_v3_refuses_amounts_beyond_int256(amount: int) -> None:
    with pytest.raises(QuoteError, match="2\\*\\*255"):
        v3_pool([(-60, 60, DEEP)]).quote_exact_in(TOKEN0, amount)


def test_a_tick_where_one_position_ends_and_an_equal_one_begins_stays_initialised() -> None:
    ticks = v3_pool([(-120, 0, 5), (0, 120, 5)]).ticks
    assert ticks.indices == (-120, 0, 120)
    assert ticks.liquidity_net == (5, 0, -5)
    assert ticks.liquidity_gross == (5, 10, 5)


def test_a_burn_of_more_than_there_is_is_refused() -> None:
    with pytest.raises(QuoteError, match="gross"):
        v3_pool([(-60, 60, 5)]).with_position(-60, 60, -6)
    with pytest.raises(QuoteError, match="tick_lower"):
        v3_pool([(-60, 60, 5)]).with_position(60, -60, 1)


def test_a_burn_of_nothing_changes_nothing() -> None:
    ticks = v3_pool([(-60, 60, 5)]).ticks
    assert ticks.with_position(-60, 60, 0) is ticks


@pytest.mark.parametrize(
    ("indices", "net", "gross"),
    [
        ((1, 1), (1, -1), (1, 1)),
        ((2, 1), (1, -1), (1, 1)),
        ((MIN_TICK - 1,), (1,), (1,)),
        ((MAX_TICK + 1,), (1,), (1,)),
        ((1, 2), (1,), (1, 1)),
        ((1,), (2,), (1,)),
        ((1,), (0,), (0,)),
    ],
)
def test_a_tick_map_that_no_pool_could_have_is_refused(
    indices: tuple[int, ...], net: tuple[int, ...], gross: tuple[int, ...]
) -> None:
    with pytest.raises(QuoteError):
        TickMap(indices=indices, liquidity_net=net, liquidity_gross=gross)


def test_a_tick_map_leaves_out_ticks_that_are_not_initialised() -> None:
    assert TickMap.of({60: (5, -5), -60: (5, 5), 0: (0, 0)}).indices == (-60, 60)


def test_a_state_that_contradicts_its_ticks_is_noticed() -> None:
    pool = v3_pool([(-60, 60, DEEP)])
    lying = pool.with_price(
        pool.sqrt_price_x96, pool.tick, 5
    )  # less in range than the positions' ends take out
    with pytest.raises(QuoteError, match="contradicts"):
        lying.quote_exact_in(TOKEN0, 10**18)
    side = lying.side(TOKEN0)
    assert side.output(10**18) == side.output(side.capacity + 1) == 0
    assert side.capacity == 2, "up to where the state contradicts itself"
