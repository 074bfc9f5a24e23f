"""The part of a route's loans on which no pool leaves its piece of curve, and what it can earn there.

A pool's exact quote is never above its piece's map for an amount of the piece, so the composed map is never
below the exact chain for a loan of the segment. What follows from it is exact: the optimum of the map, the
window of units that could reach a given profit (the roots of a quadratic), and what a unit can earn at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd, isqrt

from steelyard.amm.side import Side
from steelyard.decide.arbitrage.sizing.maps import Map, compose, determinant
from steelyard.model import LenderKind, LenderTerms
from steelyard.units import BPS, PIPS, WAD

_AAVE_SPARE = BPS // 2 - 1


@dataclass(frozen=True, slots=True)
class Objective:
    """What is to be the greatest: ``out - loan - fee(loan) - crossing_price * crossings``.

    The fee is never less than ``(cost*loan - spare) / unit - loan``: lenders round up, but Aave V3 half up,
    to 4,999 ten-thousandths below its fraction at the lowest, and Aave V2 and Maker down, by less than one.

    Attributes:
        crossing_price: gas of crossing an initialised tick, in base units of the asset.
    """

    terms: LenderTerms
    unit: int
    cost: int
    spare: int
    crossing_price: int

    @classmethod
    def of(cls, terms: LenderTerms, crossing_price: int = 0) -> Objective:
        if terms.fee_wad == 0:
            return cls(terms, 1, 1, 0, crossing_price)
        if terms.kind is LenderKind.AAVE_V3 and not terms.fee_rounds_up:
            fee_bps = terms.fee_wad * BPS // WAD  # exact: Aave's premium is whole bps
            return cls(terms, BPS, BPS + fee_bps, _AAVE_SPARE, crossing_price)
        if terms.kind is LenderKind.UNISWAP_V2 and terms.source is not None:
            return cls(terms, PIPS - terms.source.fee_pips, PIPS, 0, crossing_price)
        shared = gcd(WAD, terms.fee_wad)
        unit = WAD // shared
        spare = unit - 1 if terms.kind in (LenderKind.AAVE_V2, LenderKind.MAKER) else 0
        return cls(terms, unit, (WAD + terms.fee_wad) // shared, spare, crossing_price)


def forward(sides: Sequence[Side], amount: int) -> list[int]:
    """Return the exact amounts before the first and after each side; zeros from where nothing is bought."""
    amounts = [amount]
    for side in sides:
        amount = side.output(amount) if amount else 0
        amounts.append(amount)
    return amounts


def backward(sides: Sequence[Side], stage: int, unit: int) -> int | None:
    """Return the least loan whose exact chain reaches ``unit`` after ``stage`` sides; None without one."""
    least: int | None = unit
    for at in range(stage - 1, -1, -1):
        if least is None:
            return None
        least = sides[at].least_input(least)
    return least


def crossings_of(sides: Sequence[Side], amounts: Sequence[int]) -> int:
    """Return how many initialised ticks the exact chain crosses."""
    return sum([side.crossings(amount) for side, amount in zip(sides, amounts, strict=False)])


def toll_of(sides: Sequence[Side], objective: Objective, amounts: Sequence[int]) -> int:
    """Return what the exact chain's crossings cost in gas, base units of the asset."""
    price = objective.crossing_price
    return price * crossings_of(sides, amounts) if price else 0


class Segment:
    """The segment that holds ``loan``, whose exact chain must buy something from every side.

    Attributes:
        maps: the sides' maps on it.
        starts: the inputs with which the sides' pieces begin.
        low, high: its loans, both included.
        flat: whether a pool pays nothing for more: then only the lowest loan counts.
        peak: the loan with the greatest real-valued profit on the composed map, wherever that lies, rounded
            down; -1 where it is flat.
        top: that profit, rounded down.
    """

    __slots__ = ("flat", "high", "low", "maps", "objective", "peak", "sides", "starts", "top")

    def __init__(self, sides: Sequence[Side], objective: Objective, loan: int) -> None:
        self.sides = sides
        self.objective = objective
        self.maps: list[Map] = []
        self.starts: list[int] = []
        low, high, amount = 1, loan, loan
        for at, side in enumerate(sides):
            piece = side.curve(amount)
            assert piece is not None, "a side that pays has a piece"
            self.maps.append((piece.a, piece.b, piece.c, piece.d))
            self.starts.append(piece.low)
            if piece.low > 0:
                low = max(low, backward(sides, at, piece.low) or 0)
            end = amount if piece.high is None else piece.high
            beyond = backward(sides, at, end + 1)
            if beyond is not None:
                high = beyond - 1 if at == 0 else min(high, beyond - 1)
            amount = side.output(amount)
        self.low, self.high = min(low, loan), max(high, loan)
        whole = compose(self.maps)
        self.flat = determinant(whole) <= 0
        self.peak, self.top = (-1, 0) if self.flat else optimum_of(whole, objective)


