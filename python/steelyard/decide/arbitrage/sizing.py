"""How much to borrow for a route: the closed form says where, exact integer quotes decide.

1. Each pool states the real-valued curve of the range in which its leg ends; composed they are one Moebius
   map with a closed-form optimum. Where the optimum lies outside of the ranges, walk to the next ones.
2. The route's rounded profit is a staircase: one unit of its coarsest amount (six decimals between two of
   eighteen, say) is a plateau of up to 10**12 inputs wide. So the search goes over that amount's units,
   outwards from the optimum: input = least that reaches it, output = exact forward quotes.
3. A direction is done when the real-valued curve, which no rounded quote exceeds, falls below what is found.

Bounded: ``max_pieces`` walks and ``max_evaluations`` exact chains (and one or two) at most; ``Sizing.gap``
says what the loans that were not looked at could earn more.
"""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.amm.curve import IDENTITY, Curve
from steelyard.amm.inverse import least_input
from steelyard.decide.arbitrage.route import Route, forward
from steelyard.exceptions import QuoteError
from steelyard.model import LenderTerms
from steelyard.units import UINT256_MAX, div_up

_SLACK = 3
"""Units by which rounding may lift a bound of a neighbour above that of the unit before it."""
_STEPS_BEFORE_LEAPS = 4
_MAX_LEAPS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """The best loan found for a route from one lender.

    Attributes:
        amounts: the loan, and what each hop pays; exact.
        profit: base units of the asset after the loan fee.
        evaluations: exact chains that were quoted.
        gap: what any other loan can earn more at most, base units; 0 where this is the best there is, None
            where nothing is known. (It is no proof to the last unit where several V3 pools have ranges that
            end within a unit of one another.)
    """

    amounts: tuple[int, ...]
    loan_fee: int
    profit: int
    evaluations: int
    gap: int | None


@dataclass(frozen=True, slots=True)
class SizingSearch:
    """A search's result, and the largest loan that it looked at: under any cap above, it ends the same."""

    sizing: Sizing | None
    furthest: int


class AmtOptimizer:
    """Sizes routes.

    Args:
        max_evaluations: bound on exact chains quoted for a route.
        max_pieces: bound on walks from range to range on the way to the optimum.
        tolerance_ppm: stop where no other loan can earn that much more, in millionths of the profit; 0 looks
            for the last unit.
    """

    def __init__(self, *, max_evaluations: int = 64, max_pieces: int = 48, tolerance_ppm: int = 0) -> None:
        self.max_evaluations = max_evaluations
        self.tolerance_ppm = tolerance_ppm
        self._max_pieces = max_pieces

    def optimize(self, route: Route, terms: LenderTerms, cap: int) -> Sizing | None:
        """Return the best loan in ``1..cap``, or None where none earns anything after the lender's fee."""
        return self.search(route, terms, cap).sizing

    def search(self, route: Route, terms: LenderTerms, cap: int) -> SizingSearch:
        """Like ``optimize``, with what a cache must know to reuse the answer."""
        try:
            start = self._real_optimum(route, terms.fee_wad)
            if start < 0:
                return SizingSearch(None, 0)
            if cap < 1:
                return SizingSearch(None, 1)
            return _Search(route, terms, cap, max(start, 1)).run(self.max_evaluations, self.tolerance_ppm)
        except QuoteError:
            return SizingSearch(None, 0)  # a pool of the route trades nothing in this direction

    def _real_optimum(self, route: Route, fee_wad: int) -> int:
        """Return the input with the greatest real-valued profit; negative where the first unit loses."""
        amount, low, high = 0, 0, None
        for step in range(self._max_pieces):
            whole = prefixes(route, amount)[-1]
            best = whole.best_input(fee_wad)
            if best < 0 and amount == 0:
                return -1
            if whole.high is not None and best > whole.high:
                low = max(low, whole.high)
                ahead = max(whole.high, amount) + 1
                # Many narrow ranges: leap, the bracket brings the search back.
                following = ahead if step < _STEPS_BEFORE_LEAPS else max(ahead, 2 * amount)
            elif best < whole.low:
                high = whole.low if high is None else min(high, whole.low)
                following = whole.low - 1
            else:
                return best
            if high is not None:
                if high - low <= 1:
                    return low
                if not low < following < high:
                    following = (low + high) // 2
            amount = following
        return low


def prefixes(route: Route, amount: int) -> list[Curve]:
    """Return the composed curves before the first and after each hop, on the ranges where ``amount`` ends."""
    curves = [IDENTITY]
    for hop in route:
        curve = hop.pool.curve(hop.token_in, amount)
        amount = curve.output(amount)
        curves.append(curves[-1].then(curve))
    return curves


