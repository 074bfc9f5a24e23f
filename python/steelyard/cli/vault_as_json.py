"""How a vault is put for programs. Amounts are decimal strings: most JSON readers would round them."""

from __future__ import annotations

from typing import Any

from steelyard.app.vault_watch import VaultTurn
from steelyard.cli.vault_words import (
    VaultLook,
    concentration_of,
    daily_rebalances,
    liquidity_of,
    losses_of,
    shares_now,
    shares_to_be,
)
from steelyard.decide.allocation.metrics import declining, drift_wad, score_spread
from steelyard.model import RebalanceVerdict, VaultPool
from steelyard.record.vault_reports import SeenVerdict, VaultHistory, add_up_rebalances


def turn_as_json(turn: VaultTurn) -> dict[str, Any]:
    """Return one look at the chain, with what a keeper would do."""
    block = {"block": turn.snapshot.block.number}
    return look_as_json(turn.snapshot) | block | {"verdict": _verdict(turn.verdict)}


def history_as_json(history: VaultHistory) -> dict[str, Any]:
    """Return the vault as it was seen last, with its past."""
    latest, totals = history.latest, add_up_rebalances(history.rebalances)
    daily = daily_rebalances(history)
    return look_as_json(latest) | {
        "block": latest.last_block,
        "seen_seconds": latest.seen_seconds,
        "since_seconds": history.since_seconds,
        "rebalanced": len(history.rebalanced_seconds),
        "rebalances_per_day": None if daily is None else float(daily),
        "rebalances": {
            "by_status": totals.by_status,
            "moved": str(totals.moved),
            "loss": str(totals.loss),
            "gas_cost_wei": str(totals.gas_cost_wei),
            "net_wei": str(totals.net_wei),
        },
        "declining": [
            {
                "strategy": fall.pool,
                "first": fall.first,
                "last": fall.last,
                "slope_bps_per_day": float(fall.slope_bps_per_day),
            }
            for fall in declining(history.scores)
        ],
        "verdict": _seen_verdict(history.verdicts[0]) if history.verdicts else None,
    }


def look_as_json(look: VaultLook) -> dict[str, Any]:
    """Return the vault with what its weights, scores and books say about it."""
    now, to_be = shares_now(look), shares_to_be(look)
    asset = look.asset
    return {
        "vault": look.vault,
        "asset": {"address": asset.address, "symbol": asset.symbol, "decimals": asset.decimals},
        "stop": look.stop.name.lower(),
        "trouble": look.trouble,
        "total_assets": _text(look.total_assets),
        "idle": str(look.idle),
        "idle_target": str(look.idle_target),
        "idle_share_wad": str(now.buffer),
        "idle_target_share_wad": str(to_be.buffer),
        "awaited": str(look.awaited),
        "claimable": str(look.claimable),
        "share_price_wad": _text(look.share_price_wad),
        "tvl_usd_wad": _text(look.tvl_usd_wad),
        "last_rebalance_seconds": look.last_rebalance_seconds,
        "pools": [
            _pool(pool, share, wanted)
            for pool, share, wanted in zip(look.pools, now.pools, to_be.pools, strict=True)
        ],
        "metrics": _metrics(look),
    }


def _metrics(look: VaultLook) -> dict[str, Any]:
    found, liquidity, losses = concentration_of(look), liquidity_of(look), losses_of(look)
    spread = score_spread([pool.scores.c_score for pool in look.pools]) if look.pools else None
    heaviest = None if found.heaviest is None else look.pools[found.heaviest].strategy
    return {
        "herfindahl_wad": str(found.herfindahl_wad),
        "effective_pools_wad": str(found.effective_pools_wad),
        "heaviest": heaviest,
        "is_concentrated": found.is_concentrated,
        "drift_wad": str(drift_wad(shares_now(look).pools, shares_to_be(look).pools)),
        "scores": None
        if spread is None
        else {
            "lowest": spread.lowest,
            "highest": spread.highest,
            "mean_bps": float(spread.mean_bps),
            "variance_bps2": float(spread.variance_bps2),
        },
        "is_stressed": liquidity.is_stressed,
        "shortfall": str(liquidity.shortfall),
        "loss_used": None if losses is None else str(losses.used),
        "loss_allowed": None if losses is None else str(losses.allowed),
    }


def _pool(pool: VaultPool, share: int, wanted: int) -> dict[str, Any]:
    return {
        "strategy": pool.strategy,
        "state": pool.state.name.lower(),
        "c_score": pool.scores.c_score,
        "value": _text(pool.value),
        "liquid": str(pool.liquid),
        "pays": _text(pool.pays),
        "room": _text(pool.room),
        "is_sound": pool.is_sound,
        "target": str(pool.target),
        "weight_wad": str(pool.weight_wad),
        "share_wad": None if pool.value is None else str(share),
        "target_share_wad": str(wanted),
    }


def _verdict(verdict: RebalanceVerdict | SeenVerdict) -> dict[str, Any]:
    return {"code": verdict.code.value, "reason": verdict.reason, "drift": _text(verdict.drift)}


def _seen_verdict(verdict: SeenVerdict) -> dict[str, Any]:
    since = {"since_seconds": verdict.timestamp_seconds, "since_block": verdict.block_number}
    return _verdict(verdict) | since


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
