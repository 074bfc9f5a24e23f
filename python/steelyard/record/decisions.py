"""The decision log: every verdict of every block with its reason, a refusal like an acceptance."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select

from steelyard.record.plan_json import verdict_route_json
from steelyard.record.tables import BlockSeen, EventRow, VerdictRow
from steelyard.record.writer import Clock, Writer, wall_clock_seconds

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from steelyard.model import Decision, Verdict

_PRUNE_EVERY: Final = 64
_NUMBER: Final = re.compile(r"\d+")


class DecisionLog:
    """Writes a block's verdicts in one transaction, behind the journal's writes.

    The newest ``keep_verdicts`` verdicts stay; of older ones the count of each code stays, with its block.
    """

    def __init__(
        self, writer: Writer, *, keep_verdicts: int = 500_000, clock: Clock = wall_clock_seconds
    ) -> None:
        self._writer = writer
        self._keep_verdicts = keep_verdicts
        self._clock = clock
        self._recorded = 0
        self._limits: frozenset[str] = frozenset()

    def record(self, decision: Decision) -> None:
        """Queue the block and its verdicts; what cannot be written is counted, see ``Writer``.

        Raises:
            StoreUnavailable: an earlier block could not be written.
        """
        self._recorded += 1
        prune = self._recorded % _PRUNE_EVERY == 0
        now_seconds = self._clock()

        def write(session: Session) -> None:
            _write_block(session, decision, now_seconds)
            if prune:
                _prune(session, self._keep_verdicts)

        self._writer.post(write)
        self._say_limits(decision)

    def _say_limits(self, decision: Decision) -> None:
        """Record the bounds that a search reached when they are others than the block before's."""
        limits = frozenset(_NUMBER.sub("", limit) for limit in decision.search_limits)
        if limits and limits != self._limits:
            said = "; ".join(decision.search_limits)
            self.event("search_limits", f"block {decision.block.number} and later: {said}")
        self._limits = limits

    def event(self, kind: str, message: str, *, severity: str = "info") -> None:
        """Queue something that the operator should know: ``severity`` is info, warning or critical."""
        row = {"timestamp_seconds": self._clock(), "kind": kind, "severity": severity, "message": message}
        self._writer.post(lambda session: session.add(EventRow(**row)))


def _write_block(session: Session, decision: Decision, now_seconds: int) -> None:
    block = decision.block
    counts = Counter(verdict.code.value for verdict in decision.verdicts)
    # The same block decided again, after a restart: the newer verdicts take the place of the older.
    session.execute(delete(VerdictRow).where(VerdictRow.block_hash == block.hash))
    session.merge(
        BlockSeen(
            hash=block.hash,
            number=block.number,
            parent_hash=block.parent_hash,
            timestamp_seconds=block.timestamp_seconds,
            base_fee_wei=block.base_fee_wei,
            seen_seconds=now_seconds,
            candidates=len(decision.verdicts),
            accepted=len(decision.plans),
            verdicts_json=json.dumps(dict(sorted(counts.items())), separators=(",", ":")),
        )
    )
    rows = [_row(decision, verdict) for verdict in decision.verdicts]
    if rows:
        session.execute(insert(VerdictRow), rows)


def _row(decision: Decision, verdict: Verdict) -> dict[str, Any]:
    return {
        "block_hash": decision.block.hash,
        "block_number": decision.block.number,
        "code": verdict.code.value,
        "asset": verdict.asset,
        "amount": verdict.amount,
        "profit": verdict.profit,
        "net_wei": verdict.net_wei,
        "route_json": verdict_route_json(verdict.route),
        "reason": verdict.reason,
    }


def _prune(session: Session, keep: int) -> None:
    newest = session.scalar(select(func.max(VerdictRow.id)))
    if newest is not None and newest > keep:
        session.execute(delete(VerdictRow).where(VerdictRow.id <= newest - keep))
