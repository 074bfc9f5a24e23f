"""What weighted and stable pools should pay, by real-number mathematics and no contract's own steps."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext

DIGITS = 90
HALVINGS = 280


def stable_invariant(balances: Sequence[int], leverage: int) -> Decimal:
    """D with ``A n S + D = A n D + D^(n+1) / (n^n P)``, found by halving.

    The left side less the right one falls with D: from above zero at n times the smallest balance, to zero
    or less at the sum.
    """
    count, total = len(balances), sum(balances)
    with localcontext() as context:
        context.prec = DIGITS
        product = Decimal(1)
        for balance in balances:
            product *= count * balance
        low, high = Decimal(count * min(balances)), Decimal(total)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            rest = leverage * count * (total - middle) + middle - middle ** (count + 1) / product
            low, high = (middle, high) if rest > 0 else (low, middle)
        return high


def stable_out(balances: Sequence[int], leverage: int, sold: int, bought: int, amount: int) -> Decimal:
    """What leaves a stable pool without a fee when `amount` comes in; all in one unit, not rounded."""
    count = len(balances)
    with localcontext() as context:
        context.prec = DIGITS
        invariant = stable_invariant(balances, leverage)
        others = [Decimal(balance) for balance in balances]
        others[sold] += amount
        del others[bought]
        product = Decimal(1)
        for balance in others:
            product *= count * balance
        low, high = Decimal(0), Decimal(balances[bought])
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            drawn = leverage * count * (sum(others) + middle - invariant) + invariant
            enough = drawn * product * count * middle > invariant ** (count + 1)
            low, high = (low, middle) if enough else (middle, high)
        return balances[bought] - high


def weighted_out(balance_in: int, weight_in: int, balance_out: int, weight_out: int, amount: int) -> Decimal:
    """What leaves a weighted pool: ``B_o (1 - (B_i / (B_i + a))^(w_i / w_o))``, not rounded."""
    with localcontext() as context:
        context.prec = DIGITS
        base = Decimal(balance_in) / (balance_in + amount)
        return balance_out * (1 - base ** (Decimal(weight_in) / weight_out))
