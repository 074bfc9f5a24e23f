"""One step of a swap: from one price to the next tick, or as far as the amount reaches.

Source of the formulas: ``SwapMath.computeSwapStep`` of Uniswap v3-core 1.0.1.
"""

from __future__ import annotations

from typing import NamedTuple

from steelyard.amm.sqrt_price_math import (
    amount0_delta,
    amount1_delta,
    next_sqrt_price_from_input,
    next_sqrt_price_from_output,
)
from steelyard.units import PIPS, div_up, mul_div_up


class SwapStep(NamedTuple):
    """What one step did. ``amount_in`` is without ``fee_amount``; both are paid by the trader."""

    sqrt_price_x96: int
    amount_in: int
    amount_out: int
    fee_amount: int


def step_exact_in(
    sqrt_price_x96: int, sqrt_target_x96: int, liquidity: int, remaining: int, fee_pips: int
) -> SwapStep:
    """Sell up to ``remaining`` (fee included) on the way to the target price."""
    zero_for_one = sqrt_price_x96 >= sqrt_target_x96
    after_fee = remaining * (PIPS - fee_pips) // PIPS  # down: the fee rounds up, for the pool
    paid, bought = (amount0_delta, amount1_delta) if zero_for_one else (amount1_delta, amount0_delta)
    amount_in = paid(sqrt_target_x96, sqrt_price_x96, liquidity, round_up=True)
    if after_fee >= amount_in:
        amount_out = bought(sqrt_target_x96, sqrt_price_x96, liquidity, round_up=False)
        fee = mul_div_up(amount_in, fee_pips, PIPS - fee_pips)  # up: for the pool
        return SwapStep(sqrt_target_x96, amount_in, amount_out, fee)
    price = next_sqrt_price_from_input(sqrt_price_x96, liquidity, after_fee, zero_for_one=zero_for_one)
    if price == sqrt_target_x96:  # rounding got there; the fee is then computed as for a whole step
        fee = mul_div_up(amount_in, fee_pips, PIPS - fee_pips)
    else:
        amount_in = paid(price, sqrt_price_x96, liquidity, round_up=True)
        fee = remaining - amount_in  # the amount ends here: what the price did not take is fee
    return SwapStep(price, amount_in, bought(price, sqrt_price_x96, liquidity, round_up=False), fee)


def step_exact_out(
    sqrt_price_x96: int, sqrt_target_x96: int, liquidity: int, remaining: int, fee_pips: int
) -> SwapStep:
    """Buy up to ``remaining`` on the way to the target price."""
    zero_for_one = sqrt_price_x96 >= sqrt_target_x96
    paid, bought = (amount0_delta, amount1_delta) if zero_for_one else (amount1_delta, amount0_delta)
    amount_out = bought(sqrt_target_x96, sqrt_price_x96, liquidity, round_up=False)
    price = sqrt_target_x96
    if remaining < amount_out:
        price = next_sqrt_price_from_output(sqrt_price_x96, liquidity, remaining, zero_for_one=zero_for_one)
        if price != sqrt_target_x96:
            amount_out = bought(price, sqrt_price_x96, liquidity, round_up=False)
        amount_out = min(amount_out, remaining)  # the price rounds away; never more than was asked
    amount_in = paid(price, sqrt_price_x96, liquidity, round_up=True)
    fee = mul_div_up(amount_in, fee_pips, PIPS - fee_pips)  # up: for the pool
    return SwapStep(price, amount_in, amount_out, fee)


def whole_step(sqrt_price_x96: int, sqrt_target_x96: int, liquidity: int, fee_pips: int) -> tuple[int, int]:
    """Return what a sale that reaches its target pays (fee included) and buys on the way.

    The same integers as ``step_exact_in`` gives, with fewer divisions: rounding twice in the same sense is
    rounding once, and ``amount + ceil(amount * fee / (1 - fee))`` is ``ceil(amount / (1 - fee))``.
    """
    if sqrt_price_x96 >= sqrt_target_x96:
        gap = sqrt_price_x96 - sqrt_target_x96
        amount_in = -(-(liquidity << 96) * gap // (sqrt_price_x96 * sqrt_target_x96))  # up: we pay
        amount_out = liquidity * gap >> 96  # down: the pool pays
    else:
        gap = sqrt_target_x96 - sqrt_price_x96
        amount_in = -(-liquidity * gap >> 96)  # up: we pay
        amount_out = (liquidity << 96) * gap // (sqrt_price_x96 * sqrt_target_x96)  # down: the pool pays
    return div_up(amount_in * PIPS, PIPS - fee_pips), amount_out
