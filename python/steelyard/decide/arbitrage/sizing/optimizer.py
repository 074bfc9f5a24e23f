"""How much to borrow for a route: the closed form says where, exact integer quotes decide, bounds prove it.

1. Each pool states the real-valued map of the range of liquidity in which its leg ends; composed they are one
   Moebius map with a closed-form optimum and a closed-form greatest profit, which no rounded chain exceeds.
2. The exact chain at that optimum is quoted. Mostly it is so near to the bound that this is the answer.
3. Else the integer search goes on (``proof``): to the last unit, or to the tolerance, or until its
   budget is spent.

``Sizing.certified`` is a proof: no loan within the cap earns more after the lender's fee (and the gas of
crossed ticks, where that has a price), and no smaller one as much. Otherwise ``gap`` is a proven bound on
what is missed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from steelyard.amm.pool import Pool
from steelyard.amm.side import Side
from steelyard.decide.arbitrage.route import Route
from steelyard.decide.arbitrage.sizing.ceiling import ceiling_of
from steelyard.decide.arbitrage.sizing.opening import Opening, opening_of
from steelyard.decide.arbitrage.sizing.proof import Search
from steelyard.decide.arbitrage.sizing.segment import Objective, backward, crossings_of, forward
from steelyard.model import LenderTerms
from steelyard.units import UINT256_MAX, Address

DEFAULT_MAX_PIECES = 48
WITHIN_TOLERANCE = "what is missed is within the tolerance"
NOT_WORTH_IT = "no loan earns enough for the last units to matter"
OUT_OF_BUDGET = "the budget of {budget} candidates was spent"
TIES_UNSETTLED = "nothing earns more, but a smaller loan may earn the same: the budget of {budget} was spent"


class Sizing(NamedTuple):
    """The best loan found for a route from one lender.

    Attributes:
        amounts: the loan, and what each hop pays; exact.
        profit: base units of the asset after the loan fee.
        crossings: initialised ticks that the swaps cross; each costs gas.
        evaluations: exact chains that were quoted, and set-ups worth one.
        certified: whether no loan is better and no smaller one as good: proven.
        gap: what any other loan can earn more at most, base units, proven; 0 where certified, None where
            nothing is known.
        uncertified_reason: why it is not certified; None where it is.
    """

    amounts: tuple[int, ...]
    loan_fee: int
    profit: int
    crossings: int
    evaluations: int
    certified: bool
    gap: int | None
    uncertified_reason: str | None = None


class SizingSearch(NamedTuple):
    """A search's result, and for which other questions it is the answer too.

    Attributes:
        furthest: the largest loan that it looked at: under any cap above, it ends the same.
        ceiling: the bound that ``worth`` was held against; None where that made no difference.
        worth: what it was held against.
        reach: the bound that ``hope`` was held against: no loan earns more; None where that made none.
        hope: what it was held against.
        unfinished: whether the budget ended before a loan was met that earns anything, though one may.
    """

    sizing: Sizing | None
    furthest: int
    ceiling: int | None = None
    worth: int = 0
    reach: int | None = None
    hope: int = 0
    unfinished: bool = False

    @property
    def hopeless(self) -> bool:
        """Whether no loan was looked for, since none can earn ``hope``."""
        return self.reach is not None and self.reach < self.hope

    def holds_for(self, worth: int, hope: int) -> bool:
        """Tell whether a search for that ``worth`` and ``hope`` would have ended the same."""
        if self.reach is not None and (self.reach < hope) != self.hopeless:
            return False
        return self.hopeless or self.ceiling is None or (self.ceiling < worth) == (self.ceiling < self.worth)


def _plain_side(pool: Pool, token_in: Address) -> Side:
    return pool.side(token_in)


class AmtOptimizer:
    """Sizes routes.

    Args:
        max_evaluations: bound on exact chains quoted for a route on the hot path.
        max_pieces: bound on walks from range to range on the way to the optimum.
        tolerance_ppm: stop where no other loan can earn that much more, in millionths of the profit; 0 looks
            for the last unit.
        side_of: where a pool's side is taken from; a cache's method saves making it anew.
        resigns: whether ``hope`` is held against the bound beyond the first pieces as well: for who only
            wants a loan that earns as much.
    """

    def __init__(
        self,
        *,
        max_evaluations: int = 64,
        max_pieces: int = DEFAULT_MAX_PIECES,
        tolerance_ppm: int = 0,
        side_of: Callable[[Pool, Address], Side] = _plain_side,
        resigns: bool = False,
    ) -> None:
        self.max_evaluations = max_evaluations
        self.tolerance_ppm = tolerance_ppm
        self.resigns = resigns
        self._max_pieces = max_pieces
        self._side_of = side_of

    def optimize(
        self, route: Route, terms: LenderTerms, cap: int, *, crossing_price: int = 0, worth: int = 0
    ) -> Sizing | None:
        """Return the best loan in ``1..cap``; None where none was found that earns anything.

        Whether that is since none does, or since the budget ended, ``search`` says.

        Args:
            crossing_price: gas of crossing one initialised tick, in base units of the asset; the best is then
                that of the profit less the crossings' gas.
            worth: base units; where it is proven that no loan earns as much, a good loan is answered without
                a search for the best one.
        """
        return self.search(route, terms, cap, crossing_price=crossing_price, worth=worth).sizing

    def search(
        self,
        route: Route,
        terms: LenderTerms,
        cap: int,
        *,
        crossing_price: int = 0,
        worth: int = 0,
        hope: int = 0,
        opening: Opening | None = None,
    ) -> SizingSearch:
        """Like ``optimize``, with what a cache must know to reuse the answer.

        Args:
            hope: base units; where it is proven at once that no loan earns as much, none is looked for.
            opening: the route's for these terms, where it is at hand.
        """
        if opening is None:
            opening = self.opening(route, Objective.of(terms))
        return self._size(opening, Objective.of(terms, crossing_price), cap, worth, hope)

    def opening(self, route: Route, objective: Objective) -> Opening:
        """Return what the route's first units tell, before any loan is quoted."""
        return opening_of(route, self._side_of, objective)

    def certify(
        self, route: Route, terms: LenderTerms, cap: int, budget: int, *, crossing_price: int = 0
    ) -> Sizing | None:
        """Like ``optimize``, to the last unit and with the proof, for at most ``budget`` candidates.

        A candidate takes a few microseconds; most routes need less than a hundred.
        """
        thorough = AmtOptimizer(max_evaluations=budget, max_pieces=self._max_pieces, side_of=self._side_of)
        return thorough.optimize(route, terms, cap, crossing_price=crossing_price)

    def _size(self, opening: Opening, objective: Objective, cap: int, worth: int, hope: int) -> SizingSearch:
        sides, furthest, ceiling, _ = opening
        if not furthest:
            return SizingSearch(None, 0)  # the first unit loses, and the curve only falls
        if cap < 1:
            return SizingSearch(None, 1)
        reach = opening.reach(cap)
        if reach is not None and reach < hope:
            return SizingSearch(None, furthest, reach=reach, hope=hope)
        on_first = opening.on_pieces and furthest <= cap
        quick = _at_peak(sides, objective, furthest, ceiling) if on_first else None
        if quick is None:  # the best loan lies on other pieces, or beyond the cap
            quick, ceiling, furthest = _beyond_first_pieces(sides, objective, furthest, cap)
            if self.resigns:
                reach = max(ceiling if reach is None else min(reach, ceiling), 0)
                if reach < hope:
                    return SizingSearch(None, furthest, reach=reach, hope=hope)
        if ceiling <= 0:
            return SizingSearch(None, furthest)
        if quick is not None and _is_near(quick, objective, self.tolerance_ppm):
            return SizingSearch(quick, furthest, None, worth, reach, hope)
        if quick is not None and ceiling < worth:
            not_worth = quick._replace(uncertified_reason=NOT_WORTH_IT)
            return SizingSearch(not_worth, furthest, ceiling, worth, reach, hope)
        budget = self.max_evaluations
        search = Search(sides, objective, cap, budget=budget, tolerance_ppm=self.tolerance_ppm)
        search.run(min(quick.amounts[0] if quick else furthest, cap), self._max_pieces)
        found = _concluded(search, objective, budget)
        held = ceiling if quick else None
        unfinished = found is None and search.spent and search.gap != 0
        return SizingSearch(found, max(search.furthest, furthest), held, worth, reach, hope, unfinished)


