"""What loans that were not looked at can earn at most: weak duality over the sides' supports.

Give every amount of the route a value, the same where it is bought and where it is sold. Each side earns at
most its support at those values, whatever it trades, so their sum bounds the profit of every loan; it is
tight at the loan whose marginal rates are the values. No piece of a curve enters: this holds across ticks.
"""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.amm.side import Side
from steelyard.decide.arbitrage.sizing.blocks import SCALE_BITS
from steelyard.decide.arbitrage.sizing.maps import Map, scaled_slope
from steelyard.decide.arbitrage.sizing.segment import Objective


def bounds_around(
    sides: Sequence[Side], maps: Sequence[Map], objective: Objective, amounts: Sequence[int]
) -> tuple[int, int | None]:
    """Return what loans up to ``amounts[0]``, and from it on, can earn at most: base units, rounded down.

    Args:
        maps: of the sides' pieces near ``amounts``, an exact chain: they choose the values.

    The second is None where the values are those of a loan before the optimum: they bound nothing beyond it.
    """
    scale = value = objective.unit << SCALE_BITS
    total = objective.spare << SCALE_BITS
    for side, of, amount in zip(reversed(sides), reversed(maps), reversed(amounts[:-1]), strict=True):
        value_in = scaled_slope(of, value, amount)
        total += side.support(value, value_in)
        value = value_in
    # The loan costs ``cost``, not ``value``: the difference counts at the end where it is greatest.
    lean = value - (objective.cost << SCALE_BITS)
    below = (total + max(lean, 0) * amounts[0]) // scale
    return below, None if lean > 0 else (total + lean * amounts[0]) // scale
