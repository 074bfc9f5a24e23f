"""Sides answer what the pools' own walks do, to the wei, and their bounds bound."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from steelyard.amm import UniswapV3Pool
from steelyard.amm.swap_math import whole_step
from steelyard.amm.tick_math import MAX_TICK, MIN_TICK, sqrt_ratio_at_tick, tick_at_sqrt_ratio
from steelyard.amm.tick_table import TickTable
from steelyard.exceptions import QuoteError
from steelyard.units import PIPS
from tests.support.pools import (
    AMOUNTS,
    INT256_MAX,
    SPACING_OF_TIER,
    TOKEN0,
    TOKENS,
    magnitudes,
    v2_pool,
    v2_pools,
    v3_pool,
    v3_pools,
)

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject, DrawFn

    from steelyard.amm import Pool
    from steelyard.amm.side import Side
    from steelyard.units import Address

pytestmark = pytest.mark.property

POOLS = st.one_of(v2_pools(), v3_pools())
VALUES = st.one_of(magnitudes(1, 2**130), st.sampled_from((1, 2**64)))
MOST_STOPS = 400
"""Most stops whose edges an example visits."""


def walked(pool: Pool, token_in: Address, amount_in: int) -> int:
    """What the pool's own quote pays for the whole amount; 0 where it does not take it."""
    try:
        quote = pool.quote_exact_in(token_in, amount_in)
    except QuoteError:
        return 0
    return quote.amount_out if quote.amount_in == amount_in else 0


def edges(pool: Pool, token_in: Address, amount: int) -> list[int]:
    """Inputs whose last step exactly reaches a stop (a tick, or a word's end), and their neighbours."""
    if not isinstance(pool, UniswapV3Pool):
        return []
    falls = token_in == TOKEN0
    table = TickTable(pool.ticks, pool.tick_spacing, pool.fee_pips, falls, tick=pool.tick)
    key = -pool.sqrt_price_x96 if falls else pool.sqrt_price_x96
    if not table.cover(key):
        return []
    at, found = bisect_right(table.keys, key), set[int]()
    total, _ = whole_step(
        pool.sqrt_price_x96, table.rows[at].sqrt_price_x96, table.rows[at - 1].liquidity, pool.fee_pips
    )
    for _ in range(MOST_STOPS):
        found |= {total + shift for shift in (-1, 0, 1)}
        table.reach_key(table.keys[at] + 1)
        at += 1
        if at == len(table.rows) or total > amount:
            break
        total += table.rows[at].paid - table.rows[at - 1].paid
    return sorted(edge for edge in found if 0 < edge <= INT256_MAX)


