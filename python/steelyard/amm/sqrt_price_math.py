"""How amounts and square-root prices follow from one another within one range of constant liquidity.

Source of the formulas: ``SqrtPriceMath`` of Uniswap v3-core 1.0.1. Every rounding is the contract's: prices
round so that the swap moves no further than was paid for, what the trader pays rounds up, what he gets down.
"""

from __future__ import annotations

from steelyard.exceptions import QuoteError
from steelyard.units import Q96, UINT256_MAX, div_up, mul_div_up


def amount0_delta(sqrt_a_x96: int, sqrt_b_x96: int, liquidity: int, *, round_up: bool) -> int:
    """Return the base units of token0 between two prices (``getAmount0Delta``), in either order."""
    low, high = (sqrt_a_x96, sqrt_b_x96) if sqrt_a_x96 <= sqrt_b_x96 else (sqrt_b_x96, sqrt_a_x96)
    numerator = (liquidity << 96) * (high - low)
    if round_up:  # up twice: the pool is never paid less than the move is worth
        return div_up(div_up(numerator, high), low)
    return numerator // high // low  # down twice: the pool never pays more than the move is worth


def amount1_delta(sqrt_a_x96: int, sqrt_b_x96: int, liquidity: int, *, round_up: bool) -> int:
    """Return the base units of token1 between two prices (``getAmount1Delta``), in either order."""
    numerator = liquidity * abs(sqrt_b_x96 - sqrt_a_x96)
    if round_up:  # up: the pool is never paid less than the move is worth
        return div_up(numerator, Q96)
    return numerator >> 96  # down: the pool never pays more than the move is worth


def next_sqrt_price_from_input(
    sqrt_price_x96: int, liquidity: int, amount_in: int, *, zero_for_one: bool
) -> int:
    """Return the price after ``amount_in`` was sold (``getNextSqrtPriceFromInput``).

    Rounds against the trader: up where the price falls, down where it rises.
    """
    if not zero_for_one:
        return sqrt_price_x96 + (amount_in << 96) // liquidity
    if amount_in == 0:
        return sqrt_price_x96
    numerator = liquidity << 96
    product = amount_in * sqrt_price_x96
    if numerator + product <= UINT256_MAX:
        return mul_div_up(numerator, sqrt_price_x96, numerator + product)
    # The contract's way around a uint256 overflow; it divides first and so rounds a little differently.
    return div_up(numerator, numerator // sqrt_price_x96 + amount_in)


def next_sqrt_price_from_output(
    sqrt_price_x96: int, liquidity: int, amount_out: int, *, zero_for_one: bool
) -> int:
    """Return the price after ``amount_out`` was bought (``getNextSqrtPriceFromOutput``).

    Rounds against the trader: the price moves at least as far as the output needs.

    Raises:
        QuoteError: the range cannot pay that much.
    """
    if zero_for_one:
        quotient = div_up(amount_out << 96, liquidity)
        if sqrt_price_x96 <= quotient:
            raise QuoteError(f"liquidity {liquidity} cannot pay {amount_out} of token1")
        return sqrt_price_x96 - quotient
    numerator = liquidity << 96
    product = amount_out * sqrt_price_x96
    if product > UINT256_MAX or numerator <= product:
        raise QuoteError(f"liquidity {liquidity} cannot pay {amount_out} of token0")
    return mul_div_up(numerator, sqrt_price_x96, numerator - product)
