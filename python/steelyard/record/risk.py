"""The risk taken so far, from the records: a restart forgets none of it.

Gas and losses of rebalances count like those of arbitrage: it is one account's money. Failures in a row are
counted for each kind of intent by itself, since the success of one says nothing of the other; the longest row
counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from steelyard.model.execution import IntentStatus
from steelyard.model.risk import RiskState
from steelyard.record.intent_rows import OPEN, TABLES, IntentRow, last_closing
from steelyard.record.tables import EventRow, SignedAttempt
from steelyard.record.writer import Clock, Writer, wall_clock_seconds

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

DAY_SECONDS: Final = 86_400
HOUR_SECONDS: Final = 3_600
ACKNOWLEDGED: Final = "failures_acknowledged"

_FAILED: Final = tuple(
    status.value for status in (IntentStatus.REVERTED, IntentStatus.REPLACED, IntentStatus.DROPPED)
)


def read_risk_state(session: Session, *, now_seconds: int) -> RiskState:
    """Return the losses, gas and failures up to ``now_seconds``.

    Windows are closed at their beginning: what happened exactly a day or an hour ago still counts.
    """
    day = _closed_since(session, now_seconds - DAY_SECONDS)
    hour_start = now_seconds - HOUR_SECONDS
    return RiskState(
        loss_day_wei=max(0, -sum(net for _, net, _ in day)),
        gas_hour_wei=sum(gas for closed, _, gas in day if closed >= hour_start),
        gas_open_wei=_open_gas_wei(session),
        failures_in_a_row=max(_failures_in_a_row(session, table) for table in TABLES.values()),
    )


def acknowledge_failures(writer: Writer, *, who: str, clock: Clock = wall_clock_seconds) -> None:
    """Note that an operator has looked at the failures in a row: counting begins anew."""

    def write(session: Session) -> None:
        session.add(
            EventRow(
                timestamp_seconds=clock(),
                kind=ACKNOWLEDGED,
                severity="info",
                message=f"failures acknowledged by {who}",
                closing=last_closing(session),
            )
        )

    writer.run(write)


def _closed_since(session: Session, start_seconds: int) -> list[tuple[int, int, int]]:
    """Return (closed, net, gas) of what was closed at ``start_seconds`` or later."""
    found: list[tuple[int, int, int]] = []
    for table in TABLES.values():
        query = select(table.closed_seconds, table.net_wei, table.gas_cost_wei)
        rows = session.execute(query.where(table.closed_seconds >= start_seconds))
        found.extend((closed or 0, net or 0, gas or 0) for closed, net, gas in rows)
    return found


def _open_gas_wei(session: Session) -> int:
    """Add up the dearest attempt of each open intent: at most one attempt of an intent can be mined."""
    dearest: dict[str, int] = {}
    for table in TABLES.values():
        query = (
            select(SignedAttempt.plan_id, SignedAttempt.gas_limit, SignedAttempt.max_fee_per_gas_wei)
            .join(table, table.plan_id == SignedAttempt.plan_id)
            .where(table.status.in_(OPEN))
        )
        for plan_id, gas_limit, max_fee_wei in session.execute(query):
            dearest[plan_id] = max(dearest.get(plan_id, 0), gas_limit * max_fee_wei)
    return sum(dearest.values())


def _failures_in_a_row(session: Session, table: type[IntentRow]) -> int:
    success = select(func.max(table.closing)).where(table.status == IntentStatus.CONFIRMED.value)
    looked_at = select(func.max(EventRow.closing)).where(EventRow.kind == ACKNOWLEDGED)
    start = max(session.scalar(success) or 0, session.scalar(looked_at) or 0)
    failures = select(func.count()).where(table.status.in_(_FAILED), table.closing > start)
    return session.scalar(failures) or 0
