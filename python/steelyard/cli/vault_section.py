"""From what is remembered of a vault to its section of the report."""

from __future__ import annotations

from decimal import Decimal

from steelyard.cli.vault_words import (
    POOL_HEADINGS,
    Shares,
    assets_text,
    code_text,
    headline,
    history_rows,
    pool_rows,
    shares_now,
    shares_to_be,
    whole_rows,
)
from steelyard.cli.wording import lasting, moment, short_address
from steelyard.model import Move
from steelyard.record.vault_json import parse_rebalance
from steelyard.record.vault_reports import SeenVault, VaultHistory, VerdictSum, add_up_verdicts
from steelyard.record.vault_tables import VaultRebalance
from steelyard.units import WAD
from steelyard.web.report import VaultPoint, VaultRebalanceLine, VaultSection, VaultVerdictLine


def vault_section(history: VaultHistory) -> VaultSection:
    """Return the section."""
    latest = history.latest
    points = [_point(state, state.timestamp_seconds) for state in history.states]
    if latest.last_seconds > latest.timestamp_seconds:
        points.append(_point(latest, latest.last_seconds))
    return VaultSection(
        address=latest.vault,
        headline=headline(latest),
        symbol=latest.asset.symbol,
        points=points,
        rebalanced_seconds=history.rebalanced_seconds,
        pool_headings=POOL_HEADINGS,
        pools=pool_rows(latest),
        metrics=[*whole_rows(latest), *history_rows(history)],
        rebalances=[_rebalance(row, latest) for row in history.rebalances],
        verdicts=[_verdict(found) for found in add_up_verdicts(history.verdicts)],
    )


def _point(state: SeenVault, seconds: int) -> VaultPoint:
    total, price = state.total_assets, state.share_price_wad
    return VaultPoint(
        seconds=seconds,
        held=None if total is None else _by_name(shares_now(state), state),
        wanted=None if total is None else _by_name(shares_to_be(state), state),
        total_assets=None if total is None else Decimal(total).scaleb(-state.asset.decimals),
        share_price=None if price is None else Decimal(price) / WAD,
    )


def _by_name(shares: Shares, state: SeenVault) -> dict[str, int]:
    names = [short_address(pool.strategy) for pool in state.pools]
    return dict(zip(names, shares.pools, strict=True)) | {"buffer": shares.buffer}


def _rebalance(row: VaultRebalance, latest: SeenVault) -> VaultRebalanceLine:
    plan = parse_rebalance(row.moves_json, row.plan_json)
    return VaultRebalanceLine(
        time=moment(row.timestamp_seconds),
        status=row.status,
        moves=[_move(move, latest) for move in plan.moves],
        moved="" if row.moved is None else assets_text(row.moved, latest),
        loss_expected=assets_text(row.expected_loss, latest),
        loss="" if row.loss is None else assets_text(row.loss, latest),
        cost=assets_text(row.cost, latest),
        benefit=assets_text(row.benefit, latest),
        gas_cost_wei=row.gas_cost_wei,
        reason=row.reason,
        transaction_hash=row.transaction_hash or "",
    )


def _move(move: Move, latest: SeenVault) -> str:
    direction = "into" if move.is_deploy else "out of"
    return f"{assets_text(move.assets, latest)} {direction} {short_address(move.strategy)}"


def _verdict(found: VerdictSum) -> VaultVerdictLine:
    return VaultVerdictLine(
        verdict=code_text(found.latest.code),
        times=found.times,
        lasted=lasting(found.seconds),
        latest=moment(found.latest.last_seconds),
        reason=found.latest.reason,
    )