def optimum_of(whole: Map, objective: Objective) -> tuple[int, int]:
    """Return where the profit on a map that rises is greatest, and how much that is: both rounded down.

    With ``t = c*x + d`` and the determinant D the profit is ``(unit*a + cost*d - unit*D/t - cost*t)`` over
    ``unit*c``: greatest at ``t**2 = D*unit / cost``. The root's floor can only lift the profit.
    """
    a, b, c, d = whole
    unit, cost = objective.unit, objective.cost
    root = isqrt(cost * unit * (a * d - b * c))
    top = (unit * a + cost * d - 2 * root + objective.spare * c) // (unit * c)
    return (root // cost - d) // c, top


class View:
    """A segment seen in the units of one stage: the amount after ``stage`` sides.

    With producers ``A`` up to the stage and consumers ``R`` from it on, ``unit`` times the profit of the
    unit m is at most ``unit*R(m) - cost*inverse_A(m) + spare``; over the common denominator it is the
    quadratic ``-alpha*m**2 + beta*m + gamma``.

    Attributes:
        beaten: units of which is known that they earn less than the best loan that was found.
    """

    __slots__ = (
        "_base",
        "_per",
        "after",
        "amounts",
        "beaten",
        "before",
        "consumers",
        "floor",
        "high",
        "low",
        "producers",
        "segment",
        "stage",
    )

    def __init__(self, segment: Segment, top: int, floor: int) -> None:
        """Choose the coarsest stage by the amounts at the loan ``top`` of the segment.

        Args:
            floor: what is to be taken from every profit of the segment: its least gas of crossings.
        """
        sides = segment.sides
        self.amounts = forward(sides, top)
        stage = min(range(len(sides)), key=self.amounts.__getitem__)
        self.segment, self.stage, self.floor = segment, stage, floor
        self.beaten: set[int] = set()
        self.before, self.after = tuple(reversed(sides[:stage])), tuple(sides[stage:])
        self.high = forward(sides[:stage], segment.high)[stage]
        self.low = forward(sides[:stage], segment.low - 1)[stage] + 1
        self.producers = compose(segment.maps[:stage])
        self.consumers = compose(segment.maps[stage:])
        a, b, c, d = self.producers
        a2, b2, c2, d2 = self.consumers
        unit, cost = segment.objective.unit, segment.objective.cost
        self._base = (
            unit * a2 * c + cost * d * c2,
            unit * (a2 * a - b2 * c) - cost * (d * d2 - b * c2),
            unit * b2 * a + cost * b * d2,
        )
        self._per = (c2 * c, c2 * a - d2 * c, d2 * a)

    def window(self, target: int) -> tuple[int, int]:
        """Return the least and greatest unit that could earn ``target``; crossed over where none could."""
        objective = self.segment.objective
        level = target * objective.unit - objective.spare
        alpha, beta, gamma = (base - level * per for base, per in zip(self._base, self._per, strict=True))
        under = beta * beta + 4 * alpha * gamma
        if alpha <= 0 or under < 0:
            return self.high + 1, self.low - 1
        root = isqrt(under)
        # Inwards, exactly: an integer passes a root only with the root's floor.
        return max(-((root - beta) // (2 * alpha)), self.low), min((beta + root) // (2 * alpha), self.high)

    def peak_units(self) -> tuple[int, int]:
        """Return the units between which the composed map earns most."""
        peak = max(self.segment.peak, 0)
        a, b, c, d = self.producers
        if c * peak + d <= 0:  # before the pole, which is before the segment
            peak = self.segment.low
        return (a * peak + b) // (c * peak + d), (a * peak + a + b) // (c * peak + c + d) + 1

    def ceiling(self, unit: int, step: int) -> int:
        """Return what ``unit`` and those after (1) or before it (-1) can earn at most, net of the floor."""
        below, above = self.peak_units()
        if unit < above if step > 0 else unit > below:
            return self.segment.top - self.floor
        alpha, beta, gamma = self._base
        den_a, den_b, den_c = self._per
        over = (den_b - den_a * unit) * unit + den_c
        objective = self.segment.objective
        whole = (beta - alpha * unit) * unit + gamma + objective.spare * over
        return whole // (objective.unit * over) - self.floor  # down: profits are whole
