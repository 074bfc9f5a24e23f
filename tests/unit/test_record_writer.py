"""The writer: journal writes wait and go first, logs neither block nor vanish silently."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from steelyard.exceptions import StoreBusy, StoreUnavailable
from steelyard.record.database import Database
from steelyard.record.reports import read_events
from steelyard.record.tables import EventRow
from steelyard.record.writer import Writer
from tests.support.patience import PATIENCE_SECONDS
from tests.support.records import FixedClock

pytestmark = pytest.mark.unit


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(f"sqlite:///{tmp_path}/keeper.sqlite", busy_timeout_seconds=0.1) as opened:
        yield opened


def row(message: str) -> EventRow:
    return EventRow(timestamp_seconds=1, kind="test", severity="info", message=message)


def messages(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(EventRow.message).order_by(EventRow.id)))


class Gate:
    """Work that holds the writer's thread until a test lets it go."""

    def __init__(self, writer: Writer) -> None:
        self.held = threading.Event()
        self.released = threading.Event()
        writer.post(self._hold)
        assert self.held.wait(PATIENCE_SECONDS)

    def _hold(self, _session: Session) -> None:
        self.held.set()
        self.released.wait(PATIENCE_SECONDS)


def test_error_of_the_work_reaches_its_caller_and_undoes_the_work(database: Database) -> None:
    def write_and_fail(session: Session) -> None:
        session.add(row("half"))
        session.flush()
        raise LookupError("in the middle")

    with Writer(database) as writer:
        with pytest.raises(LookupError, match="in the middle"):
            writer.run(write_and_fail)
        writer.run(lambda session: session.add(row("whole")))
    assert messages(database) == ["whole"]


def test_journal_write_overtakes_what_was_posted(database: Database) -> None:
    with Writer(database) as writer:
        gate = Gate(writer)
        writer.post(lambda session: session.add(row("log")))
        urgent = threading.Thread(target=writer.run, args=(lambda session: session.add(row("journal")),))
        urgent.start()
        while not writer._urgent:
            time.sleep(0.001)
        gate.released.set()
        urgent.join(PATIENCE_SECONDS)
        writer.flush()
    assert messages(database) == ["journal", "log"]


def test_too_many_logs_push_out_the_oldest_and_the_loss_is_written_down(database: Database) -> None:
    with Writer(database, max_queued=3, clock=FixedClock(5)) as writer:
        gate = Gate(writer)
        for number in range(5):
            writer.post(lambda session, number=number: session.add(row(str(number))))
        gate.released.set()
        writer.flush()
        assert writer.lost == 2
    with database.read() as session:
        lost = [event for event in read_events(session) if event.kind == "decisions_lost"]
    assert [event.message for event in lost] == ["2 decision logs were dropped: the database did not keep up"]
    assert [message for message in messages(database) if len(message) == 1] == ["2", "3", "4"]


def test_log_waits_out_a_lock_and_is_written(database: Database) -> None:
    assert database.path is not None
    holder = sqlite3.connect(database.path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN EXCLUSIVE")
    with Writer(database) as writer:
        writer.post(lambda session: session.add(row("patient")))
        with pytest.raises(StoreBusy, match="still wait"):
            writer.flush(timeout_seconds=0.2)
        holder.rollback()
        writer.flush()
        assert writer.lost == 0
    holder.close()
    assert messages(database) == ["patient"]


def test_log_that_cannot_be_written_is_counted_and_told_at_the_next_post(database: Database) -> None:
    def fail(_session: Session) -> None:
        raise StoreUnavailable("disk full")

    with Writer(database) as writer:
        writer.post(fail)
        with pytest.raises(StoreUnavailable, match="disk full"):
            writer.flush()
        assert writer.lost == 1
        writer.post(lambda session: session.add(row("after")))
        writer.flush()
    assert messages(database)[0] == "after"


def test_closing_writes_what_is_queued_and_refuses_more(database: Database) -> None:
    writer = Writer(database)
    for number in range(20):
        writer.post(lambda session, number=number: session.add(row(str(number))))
    writer.close()
    assert messages(database) == [str(number) for number in range(20)]
    with pytest.raises(StoreUnavailable, match="closed"):
        writer.run(lambda session: None)
    with pytest.raises(StoreUnavailable, match="closed"):
        writer.post(lambda session: None)
