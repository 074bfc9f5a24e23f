"""A plan as two JSON texts, its route and its solution, and back again without loss.

Integers are decimal strings: most JSON readers would round them.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, Final

from steelyard.model import Address, ArbitragePlan, LenderKind, LoanSource, PlanLeg, RouteLeg, VenueKind

_ROUTE_FIELDS: Final = ("kind", "venue_id", "pool", "fee_pips", "token_in", "token_out")
_AMOUNT_FIELDS: Final = ("amount_in", "amount_out", "min_amount_out")
_TEXTS: Final = frozenset(
    {"pool", "token_in", "token_out", "executor", "asset", "reason", "address", "other_token"}
)
_PLAN_FIELDS: Final = tuple(
    field.name for field in fields(ArbitragePlan) if field.name not in ("legs", "source")
)
_SOURCE_FIELDS: Final = tuple(field.name for field in fields(LoanSource))


def route_json(plan: ArbitragePlan) -> str:
    """Return which pools are passed, from which token to which."""
    return dump([texts(leg, _ROUTE_FIELDS) for leg in plan.legs])


def solution_json(plan: ArbitragePlan) -> str:
    """Return how much goes through them, and everything else that the plan says."""
    values: dict[str, Any] = texts(plan, _PLAN_FIELDS)
    if plan.source is not None:
        values["source"] = texts(plan.source, _SOURCE_FIELDS)
    return dump(values | {"legs": [texts(leg, _AMOUNT_FIELDS) for leg in plan.legs]})


def verdict_route_json(route: tuple[RouteLeg, ...]) -> str:
    """Return a candidate's route, which has no venue and no amounts yet."""
    return dump([{"pool": leg.pool, "token_in": leg.token_in, "token_out": leg.token_out} for leg in route])


def parse_plan(route: str, solution: str) -> ArbitragePlan:
    """Return the plan that the two texts were made of. Raises InvalidPlan where they do not fit together."""
    values: dict[str, Any] = json.loads(solution)
    amounts, source = values.pop("legs"), values.pop("source", None)
    legs = tuple(
        _leg(_values(way) | _values(amount)) for way, amount in zip(json.loads(route), amounts, strict=True)
    )
    plan = _values(values)
    plan["lender"] = LenderKind(plan["lender"])
    return ArbitragePlan(**plan, legs=legs, source=source and LoanSource(**_values(source)))


def _leg(values: dict[str, Any]) -> PlanLeg:
    # Before there were other kinds, a leg named none: those of V3 had a tier.
    default = VenueKind.UNISWAP_V3 if values["fee_pips"] else VenueKind.UNISWAP_V2
    return PlanLeg(**values | {"kind": VenueKind(values.get("kind", default))})


def dump(value: object) -> str:
    """Return the value as JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))


def texts(value: object, names: tuple[str, ...]) -> dict[str, str]:
    """Return the named fields as texts; what is None is left out."""
    found = ((name, getattr(value, name)) for name in names)
    return {
        name: str(int(part)) if isinstance(part, int) else str(part)
        for name, part in found
        if part is not None
    }


def _values(texts: dict[str, str]) -> dict[str, Any]:
    return {name: _value(name, text) for name, text in texts.items()}


def _value(name: str, text: str) -> Any:
    if name not in _TEXTS:
        return int(text)
    return text if name == "reason" else Address(text)