def _at_peak(sides: Sequence[Side], objective: Objective, loan: int, ceiling: int) -> Sizing | None:
    """Return the exact chain near the real-valued optimum ``loan``; None where that earns nothing."""
    amounts = [loan]
    for side in sides:
        amounts.append(side.output(amounts[-1]))
        if not amounts[-1]:
            return None
    amounts = _least_loan(sides, amounts)
    return _good_enough(sides, objective, amounts, ceiling)


def _beyond_first_pieces(
    sides: Sequence[Side], objective: Objective, loan: int, cap: int
) -> tuple[Sizing | None, int, int]:
    """Return a good loan if one was met, a bound on what any earns, and the furthest loan thought of."""
    far = ceiling_of(sides, objective, loan, cap)
    if far is None:
        return None, UINT256_MAX, loan
    return _good_enough(sides, objective, far.amounts, far.bound), far.bound, far.furthest


def _good_enough(
    sides: Sequence[Side], objective: Objective, amounts: list[int], ceiling: int
) -> Sizing | None:
    """Return the chain as an answer; None where it earns nothing."""
    fee = objective.terms.fee(amounts[0])
    profit = amounts[-1] - amounts[0] - fee
    if profit <= 0:
        return None
    crossings = crossings_of(sides, amounts)
    return Sizing(
        amounts=tuple(amounts),
        loan_fee=fee,
        profit=profit,
        crossings=crossings,
        evaluations=1,
        certified=False,
        gap=ceiling - profit + crossings * objective.crossing_price,
        uncertified_reason=WITHIN_TOLERANCE,
    )


