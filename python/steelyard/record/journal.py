"""The journal: intent before act, signed bytes before sending, outcome after; durable on return.

Statuses only move forward. The id of a plan is the hash of what it does: the same plan is never opened twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from steelyard.connect.plan_ids import plan_id_of
from steelyard.exceptions import DuplicateIntent, JournalConflict
from steelyard.model import Address, Door, IntentStatus, Mode, Outcome, Plan, SignedTransaction
from steelyard.record.intent_rows import OPEN, TABLES, IntentRow, kind_name, last_closing, new_row, plan_of
from steelyard.record.tables import EventRow, Intent, SignedAttempt
from steelyard.record.writer import Clock, Writer, wall_clock_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ScalarResult
    from sqlalchemy.orm import Session

_UNSIGNED_ENDS = (IntentStatus.REFUSED, IntentStatus.PAPER)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalledIntent:
    """An intent as the journal holds it.

    Attributes:
        attempts: what was signed for it, oldest first; all with one nonce.
        was_sent: whether the last attempt is known to have been taken where it was sent last.
        outcome: what became of it, None while it is open.
    """

    plan_id: str
    plan: Plan
    status: IntentStatus
    attempts: tuple[SignedTransaction, ...]
    was_sent: bool
    outcome: Outcome | None = None

    @property
    def signed(self) -> SignedTransaction | None:
        """The last attempt."""
        return self.attempts[-1] if self.attempts else None


class SqlJournal:
    """``model.ports.Journal`` in the database. Every method is one transaction in the writer thread."""

    def __init__(
        self,
        writer: Writer,
        identify: Callable[[Plan], str] = plan_id_of,
        *,
        mode: Mode = Mode.LIVE,
        clock: Clock = wall_clock_seconds,
    ) -> None:
        """Bind the journal to a writer.

        Args:
            identify: returns a plan's id; replaced in tests only.
        """
        self._writer = writer
        self._identify = identify
        self._mode = mode
        self._clock = clock

    def open(self, plan: Plan) -> None:
        """Write the intent. Raises DuplicateIntent where the plan's id is known, open or closed."""
        plan_id = self._identify(plan)
        self._writer.run(lambda session: self._open(session, plan_id, plan))

    def signed(self, transaction: SignedTransaction) -> None:
        """Write the signed bytes before they are sent.

        Raises:
            JournalConflict: the intent is unknown or closed, or an earlier attempt has another nonce or
                sender, so that both could be mined.
        """
        self._writer.run(lambda session: self._signed(session, transaction))

    def sent(self, plan_id: str) -> None:
        """Note that the last attempt was handed to a node. Raises JournalConflict where there is none."""
        self._writer.run(lambda session: self._sent(session, plan_id))

    def sending_again(
        self, plan_id: str, *, door: Door, held_until_block: int | None, reason: str | None = None
    ) -> None:
        """Write where the last attempt's bytes are about to be sent once more: the door is durable first.

        Args:
            held_until_block: the last block in which relays may have it mined.
            reason: why a private transaction goes to the public pool; written down as an event.

        Raises:
            JournalConflict: the intent is unknown or closed, or nothing was signed for it.
        """
        self._writer.run(
            lambda session: self._sending_again(session, plan_id, door, held_until_block, reason)
        )

    def close(self, outcome: Outcome) -> None:
        """Write what became of the intent. Raises JournalConflict: it is closed, or cannot end so."""
        self._writer.run(lambda session: self._close(session, outcome))

    def unfinished(self) -> Sequence[JournalledIntent]:
        """Return the open intents in the order of their nonces, unsigned ones last."""
        return self._writer.run(_unfinished)

    def closed_from(self, block_number: int) -> Sequence[JournalledIntent]:
        """Return the intents whose outcome stands on a block from this number on, for a reorganisation."""
        return self._writer.run(lambda session: _closed_from(session, block_number))

    def reopen(self, plan_id: str, reason: str) -> None:
        """Open an intent again, because the block that its outcome stood on is no longer part of the chain.

        The one step back that exists: the chain took it, not us. It is written down as an event.

        Raises:
            JournalConflict: its outcome stands on no block.
        """
        self._writer.run(lambda session: self._reopen(session, plan_id, reason))

    def _open(self, session: Session, plan_id: str, plan: Plan) -> None:
        if session.get(Intent, plan_id) is not None:
            status = _record(session, plan_id).status
            raise DuplicateIntent(f"plan {plan_id} is in the journal already, as {status}")
        row = new_row(plan)
        row.plan_id, row.mode = plan_id, self._mode.value
        row.timestamp_seconds, row.status = self._clock(), IntentStatus.PLANNED.value
        session.add_all([Intent(plan_id=plan_id, kind=kind_name(plan)), row])

    def _signed(self, session: Session, transaction: SignedTransaction) -> None:
        record = _open_record(session, transaction.plan_id)
        earlier = _attempts(session, transaction.plan_id)
        for attempt in earlier:
            if (attempt.sender, attempt.nonce) != (transaction.sender, transaction.nonce):
                raise JournalConflict(
                    f"plan {transaction.plan_id} was signed with nonce {attempt.nonce} of {attempt.sender}; "
                    f"another signature must have the same, not {transaction.nonce} of {transaction.sender}"
                )
        session.add(_new_attempt(transaction, len(earlier) + 1, self._clock()))
        if record.status == IntentStatus.PLANNED.value:
            record.status = IntentStatus.SIGNED.value

    def _sent(self, session: Session, plan_id: str) -> None:
        record = _open_record(session, plan_id)
        attempts = _attempts(session, plan_id)
        if not attempts:
            raise JournalConflict(f"plan {plan_id} cannot have been sent: nothing was signed for it")
        if attempts[-1].sent_seconds is None:
            attempts[-1].sent_seconds = self._clock()
        record.status = IntentStatus.SENT.value

    def _sending_again(
        self, session: Session, plan_id: str, door: Door, held_until_block: int | None, reason: str | None
    ) -> None:
        _open_record(session, plan_id)
        attempts = _attempts(session, plan_id)
        if not attempts:
            raise JournalConflict(f"plan {plan_id} cannot be sent again: nothing was signed for it")
        last = attempts[-1]
        last.door, last.held_until_block, last.sent_seconds = door.value, held_until_block, None
        if reason is not None:
            message = f"plan {plan_id}: {reason}"
            session.add(
                EventRow(
                    timestamp_seconds=self._clock(),
                    kind="sent_publicly",
                    severity="warning",
                    message=message,
                )
            )

    def _close(self, session: Session, outcome: Outcome) -> None:
        record = _open_record(session, outcome.plan_id)
        if outcome.status.is_open:
            raise JournalConflict(f"plan {outcome.plan_id} cannot be closed as {outcome.status.value}")
        signed = bool(_attempts(session, outcome.plan_id))
        if not signed and outcome.status not in _UNSIGNED_ENDS:
            raise JournalConflict(
                f"plan {outcome.plan_id} was never signed, so it cannot be {outcome.status.value}"
            )
        if signed and outcome.status is IntentStatus.PAPER:
            raise JournalConflict(f"plan {outcome.plan_id} was signed, so it is no paper trade")
        record.status = outcome.status.value
        record.closed_seconds = self._clock()
        record.closing = last_closing(session) + 1
        record.gas_used = outcome.gas_used
        record.gas_cost_wei = outcome.gas_cost_wei
        record.net_wei = outcome.net_wei
        for column, name in record.REALISED.items():
            setattr(record, column, getattr(outcome, name))
        record.mined_block = outcome.block_number
        record.transaction_hash = outcome.transaction_hash
        record.reason = outcome.reason

    def _reopen(self, session: Session, plan_id: str, reason: str) -> None:
        record = _record(session, plan_id)
        if record.mined_block is None:
            raise JournalConflict(f"plan {plan_id} cannot be reopened: its outcome stands on no block")
        message = f"plan {plan_id}: {record.status} in block {record.mined_block} undone, {reason}"
        now = self._clock()
        session.add(EventRow(timestamp_seconds=now, kind="reopened", severity="warning", message=message))
        record.status = IntentStatus.SENT.value
        record.closed_seconds = record.closing = record.mined_block = record.transaction_hash = None
        record.gas_used = record.gas_cost_wei = record.net_wei = None
        for column in record.REALISED:
            setattr(record, column, None)
        record.reason = reason


