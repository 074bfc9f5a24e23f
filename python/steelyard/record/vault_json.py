"""A rebalance as two JSON texts, its moves and the rest of its plan, and back again without loss."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, Final

from steelyard.model import Address, Move, RebalancePlan
from steelyard.record.plan_json import dump, texts

_ADDRESSES: Final = frozenset({"vault", "asset"})
_FIELDS: Final = tuple(field.name for field in fields(RebalancePlan) if field.name != "moves")


def moves_json(plan: RebalancePlan) -> str:
    """Return what is moved into or out of which pool, in the plan's order."""
    moves = [
        {"strategy": move.strategy, "is_deploy": move.is_deploy, "assets": str(move.assets)}
        for move in plan.moves
    ]
    return dump(moves)


def rebalance_json(plan: RebalancePlan) -> str:
    """Return everything that the plan says beside its moves."""
    return dump(texts(plan, _FIELDS))


def parse_rebalance(moves: str, plan: str) -> RebalancePlan:
    """Return the plan that the two texts were made of. Raises InvalidPlan where it contradicts itself."""
    values = {name: _value(name, text) for name, text in json.loads(plan).items()}
    listed = tuple(
        Move(strategy=Address(move["strategy"]), is_deploy=move["is_deploy"], assets=int(move["assets"]))
        for move in json.loads(moves)
    )
    return RebalancePlan(moves=listed, **values)


def _value(name: str, text: str) -> Any:
    if name in _ADDRESSES:
        return Address(text)
    if name == "reason":
        return text
    return bool(int(text)) if name == "is_urgent" else int(text)
