"""The keeper reads the record of attempts when outcomes have changed, and not in every block."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from steelyard.app.stages import KeeperStages
from steelyard.model import AttemptRecord, Attempts, Decision, IntentStatus, MarketSnapshot, Mode, Outcome
from tests.support.markets import block, snapshot
from tests.support.plans import make_plan
from tests.support.records import Store, make_outcome, make_signed, open_store

pytestmark = pytest.mark.unit

NOW = 1_700_000_000
FAILED_ONCE = AttemptRecord(failed=1)


class Clock:
    """Stands still until it is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = NOW
        monkeypatch.setattr(time, "time", lambda: self.seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "keeper.sqlite") as opened:
        yield opened


class Desk:
    """A keeper's stages over a real journal, with outcomes that a test puts in."""

    def __init__(self, store: Store, mode: Mode = Mode.LIVE) -> None:
        self.store = store
        self.outcomes: list[Outcome] = []
        self.reads = 0
        self.given: list[Attempts] = []
        parts = SimpleNamespace(
            mode=mode,
            database=SimpleNamespace(read=self._read),
            journal=store.journal,
            tracker=SimpleNamespace(
                settle_open=self._settled, memory_blocks=8, still_stands=lambda _intent: False
            ),
            replacer=SimpleNamespace(tend=lambda _block: None),
            decider=self._decide,
            on_step=lambda _step: None,
        )
        self.stages = KeeperStages(cast("Any", parts), cast("Any", None))

    def _read(self) -> Any:
        self.reads += 1
        return self.store.database.read()

    def _settled(self, _block: object) -> list[Outcome]:
        outcomes, self.outcomes = self.outcomes, []
        return outcomes

    def _decide(self, seen: MarketSnapshot, *, attempts: Attempts, **_others: object) -> Decision:
        self.given.append(attempts)
        return Decision(block=seen.block, verdicts=())

    def fail(self, number: int) -> None:
        plan = make_plan(deadline_seconds=2_000_000_000 + number)
        self.store.journal.open(plan)
        self.store.journal.signed(make_signed(plan, nonce=number))
        outcome = make_outcome(plan, IntentStatus.REVERTED, block_number=100)
        self.store.journal.close(outcome)
        self.outcomes.append(outcome)

    def settle(self, **changes: Any) -> None:
        self.stages._settle(cast("Any", SimpleNamespace(block=block(), reorgs=0, **changes)))

    @property
    def overall(self) -> AttemptRecord:
        return self.stages._attempts.overall


def test_attempts_are_read_at_the_start_and_when_outcomes_changed(store: Store, clock: Clock) -> None:
    desk = Desk(store)
    desk.settle()
    assert (desk.reads, desk.overall) == (1, AttemptRecord())
    desk.settle()
    assert desk.reads == 1
    desk.fail(1)
    desk.settle()
    assert (desk.reads, desk.overall) == (2, FAILED_ONCE)
    desk.settle()
    assert desk.reads == 2


def test_attempts_are_read_again_after_an_hour_since_old_ones_leave_the_window(
    store: Store, clock: Clock
) -> None:
    desk = Desk(store)
    desk.settle()
    clock.seconds += 3_599
    desk.settle()
    assert desk.reads == 1
    clock.seconds += 1
    desk.settle()
    assert desk.reads == 2


def test_an_outcome_that_a_reorganisation_took_back_is_no_attempt(store: Store, clock: Clock) -> None:
    desk = Desk(store)
    desk.fail(1)
    desk.settle()
    assert desk.overall == FAILED_ONCE
    desk.stages._settle(cast("Any", SimpleNamespace(block=block(), reorgs=1)))
    assert (desk.reads, desk.overall) == (2, AttemptRecord())


def test_on_paper_the_record_counts_too(store: Store, clock: Clock) -> None:
    desk = Desk(store, Mode.PAPER)
    desk.fail(1)
    desk.settle()
    assert desk.overall == FAILED_ONCE


def test_what_was_read_is_what_decisions_are_given(store: Store, clock: Clock) -> None:

    desk = Desk(store)
    desk.fail(1)
    desk.settle()
    decision, _ = asyncio.run(desk.stages.decide(snapshot([]), None))
    assert isinstance(decision, Decision)
    assert [attempts.overall for attempts in desk.given] == [FAILED_ONCE]
