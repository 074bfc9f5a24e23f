"""What the proof of a size stands on: each bound holds, and holds no more than it says."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import floor
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from steelyard.decide.arbitrage import AmtOptimizer
from steelyard.decide.arbitrage.sizing.blocks import block, partner_of
from steelyard.decide.arbitrage.sizing.bounds import bounds_around
from steelyard.decide.arbitrage.sizing.ceiling import ceiling_of
from steelyard.decide.arbitrage.sizing.maps import support
from steelyard.decide.arbitrage.sizing.proof import Search
from steelyard.decide.arbitrage.sizing.residues import next_small_residue
from steelyard.decide.arbitrage.sizing.segment import Objective, Segment, View, backward, forward
from steelyard.model import LenderKind, LenderTerms
from tests.support.markets import lender
from tests.support.sizing_markets import LENDERS, coarse_route, lenders, market_route, small_routes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steelyard.amm.side import Side
    from steelyard.decide.arbitrage import Route

pytestmark = pytest.mark.property

MOST = 600


def sides_of(hops: Route) -> list[Side]:
    return [hop.pool.side(hop.token_in) for hop in hops]


def profit(sides: Sequence[Side], terms: LenderTerms, loan: int) -> int:
    return forward(sides, loan)[-1] - loan - terms.fee(loan)


@pytest.mark.parametrize("terms", LENDERS, ids=lambda terms: f"{terms.kind.name.lower()}-{terms.fee_wad}")
def test_the_fee_is_never_below_the_line_that_stands_for_it_and_comes_within_a_unit(
    terms: LenderTerms,
) -> None:
    objective = Objective.of(terms)
    spare = []
    for loan in range(1, 30_000):
        line = Fraction(objective.cost * loan - objective.spare, objective.unit) - loan
        spare.append(terms.fee(loan) - line)
    assert min(spare) >= 0
    assert max(spare) <= 1
    if terms.kind is LenderKind.AAVE_V3:
        assert min(spare) < Fraction(objective.cost - objective.unit, objective.unit), "as far down as that"


@given(st.integers(0, 10**6), st.integers(-(10**9), 10**9), st.integers(1, 10**4), st.data())
def test_the_next_small_residue_is_the_one_that_trying_finds(
    factor: int, offset: int, modulus: int, data: st.DataObject
) -> None:
    most, count = data.draw(st.integers(-1, modulus - 1)), data.draw(st.integers(1, 3_000))
    tried = (n for n in range(count) if (factor * n + offset) % modulus <= most)
    assert next_small_residue(factor, offset, modulus, most, count) == next(tried, None)
    tried = (n for n in range(count) if (offset - factor * n) % modulus <= most)
    assert next_small_residue(-factor, offset, modulus, most, count) == next(tried, None)


@given(
    st.integers(1, 10**9),
    st.integers(0, 10**6),
    st.integers(1, 10**4),
    st.integers(1, 10**9),
    st.integers(1, 10**6),
    st.integers(1, 10**6),
)
def test_a_maps_support_is_above_every_input_and_within_a_unit_of_the_best(
    a: int, b: int, c: int, d: int, value_out: int, value_in: int
) -> None:
    assume(a * d > b * c)
    bound = support((a, b, c, d), value_out, value_in)
    best = Fraction(-(10**40))
    middle = max(int(((value_out * (a * d - b * c) / value_in) ** 0.5 - d) / c), -d // c + 1)
    for amount in (*range(40), *range(middle - 3, middle + 4)):
        if c * amount + d > 0:
            out = Fraction(a * amount + b, c * amount + d)
            assert value_out * out - value_in * amount <= bound
            best = max(best, value_out * out - value_in * amount)
    # Between whole inputs the map gains little more; the root and the quotient add less than three.
    curvature = Fraction(value_in * c, max(c * (middle - 1) + d, 1))
    assert bound <= best + curvature + 3


@given(small_routes(), lenders(), st.integers(1, MOST))
def test_a_segments_map_is_above_every_exact_chain_of_its_loans(
    hops: Route, terms: LenderTerms, loan: int
) -> None:
    sides = sides_of(hops)
    assume(forward(sides, loan)[-1] > 0)
    segment = Segment(sides, Objective.of(terms), loan)
    assert segment.low <= loan <= segment.high
    for other in range(segment.low, min(segment.high, segment.low + 300) + 1):
        amounts = forward(sides, other)
        for of, given_, paid in zip(segment.maps, amounts, amounts[1:], strict=False):
            assert paid * (of[2] * given_ + of[3]) <= of[0] * given_ + of[1] or not paid
        if not segment.flat and amounts[-1]:
            assert profit(sides, terms, other) <= segment.top


@given(small_routes(), lenders(), st.integers(1, MOST), st.integers(0, 60))
def test_a_window_holds_exactly_the_units_whose_map_reaches_the_target(
    hops: Route, terms: LenderTerms, loan: int, target: int
) -> None:
    sides, objective = sides_of(hops), Objective.of(terms)
    assume(forward(sides, loan)[-1] > 0)
    segment = Segment(sides, objective, loan)
    assume(not segment.flat)
    view = View(segment, max(loan, segment.low), 0)
    low, high = view.window(target)
    for unit in range(view.low, min(view.high, view.low + 400) + 1):
        real = real_profit(view, unit)
        assert (low <= unit <= high) == (real >= target)
        least = backward(sides, view.stage, unit)
        if least is not None and forward(sides, least)[view.stage] == unit:
            assert profit(sides, terms, least) <= real


@given(small_routes(), lenders(), st.integers(1, MOST))
def test_a_ceiling_is_above_all_units_that_way_and_exact_beyond_the_peak(
    hops: Route, terms: LenderTerms, loan: int
) -> None:
    sides = sides_of(hops)
    assume(forward(sides, loan)[-1] > 0)
    segment = Segment(sides, Objective.of(terms), loan)
    assume(not segment.flat)
    view = View(segment, max(loan, segment.low), 0)
    units = range(view.low, min(view.high, view.low + 200) + 1)
    real = [real_profit(view, unit) for unit in units]
    for at, unit in enumerate(units):
        assert floor(max(real[at:])) <= view.ceiling(unit, 1)
        assert floor(max(real[: at + 1])) <= view.ceiling(unit, -1)
    below, above = view.peak_units()
    for unit in units:
        if unit >= above:
            assert view.ceiling(unit, 1) == floor(real_profit(view, unit))
        if unit <= below:
            assert view.ceiling(unit, -1) == floor(real_profit(view, unit))


@given(small_routes(), lenders(), st.integers(1, MOST), st.integers(1, 50))
def test_what_a_lender_may_round_off_is_in_every_bound(
    hops: Route, terms: LenderTerms, loan: int, target: int
) -> None:
    """A whole unit more to spare lifts each bound by exactly one."""
    sides, once = sides_of(hops), Objective.of(terms)
    twice = replace(once, spare=once.spare + once.unit)
    amounts = forward(sides, loan)
    assume(amounts[-1] > 0)
    segments = [Segment(sides, objective, loan) for objective in (once, twice)]
    assume(not segments[0].flat)
    assert segments[1].top == segments[0].top + 1
    views = [View(segment, max(loan, segment.low), 0) for segment in segments]
    assume(views[0].low <= views[0].high)
    assert views[1].window(target + 1) == views[0].window(target)
    assert views[1].ceiling(views[1].high, 1) == views[0].ceiling(views[0].high, 1) + 1
    rules = [block(view, partner_of(view) or 0, view.low, view.low) for view in views]
    assert rules[1].bound == rules[0].bound + rules[0].scale
    around = [bounds_around(sides, segment.maps, segment.objective, amounts) for segment in segments]
    assert around[1][0] == around[0][0] + 1
    ceilings = [ceiling_of(sides, objective, loan, loan) for objective in (once, twice)]
    assert ceilings[0] is not None
    assert ceilings[1] is not None
    assert ceilings[1].bound == ceilings[0].bound + 1


@given(small_routes(), lenders(), st.integers(1, MOST), st.integers(1, MOST))
def test_a_routes_ceiling_is_above_every_loan_within_the_cap(
    hops: Route, terms: LenderTerms, loan: int, cap: int
) -> None:
    sides = sides_of(hops)
    found = ceiling_of(sides, Objective.of(terms), loan, cap)
    assume(found is not None)
    assert found is not None
    assert found.amounts == forward(sides, found.amounts[0])
    assert found.amounts[0] <= cap
    for other in range(1, cap + 1):
        paid = forward(sides, other)[-1]
        assert not paid or paid - other - terms.fee(other) <= found.bound


def test_a_ceiling_is_tight_where_the_cap_binds() -> None:
    random, at_once = Random(19), 0
    for _ in range(20):
        _, hops = market_route(random, (2, 3))
        best = AmtOptimizer().certify(hops, lender(), 10**40, 5_000)
        assert best is not None
        cap = best.amounts[0] // 3
        quick = AmtOptimizer(tolerance_ppm=100).optimize(hops, lender(), cap)
        assert quick is not None
        assert quick.amounts[0] <= cap
        at_once += quick.evaluations == 1
    assert at_once >= 16, "the others' coarsest unit is worth more than the tolerance"


class Diary(Search):
    """A search that notes the units that it tries; it is told now and then that one was better."""

    tried: set[int]

    def _try(self, view: View, unit: int) -> bool:
        self._spend()
        self.tried.add(unit)
        return unit % 17 == 0


@pytest.mark.parametrize("kinds", [(2, 2), (2, 2, 2), (2, 3), (2, 2, 3)], ids=str)
def test_every_unit_that_a_search_passes_is_tried_or_cannot_be_better(kinds: tuple[int, ...]) -> None:
    random = Random(31)
    for _ in range(30):
        hops = coarse_route(random, kinds)
        sides, objective = sides_of(hops), Objective.of(lender())
        found = AmtOptimizer().certify(hops, lender(), 10**40, 10_000)
        if found is None:
            continue
        diary = Diary(sides, objective, 10**40, budget=random.choice((9, 40, 150, 10_000)), tolerance_ppm=0)
        diary.tried = set()
        diary.best, diary.amounts = found.profit - random.randint(0, 10**8), list(found.amounts)
        diary.run(found.amounts[0], 48)
        view = diary._view
        assert view is not None
        partner = partner_of(view)
        low, high = view.window(diary.best + 1)
        if diary.spent:
            low, high = max(low, diary._fronts[0] + 1), min(high, diary._fronts[1] - 1)
        for unit in set(range(low, high + 1)) - diary.tried:
            assert partner is not None
            rule = block(view, partner, unit, unit)
            remainder = (rule.factor * unit + rule.offset) % rule.modulus
            assert rule.bound - remainder < rule.scale * (diary.best + 1)


def real_profit(view: View, unit: int) -> Fraction:
    """What the composed map allows at a unit, as a fraction."""
    objective = view.segment.objective
    a, b, c, d = view.producers
    a2, b2, c2, d2 = view.consumers
    cost = Fraction(d * unit - b, a - c * unit) * objective.cost
    return (
        Fraction(a2 * unit + b2, c2 * unit + d2) * objective.unit - cost + objective.spare
    ) / objective.unit


@given(small_routes(), lenders(), st.integers(1, MOST))
def test_the_bounds_around_a_loan_are_above_all_loans_on_their_side(
    hops: Route, terms: LenderTerms, loan: int
) -> None:
    sides = sides_of(hops)
    amounts = forward(sides, loan)
    assume(amounts[-1] > 0)
    segment = Segment(sides, Objective.of(terms), loan)
    below, beyond = bounds_around(sides, segment.maps, segment.objective, amounts)
    for other in range(1, MOST):
        paid = forward(sides, other)[-1]
        if paid:
            bound = below if other <= loan else beyond
            assert bound is None or paid - other - terms.fee(other) <= bound


@given(small_routes(), lenders(), st.integers(1, MOST), st.data())
def test_a_blocks_rule_leaves_no_unit_out_that_earns_more(
    hops: Route, terms: LenderTerms, loan: int, data: st.DataObject
) -> None:
    sides = sides_of(hops)
    assume(forward(sides, loan)[-1] > 0)
    segment = Segment(sides, Objective.of(terms), loan)
    assume(not segment.flat)
    view = View(segment, max(loan, segment.low), 0)
    partner = partner_of(view)
    assert partner is not None
    assume(view.low <= view.high)
    first = data.draw(st.integers(view.low, min(view.high, view.low + 300)))
    last = min(view.high, first + data.draw(st.sampled_from((0, 0, 3, 100))))
    rule = block(view, partner, first, last)
    for unit in range(first, last + 1):
        least = backward(sides, view.stage, unit)
        if least is not None and forward(sides, least)[view.stage] == unit:
            remainder = (rule.factor * unit + rule.offset) % rule.modulus
            assert rule.scale * profit(sides, terms, least) <= rule.bound - remainder


def test_in_markets_a_blocks_rule_leaves_few_units_where_two_tokens_are_coarse() -> None:
    random, left, looked = Random(13), 0, 0
    while looked < 2_000:
        decimals, hops = market_route(random, (2, 2, 2))
        found = AmtOptimizer().certify(hops, lender(), 10**40, 5_000)
        if 18 in decimals[1:] or found is None:
            continue
        sides = sides_of(hops)
        segment = Segment(sides, Objective.of(lender()), found.amounts[0])
        view = View(segment, found.amounts[0], 0)
        partner = partner_of(view)
        assert partner is not None
        middle = view.amounts[view.stage]
        rule = block(view, partner, middle - 50, middle + 50)
        for unit in range(middle - 50, middle + 51):
            remainder = (rule.factor * unit + rule.offset) % rule.modulus
            left += remainder <= rule.bound - rule.scale * found.profit
            looked += 1
    assert left <= looked // 10
