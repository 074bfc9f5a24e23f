"""The real-valued curve that a pool's floored quotes follow, one piece at a time.

Every pool of the V2 and V3 families pays, within one range of constant liquidity,
``out(x) = (a * x + b) / (c * x + d)`` for an input ``x`` (fee included): a Moebius map, whose composition is
the product of 2x2 matrices. So a whole route is one such map as long as no pool leaves its range, and the
input where it earns most has a closed form. Coefficients are integers and exact; only the roundings of the
contracts are missing, all of which take from the trader: a piece begins where the exact quote of its start
is, and is never below the exact quotes inside its range.
"""

from __future__ import annotations

from typing import NamedTuple


class Curve(NamedTuple):
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