def _record(session: Session, plan_id: str) -> IntentRow:
    intent = session.get(Intent, plan_id)
    if intent is None:
        raise JournalConflict(f"plan {plan_id} is not in the journal: its intent must be written first")
    table = TABLES[intent.kind]
    found: ScalarResult[IntentRow] = session.scalars(select(table).where(table.plan_id == plan_id))
    return found.one()


def _open_record(session: Session, plan_id: str) -> IntentRow:
    record = _record(session, plan_id)
    if not IntentStatus(record.status).is_open:
        raise JournalConflict(f"plan {plan_id} is closed as {record.status}; a status only moves forward")
    return record


def _attempts(session: Session, plan_id: str) -> Sequence[SignedAttempt]:
    query = select(SignedAttempt).where(SignedAttempt.plan_id == plan_id).order_by(SignedAttempt.attempt)
    return session.scalars(query).all()


def _new_attempt(transaction: SignedTransaction, number: int, now_seconds: int) -> SignedAttempt:
    return SignedAttempt(
        plan_id=transaction.plan_id,
        attempt=number,
        hash=transaction.hash,
        sender=transaction.sender,
        nonce=transaction.nonce,
        raw=transaction.raw,
        gas_limit=transaction.gas_limit,
        max_fee_per_gas_wei=transaction.max_fee_per_gas_wei,
        max_priority_fee_per_gas_wei=transaction.max_priority_fee_per_gas_wei,
        deadline_seconds=transaction.deadline_seconds,
        signed_seconds=now_seconds,
        door=transaction.door.value,
        held_until_block=transaction.held_until_block,
        access_list_gas_saved=transaction.access_list_gas_saved,
    )


