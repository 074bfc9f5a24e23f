"""A plan as two JSON texts, its route and its solution, and back again without loss.

Integers are decimal strings: most JSON readers would round them.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, Final

from steelyard.model import Address, ArbitragePlan, LenderKind, PlanLeg, RouteLeg

_ROUTE_FIELDS: Final = ("venue_id", "pool", "fee_pips", "token_in", "token_out")
_AMOUNT_FIELDS: Final = ("amount_in", "amount_out", "min_amount_out")
_LEG_TEXTS: Final = frozenset({"pool", "token_in", "token_out"})
_PLAN_TEXTS: Final = frozenset({"executor", "asset", "reason"})
_PLAN_FIELDS: Final = tuple(field.name for field in fields(ArbitragePlan) if field.name != "legs")


def route_json(plan: ArbitragePlan) -> str:
    """Return which pools are passed, from which token to which."""
    return _dump([{name: _text(getattr(leg, name)) for name in _ROUTE_FIELDS} for leg in plan.legs])


def solution_json(plan: ArbitragePlan) -> str:
    """Return how much goes through them, and everything else that the plan says."""
    amounts = [{name: _text(getattr(leg, name)) for name in _AMOUNT_FIELDS} for leg in plan.legs]
    return _dump({name: _text(getattr(plan, name)) for name in _PLAN_FIELDS} | {"legs": amounts})


def verdict_route_json(route: tuple[RouteLeg, ...]) -> str:
    """Return a candidate's route, which has no venue and no amounts yet."""
    return _dump([{"pool": leg.pool, "token_in": leg.token_in, "token_out": leg.token_out} for leg in route])


def parse_plan(route: str, solution: str) -> ArbitragePlan:
    """Return the plan that the two texts were made of. Raises InvalidPlan where they do not fit together."""
    values: dict[str, Any] = json.loads(solution)
    amounts = values.pop("legs")
    legs = tuple(
        PlanLeg(**{name: _value(name, text, _LEG_TEXTS) for name, text in (way | amount).items()})
        for way, amount in zip(json.loads(route), amounts, strict=True)
    )
    plan = {name: _value(name, text, _PLAN_TEXTS) for name, text in values.items()}
    return ArbitragePlan(**plan | {"lender": LenderKind(plan["lender"]), "legs": legs})


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, int) else str(value)


def _value(name: str, text: str, texts: frozenset[str]) -> Any:
    if name not in texts:
        return int(text)
    return text if name == "reason" else Address(text)
