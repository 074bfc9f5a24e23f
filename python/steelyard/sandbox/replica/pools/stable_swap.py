"""The StableSwap invariant as the market needs it: balances for given prices, and a pool's price and slope.

``A n S + D = A n D + D^(n+1) / (n^n P)``, with S the sum and P the product of n balances in equal units, and
A as the contracts of Curve and Balancer give it: the paper's times ``n^(n-1)``. Source: Egorov, "StableSwap -
efficient mechanism for Stablecoin liquidity", 2019. With ``r = D^(n+1) / (n^n P)``, a coin's worth to the
pool is as ``A n + r / x``: the derivative of the invariant by its balance x.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from math import prod
from typing import Final

from steelyard.sandbox.replica.pools.plan import PricedPlan
from steelyard.units import PIPS, WAD

_DIGITS: Final = 60
_HALVINGS: Final = 180
_MOST_STEPS: Final = 255


def stable_amounts(priced: PricedPlan) -> list[int]:
    """Base units of each coin with which the curve gives the first prices; each rounds down."""
    plan = priced.plan
    first, *others = (token.price_usd_e8 for token in plan.tokens)
    prices = [first * (PIPS + priced.offset_pips), *(price * PIPS for price in others)]
    invariant = plan.side_usd * len(plan.tokens) * WAD
    scaled = balances_at(prices, invariant, plan.amplification)
    return [amount // 10 ** (18 - token.decimals) for token, amount in zip(plan.tokens, scaled, strict=True)]


def balances_at(prices: Sequence[int], invariant: int, leverage: int) -> list[int]:
    """Balances of a pool whose coins have these prices, in the units of `invariant`; each rounds down.

    Args:
        prices: of each coin, in any unit, the same for all.
        invariant: D, which is the sum of the balances where all prices are equal.
        leverage: A.
    """
    count = len(prices)
    with localcontext() as context:
        context.prec = _DIGITS
        steep = Decimal(leverage * count)
        # Prices are as A n + r / x, so the cheapest coin's, times the scale sought, is more than A n.
        low = steep / min(prices)
        high = 2 * low
        for _ in range(_HALVINGS):
            scale = (low + high) / 2
            shares, ratio = _shares(scale, prices, steep)
            too_much = steep * (sum(shares) - 1) + 1 > ratio
            low, high = (scale, high) if too_much else (low, scale)
        shares, _ = _shares(high, prices, steep)
        return [int(share * invariant) for share in shares]


def _shares(scale: Decimal, prices: Sequence[int], steep: Decimal) -> tuple[list[Decimal], Decimal]:
    """Balances and r, both as parts of D, where the coins are worth `scale` times their prices."""
    excesses = [scale * price - steep for price in prices]
    count = len(prices)
    ratio = (prod(excesses, start=Decimal(1)) / count**count) ** (1 / Decimal(count + 1))
    return [ratio / excess for excess in excesses], ratio


def invariant_of(balances: Sequence[int], leverage: int) -> int:
    """D of these balances by Newton's steps, to within one unit; every division rounds down."""
    count, total = len(balances), sum(balances)
    steep = leverage * count
    invariant = total
    for _ in range(_MOST_STEPS):
        last, ratio = invariant, invariant
        for balance in balances:
            ratio = ratio * invariant // (balance * count)
        numerator = (steep * total + ratio * count) * invariant
        invariant = numerator // ((steep - 1) * invariant + (count + 1) * ratio)
        if abs(invariant - last) <= 1:
            break
    return invariant


def virtual_reserves(balances: Sequence[int], leverage: int, sold: int, bought: int) -> tuple[int, int]:
    """Reserves of the constant product with the pool's price and slope between two of its coins; rounds down.

    The price of `sold` in `bought` is ``p = g_s / g_b`` with ``g = A n + r / x``; a constant product with
    reserves X and ``p X`` has the slope ``d ln p / dx = -2 / X``.
    """
    count = len(balances)
    steep, invariant = leverage * count, invariant_of(balances, leverage)
    ratio = Fraction(invariant ** (count + 1), count**count * prod(balances))
    x, y = balances[sold], balances[bought]
    worth_x, worth_y = steep + ratio / x, steep + ratio / y
    price = worth_x / worth_y
    # A trade along the curve takes p out for one put in; r moves with both balances.
    bend_x = ratio / x * (price / y - Fraction(2, x)) / worth_x
    bend_y = ratio / y * (2 * price / y - Fraction(1, x)) / worth_y
    reserve = -2 / (bend_x - bend_y)
    return int(reserve), int(reserve * price)
