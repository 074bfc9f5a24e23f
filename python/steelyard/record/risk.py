"""The risk taken so far, from the records: a restart forgets none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from steelyard.model.execution import IntentStatus
from steelyard.model.risk import RiskState
from steelyard.record.tables import ArbitrageRecord, EventRow, SignedAttempt
from steelyard.record.writer import Clock, Writer, wall_clock_seconds

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

DAY_SECONDS: Final = 86_400
HOUR_SECONDS: Final = 3_600
ACKNOWLEDGED: Final = "failures_acknowledged"

_OPEN: Final = tuple(status.value for status in IntentStatus if status.is_open)
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
        failures_in_a_row=_failures_in_a_row(session),
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
                closing=session.scalar(select(func.max(ArbitrageRecord.closing))) or 0,
            )
        )

    writer.run(write)


def _closed_since(session: Session, start_seconds: int) -> list[tuple[int, int, int]]:
    """Return (closed, net, gas) of what was closed at ``start_seconds`` or later."""
    query = select(
        ArbitrageRecord.closed_seconds, ArbitrageRecord.net_wei, ArbitrageRecord.gas_cost_wei
    ).where(ArbitrageRecord.closed_seconds >= start_seconds)
    return [(closed or 0, net or 0, gas or 0) for closed, net, gas in session.execute(query)]


def _open_gas_wei(session: Session) -> int:
    """Add up the dearest attempt of each open intent: at most one attempt of an intent can be mined."""
    query = (
        select(SignedAttempt.plan_id, SignedAttempt.gas_limit, SignedAttempt.max_fee_per_gas_wei)
        .join(ArbitrageRecord, ArbitrageRecord.plan_id == SignedAttempt.plan_id)
        .where(ArbitrageRecord.status.in_(_OPEN))
    )
    dearest: dict[str, int] = {}
    for plan_id, gas_limit, max_fee_wei in session.execute(query):
        dearest[plan_id] = max(dearest.get(plan_id, 0), gas_limit * max_fee_wei)
    return sum(dearest.values())


def _failures_in_a_row(session: Session) -> int:
    success = select(func.max(ArbitrageRecord.closing)).where(
        ArbitrageRecord.status == IntentStatus.CONFIRMED.value
    )
    looked_at = select(func.max(EventRow.closing)).where(EventRow.kind == ACKNOWLEDGED)
    start = max(session.scalar(success) or 0, session.scalar(looked_at) or 0)
    failures = select(func.count()).where(
        ArbitrageRecord.status.in_(_FAILED), ArbitrageRecord.closing > start
    )
    return session.scalar(failures) or 0
