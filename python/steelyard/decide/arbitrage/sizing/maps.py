"""Moebius maps ``(a*x + b) / (c*x + d)`` as four integers: compose them, differentiate them, bound them.

Every pool trades along such a map as long as it stays in one range of liquidity, so a route does, too. All of
it is exact integer arithmetic on plain tuples: sizing does this hundreds of thousands of times a second.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isqrt

Map = tuple[int, int, int, int]

IDENTITY: Map = (1, 0, 0, 1)


def compose(maps: Iterable[Map]) -> Map:
    """Return the map that feeds each map's output into the next; the identity for none."""
    a, b, c, d = IDENTITY
    for e, f, g, h in maps:
        a, b, c, d = e * a + f * c, e * b + f * d, g * a + h * c, g * b + h * d
    return a, b, c, d


def determinant(of: Map) -> int:
    """Return ``a*d - b*c``: positive where the map rises, zero where it pays nothing more."""
    return of[0] * of[3] - of[1] * of[2]


def scaled_slope(of: Map, value: int, amount: int) -> int:
    """Return ``value * d(out)/d(x)`` at ``amount``, rounded down: 1 at least, so that it can be a value.

    A map of little liquidity has its pole within a unit before its start; any value does there.
    """
    base = of[2] * amount + of[3]
    return max(value * determinant(of) // (base * base or 1), 1)


def scaled_cost(of: Map, value: int, amount: int) -> int:
    """Return ``value * d(x)/d(out)`` where the map's output is ``amount``, rounded down, 1 at least."""
    base = of[0] - of[2] * amount
    return max(value * determinant(of) // (base * base or 1), 1)


def support(of: Map, value_out: int, value_in: int) -> int:
    """Return the least integer known to be no less than ``value_out * out(x) - value_in * x`` for any ``x``.

    With ``t = c*x + d`` it is ``(value_out*a + value_in*d - value_out*D/t - value_in*t) / c`` for the
    determinant D, greatest where ``t**2 = value_out*D / value_in``. The root is rounded down and the quotient
    up: both lift the bound. A map without an end (``c`` zero) must be the identity at equal values.
    """
    a, b, c, d = of
    if not c:
        return 0
    root = isqrt(value_out * value_in * (a * d - b * c))
    return -((2 * root - value_out * a - value_in * d) // c)