def _unfinished(session: Session) -> list[JournalledIntent]:
    rows: list[IntentRow] = []
    for table in TABLES.values():
        rows.extend(session.scalars(select(table).where(table.status.in_(OPEN)).order_by(table.id)))
    intents = [_intent(session, row) for row in rows]
    return sorted(intents, key=lambda intent: (intent.signed is None, _nonce(intent)))


def _closed_from(session: Session, block_number: int) -> list[JournalledIntent]:
    rows: list[IntentRow] = []
    for table in TABLES.values():
        mined = select(table).where(table.mined_block >= block_number, table.status.not_in(OPEN))
        rows.extend(session.scalars(mined.order_by(table.id)))
    return [_intent(session, row) for row in rows]


def _nonce(intent: JournalledIntent) -> int:
    return intent.signed.nonce if intent.signed else 0


def _intent(session: Session, record: IntentRow) -> JournalledIntent:
    attempts = _attempts(session, record.plan_id)
    return JournalledIntent(
        plan_id=record.plan_id,
        plan=plan_of(record),
        status=IntentStatus(record.status),
        attempts=tuple(_transaction(attempt) for attempt in attempts),
        was_sent=bool(attempts) and attempts[-1].sent_seconds is not None,
        outcome=_outcome(record),
    )


def _outcome(record: IntentRow) -> Outcome | None:
    status = IntentStatus(record.status)
    if status.is_open:
        return None
    realised = {name: getattr(record, column) or 0 for column, name in record.REALISED.items()}
    fields: dict[str, int] = {"profit": 0, **realised}
    return Outcome(
        plan_id=record.plan_id,
        status=status,
        block_number=record.mined_block,
        transaction_hash=record.transaction_hash,
        gas_used=record.gas_used or 0,
        gas_cost_wei=record.gas_cost_wei or 0,
        net_wei=record.net_wei or 0,
        reason=record.reason,
        **fields,
    )


def _transaction(attempt: SignedAttempt) -> SignedTransaction:
    return SignedTransaction(
        plan_id=attempt.plan_id,
        hash=attempt.hash,
        sender=Address(attempt.sender),
        nonce=attempt.nonce,
        raw=attempt.raw,
        gas_limit=attempt.gas_limit,
        max_fee_per_gas_wei=attempt.max_fee_per_gas_wei,
        max_priority_fee_per_gas_wei=attempt.max_priority_fee_per_gas_wei,
        deadline_seconds=attempt.deadline_seconds,
        door=Door(attempt.door),
        held_until_block=attempt.held_until_block,
        access_list_gas_saved=attempt.access_list_gas_saved,
    )
