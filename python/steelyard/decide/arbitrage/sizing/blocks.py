"""Runs of units of the coarsest stage, with what whole units of the second coarsest stage take from them.

Values (shadow prices) of a unit at each stage turn the composed maps into tangents, and along the tangent
between the two coarsest stages the amount at the second is a floor (or, before the coarsest, a ceiling). So,
scaled, ``profit <= bound - remainder(m)`` for every unit m of the run, the remainder being that of an
arithmetic progression: only units with a small one need to be quoted. Where the coarsest amount is sold to a
V3 pool, the floor that costs most is that of what the pool's fee leaves of it: it is taken instead.
"""

from __future__ import annotations

from typing import NamedTuple

from steelyard.decide.arbitrage.sizing.maps import Map, compose, scaled_cost, scaled_slope, support
from steelyard.decide.arbitrage.sizing.segment import View
from steelyard.units import PIPS

SCALE_BITS = 112
"""A value has that many bits after the point, so that rounding it costs nothing that could be seen."""


class Block(NamedTuple):
    """For units m of a run: ``scale * profit <= bound - (factor*m + offset) % modulus``."""

    scale: int
    bound: int
    factor: int
    offset: int
    modulus: int


def partner_of(view: View) -> int | None:
    """Return the stage whose rounding costs most beside the coarsest one's; None where there is none.

    That is the coarsest one itself where it is sold to a pool that floors what its fee leaves. Of loan and
    output only the loan can be it: profits are whole already.
    """
    sides, amounts = view.segment.sides, view.amounts
    if sides[view.stage].floored_pips not in {None, PIPS}:
        return view.stage
    others = [stage for stage in range(len(sides)) if stage != view.stage]
    return min(others, key=amounts.__getitem__, default=None)


def block(view: View, partner: int, first: int, last: int) -> Block:
    """Return the rule for the units ``first..last`` (either order), with tangents at their middle."""
    objective, maps, stage = view.segment.objective, view.segment.maps, view.stage
    out_value, loan_value = objective.unit << SCALE_BITS, objective.cost << SCALE_BITS
    middle = (first + last) // 2
    if partner == stage:
        kept = view.segment.sides[stage].floored_pips or PIPS
        paid = view.segment.starts[stage]
        # In units of what the fee leaves, u = kept * (m - paid) / PIPS.
        outer = compose(((PIPS, paid * kept, 0, kept), *maps[stage:]))
        worth = scaled_slope(outer, out_value, kept * (middle - paid) // PIPS) // PIPS + 1
        modulus, factor, offset = worth * PIPS, worth * kept, -worth * kept * paid
        revenue, cost = factor, scaled_cost(view.producers, loan_value, middle)
        bound = support(outer, out_value, modulus) + support(view.producers, cost, loan_value)
    elif partner > stage:
        inner, outer = compose(maps[stage:partner]), compose(maps[partner:])
        modulus = scaled_slope(outer, out_value, _output(inner, middle))
        revenue = scaled_slope(inner, modulus, middle)
        cost = scaled_cost(view.producers, loan_value, middle)
        factor, offset = revenue, support(inner, modulus, revenue)
        bound = support(outer, out_value, modulus) + support(view.producers, cost, loan_value)
    else:
        head, inner = compose(maps[:partner]), compose(maps[partner:stage])
        modulus = scaled_cost(head, loan_value, _input(inner, middle))
        cost = scaled_cost(inner, modulus, middle)
        revenue = scaled_slope(view.consumers, out_value, middle)
        factor, offset = -cost, support(inner, cost, modulus)
        bound = support(view.consumers, out_value, revenue) + support(head, modulus, loan_value)
    drift = max((revenue - cost) * first, (revenue - cost) * last)
    spare = objective.spare << SCALE_BITS
    return Block(out_value, bound + offset + drift + spare, factor, offset, modulus)


def _output(of: Map, amount: int) -> int:
    return (of[0] * amount + of[1]) // (of[2] * amount + of[3])


def _input(of: Map, amount: int) -> int:
    return (of[3] * amount - of[1]) // (of[0] - of[2] * amount)
