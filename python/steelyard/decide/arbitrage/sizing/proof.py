"""The integer stage of sizing: which whole loan is the best, and the proof that none is better.

Candidates are the units of a segment's coarsest stage: the loan is the least that reaches the unit, the rest
is quoted exactly. They are tried outwards from the real-valued optimum; each improvement narrows the window
of units that could still beat the best. Wide windows are probed, and then go in blocks, of which only the
units with a small remainder are tried (``blocks``). Beyond the segment weak duality
(``bounds``) says whether the next one is worth opening. When nothing is left, the best is proven; when
the budget ends first, the bounds of what was left say how much could be missed. Last, of the loans that earn
the same the least is looked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.amm.side import Side
from steelyard.decide.arbitrage.sizing.blocks import Block, block, partner_of
from steelyard.decide.arbitrage.sizing.bounds import bounds_around
from steelyard.decide.arbitrage.sizing.climb import climb
from steelyard.decide.arbitrage.sizing.residues import next_small_residue
from steelyard.decide.arbitrage.sizing.segment import (
    Objective,
    Segment,
    View,
    backward,
    crossings_of,
    forward,
    toll_of,
)

_PLAIN_PAIRS = 12
"""Pairs of units tried around the optimum before a window is scanned from end to end."""
_SHORT = 32
"""Units that are rather tried than sifted."""
_MANY_HITS = 24
_WIDE = 4 * _SHORT
"""Units of a window that is rather probed and sifted than tried from its middle."""


class _BudgetSpentError(Exception):
    """The search has used up its candidates; this never leaves the module."""


class Search:
    """The search for one route and lender; ask the attributes after ``run``.

    Attributes:
        best: net profit of the best loan found; 0 before one is.
        amounts: its exact amounts; empty before one is found.
        gap: what a loan that was not tried can earn more at most; 0 where none can, None where nothing is
            proven.
        least: whether the loan is proven to be the least of those that earn as much.
        spent: whether the budget ended the search.
        furthest: the largest loan looked at; a cap from there on changes nothing.
    """

    def __init__(
        self, sides: Sequence[Side], objective: Objective, cap: int, *, budget: int, tolerance_ppm: int
    ) -> None:
        self.best = 0
        self.amounts: list[int] = []
        self.evaluations = 0
        self.furthest = 0
        self.gap: int | None = 0
        self.least = False
        self.spent = False
        self._sides = sides
        self._objective = objective
        self._cap = cap
        self._budget = budget
        self._tolerance_ppm = tolerance_ppm
        self._smallest = 1
        self._view: View | None = None
        self._fronts = [0, 0]
        self._settling = False
        self._ceiling = 0
        self._asked: tuple[View, int, int] | None = None
        self._answer = (0, 0)

    def run(self, loan: int, max_pieces: int) -> None:
        """Search from near ``loan`` on; take at most ``max_pieces`` steps to the segment of the optimum."""
        smallest = backward(self._sides, len(self._sides), 1)
        if smallest is None or not self._within(smallest):
            return  # no loan buys a single unit
        self._smallest = smallest
        left = right = self._climbed(max(loan, smallest), max_pieces)
        try:
            self._explore(left)
            while further := self._next(right, 1):
                right = further
                self._explore(right)
            while further := self._next(left, -1):
                left = further
                self._explore(left)
            self.gap = min(self._tolerated(), max(self._ceiling - self.best, 0))
            if self.gap == 0 and self.amounts:
                self._settle(left)
                self.least = True
        except _BudgetSpentError:
            self.spent = True
            if not self._settling:
                self.gap = self._missed(left, right)

    @property
    def crossings(self) -> int:
        """How many initialised ticks the best loan crosses."""
        return crossings_of(self._sides, self.amounts)

    # -- from segment to segment --

    def _climbed(self, loan: int, max_pieces: int) -> Segment:
        """Return the segment of the real-valued optimum, or the cap's where that lies beyond the cap."""
        best = climb(self._sides, self._objective, loan, self._smallest, max_pieces)
        return best if self._within(best.low) else Segment(self._sides, self._objective, self._cap)

    def _next(self, segment: Segment, step: int) -> Segment | None:
        """Return the segment after (1) or before (-1) this one; None where no loan that way can be better."""
        loan = segment.high + 1 if step > 0 else segment.low - 1
        if loan < self._smallest:
            return None
        bound = self._bound(segment, loan, step)
        if bound is not None and bound <= self.best + self._tolerated():
            self._ceiling = max(self._ceiling, bound)
            return None
        if not self._within(loan):
            return None
        self._spend()
        return Segment(self._sides, self._objective, loan)

    def _bound(self, segment: Segment, loan: int, step: int) -> int | None:
        """Return what loans from ``loan`` on in the direction ``step`` can earn at most; 0 without any."""
        amounts = forward(self._sides, loan)
        if not amounts[-1]:
            return 0  # more than the pools take
        below, beyond = bounds_around(self._sides, segment.maps, self._objective, amounts)
        if step < 0:
            return below
        return None if beyond is None else beyond - toll_of(self._sides, self._objective, amounts)

    def _missed(self, left: Segment, right: Segment) -> int | None:
        """Return what the loans that were not tried can earn more than the best, at most."""
        bounds: list[int | None] = [self.best + self._tolerated()]
        view, (down, up) = self._view, self._fronts
        if view is not None and up <= view.high:
            bounds.append(view.ceiling(up, 1))
        if view is not None and down >= view.low:
            bounds.append(view.ceiling(down, -1))
        beyond = self._bound(right, right.high + 1, 1)
        if (beyond is None or beyond > self.best) and self._within(right.high + 1):
            bounds.append(beyond)
        if left.low > self._smallest:
            bounds.append(self._bound(left, left.low - 1, -1))
        known = [bound for bound in bounds if bound is not None]
        return max(known) - self.best if len(known) == len(bounds) else None

    # -- in one segment --

    def _explore(self, segment: Segment) -> None:
        """Try every unit of the segment that could beat the best: a few outwards, then either way on."""
        if segment.flat:
            self._view = None
            self._keep(max(segment.low, self._smallest))  # first: nothing bounds it where the budget ends
            self._spend()
            return
        view = self._view = self._viewed(segment)
        self._ceiling = max(self._ceiling, segment.top - view.floor)
        start = min(max(view.amounts[view.stage], view.low), view.high)
        self._fronts = [start - 1, start]
        self._try(view, start)
        self._fronts[1] = start + 1
        self._probe(view)
        self._outwards(view, start)
        down, up = self._fronts
        self._scan(view, up, 1)
        self._scan(view, down, -1)

    def _outwards(self, view: View, start: int) -> None:
        """Try the units next to ``start`` in turns, while there is little left to try."""
        low, high = self._window(view)
        for away in range(1, _PLAIN_PAIRS + 1):
            if high - low > _WIDE or low > high:
                return
            self._fronts = [start - away, start + away]
            improved = start + away <= high and self._try(view, start + away)
            self._fronts[1] += 1
            improved = (start - away >= low and self._try(view, start - away)) or improved
            self._fronts[0] -= 1
            if improved:
                low, high = self._window(view)

    def _settle(self, segment: Segment) -> None:
        """Find the least loan that earns as much as the best; ``segment`` is the lowest explored."""
        self._settling = True
        while segment.low > self._smallest and (self._bound(segment, segment.low - 1, -1) or 0) >= self.best:
            self._spend()
            segment = Segment(self._sides, self._objective, segment.low - 1)
        while segment.low < self.amounts[0]:
            if segment.flat:
                self._spend()
                found = self._keep(max(segment.low, self._smallest))
            else:
                view = self._viewed(segment)
                found = self._scan(view, self._window(view)[0], 1)
            if found:
                return
            if segment.high >= self.amounts[0]:
                return
            self._spend()
            segment = Segment(self._sides, self._objective, segment.high + 1)

    def _viewed(self, segment: Segment) -> View:
        if self._view is not None and self._view.segment is segment:
            return self._view
        top = min(max(segment.peak, segment.low, self._smallest), segment.high)
        if not self._within(top):
            top = self._cap
        return View(segment, top, toll_of(self._sides, self._objective, forward(self._sides, segment.low)))

    def _target(self, view: View) -> int:
        """Return what a loan of the view must earn to be better than the best."""
        return self.best + view.floor + (0 if self._settling else 1 + self._tolerated())

    def _window(self, view: View) -> tuple[int, int]:
        """Return the least and greatest unit that could be better than the best."""
        most = self.amounts[0] - 1 if self._settling else self._cap
        asked = view, self._target(view), most
        if asked != self._asked:
            self._asked, self._answer = asked, self._window_of(*asked)
        return self._answer

    def _window_of(self, view: View, target: int, most: int) -> tuple[int, int]:
        low, high = view.window(target)
        if low > high:
            return low, high
        loan = backward(self._sides, view.stage, high)
        if loan is None or loan > most:
            if not self._settling:
                self._within(self._cap + 1)
            high = forward(self._sides[: view.stage], most)[view.stage]
        elif not self._settling:
            self._within(loan)
        return low, high

    def _left(self, view: View, unit: int, step: int) -> int:
        """Return how many units of the window there are from ``unit`` on, in the direction ``step``."""
        low, high = self._window(view)
        return (high - unit if step > 0 else unit - low) + 1

    def _scan(self, view: View, unit: int, step: int) -> bool:
        """Try the window's units from ``unit`` on, upwards (1) or downwards (-1).

        Long windows go in blocks: longer ones while few of their units are left to be tried, shorter ones
        (with closer tangents) while many are. Returns whether a tie was found, where ties are settled.
        """
        partner, length, run = partner_of(view), 4 * _SHORT, _SHORT
        while (left := self._left(view, unit, step)) > 0:
            length = min(length, left)
            rule = None
            if partner is not None and left > _SHORT:
                self._spend()
                rule = block(view, partner, unit, unit + step * (length - 1))
                dense = rule.bound - rule.scale * self._target(view) >= rule.modulus
                if dense and length > _SHORT:
                    length = max(length // 4, _SHORT)
                    continue
            before = self.evaluations
            if rule is not None and not dense:
                found, unit = self._sift(view, rule, unit, step, length)
                length = 2 * length if self.evaluations - before < _MANY_HITS else max(length // 2, _SHORT)
            else:
                found, unit = self._plain(view, unit, step, min(run, left))
                run *= 2
            if found and self._settling:
                return True
            if found:
                self._ascend(view, unit - step, step)
        return False

    def _probe(self, view: View) -> None:
        """In a long window, try the units of the smallest remainders, near and far: a good best soon."""
        partner, length = partner_of(view), _WIDE
        middle = view.amounts[view.stage]
        while partner is not None:
            low, high = self._window(view)
            if high - low <= length:
                return
            self._spend()
            rule = block(view, partner, max(low, middle - length), min(high, middle + length))
            most = min(rule.bound - rule.scale * self._target(view), 2 * rule.modulus // length)
            for step, count in ((1, high - middle), (-1, middle - low)):
                self._spend()
                offset = rule.factor * middle + rule.offset
                hit = next_small_residue(rule.factor * step, offset, rule.modulus, most, min(count, length))
                if hit is not None:
                    self._try(view, middle + step * hit)
            length *= 8

    def _ascend(self, view: View, unit: int, step: int) -> None:
        """Go on from a better unit in strides that grow, then shrink: remainders may drift for long."""
        stride = 1
        while self._try(view, unit + step * stride):
            unit += step * stride
            stride *= 2
        while stride := stride // 2:
            for further in (unit + stride, unit - stride):
                if further >= view.low and self._try(view, further):
                    unit = further
                    break

    def _plain(self, view: View, unit: int, step: int, count: int) -> tuple[bool, int]:
        """Try ``count`` units, or to the first that is better; return whether one was, and the next unit."""
        for at in range(unit, unit + step * count, step):
            self._fronts[step > 0] = at
            if self._try(view, at):
                return True, at + step
        return False, unit + step * count

    def _sift(self, view: View, rule: Block, unit: int, step: int, count: int) -> tuple[bool, int]:
        """Like ``_plain``, trying only the units that the block's rule leaves."""
        factor, at = rule.factor * step, 0
        most = rule.bound - rule.scale * self._target(view)
        while at < count:
            self._fronts[step > 0] = unit + step * at
            self._spend()
            offset = rule.factor * unit + factor * at + rule.offset
            hit = next_small_residue(factor, offset, rule.modulus, most, count - at)
            if hit is None:
                break
            at += hit
            if self._try(view, unit + step * at):
                return True, unit + step * (at + 1)
            at += 1
        return False, unit + step * count

    # -- one loan --

    def _try(self, view: View, unit: int) -> bool:
        """Quote the least loan that reaches the unit; keep it and return True where it is better."""
        self._spend()
        if unit in view.beaten:
            return False
        loan = amount = unit
        for side in view.before:
            least = side.least_input(loan)
            if least is None:
                return False
            loan = least
        if not self._within(loan):
            return False
        for side in view.after:
            amount = side.output(amount)
        profit = amount - loan - self._objective.terms.fee(loan)
        if profit == self.best and (not profit or loan >= self.amounts[0]):
            return False
        # It crosses no less than the floor, unless its loan reaches more than the unit: rounding can do that.
        if profit < self.best or (
            profit - view.floor < self.best and forward(self._sides[: view.stage], loan)[-1] == unit
        ):
            view.beaten.add(unit)  # for good: the best only grows
            return False
        return self._keep(loan)

    def _keep(self, loan: int) -> bool:
        amounts = forward(self._sides, loan)
        net = (
            amounts[-1]
            - loan
            - self._objective.terms.fee(loan)
            - toll_of(self._sides, self._objective, amounts)
        )
        if net < self.best or (net == self.best and (not net or loan >= self.amounts[0])):
            return False
        self.best, self.amounts = net, amounts
        return True

    def _tolerated(self) -> int:
        """Return by how much a loan must be better to be looked for (down: rather one more look)."""
        return self.best * self._tolerance_ppm // 1_000_000

    def _within(self, loan: int) -> bool:
        """Say whether the cap allows the loan, and note that this was asked."""
        self.furthest = max(self.furthest, loan)
        return loan <= self._cap

    def _spend(self) -> None:
        if self.evaluations >= self._budget:
            raise _BudgetSpentError
        self.evaluations += 1
