"""Sides answer what the pools' own walks do, to the wei, and their bounds bound."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from steelyard.exceptions import QuoteError
from tests.support.pools import AMOUNTS, TOKENS, magnitudes, v2_pools, v3_pools

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject

    from steelyard.amm import Pool
    from steelyard.units import Address

pytestmark = pytest.mark.property

POOLS = st.one_of(v2_pools(), v3_pools())
VALUES = st.one_of(magnitudes(1, 2**130), st.sampled_from((1, 2**64)))


def walked(pool: Pool, token_in: Address, amount_in: int) -> int:
    """What the pool's own quote pays for the whole amount; 0 where it does not take it."""
    try:
        quote = pool.quote_exact_in(token_in, amount_in)
    except QuoteError:
        return 0
    return quote.amount_out if quote.amount_in == amount_in else 0


def edges(pool: Pool, token_in: Address, amount: int) -> list[int]:
    """Inputs where ranges of liquidity end on the way to ``amount``, and their neighbours."""
    found: set[int] = set()
    at = 0
    for _ in range(40):
        try:
            high = pool.curve(token_in, at).high
        except QuoteError:
            break
        if high is None or high > amount:
            break
        found |= {high + shift for shift in range(-2, 3)}
        at = high + 1
    return sorted(edge for edge in found if 0 < edge < 2**255)


@given(POOLS, TOKENS, AMOUNTS, st.data())
def test_a_side_pays_what_the_walk_pays(pool: Pool, token_in: Address, amount: int, data: DataObject) -> None:
    side = pool.side(token_in)
    asked = data.draw(st.permutations([amount, *edges(pool, token_in, amount)]))
    for amount_in in asked:
        assert side.output(amount_in) == walked(pool, token_in, amount_in), amount_in


@given(POOLS, TOKENS)
def test_the_capacity_is_the_greatest_input_taken_whole(pool: Pool, token_in: Address) -> None:
    capacity = pool.side(token_in).capacity
    if capacity:
        assert pool.quote_exact_in(token_in, capacity).amount_in == capacity
        assert pool.side(token_in).output(capacity) == walked(pool, token_in, capacity)
    assert pool.side(token_in).output(capacity + 1) == 0
    with contextlib.suppress(QuoteError):
        assert pool.quote_exact_in(token_in, capacity + 1).amount_in < capacity + 1


@given(POOLS, TOKENS, AMOUNTS)
def test_the_least_input_buys_as_much_and_a_unit_less_does_not(
    pool: Pool, token_in: Address, amount: int
) -> None:
    side = pool.side(token_in)
    out = side.output(min(amount, side.capacity))
    for wanted in {out - 1, out, out + 1, amount}:
        if wanted < 1:
            continue
        least = side.least_input(wanted)
        if least is None:
            assert side.output(side.capacity) < wanted
            event("out of reach")
            continue
        assert walked(pool, token_in, least) >= wanted
        assert least == 1 or walked(pool, token_in, least - 1) < wanted


@given(POOLS, TOKENS, AMOUNTS, VALUES, VALUES, st.data())
def test_nothing_earns_more_than_the_support(
    pool: Pool, token_in: Address, amount: int, value_out: int, value_in: int, data: DataObject
) -> None:
    side = pool.side(token_in)
    bound = side.support(value_out, value_in)
    assert bound >= 0
    for amount_in in [amount, *edges(pool, token_in, amount)]:
        assert value_out * side.output(amount_in) - value_in * amount_in <= bound
    # Where the marginal rate is that of the drawn amount, the best inputs are near it.
    curve = side.curve(amount)
    if curve is None or curve.a * curve.d == curve.b * curve.c or amount > side.capacity:
        return
    scale = data.draw(magnitudes(1, 2**64))
    value_in = max((curve.a * curve.d - curve.b * curve.c) * scale // (curve.c * amount + curve.d) ** 2, 1)
    value_out = scale
    bound = side.support(value_out, value_in)
    for amount_in in {1, amount - 1, amount, amount + 1, curve.low, curve.low + 1, curve.high or 1}:
        if amount_in > 0:
            assert value_out * side.output(amount_in) - value_in * amount_in <= bound


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
        assert curve.high <= side.capacity
        assert curve.output(curve.high) >= side.output(curve.high)
