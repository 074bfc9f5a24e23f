"""Tables are shared by a tick map's states, grow where quotes go, and forget what is used least."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from steelyard.amm.tick_tables import TickTables
from steelyard.exceptions import QuoteError
from tests.support.pools import AMOUNTS, TOKENS, magnitudes, v3_pools

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject

    from steelyard.amm import UniswapV3Pool
    from steelyard.amm.side import Side
    from steelyard.units import Address

pytestmark = pytest.mark.property


def answers(side: Side, amounts: list[int]) -> list[object]:
    """Everything that a side can be asked."""
    told: list[object] = [side.support(2**70, 2**70), side.support(1, 3)]
    for amount in amounts:
        told += [side.output(amount), side.curve(amount), side.crossings(amount), side.least_input(amount)]
    return [*told, side.capacity]


def moved(pool: UniswapV3Pool, token_in: Address, amount: int) -> UniswapV3Pool:
    try:
        return pool.swap_exact_in(token_in, amount)[1]
    except QuoteError:
        return pool


@given(v3_pools(), st.lists(st.tuples(TOKENS, AMOUNTS, AMOUNTS), min_size=1, max_size=6), st.data())
def test_states_that_share_a_table_answer_as_states_that_do_not(
    pool: UniswapV3Pool, swaps: list[tuple[Address, int, int]], data: DataObject
) -> None:
    tables = TickTables(max_bytes=data.draw(st.sampled_from((0, 2_000, 20_000, 1 << 26))))
    kept: list[tuple[UniswapV3Pool, Side, Address]] = []
    for token_in, amount, asked in swaps:
        sold = data.draw(TOKENS)
        side = pool.side(sold, tables)
        assert answers(side, [amount, asked]) == answers(pool.side(sold), [amount, asked])
        assert tables.size_bytes <= tables.max_bytes
        kept.append((pool, side, sold))
        pool = moved(pool, token_in, amount)
    for state, side, sold in kept:  # tables have grown at both ends, or gone, since these sides were made
        asked = data.draw(AMOUNTS)
        assert answers(side, [asked]) == answers(state.side(sold), [asked])
    event("kept" if any(tables) else "evicted")


@given(v3_pools(), TOKENS, AMOUNTS)
def test_the_order_of_questions_does_not_matter(pool: UniswapV3Pool, token_in: Address, amount: int) -> None:
    first = pool.side(token_in)
    first.capacity  # noqa: B018 - builds the whole table
    second = pool.side(token_in)
    assert second.output(amount) == first.output(amount)
    assert second.support(amount, 1) == first.support(amount, 1)
    assert second.crossings(amount) == first.crossings(amount)
    assert answers(second, [amount]) == answers(first, [amount])


@given(v3_pools(), TOKENS, AMOUNTS, magnitudes(1, 2**128 - 1), st.integers(-887_272, 887_271))
def test_a_state_that_contradicts_its_ticks_is_answered_without_an_error(
    pool: UniswapV3Pool, token_in: Address, amount: int, liquidity: int, tick: int
) -> None:
    tables = TickTables()
    honest = answers(pool.side(token_in, tables), [amount])
    for lying in (
        pool.with_price(pool.sqrt_price_x96, pool.tick, liquidity),
        pool.with_price(pool.sqrt_price_x96, tick, pool.liquidity),
        pool.with_price(pool.sqrt_price_x96, tick, liquidity),
    ):
        answers(lying.side(token_in, tables), [amount])
        answers(lying.side(token_in), [amount])
    assert answers(pool.side(token_in, tables), [amount]) == honest, "a lie must not spoil the table"


@given(v3_pools(), TOKENS, AMOUNTS, magnitudes(1, 2**128 - 1))
def test_a_liquidity_that_the_ticks_do_not_explain_is_walked_as_the_contract_would(
    pool: UniswapV3Pool, token_in: Address, amount: int, liquidity: int
) -> None:
    lying = pool.with_price(pool.sqrt_price_x96, pool.tick, liquidity)
    try:
        quote = lying.quote_exact_in(token_in, amount)
    except QuoteError:
        return
    if quote.amount_in == amount:
        assert lying.side(token_in, TickTables()).output(amount) == quote.amount_out
