"""The real-valued curve that a pool's floored quotes follow, one piece at a time, and how pieces compose.

Every pool of the V2 and V3 families pays, within one range of constant liquidity,
``out(x) = (a * x + b) / (c * x + d)`` for an input ``x`` (fee included): a Moebius map, whose composition is
the product of 2x2 matrices. So a whole route is one such map as long as no pool leaves its range, and the
input where it earns most has a closed form. Coefficients are integers and exact; only the roundings of the
contracts are missing, all of which take from the trader: a piece is never below the exact quote inside its
range by more than the rounding of its start.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import Self

from steelyard.units import WAD, div_up


@dataclass(frozen=True, slots=True)
class Curve:
    """``out(x) = (a * x + b) / (c * x + d)`` for ``low <= x <= high``; ``high`` None: without an end."""

    a: int
    b: int
    c: int
    d: int
    low: int
    high: int | None

    def output(self, amount_in: int) -> int:
        """Return the output in base units, rounded down: no pool pays a fraction."""
        return (self.a * amount_in + self.b) // (self.c * amount_in + self.d)

    def input_for(self, amount_out: int) -> int | None:
        """Return the least whole input whose real output reaches ``amount_out``, or None where none does."""
        slope = self.a - self.c * amount_out
        if slope <= 0:
            return None
        return div_up(self.d * amount_out - self.b, slope)  # up: a fraction less would not reach it

    def then(self, following: Self) -> Self:
        """Return the map of this curve's output fed into the next, valid where both are."""
        first_low = self.input_for(following.low)
        first_high = None if following.high is None else self.input_for(following.high)
        highs = [high for high in (self.high, first_high) if high is not None]
        return type(self)(
            a=following.a * self.a + following.b * self.c,
            b=following.a * self.b + following.b * self.d,
            c=following.c * self.a + following.d * self.c,
            d=following.c * self.b + following.d * self.d,
            low=max(self.low, first_low or 0),
            high=min(highs) if highs else None,
        )

    def best_input(self, fee_wad: int) -> int:
        """Return where ``out(x) - x * (1 + fee)`` is greatest on the whole map, rounded down; can be < 0.

        The slope ``(ad - bc) / (cx + d)**2`` falls; it is ``1 + fee`` at the maximum. Rounding here moves the
        start of the integer search by one unit, nothing else.
        """
        determinant = self.a * self.d - self.b * self.c
        if determinant <= 0 or self.c <= 0:
            return -1
        return (isqrt(determinant * WAD // (WAD + fee_wad)) - self.d) // self.c

    def slope(self, amount_in: int) -> float:
        """Return d(out)/dx as a float: for choosing where to search, never for an amount."""
        denominator = self.c * amount_in + self.d
        return (self.a * self.d - self.b * self.c) / (denominator * denominator)


IDENTITY = Curve(1, 0, 0, 1, 0, None)
"""Nothing traded yet."""
