"""What a route's first units tell, before any loan is quoted: mostly enough to see that none pays its gas.

Each side states the real-valued map of the range of liquidity that its first unit trades on. Composed they
have a closed-form optimum and a closed-form greatest profit, which bounds every loan where no pool leaves its
range on the way to that optimum: curves are concave.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from steelyard.amm.curve import Curve
from steelyard.amm.pool import Pool
from steelyard.amm.side import Side
from steelyard.decide.arbitrage.route import Route
from steelyard.decide.arbitrage.sizing.segment import Objective, optimum_of
from steelyard.units import PIPS, Address, div_up

_MOST_OVERHANG: Final = PIPS + 1
"""Of a pool whose fee leaves a millionth; mostly an end is further away, and that is all to ask."""


class Opening(NamedTuple):
    """A route's sides, and the closed form of their first pieces.

    Attributes:
        furthest: the loan that earns most on the pieces, 1 at least; 0 where the first unit loses already, or
            a pool trades nothing in this direction.
        ceiling: what that loan earns on the pieces, before any rounding; base units.
        on_pieces: whether it stays on them: then no loan earns more than ``ceiling``.
    """

    sides: list[Side]
    furthest: int = 0
    ceiling: int = 0
    on_pieces: bool = False

    def reach(self, cap: int) -> int | None:
        """Return a bound on what any loan earns; None where the closed form proves none within ``cap``."""
        return self.ceiling if self.on_pieces and self.ceiling > 0 and self.furthest <= cap else None


def opening_of(route: Route, side_of: Callable[[Pool, Address], Side], objective: Objective) -> Opening:
    """Return the opening of a route for one lender's terms; what crossing a tick costs plays no part."""
    sides: list[Side] = []
    pieces: list[Curve] = []
    # The composed map (a*x) / (c*x + d): each of them pays nothing for nothing.
    a, c, d = 1, 0, 1
    for hop in route:
        side = side_of(hop.pool, hop.token_in)
        piece = side.curve(0)
        if piece is None:
            return Opening(sides)
        sides.append(side)
        pieces.append(piece)
        a, c, d = piece.a * a, piece.c * a + piece.d * c, piece.d * d
    peak, ceiling = optimum_of((a, 0, c, d), objective)
    if peak < 0:
        return Opening(sides)
    furthest = peak or 1
    return Opening(sides, furthest, ceiling, _are_on(sides, pieces, furthest))


def _are_on(sides: list[Side], pieces: list[Curve], loan: int) -> bool:
    """Tell whether the real-valued amounts of the loan, and a unit more of each, are on the real pieces.

    Then the pieces' map has its optimum where the route's own curve has it, and bounds every loan.
    """
    ideal, before = loan + 1, None
    for side, piece in zip(sides, pieces, strict=True):
        if before is not None:
            ideal = before.output(ideal) + 1
        end = piece.high
        if end is not None and end < ideal + _MOST_OVERHANG and end < ideal + _overhang(side):
            return False
        before = piece
    return True


def _overhang(side: Side) -> int:
    """Return by how much a piece's end in whole units is beyond the real one, at most.

    A concentrated pool rounds up what reaches the end, and again with its fee: where little liquidity lies
    before much, a piece of a millionth of a unit ends at two. A pair's end is its capacity: nothing follows.
    """
    kept = side.floored_pips
    return 0 if kept is None else 1 + div_up(PIPS, kept)