def _is_near(sizing: Sizing, objective: Objective, tolerance_ppm: int) -> bool:
    """Tell whether what is missed is within the tolerance, ticks whose crossing costs gas aside."""
    if not tolerance_ppm or (sizing.crossings and objective.crossing_price):
        return False
    return sizing.gap is not None and sizing.gap * 1_000_000 <= sizing.profit * tolerance_ppm


def _least_loan(sides: Sequence[Side], amounts: list[int]) -> list[int]:
    """Return the chain of the least loan that buys as much of the coarsest token: it ends in as much."""
    stage = amounts.index(min(amounts[:-1]))
    if not stage:
        return amounts
    least = backward(sides, stage, amounts[stage])
    if least is None or least == amounts[0]:
        return amounts
    return forward(sides[: stage - 1], least) + amounts[stage:]


def _concluded(search: Search, objective: Objective, budget: int) -> Sizing | None:
    if not search.amounts:
        return None
    certified = search.gap == 0 and search.least
    reason = WITHIN_TOLERANCE
    if search.spent:
        reason = (OUT_OF_BUDGET if search.gap != 0 else TIES_UNSETTLED).format(budget=budget)
    amounts = tuple(search.amounts)
    fee = objective.terms.fee(amounts[0])
    return Sizing(
        amounts=amounts,
        loan_fee=fee,
        profit=amounts[-1] - amounts[0] - fee,
        crossings=search.crossings,
        evaluations=search.evaluations,
        certified=certified,
        gap=search.gap,
        uncertified_reason=None if certified else reason,
    )