class _Side:
    """One direction of the search: its next unit, and the curves that bound what it can still find."""

    def __init__(self, unit: int, direction: int, curves: list[Curve]) -> None:
        self.unit = unit + direction
        self.direction = direction
        self.curves = curves
        self.open = True
        self.ceiling = UINT256_MAX
        """What the units from here on can earn at most."""

    def close(self, ceiling: int) -> None:
        self.open = False
        self.ceiling = ceiling


class _Search:
    """The integer stage for one route and lender, from a start near the real optimum."""

    def __init__(self, route: Route, terms: LenderTerms, cap: int, start: int) -> None:
        self._route = route
        self._terms = terms
        self._cap = cap
        self._start = min(start, cap)
        self._best: tuple[int, tuple[int, ...]] = (0, ())
        self._evaluations = 0
        self._furthest = start

    def run(self, max_evaluations: int, tolerance_ppm: int) -> SizingSearch:
        curves = prefixes(self._route, self._start)
        # The amount whose unit is the widest in terms of the input: the coarsest stage.
        self._stage = min(range(len(self._route)), key=lambda stage: curves[stage].slope(self._start))
        amounts = self._evaluate(self._start)
        self._scale = amounts or tuple(max(curve.output(self._start), 1) for curve in curves)
        unit = self._scale[self._stage]
        least = self._input_for(unit)
        if least is not None and least != self._start and not self._over_cap(least):
            self._evaluate(least)
        sides = (_Side(unit, 1, curves), _Side(unit, -1, curves))
        while any(side.open for side in sides) and self._evaluations < max_evaluations:
            for side in sides:
                if side.open:
                    self._step(side, tolerance_ppm)
        return SizingSearch(self._result(max(side.ceiling for side in sides)), self._furthest)

    def _result(self, ceiling: int) -> Sizing | None:
        profit, amounts = self._best
        if not amounts:
            return None
        return Sizing(
            amounts=amounts,
            loan_fee=self._terms.fee(amounts[0]),
            profit=profit,
            evaluations=self._evaluations,
            gap=None if ceiling >= UINT256_MAX else max(ceiling - profit, 0),
        )

    def _step(self, side: _Side, tolerance_ppm: int) -> None:
        """Try the side's next unit, or close the side where that cannot pay."""
        bound = self._bound(side)
        if bound is None:
            side.close(0)
            return
        side.ceiling = bound + self._slack(side)
        best = self._best[0]
        if side.ceiling <= best + best * tolerance_ppm // 1_000_000:  # down: rather one more look
            side.close(side.ceiling)
            return
        amount = self._input_for(side.unit)
        if amount is None or self._over_cap(amount):
            side.close(0)
            return
        self._evaluate(amount)
        side.unit += side.direction

    def _bound(self, side: _Side) -> int | None:
        """Return what the real-valued curve allows at the side's unit; None where the side has ended."""
        if side.unit < 1:
            return None
        for leap in range(_MAX_LEAPS):
            whole = side.curves[-1]
            amount = side.curves[self._stage].input_for(side.unit)
            if amount < whole.low if amount is not None else side.direction < 0:
                elsewhere = whole.low - (1 << leap)
            elif amount is None or (whole.high is not None and amount > whole.high):
                if whole.high is None:
                    return None  # no input at all reaches this unit
                elsewhere = whole.high + (1 << leap)
            elif self._over_cap(amount):
                return None
            else:
                return whole.output(amount) - amount - self._terms.fee(amount)
            if self._over_cap(elsewhere):
                return None
            side.curves = prefixes(self._route, max(elsewhere, 0))  # it has left the ranges: go to the next
        return UINT256_MAX  # ranges of a unit or two: no bound worth having

    def _slack(self, side: _Side) -> int:
        """Return by how much a unit further on may promise more than this one, past the optimum.

        A range's curve starts where exact steps ended, a unit or two of each amount below where the range
        before would have led. So going down into that range, the bound may rise by what those are worth.
        """
        if side.direction > 0 or side.curves[-1].low == 0:
            return _SLACK
        out = self._scale[-1]
        return _SLACK + sum(2 * div_up(out, amount) for amount in self._scale)  # up: rather one more look

    def _over_cap(self, amount: int) -> bool:
        self._furthest = max(self._furthest, amount)
        return amount > self._cap

    def _input_for(self, unit: int) -> int | None:
        """Return the least input whose exact chain reaches ``unit`` at the coarsest stage."""
        try:
            for hop in reversed(self._route[: self._stage]):
                unit = least_input(hop.pool, hop.token_in, unit)
        except QuoteError:
            return None
        return unit

    def _evaluate(self, amount: int) -> tuple[int, ...] | None:
        """Quote the exact chain, keep it where it is the best so far, and return its amounts."""
        self._evaluations += 1
        amounts = forward(self._route, amount)
        if amounts is not None:
            profit = amounts[-1] - amount - self._terms.fee(amount)
            if profit > self._best[0]:
                self._best = (profit, amounts)
        return amounts
