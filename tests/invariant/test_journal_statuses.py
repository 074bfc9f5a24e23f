"""Whatever is asked of the journal in whatever order, it never forgets and never goes back.

JOURNAL_A: a plan's id is accepted once.
JOURNAL_B: an intent is unfinished from its opening to its closing, and in between it holds every signed byte.
JOURNAL_C: all attempts of an intent have one nonce.
JOURNAL_D: a closed record never changes.
JOURNAL_E: closings of all kinds are numbered without a gap or a repetition.
Plans are of both kinds. Reopening the database at any moment changes none of it.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy.orm import Session

from steelyard.connect.plan_ids import plan_id_of
from steelyard.exceptions import DuplicateIntent, JournalConflict
from steelyard.model import IntentStatus, Plan, SignedTransaction
from steelyard.record import reports, vault_reports
from steelyard.record.intent_rows import IntentRow
from tests.support.plans import make_plan, make_vault_call
from tests.support.records import Store, make_outcome, make_signed, open_store

pytestmark = pytest.mark.invariant

PLANS: list[Plan] = [
    make(deadline_seconds=2_000_000_000 + n) for n in range(2) for make in (make_plan, make_vault_call)
]
plans = st.sampled_from(PLANS)
CLOSED = [status for status in IntentStatus if not status.is_open]


class JournalMachine(RuleBasedStateMachine):
    """Compares the journal with a model of a few dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.stack = ExitStack()
        self.store = self._open()
        self.attempts: dict[str, list[SignedTransaction]] = {}
        self.closed: dict[str, tuple[Any, ...]] = {}

    def _open(self) -> Store:
        return self.stack.enter_context(open_store(self.folder / "keeper.sqlite"))

    def teardown(self) -> None:
        self.stack.close()
        shutil.rmtree(self.folder)

    def _is_open(self, plan: Plan) -> bool:
        return plan_id_of(plan) in self.attempts and plan_id_of(plan) not in self.closed

    @rule(plan=plans)
    def open_plan(self, plan: Plan) -> None:
        if plan_id_of(plan) in self.attempts:
            with pytest.raises(DuplicateIntent):
                self.store.journal.open(plan)
        else:
            self.store.journal.open(plan)
            self.attempts[plan_id_of(plan)] = []

    @rule(plan=plans, nonce=st.integers(0, 1))
    def sign(self, plan: Plan, nonce: int) -> None:
        earlier = self.attempts.get(plan_id_of(plan), [])
        transaction = make_signed(plan, nonce=nonce, attempt=len(earlier) + 1)
        if self._is_open(plan) and all(attempt.nonce == nonce for attempt in earlier):
            self.store.journal.signed(transaction)
            earlier.append(transaction)
        else:
            with pytest.raises(JournalConflict):
                self.store.journal.signed(transaction)

    @rule(plan=plans)
    def note_sent(self, plan: Plan) -> None:
        if self._is_open(plan) and self.attempts[plan_id_of(plan)]:
            self.store.journal.sent(plan_id_of(plan))
        else:
            with pytest.raises(JournalConflict):
                self.store.journal.sent(plan_id_of(plan))

    @rule(plan=plans, status=st.sampled_from(list(IntentStatus)))
    def close_plan(self, plan: Plan, status: IntentStatus) -> None:
        outcome = make_outcome(plan, status)
        impossible = IntentStatus.PAPER if self.attempts.get(plan_id_of(plan)) else None
        unsigned_end = status in (IntentStatus.REFUSED, IntentStatus.PAPER)
        possible = self.attempts.get(plan_id_of(plan)) or unsigned_end
        if self._is_open(plan) and status in CLOSED and possible and status is not impossible:
            self.store.journal.close(outcome)
            self.closed[plan_id_of(plan)] = self._record(plan_id_of(plan))
        else:
            with pytest.raises(JournalConflict):
                self.store.journal.close(outcome)

    @rule()
    def restart(self) -> None:
        self.stack.close()
        self.store = self._open()

    @invariant()
    def unfinished_are_exactly_the_open_ones_with_all_their_bytes(self) -> None:
        found = {intent.plan_id: list(intent.attempts) for intent in self.store.journal.unfinished()}
        expected = {key: value for key, value in self.attempts.items() if key not in self.closed}
        assert found == expected
        assert all(len({attempt.nonce for attempt in attempts}) <= 1 for attempts in found.values())

    @invariant()
    def closed_records_stay_as_they_are(self) -> None:
        assert all(self._record(key) == values for key, values in self.closed.items())

    @invariant()
    def closings_are_numbered_through(self) -> None:
        with self.store.database.read() as session:
            numbers = sorted(row.closing for row in self._rows(session) if row.closing is not None)
        assert numbers == list(range(1, len(self.closed) + 1))

    def _rows(self, session: Session) -> list[IntentRow]:
        return [*reports.read_records(session), *vault_reports.read_rebalances(session)]

    def _record(self, key: str) -> tuple[Any, ...]:
        with self.store.database.read() as session:
            (record,) = [row for row in self._rows(session) if row.plan_id == key]
            return tuple(getattr(record, column.key) for column in record.__table__.columns)


JournalMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=20)
TestJournal = JournalMachine.TestCase
