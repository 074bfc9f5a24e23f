"""What holds for every pair and amount, measured by the pair's own K check written out once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from steelyard.amm.uniswap_v2 import RESERVE_MAX
from steelyard.exceptions import QuoteError
from tests.support.pools import TOKEN0, TOKENS, magnitudes, v2_pools

if TYPE_CHECKING:
    from steelyard.amm import UniswapV2Pool
    from steelyard.units import Address

pytestmark = pytest.mark.property

MILLION = 10**6


def reserves(pool: UniswapV2Pool, token_in: Address) -> tuple[int, int]:
    return (pool.reserve0, pool.reserve1) if token_in == TOKEN0 else (pool.reserve1, pool.reserve0)


def k_check(pool: UniswapV2Pool, token_in: Address, amount_in: int, amount_out: int) -> bool:
    reserve_in, reserve_out = reserves(pool, token_in)
    adjusted_in = (reserve_in + amount_in) * MILLION - amount_in * pool.fee_pips
    adjusted_out = (reserve_out - amount_out) * MILLION
    return adjusted_in * adjusted_out >= reserve_in * reserve_out * MILLION**2


@given(v2_pools(), TOKENS, magnitudes(1, RESERVE_MAX))
def test_exact_in_pays_the_most_that_the_k_check_lets_out(
    pool: UniswapV2Pool, token_in: Address, amount_in: int
) -> None:
    assume(reserves(pool, token_in)[0] + amount_in <= RESERVE_MAX)
    quote = pool.quote_exact_in(token_in, amount_in)
    assert quote.amount_in == amount_in
    assert k_check(pool, token_in, amount_in, quote.amount_out)
    assert not k_check(pool, token_in, amount_in, quote.amount_out + 1)


@given(v2_pools(), TOKENS, st.data())
def test_exact_out_asks_the_least_that_the_k_check_accepts(
    pool: UniswapV2Pool, token_in: Address, data: st.DataObject
) -> None:
    reserve_in, reserve_out = reserves(pool, token_in)
    assume(reserve_out > 1)
    amount_out = data.draw(magnitudes(1, reserve_out - 1))
    try:
        quote = pool.quote_exact_out(token_in, amount_out)
    except QuoteError:
        assert not k_check(pool, token_in, RESERVE_MAX - reserve_in, amount_out), "it would have fitted"
        return
    assert k_check(pool, token_in, quote.amount_in, amount_out)
    assert not k_check(pool, token_in, quote.amount_in - 1, amount_out)
    assert pool.quote_exact_in(token_in, quote.amount_in).amount_out >= amount_out


@given(v2_pools(), TOKENS, magnitudes(1, 2**100), magnitudes(1, 2**100))
def test_more_in_never_pays_less_and_two_swaps_never_pay_more_than_one(
    pool: UniswapV2Pool, token_in: Address, first: int, second: int
) -> None:
    assume(reserves(pool, token_in)[0] + first + second <= RESERVE_MAX)
    at_once = pool.quote_exact_in(token_in, first + second).amount_out
    part, after = pool.swap_exact_in(token_in, first)
    assert part.amount_out <= at_once
    if min(after.reserve0, after.reserve1):
        assert part.amount_out + after.quote_exact_in(token_in, second).amount_out <= at_once


@given(v2_pools(), TOKENS, magnitudes(1, 2**100))
def test_there_and_back_never_gains(pool: UniswapV2Pool, token_in: Address, amount: int) -> None:
    assume(reserves(pool, token_in)[0] + amount <= RESERVE_MAX)
    there, after = pool.swap_exact_in(token_in, amount)
    assert after.reserve0 * after.reserve1 >= pool.reserve0 * pool.reserve1
    assume(there.amount_out)
    assert after.quote_exact_in(pool.other(token_in), there.amount_out).amount_out <= amount


@given(v2_pools(), TOKENS, magnitudes(1, 2**100))
def test_nothing_is_paid_better_than_the_marginal_rate_nor_above_the_curve(
    pool: UniswapV2Pool, token_in: Address, amount: int
) -> None:
    assume(reserves(pool, token_in)[0] + amount <= RESERVE_MAX)
    out = pool.quote_exact_in(token_in, amount).amount_out
    assert out <= amount * pool.marginal_rate(token_in)
    curve = pool.side(token_in).curve(amount)
    assert curve is not None
    assert out == curve.output(amount)
