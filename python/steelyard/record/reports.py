"""Questions to the records, answered with plain values; printing and plotting is for others.

Amounts are added up in Python: they are larger than what a database adds without loss.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import ColumnElement, Select, func, select

from steelyard.model.execution import IntentStatus
from steelyard.record.intent_rows import OPEN, TABLES
from steelyard.record.tables import ArbitrageRecord, BlockSeen, EventRow, VerdictRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy.orm import Session

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a group of records adds up to.

    Attributes:
        by_status: number of records of each status.
        realised_profit: base units of each asset, gross of gas.
        estimated_net_wei: what the confirmed ones were expected to bring; compare ``net_wei`` of these.
        confirmed_net_wei: what the confirmed ones brought.
        net_wei: of all, gas of failures included.
        builder_tip_wei: what the executor paid to builders, out of the gain and beside the gas.
    """

    by_status: dict[str, int]
    realised_profit: dict[str, int]
    estimated_net_wei: int
    confirmed_net_wei: int
    net_wei: int
    gas_cost_wei: int
    gas_used: int
    builder_tip_wei: int

    @property
    def records(self) -> int:
        """How many records there are."""
        return sum(self.by_status.values())

    @property
    def confirmed(self) -> int:
        """How many of them made their profit."""
        return self.by_status.get(IntentStatus.CONFIRMED.value, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSummary:
    """One block: what was seen, what was decided, and what came of our transactions in it."""

    number: int
    hash: str
    timestamp_seconds: int
    base_fee_wei: int
    candidates: int
    accepted: int
    verdicts: dict[str, int]
    confirmed: int
    reverted: int
    net_wei: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A record that ended other than confirmed."""

    plan_id: str
    timestamp_seconds: int
    status: str
    transaction_hash: str | None
    gas_cost_wei: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something an operator should know."""

    timestamp_seconds: int
    kind: str
    severity: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that ``steelyard report`` shows. Routes are token addresses joined by ``>``."""

    since_seconds: int
    totals: Totals
    by_route: dict[str, Totals]
    by_lender: dict[str, Totals]
    blocks: tuple[BlockSummary, ...]
    verdicts: dict[str, int]
    failures: tuple[Failure, ...]
    events: tuple[Event, ...] = field(default_factory=tuple)


def build_report(session: Session, *, since_seconds: int = 0, max_blocks: int = 10_000) -> Report:
    """Return the report over all records from ``since_seconds`` on, and the newest ``max_blocks`` blocks."""
    records = read_records(session, since_seconds=since_seconds)
    blocks = read_blocks(session, since_seconds=since_seconds, limit=max_blocks)
    verdicts: Counter[str] = Counter()
    for block in blocks:
        verdicts.update(block.verdicts)
    return Report(
        since_seconds=since_seconds,
        totals=add_up(records),
        by_route=_grouped(records, route_key),
        by_lender=_grouped(records, lambda record: record.lender),
        blocks=blocks,
        verdicts=dict(verdicts),
        failures=tuple(_failure(record) for record in records if _is_failure(record)),
        events=read_events(session, since_seconds=since_seconds),
    )


def read_records(
    session: Session, *, since_seconds: int = 0, status: IntentStatus | None = None, limit: int | None = None
) -> Sequence[ArbitrageRecord]:
    """Return records, newest first, from ``since_seconds`` on."""
    query = select(ArbitrageRecord).where(ArbitrageRecord.timestamp_seconds >= since_seconds)
    if status is not None:
        query = query.where(ArbitrageRecord.status == status.value)
    return session.scalars(_newest(query, ArbitrageRecord.id.desc(), limit)).all()


def read_best(session: Session, *, limit: int = 10) -> Sequence[ArbitrageRecord]:
    """Return the records that brought the most after gas, best first."""
    query = select(ArbitrageRecord).where(ArbitrageRecord.status == IntentStatus.CONFIRMED.value)
    return session.scalars(query.order_by(ArbitrageRecord.net_wei.desc()).limit(limit)).all()


def read_blocks(
    session: Session, *, since_seconds: int = 0, limit: int | None = None
) -> tuple[BlockSummary, ...]:
    """Return the blocks seen from ``since_seconds`` on, oldest first; the newest ``limit`` of them."""
    query = select(BlockSeen).where(BlockSeen.seen_seconds >= since_seconds)
    rows = session.scalars(_newest(query, BlockSeen.number.desc(), limit)).all()
    lowest = min((row.number for row in rows), default=0)
    ours: defaultdict[int, list[ArbitrageRecord]] = defaultdict(list)
    for record in session.scalars(select(ArbitrageRecord).where(ArbitrageRecord.mined_block >= lowest)):
        ours[record.mined_block or 0].append(record)
    return tuple(_block(row, ours[row.number]) for row in reversed(rows))


def read_events(session: Session, *, since_seconds: int = 0, limit: int | None = None) -> tuple[Event, ...]:
    """Return events from ``since_seconds`` on, newest first."""
    query = select(EventRow).where(EventRow.timestamp_seconds >= since_seconds)
    return tuple(
        Event(
            timestamp_seconds=row.timestamp_seconds,
            kind=row.kind,
            severity=row.severity,
            message=row.message,
        )
        for row in session.scalars(_newest(query, EventRow.id.desc(), limit))
    )


def read_verdicts(session: Session, *, block_hash: str) -> Sequence[VerdictRow]:
    """Return the verdicts of one block with their reasons, in the order in which they were given."""
    query = select(VerdictRow).where(VerdictRow.block_hash == block_hash).order_by(VerdictRow.id)
    return session.scalars(query).all()


def latest_reasons(session: Session) -> dict[str, str]:
    """Return for each verdict code the reason of the newest verdict that bears it."""
    newest = select(func.max(VerdictRow.id)).group_by(VerdictRow.code)
    rows = session.scalars(select(VerdictRow).where(VerdictRow.id.in_(newest)))
    return {row.code: row.reason for row in rows}


def count_open(session: Session) -> int:
    """Return how many intents, of any kind, the chain has not yet closed."""
    counts = (select(func.count()).where(table.status.in_(OPEN)) for table in TABLES.values())
    return sum(session.scalar(count) or 0 for count in counts)


def add_up(records: Iterable[ArbitrageRecord]) -> Totals:
    """Return what the records add up to."""
    statuses: Counter[str] = Counter()
    profit: defaultdict[str, int] = defaultdict(int)
    estimated_wei = confirmed_wei = net_wei = gas_wei = gas_used = tip_wei = 0
    for record in records:
        statuses[record.status] += 1
        net_wei += record.net_wei or 0
        gas_wei += record.gas_cost_wei or 0
        gas_used += record.gas_used or 0
        tip_wei += record.builder_tip_wei or 0
        if record.status == IntentStatus.CONFIRMED.value:
            profit[record.asset] += record.realised_profit or 0
            estimated_wei += record.estimated_net_wei
            confirmed_wei += record.net_wei or 0
    return Totals(
        by_status=dict(statuses),
        realised_profit=dict(profit),
        estimated_net_wei=estimated_wei,
        confirmed_net_wei=confirmed_wei,
        net_wei=net_wei,
        gas_cost_wei=gas_wei,
        gas_used=gas_used,
        builder_tip_wei=tip_wei,
    )


def route_key(record: ArbitrageRecord) -> str:
    """Return the tokens of a record's route in their order, the asset first and last."""
    legs = json.loads(record.route_json)
    return ">".join([legs[0]["token_in"], *(leg["token_out"] for leg in legs)])


def _grouped(records: Sequence[ArbitrageRecord], key: Callable[[ArbitrageRecord], str]) -> dict[str, Totals]:
    groups: defaultdict[str, list[ArbitrageRecord]] = defaultdict(list)
    for record in records:
        groups[key(record)].append(record)
    return {name: add_up(group) for name, group in sorted(groups.items())}


def _newest(query: Select[tuple[Row]], order: ColumnElement[Any], limit: int | None) -> Select[tuple[Row]]:
    query = query.order_by(order)
    return query if limit is None else query.limit(limit)


def _block(row: BlockSeen, records: Sequence[ArbitrageRecord]) -> BlockSummary:
    statuses = Counter(record.status for record in records)
    return BlockSummary(
        number=row.number,
        hash=row.hash,
        timestamp_seconds=row.timestamp_seconds,
        base_fee_wei=row.base_fee_wei,
        candidates=row.candidates,
        accepted=row.accepted,
        verdicts=json.loads(row.verdicts_json),
        confirmed=statuses[IntentStatus.CONFIRMED.value],
        reverted=statuses[IntentStatus.REVERTED.value],
        net_wei=sum(record.net_wei or 0 for record in records),
    )


def _is_failure(record: ArbitrageRecord) -> bool:
    status = IntentStatus(record.status)
    return not status.is_open and status not in (IntentStatus.CONFIRMED, IntentStatus.PAPER)


def _failure(record: ArbitrageRecord) -> Failure:
    return Failure(
        plan_id=record.plan_id,
        timestamp_seconds=record.timestamp_seconds,
        status=record.status,
        transaction_hash=record.transaction_hash,
        gas_cost_wei=record.gas_cost_wei or 0,
        reason=record.reason,
    )
