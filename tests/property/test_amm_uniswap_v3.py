"""What holds for every V3 pool and amount. That the numbers are the contract's is tested against its code."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from steelyard.amm.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from steelyard.exceptions import QuoteError
from tests.support.pools import AMOUNTS, TOKEN0, TOKENS, magnitudes, v3_pools

if TYPE_CHECKING:
    from steelyard.amm import Quote, UniswapV3Pool
    from steelyard.units import Address

pytestmark = pytest.mark.property


def sold(pool: UniswapV3Pool, token_in: Address, amount: int) -> tuple[Quote, UniswapV3Pool]:
    """The swap, where the pool trades in this direction at all."""
    try:
        return pool.swap_exact_in(token_in, amount)
    except QuoteError:
        assume(False)
        raise


@given(st.integers(MIN_TICK, MAX_TICK - 1))
def test_a_ticks_price_belongs_to_the_tick_and_one_less_to_the_tick_below(tick: int) -> None:
    price = sqrt_ratio_at_tick(tick)
    assert tick_at_sqrt_ratio(price) == tick
    if tick > MIN_TICK:
        assert tick_at_sqrt_ratio(price - 1) == tick - 1


@given(magnitudes(MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1))
def test_the_tick_of_a_price_is_the_greatest_that_is_not_above_it(price: int) -> None:
    tick = tick_at_sqrt_ratio(price)
    assert sqrt_ratio_at_tick(tick) <= price < sqrt_ratio_at_tick(tick + 1)


@given(v3_pools(), TOKENS, AMOUNTS, AMOUNTS)
def test_more_in_never_pays_less(pool: UniswapV3Pool, token_in: Address, amount: int, other: int) -> None:
    less, more = sorted((amount, other))
    small, _ = sold(pool, token_in, less)
    large, _ = sold(pool, token_in, more)
    assert small.amount_in <= large.amount_in
    assert small.amount_out <= large.amount_out
    assert small.amount_in == less or small == large, "only the end of liquidity leaves something untaken"


@given(v3_pools(), TOKENS, AMOUNTS)
def test_the_state_after_a_swap_keeps_its_liquidity_and_tick_in_step(
    pool: UniswapV3Pool, token_in: Address, amount: int
) -> None:
    _, after = sold(pool, token_in, amount)
    assert after.ticks is pool.ticks
    assert after.liquidity == pool.ticks.liquidity_at(after.tick)
    at = tick_at_sqrt_ratio(after.sqrt_price_x96)
    on_edge = sqrt_ratio_at_tick(at) == after.sqrt_price_x96
    assert after.tick == at or (on_edge and after.tick == at - 1)
    if token_in == TOKEN0:
        assert after.sqrt_price_x96 <= pool.sqrt_price_x96
    else:
        assert after.sqrt_price_x96 >= pool.sqrt_price_x96


@given(v3_pools(), TOKENS, AMOUNTS)
def test_there_and_back_never_gains(pool: UniswapV3Pool, token_in: Address, amount: int) -> None:
    there, after = sold(pool, token_in, amount)
    assume(there.amount_out)
    back, _ = sold(after, pool.other(token_in), there.amount_out)
    assert back.amount_out <= there.amount_in


@given(v3_pools(), TOKENS, st.data())
def test_exact_out_pays_what_was_asked_and_not_a_unit_more(
    pool: UniswapV3Pool, token_in: Address, data: st.DataObject
) -> None:
    most, _ = sold(pool, token_in, 2**255 - 1)
    assume(most.amount_out)
    wanted = data.draw(magnitudes(1, most.amount_out))
    asked = pool.quote_exact_out(token_in, wanted)
    assert asked.amount_out == wanted
    assert asked.amount_in <= most.amount_in


@given(v3_pools(), TOKENS, AMOUNTS)
def test_what_exact_out_asks_buys_as_much_and_the_least_input_asks_no_more(
    pool: UniswapV3Pool, token_in: Address, amount: int
) -> None:
    bought, _ = sold(pool, token_in, amount)
    assume(bought.amount_out)
    asked = pool.quote_exact_out(token_in, bought.amount_out)
    assert asked.amount_out == bought.amount_out
    assert pool.quote_exact_in(token_in, asked.amount_in).amount_out >= bought.amount_out
    least = pool.side(token_in).least_input(bought.amount_out)
    assert least is not None
    assert least <= min(asked.amount_in, bought.amount_in)
    assert pool.quote_exact_in(token_in, least).amount_out >= bought.amount_out
    if least > 1:
        assert pool.quote_exact_in(token_in, least - 1).amount_out < bought.amount_out


@given(v3_pools(), TOKENS, AMOUNTS)
def test_nothing_is_paid_better_than_the_marginal_rate(
    pool: UniswapV3Pool, token_in: Address, amount: int
) -> None:
    quote, _ = sold(pool, token_in, amount)
    assert quote.amount_out <= quote.amount_in * pool.marginal_rate(token_in)


@given(v3_pools(), TOKENS, AMOUNTS)
def test_a_quote_is_on_or_under_its_curve_by_what_rounding_took(
    pool: UniswapV3Pool, token_in: Address, amount: int
) -> None:
    quote, _ = sold(pool, token_in, amount)
    side = pool.side(token_in)
    curve, start = side.curve(quote.amount_in), side.curve(0)
    assert curve is not None
    assert start is not None
    assert curve.low <= quote.amount_in
    assert quote.amount_out <= curve.output(quote.amount_in)
    assert start.output(0) == 0
    slope = Fraction(start.a * start.d - start.b * start.c, start.d * start.d)
    if start.high:
        assert slope == pool.marginal_rate(token_in)


@given(v3_pools(), st.data())
def test_a_burn_undoes_its_mint(pool: UniswapV3Pool, data: st.DataObject) -> None:
    edge = MAX_TICK // pool.tick_spacing
    near = st.integers(
        max(pool.tick // pool.tick_spacing - 50, -edge), min(pool.tick // pool.tick_spacing + 50, edge - 1)
    )
    lower, upper = sorted((data.draw(near), data.draw(near)))
    liquidity = data.draw(magnitudes(1, 2**110))
    bounds = (lower * pool.tick_spacing, (upper + 1) * pool.tick_spacing)
    minted = pool.with_position(*bounds, liquidity)
    assert minted.liquidity == minted.ticks.liquidity_at(minted.tick)
    assert minted.with_position(*bounds, -liquidity) == pool
