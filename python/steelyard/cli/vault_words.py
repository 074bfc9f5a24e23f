"""How a vault is put for people, and for programs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from steelyard.app.vault_watch import VaultTurn
from steelyard.cli.wording import amount, moment
from steelyard.decide.allocation.metrics import concentration, score_spread, shares_wad
from steelyard.model import VaultPool, VaultSnapshot
from steelyard.units import BPS, WAD

_UNKNOWN = "unknown"


def assets_text(assets: int | None, snapshot: VaultSnapshot) -> str:
    """Return base units in whole assets with the symbol."""
    return _UNKNOWN if assets is None else f"{amount(assets, snapshot.asset)} {snapshot.asset.symbol}"


def percent(wad: int) -> str:
    """Return a WAD as a percentage with two decimals, rounded down."""
    return f"{Decimal(wad * BPS // WAD) / 100:.2f} %"


def usd(wad: int | None) -> str:
    """Return US dollars with cents, rounded down."""
    return _UNKNOWN if wad is None else f"{Decimal(wad // (WAD // 100)) / 100:,.2f} USD"


def headline(snapshot: VaultSnapshot) -> str:
    """Say which vault, when, and whether anything stands in its way."""
    trouble = f"; {snapshot.trouble}" if snapshot.trouble else ""
    stopped = f"; stopped: {snapshot.stop.name.lower()}" if snapshot.stop else ""
    return f"Vault {snapshot.vault} at block {snapshot.block.number}{stopped}{trouble}"


def pool_rows(snapshot: VaultSnapshot) -> list[tuple[str, ...]]:
    """Return a row a pool, and one for the buffer."""
    shares = shares_wad([pool.value or 0 for pool in snapshot.pools], snapshot.idle)
    rows = [_pool_row(pool, share, snapshot) for pool, share in zip(snapshot.pools, shares, strict=True)]
    idle_share = shares_wad([snapshot.idle], sum(pool.value or 0 for pool in snapshot.pools))[0]
    buffer = (
        "buffer",
        "",
        "",
        assets_text(snapshot.idle, snapshot),
        percent(idle_share),
        assets_text(snapshot.idle_target, snapshot),
        assets_text(snapshot.idle - snapshot.idle_target, snapshot),
        assets_text(snapshot.idle, snapshot),
    )
    return [*rows, buffer]


def whole_rows(snapshot: VaultSnapshot) -> list[tuple[str, str]]:
    """Return what is to be said of the vault as a whole."""
    held = shares_wad([pool.value or 0 for pool in snapshot.pools], snapshot.idle)
    found = concentration(held)
    rows = [
        ("total assets", assets_text(snapshot.total_assets, snapshot)),
        ("worth", usd(snapshot.tvl_usd_wad)),
        ("a share", _UNKNOWN if snapshot.share_price_wad is None else _share_price(snapshot)),
        ("buffer against requests", _liquidity(snapshot)),
        ("Herfindahl index", f"{Decimal(found.herfindahl_wad) / WAD:.4f}"),
        ("effective pools", f"{Decimal(found.effective_pools_wad) / WAD:.2f}"),
    ]
    if found.is_concentrated and found.heaviest is not None:
        heavy = snapshot.pools[found.heaviest].strategy
        rows.append(("concentrated", f"{heavy} holds {percent(held[found.heaviest])} of everything"))
    if snapshot.pools:
        spread = score_spread([pool.scores.c_score for pool in snapshot.pools])
        variance = f"variance {round(spread.variance_bps2):,} bps²"
        rows.append(("scores", f"{spread.lowest} to {spread.highest}, {variance}"))
    last = snapshot.last_rebalance_seconds
    rows.append(("last rebalance", moment(last) if last else "never"))
    return rows


def turn_line(turn: VaultTurn) -> str:
    """Return one look as one line."""
    snapshot, verdict = turn.snapshot, turn.verdict
    what = "sent" if turn.is_sent else verdict.code.value.replace("_", " ")
    return (
        f"block {snapshot.block.number}  {assets_text(snapshot.total_assets, snapshot)}  "
        f"buffer {assets_text(snapshot.idle, snapshot)}  {what}: {verdict.reason}"
    )


def turn_as_json(turn: VaultTurn) -> dict[str, Any]:
    """Amounts are decimal strings: most JSON readers would round them."""
    snapshot, verdict = turn.snapshot, turn.verdict
    return {
        "vault": snapshot.vault,
        "block": snapshot.block.number,
        "asset": {"address": snapshot.asset.address, "symbol": snapshot.asset.symbol},
        "stop": snapshot.stop.name.lower(),
        "trouble": snapshot.trouble,
        "total_assets": _text(snapshot.total_assets),
        "idle": str(snapshot.idle),
        "idle_target": str(snapshot.idle_target),
        "awaited": str(snapshot.awaited),
        "claimable": str(snapshot.claimable),
        "share_price_wad": _text(snapshot.share_price_wad),
        "tvl_usd_wad": _text(snapshot.tvl_usd_wad),
        "pools": [_pool_as_json(pool) for pool in snapshot.pools],
        "verdict": {"code": verdict.code.value, "reason": verdict.reason, "drift": _text(verdict.drift)},
    }


def _pool_row(pool: VaultPool, share: int, snapshot: VaultSnapshot) -> tuple[str, ...]:
    state = pool.state.name.lower() + ("" if pool.is_sound else ", not sound")
    off = None if pool.value is None else pool.value - pool.target
    return (
        pool.strategy,
        state,
        str(pool.scores.c_score),
        assets_text(pool.value, snapshot),
        percent(share),
        assets_text(pool.target, snapshot),
        assets_text(off, snapshot),
        assets_text(pool.liquid, snapshot),
    )


def _pool_as_json(pool: VaultPool) -> dict[str, Any]:
    return {
        "strategy": pool.strategy,
        "state": pool.state.name.lower(),
        "c_score": pool.scores.c_score,
        "value": _text(pool.value),
        "liquid": str(pool.liquid),
        "is_sound": pool.is_sound,
        "target": str(pool.target),
        "weight_wad": str(pool.weight_wad),
    }


def _share_price(snapshot: VaultSnapshot) -> str:
    return f"{Decimal(snapshot.share_price_wad or 0) / WAD:.6f} {snapshot.asset.symbol}"


def _liquidity(snapshot: VaultSnapshot) -> str:
    idle, awaited = (assets_text(assets, snapshot) for assets in (snapshot.idle, snapshot.awaited))
    return f"{idle} idle, {awaited} waited for; {snapshot.liquidity_ratio_bps} bps are to be idle"


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