@st.composite
def tiny_v3_pools(draw: DrawFn) -> UniswapV3Pool:
    """Pools whose every input can be tried: a few units between ticks, and often nothing."""
    fee = draw(st.sampled_from((100, 500, 3_000, 10_000)))
    spacing = SPACING_OF_TIER[fee]
    bounds = st.tuples(st.integers(-8, 8), st.integers(1, 6))
    positions = [
        (low * spacing, (low + width) * spacing, draw(magnitudes(1, 2_000_000 // spacing)))
        for low, width in draw(st.lists(bounds, min_size=1, max_size=5))
    ]
    tick = draw(st.integers(-9, 9)) * spacing + draw(st.sampled_from((0, 0, 1, spacing // 2)))
    return v3_pool(positions, fee_pips=fee, tick=tick)


TINY_POOLS = st.one_of(
    tiny_v3_pools(),
    st.builds(
        v2_pool, st.integers(0, 300), st.integers(0, 300), fee_pips=st.sampled_from((0, 3_000, 900_000))
    ),
)


def standing_on(pool: UniswapV3Pool, data: DataObject) -> UniswapV3Pool:
    """The pool with its price on one of its ticks, come there from below or from above."""
    inside = [tick for tick in pool.ticks.indices if MIN_TICK < tick < MAX_TICK]
    assume(inside)
    tick = data.draw(st.sampled_from(inside))
    at = tick - data.draw(st.integers(0, 1))
    return pool.with_price(sqrt_ratio_at_tick(tick), at, pool.ticks.liquidity_at(at))


# --- quotes ------------------------------------------------------------------------------------------------


@given(POOLS, TOKENS)
def test_the_first_piece_pays_nothing_for_nothing(pool: Pool, token_in: Address) -> None:
    side = pool.side(token_in)
    piece = side.curve(0)
    assert side.curve(1) is None or piece is not None
    if piece is not None:
        assert (piece.b, piece.low) == (0, 0)


@given(POOLS, TOKENS, AMOUNTS, st.data())
def test_a_side_pays_what_the_walk_pays(pool: Pool, token_in: Address, amount: int, data: DataObject) -> None:
    side = pool.side(token_in)
    at_edges = edges(pool, token_in, amount)
    shown = data.draw(st.lists(st.sampled_from(at_edges), max_size=12)) if at_edges else []
    for amount_in in [amount, *shown, *at_edges[:6], *at_edges[-6:]]:
        assert side.output(amount_in) == walked(pool, token_in, amount_in), amount_in


@given(POOLS, TOKENS, st.integers(-(2**255), 0))
def test_less_than_a_unit_buys_nothing(pool: Pool, token_in: Address, amount: int) -> None:
    side = pool.side(token_in)
    assert side.output(amount) == 0
    assert side.output(amount + 2**255 + side.capacity + 1) == 0
    assert side.least_input(amount) is None
    assert side.crossings(amount) == 0


@given(POOLS, TOKENS)
def test_the_capacity_is_the_greatest_input_taken_whole(pool: Pool, token_in: Address) -> None:
    side = pool.side(token_in)
    capacity = side.capacity
    if capacity:
        assert pool.quote_exact_in(token_in, capacity).amount_in == capacity
        assert (
            side.output(capacity) == pool.side(token_in).output(capacity) == walked(pool, token_in, capacity)
        )
    assert side.output(capacity + 1) == 0
    try:
        taken = pool.quote_exact_in(token_in, capacity + 1).amount_in
    except QuoteError:
        event("refused")
    else:
        assert taken == capacity


@given(TINY_POOLS, TOKENS)
def test_every_input_of_a_tiny_pool_is_answered_as_the_walk_does(pool: Pool, token_in: Address) -> None:
    side = pool.side(token_in)
    most = min(side.capacity, 3_000)
    paid = [0] + [walked(pool, token_in, amount_in) for amount_in in range(1, most + 2)]
    assert [side.output(amount_in) for amount_in in range(most + 2)] == paid
    for wanted in range(1, paid[most] + 1):
        assert side.least_input(wanted) == next(x for x in range(1, most + 1) if paid[x] >= wanted)
    if most == side.capacity:
        assert side.least_input(paid[most] + 1) is None


@given(v3_pools(), TOKENS, AMOUNTS, st.data())
def test_ticks_are_counted_as_the_contract_crosses_them(
    pool: UniswapV3Pool, token_in: Address, amount: int, data: DataObject
) -> None:
    pool = standing_on(pool, data) if data.draw(st.booleans()) else pool
    side = pool.side(token_in)
    at_edges = edges(pool, token_in, amount)
    for amount_in in [amount, *at_edges[:9], *at_edges[-9:]]:
        assert side.output(amount_in) == walked(pool, token_in, amount_in)
        try:
            _, after = pool.swap_exact_in(token_in, amount_in)
        except QuoteError:
            continue
        low, high = sorted((pool.tick, after.tick))
        crossed = sum(low < tick <= high for tick in pool.ticks.indices)
        assert side.crossings(amount_in) == crossed


# --- the least input ---------------------------------------------------------------------------------------


@given(POOLS, TOKENS, AMOUNTS)
def test_the_least_input_buys_as_much_and_a_unit_less_does_not(
    pool: Pool, token_in: Address, amount: int
) -> None:
    side = pool.side(token_in)
    amount = min(amount, side.capacity)
    bought = {side.output(amount_in) for amount_in in [amount, *edges(pool, token_in, amount)[:12]]}
    for wanted in {out + shift for out in bought for shift in (-1, 0, 1)} | {amount, 1}:
        if wanted < 1:
            continue
        least = side.least_input(wanted)
        if least is None:
            assert side.output(side.capacity) < wanted
            continue
        assert walked(pool, token_in, least) >= wanted
        assert least == 1 or walked(pool, token_in, least - 1) < wanted


@given(magnitudes(2**110, 2**127 - 1), magnitudes(2**145, 2**159), st.integers(0, 3), st.data())
def test_the_least_input_holds_where_the_contract_divides_in_another_order(
    liquidity: int, price: int, further: int, data: DataObject
) -> None:
    overflowing = ((1 << 256) - (liquidity << 96)) // price + 1
    tick = tick_at_sqrt_ratio((liquidity << 96) // overflowing)
    lower = max(tick // 16_383 - further, -54) * 16_383
    pool = v3_pool([(lower, 54 * 16_383, liquidity)], fee_pips=50_000, sqrt_price_x96=price)
    side = pool.side(TOKEN0)
    past = data.draw(magnitudes(1, 2**90)) * data.draw(st.sampled_from((-1, 1)))
    amount = min((overflowing + past) * PIPS // (PIPS - 50_000), side.capacity)
    bought = {side.output(amount), side.output(side.capacity), *map(side.output, edges(pool, TOKEN0, amount))}
    assert side.output(amount) == walked(pool, TOKEN0, amount)
    for wanted in {out + shift for out in bought for shift in (-1, 0, 1)}:
        least = side.least_input(wanted)
        if least is not None:
            assert walked(pool, TOKEN0, least) >= wanted
            assert least == 1 or walked(pool, TOKEN0, least - 1) < wanted


# --- curves ------------------------------------------------------------------------------------------------


@given(POOLS, TOKENS, AMOUNTS)
def test_a_piece_begins_where_the_walk_is_and_never_pays_less(
    pool: Pool, token_in: Address, amount: int
) -> None:
    side = pool.side(token_in)
    amount = min(amount, side.capacity)
    curve = side.curve(amount)
    if curve is None:
        assert side.capacity == 0
        return
    assert curve.low <= amount
    assert curve.output(curve.low) == side.output(curve.low)
    assert curve.output(amount) >= side.output(amount)
    if curve.high is not None:
        assert amount <= curve.high <= side.capacity
        assert curve.output(curve.high) >= side.output(curve.high)


@given(v3_pools(), TOKENS, st.data())
def test_pieces_follow_one_another_and_do_not_depend_on_what_was_asked_before(
    pool: UniswapV3Pool, token_in: Address, data: DataObject
) -> None:
    side, at, pieces = pool.side(token_in), 0, []
    for _ in range(60):
        piece = side.curve(at)
        if piece is None or piece.high is None:
            assert at >= side.capacity
            break
        assert piece.low <= at <= piece.high
        pieces.append((at, piece))
        at = piece.high + 1
    for at, piece in data.draw(st.permutations(pieces)):
        assert pool.side(token_in).curve(at) == side.curve(at) == piece
        assert piece.high is not None
        for asked in (piece.low, piece.high, piece.high + 1):
            assert side.curve(asked) == pool.side(token_in).curve(asked)


# --- bounds ------------------------------------------------------------------------------------------------


def loss(pool: Pool, value_out: int, value_in: int) -> int:
    """What one rounded step can lose: a unit bought, one of the input after the fee, and one before it."""
    return value_out + value_in * (2 + PIPS // (PIPS - pool.fee_pips))


def best_of_all(side: Side, value_out: int, value_in: int) -> int:
    earned = (value_out * side.output(x) - value_in * x for x in range(1, side.capacity + 1))
    return max(earned, default=0)


@given(TINY_POOLS, TOKENS, magnitudes(1, 10_000), magnitudes(1, 10_000))
def test_the_support_bounds_a_tiny_pool_and_is_close(
    pool: Pool, token_in: Address, value_out: int, value_in: int
) -> None:
    side = pool.side(token_in)
    assume(side.capacity <= 5_000)
    bound, best = side.support(value_out, value_in), best_of_all(side, value_out, value_in)
    assert 0 <= bound >= best
    assert bound <= max(best, 0) + 3 * loss(pool, value_out, value_in)
    event("earns" if best > 0 else "earns nothing")


@given(POOLS, TOKENS, AMOUNTS, VALUES, VALUES)
def test_nothing_earns_more_than_the_support(
    pool: Pool, token_in: Address, amount: int, value_out: int, value_in: int
) -> None:
    side = pool.side(token_in)
    bound = side.support(value_out, value_in)
    assert bound >= 0
    for amount_in in [amount, *edges(pool, token_in, amount)[:60], side.capacity]:
        assert value_out * side.output(amount_in) - value_in * amount_in <= bound


def marginal_values(side: Side, amount: int, scale: int) -> tuple[int, int]:
    """Values at which the best input is ``amount``, or next to it."""
    curve = side.curve(amount)
    assert curve is not None
    slope, unit = curve.a * curve.d - curve.b * curve.c, (curve.c * amount + curve.d) ** 2
    shift = max(min(slope.bit_length(), unit.bit_length()) - scale, 0)
    return max(unit >> shift, 1), max(slope >> shift, 1)


def climbed(side: Side, amount: int, value_out: int, value_in: int) -> int:
    """The best that a search from ``amount`` outwards finds."""

    def earned(amount_in: int) -> int:
        return value_out * side.output(amount_in) - value_in * amount_in if amount_in > 0 else 0

    best, step = max(earned(amount), 0), 1
    for _ in range(140):
        for candidate in (amount - step, amount + step):
            if earned(candidate) > best:
                best, amount, step = earned(candidate), candidate, 1
                break
        else:
            step *= 2
    return best


@given(POOLS, TOKENS, AMOUNTS, st.integers(1, 120), st.data())
def test_the_support_holds_where_its_price_is_at_a_stop_or_at_the_amount(
    pool: Pool, token_in: Address, amount: int, scale: int, data: DataObject
) -> None:
    side = pool.side(token_in)
    assume(side.capacity)
    at_edges = edges(pool, token_in, min(amount, side.capacity))
    around = data.draw(st.sampled_from([min(amount, side.capacity), *at_edges[:60]]))
    value_out, value_in = marginal_values(side, around, scale)
    value_in = max(value_in + data.draw(st.integers(-1, 1)), 1)
    bound = side.support(value_out, value_in)
    best = climbed(side, around, value_out, value_in)
    assert best <= bound
    event("earns" if best else "earns nothing")


@given(st.integers(2, 60), magnitudes(10**9, 2**90), TOKENS, st.integers(1, 10**6))
def test_a_bound_across_many_ticks_loses_no_unit_at_each(
    count: int, liquidity: int, token_in: Address, part: int
) -> None:
    pool = v3_pool([(-60 * width, 60 * width, liquidity) for width in range(1, count + 1)], tick=0)
    side = pool.side(token_in)
    amount = max(side.capacity * part // 10**6, 1)
    value_out, value_in = marginal_values(side, amount, 60)
    best = climbed(side, amount, value_out, value_in)
    bound = side.support(value_out, value_in)
    assert best <= bound <= best + 4 * loss(pool, value_out, value_in)
    event(f"{min(side.crossings(amount), 30) // 10 * 10} ticks crossed")
