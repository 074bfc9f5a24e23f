"""What a route can earn at most, wherever its best loan lies: a proof that costs a few exact chains.

Give a unit of each token on the way a value, the loan's what it costs and the last one's what it is worth.
Whatever the loan, each pool's gain in value is at most its ``Side.support``, so the sum of these bounds the
profit (weak duality). The bound is near the truth where the values are the marginal rates at the best loan,
which a few steps over the pools' pieces find nearly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from steelyard.amm.side import Side
from steelyard.decide.arbitrage.sizing.maps import Map, compose, determinant, scaled_slope
from steelyard.decide.arbitrage.sizing.segment import Objective, optimum_of
from steelyard.units import div_up

_STEPS: Final = 4
_SCALE: Final = 1 << 160
"""So fine are values: they may fall by 10**30 from token to token and stay exact to six digits."""


class Ceiling(NamedTuple):
    """A bound on the profit of every loan, and an exact chain near the best loan.

    Attributes:
        bound: base units of the asset; no loan within the cap earns more after the lender's fee.
        furthest: the largest loan that was thought of; under any cap from it on all of this is the same.
    """

    bound: int
    amounts: list[int]
    furthest: int


def ceiling_of(sides: Sequence[Side], objective: Objective, loan: int, cap: int) -> Ceiling | None:
    """Return the bound, and the chain that was found on the way from ``loan``; None where no chain was."""
    known: tuple[list[int], list[Map]] | None = None
    furthest, capped = 0, False
    for _ in range(_STEPS):
        furthest = max(furthest, loan)
        chain = _chain(sides, min(loan, cap))
        if chain is None:
            break
        known, capped, whole = chain, loan > cap, compose(chain[1])
        if determinant(whole) <= 0:  # a pool is at its end
            break
        peak, _ = optimum_of(whole, objective)
        if capped or abs(peak - loan) <= 1:
            break
        loan = max(peak, 1)
    if known is None:
        return None
    amounts, maps = known
    return Ceiling(_bound(sides, objective, amounts, maps, capped=capped), amounts, furthest)


def _chain(sides: Sequence[Side], amount: int) -> tuple[list[int], list[Map]] | None:
    """Return the exact amounts and the maps of the pieces that they end in; None without any."""
    amounts, maps = [amount], []
    for side in sides:
        piece, bought = side.curve(amounts[-1]), side.output(amounts[-1])
        if piece is None or not bought:
            return None
        maps.append((piece.a, piece.b, piece.c, piece.d))
        amounts.append(bought)
    return amounts, maps


def _bound(
    sides: Sequence[Side], objective: Objective, amounts: list[int], maps: list[Map], *, capped: bool
) -> int:
    """Return the supports' sum; where the chain is the cap's, what a loan is worth beyond its cost, too.

    No loan is larger than the cap, so none gains more by that difference than the cap itself.
    """
    value = _SCALE * objective.unit
    total = 0
    for at in range(len(sides) - 1, 0, -1):
        before = scaled_slope(maps[at], value, amounts[at])
        total += sides[at].support(value, before)
        value = before
    cost = _SCALE * objective.cost
    worth = max(scaled_slope(maps[0], value, amounts[0]), cost) if capped else cost
    total += sides[0].support(value, worth) + (worth - cost) * amounts[0]
    # Up, then down: a whole profit that is not above the first is not above the second either.
    return (div_up(total, _SCALE) + objective.spare) // objective.unit
