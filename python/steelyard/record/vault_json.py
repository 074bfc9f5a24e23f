"""A rebalance as two JSON texts, its moves and the rest of its plan; a vault's pools and limits; and back.

Nothing is lost on the way. Amounts are decimal strings, as in ``plan_json``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final

from steelyard.model import Address, Move, PoolScores, PoolState, RebalanceLimits, RebalancePlan, VaultPool
from steelyard.record.plan_json import dump, texts

if TYPE_CHECKING:
    from collections.abc import Sequence

_SCORES: Final = tuple(field.name for field in fields(PoolScores))
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


def pools_json(pools: Sequence[VaultPool]) -> str:
    """Return a vault's pools in their order; what cannot be told, and a limit that is not there, is null."""
    return dump([_pool(pool) for pool in pools])


def parse_pools(text: str) -> tuple[VaultPool, ...]:
    """Return the pools that the text was made of; older ones did not say what a pool pays and takes."""
    return tuple(
        VaultPool(
            strategy=Address(pool["strategy"]),
            state=PoolState[pool["state"].upper()],
            scores=PoolScores(**{name: pool[name] for name in _SCORES}),
            value=_whole(pool["value"]),
            liquid=int(pool["liquid"]),
            is_sound=pool["is_sound"],
            target=int(pool["target"]),
            weight_wad=int(pool["weight_wad"]),
            pays=_whole(pool.get("pays")),
            room=_whole(pool.get("room")),
        )
        for pool in json.loads(text)
    )


def limits_json(limits: RebalanceLimits) -> str:
    """Return what holds a keeper."""
    return dump(asdict(limits))


def parse_limits(text: str) -> RebalanceLimits:
    """Return the limits that the text was made of."""
    return RebalanceLimits(**json.loads(text))


def _pool(pool: VaultPool) -> dict[str, Any]:
    return {
        "strategy": pool.strategy,
        "state": pool.state.name.lower(),
        **{name: getattr(pool.scores, name) for name in _SCORES},
        "value": _text(pool.value),
        "liquid": str(pool.liquid),
        "is_sound": pool.is_sound,
        "target": str(pool.target),
        "weight_wad": str(pool.weight_wad),
        "pays": _text(pool.pays),
        "room": _text(pool.room),
    }


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _whole(text: str | None) -> int | None:
    return None if text is None else int(text)


def _value(name: str, text: str) -> Any:
    if name in _ADDRESSES:
        return Address(text)
    if name == "reason":
        return text
    return bool(int(text)) if name == "is_urgent" else int(text)
