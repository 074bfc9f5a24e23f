"""What a vault was seen to be and what was decided about it, written down where it is something new.

A vault is looked at often and changes seldom. What is the same as the look before moves only the end of its
row: it was so until this block.

- A state is the same where the facts are (policy, what is stopped, shares, pools with their states, scores,
  weights and soundness, the last rebalance and loss, trouble), each amount is within a ten-thousandth of
  total assets of the row's, and its value in dollars within a hundredth. Slow interest so makes a row when it
  has come to something, and not with each block. What a pool takes beyond everything that the vault has is as
  good as no limit.
- A verdict is the same where its code is, and its reason but for the numbers. An acceptance never is.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import delete, func, select

from steelyard.model import RebalanceCode
from steelyard.record.tables import TokenRow
from steelyard.record.vault_json import limits_json, pools_json
from steelyard.record.vault_tables import VaultState, VaultVerdictRow
from steelyard.record.writer import Clock, Writer, wall_clock_seconds
from steelyard.units import BPS

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from steelyard.model import RebalanceVerdict, VaultSnapshot

Row = TypeVar("Row", VaultState, VaultVerdictRow)

_PRUNE_EVERY: Final = 64
_NUMBER: Final = re.compile(r"\d[\d,.]*")
_FACTS: Final = (
    "policy",
    "asset",
    "stop",
    "supply",
    "liquidity_ratio_bps",
    "last_rebalance_seconds",
    "loss_used",
    "loss_updated_seconds",
)
_AMOUNTS: Final = ("total_assets", "idle", "idle_target", "claimable", "awaited")
_POOL_AMOUNTS: Final = ("value", "liquid", "target")
_POOL_LIMITS: Final = ("pays", "room")
_USD_PARTS: Final = 100


class VaultLog:
    """Writes what was seen and decided, behind the journal's writes; the newest rows are kept."""

    def __init__(
        self, writer: Writer, *, keep_rows: int = 100_000, clock: Clock = wall_clock_seconds
    ) -> None:
        """Bind the log.

        Args:
            keep_rows: of states, and of verdicts; of all vaults together.
        """
        self._writer = writer
        self._keep_rows = keep_rows
        self._clock = clock
        self._recorded = 0

    def record(self, snapshot: VaultSnapshot, verdict: RebalanceVerdict) -> None:
        """Queue what was seen and decided at one block; what cannot be written is counted, see ``Writer``.

        Raises:
            StoreUnavailable: an earlier piece could not be written.
        """
        self._recorded += 1
        prune = self._recorded % _PRUNE_EVERY == 0
        now_seconds = self._clock()

        def write(session: Session) -> None:
            _write_state(session, snapshot, now_seconds)
            _write_verdict(session, verdict, now_seconds)
            if prune:
                _prune(session, VaultState, self._keep_rows)
                _prune(session, VaultVerdictRow, self._keep_rows)

        self._writer.post(write)


def _write_state(session: Session, snapshot: VaultSnapshot, now_seconds: int) -> None:
    new, block = _state(snapshot), snapshot.block
    last = _newest(session, VaultState, snapshot.vault)
    if last is None or not _is_same_state(last, new):
        asset = snapshot.asset
        session.merge(TokenRow(address=asset.address, symbol=asset.symbol[:64], decimals=asset.decimals))
        new.block_number, new.block_hash = block.number, block.hash
        new.timestamp_seconds = block.timestamp_seconds
        session.add(new)
        last = new
    last.last_block, last.last_seconds, last.seen_seconds = block.number, block.timestamp_seconds, now_seconds


def _write_verdict(session: Session, verdict: RebalanceVerdict, now_seconds: int) -> None:
    block = verdict.block
    row = _newest(session, VaultVerdictRow, verdict.vault)
    if row is None or not _is_same_verdict(row, verdict):
        row = VaultVerdictRow(vault=verdict.vault, code=verdict.code.value)
        row.block_number, row.timestamp_seconds = block.number, block.timestamp_seconds
        session.add(row)
    row.drift, row.reason = verdict.drift, verdict.reason
    row.last_block, row.last_seconds, row.seen_seconds = block.number, block.timestamp_seconds, now_seconds


def _state(snapshot: VaultSnapshot) -> VaultState:
    same_names = (*_FACTS, *_AMOUNTS, "vault", "share_price_wad", "tvl_usd_wad", "trouble")
    values: dict[str, Any] = {name: getattr(snapshot, name) for name in same_names}
    values |= {"asset": snapshot.asset.address, "stop": int(snapshot.stop)}
    texts = {"pools_json": pools_json(snapshot.pools), "limits_json": limits_json(snapshot.limits)}
    return VaultState(**values, **texts)


def _is_same_state(row: VaultState, new: VaultState) -> bool:
    tolerance = (row.total_assets or 0) // BPS
    usd_tolerance = (row.tvl_usd_wad or 0) // _USD_PARTS
    return (
        all(getattr(row, name) == getattr(new, name) for name in _FACTS)
        and _without_numbers(row.trouble) == _without_numbers(new.trouble)
        and all(_is_near(getattr(row, name), getattr(new, name), tolerance) for name in _AMOUNTS)
        and _is_near(row.tvl_usd_wad, new.tvl_usd_wad, usd_tolerance)
        and _are_same_pools(json.loads(row.pools_json), json.loads(new.pools_json), row.total_assets or 0)
    )


def _are_same_pools(before: list[dict[str, Any]], after: list[dict[str, Any]], total_assets: int) -> bool:
    return len(before) == len(after) and all(
        _is_same_pool(old, new, total_assets) for old, new in zip(before, after, strict=True)
    )


def _is_same_pool(old: dict[str, Any], new: dict[str, Any], total_assets: int) -> bool:
    """Rows of older versions have no limits: as if there were none."""
    tolerance = total_assets // BPS
    facts = new.keys() - {*_POOL_AMOUNTS, *_POOL_LIMITS}
    return (
        all(old[name] == new[name] for name in facts)
        and all(_is_near(_number(old[name]), _number(new[name]), tolerance) for name in _POOL_AMOUNTS)
        and all(
            _is_near(_limit(old.get(name), total_assets), _limit(new[name], total_assets), tolerance)
            for name in _POOL_LIMITS
        )
    )


def _is_same_verdict(row: VaultVerdictRow, verdict: RebalanceVerdict) -> bool:
    same_words = _without_numbers(row.reason) == _without_numbers(verdict.reason)
    return row.code == verdict.code.value and verdict.code is not RebalanceCode.ACCEPTED and same_words


def _is_near(before: int | None, after: int | None, tolerance: int) -> bool:
    if before is None or after is None:
        return before is after
    return abs(before - after) <= tolerance


def _limit(text: str | None, total_assets: int) -> int:
    number = _number(text)
    return total_assets if number is None else min(number, total_assets)


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _without_numbers(text: str | None) -> str | None:
    return None if text is None else _NUMBER.sub("", text)


def _newest(session: Session, table: type[Row], vault: str) -> Row | None:
    query = select(table).where(table.vault == vault).order_by(table.id.desc()).limit(1)
    return session.scalars(query).first()


def _prune(session: Session, table: type[Row], keep: int) -> None:
    newest = session.scalar(select(func.max(table.id)))
    if newest is not None and newest > keep:
        session.execute(delete(table).where(table.id <= newest - keep))
