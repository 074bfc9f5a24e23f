"""A database that cannot be used ends in a clear verdict, and never in half a write."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from steelyard.exceptions import ConfigError, StoreBusy, StoreUnavailable
from steelyard.model import IntentStatus
from steelyard.record.database import Database
from tests.support.patience import PATIENCE_SECONDS
from tests.support.plans import make_plan
from tests.support.records import make_outcome, make_signed, open_store

pytestmark = pytest.mark.unit


def test_new_database_is_set_up_in_a_new_folder_with_full_durability(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path}/new/keeper.sqlite") as database, database.read() as session:
        connection = session.connection()
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_reader_says_that_there_is_no_database_instead_of_making_one(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"no database at .*steelyard run"):
        Database(f"sqlite:///{tmp_path}/keeper.sqlite", create=False)
    assert not (tmp_path / "keeper.sqlite").exists()


def test_url_that_is_none_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match=r"keeper\.database_url"):
        Database("keeper.sqlite")


def test_locked_database_is_busy_and_the_intent_can_be_written_later(tmp_path: Path) -> None:
    path = tmp_path / "keeper.sqlite"
    plan = make_plan()
    with open_store(path, busy_timeout_seconds=0.1) as store:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreBusy, match=r"locked by another process.*close what holds it"):
            store.journal.open(plan)
        holder.rollback()
        holder.close()
        store.journal.open(plan)
        assert [intent.plan for intent in store.journal.unfinished()] == [plan]


def test_database_locked_at_the_start_is_busy(tmp_path: Path) -> None:
    path = tmp_path / "keeper.sqlite"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    holder.execute("CREATE TABLE t (x)")
    with pytest.raises(StoreBusy):
        Database(f"sqlite:///{path}", busy_timeout_seconds=0.1)
    holder.close()


def test_full_database_stops_and_keeps_what_it_had(tmp_path: Path) -> None:
    path = tmp_path / "keeper.sqlite"
    kept, refused = make_plan(), make_plan(deadline_seconds=2_000_000_001)
    with open_store(path) as store:
        store.journal.open(kept)
        with store.database.read() as session:
            used = session.connection().exec_driver_sql("PRAGMA page_count").scalar()
        store.writer.run(
            lambda session: session.connection().exec_driver_sql(f"PRAGMA max_page_count={used}")
        )
        with pytest.raises(StoreUnavailable, match="free some space") as caught:
            store.journal.open(make_plan(deadline_seconds=2_000_000_001, reason="x" * 20_000))
        assert str(path) in str(caught.value)
    with open_store(path) as store:
        assert [intent.plan for intent in store.journal.unfinished()] == [kept]
        store.journal.open(refused)


_FILL_THE_DISK = """
    import resource, signal, sys
    from pathlib import Path
    from steelyard.exceptions import StoreUnavailable
    from tests.support.plans import make_plan
    from tests.support.records import open_store

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open_store(Path(sys.argv[1])) as store:
        store.journal.open(make_plan())
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
        try:
            for n in range(1, 10_000):
                store.journal.open(make_plan(deadline_seconds=2_000_000_000 + n))
        except StoreUnavailable as error:
            print(n, error)
"""


def test_no_space_for_the_write_ahead_log_stops_and_every_acknowledged_intent_is_there(
    tmp_path: Path,
) -> None:
    path = tmp_path / "keeper.sqlite"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_FILL_THE_DISK), str(path)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    acknowledged, _, message = done.stdout.partition(" ")
    assert "check the disk" in message or "free some space" in message
    with open_store(path) as store:
        assert len(store.journal.unfinished()) == int(acknowledged)


@pytest.mark.parametrize("content", [b"this is no database " * 100, b"SQLite format 3\x00" + b"\xff" * 4096])
def test_file_that_is_no_database_is_named_with_a_remedy_and_left_alone(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "keeper.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreUnavailable, match=r"not a SQLite database|is damaged"):
        Database(f"sqlite:///{path}")
    assert path.read_bytes() == content


def test_damage_in_the_middle_stops_with_the_path(tmp_path: Path) -> None:
    path = tmp_path / "keeper.sqlite"
    with open_store(path) as store:
        for n in range(50):
            plan = make_plan(deadline_seconds=2_000_000_000 + n)
            store.journal.open(plan)
            store.journal.close(make_outcome(plan, IntentStatus.REFUSED))
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(StoreUnavailable, match=r"keeper\.sqlite.*damaged"), open_store(path) as store:
        store.journal.unfinished()


def test_other_schema_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keeper.sqlite"
    Database(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE schema_info SET version = 99")
    with pytest.raises(StoreUnavailable, match="version 99, this program knows 3: use the matching"):
        Database(f"sqlite:///{path}")


@pytest.mark.parametrize("create", [True, False])
def test_somebody_elses_database_is_refused_and_left_as_it_is(tmp_path: Path, create: bool) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    content = path.read_bytes()
    with pytest.raises(StoreUnavailable, match="not a keeper's"):
        Database(f"sqlite:///{path}", create=create)
    assert path.read_bytes() == content


def test_reader_sees_committed_records_while_the_keeper_writes(tmp_path: Path) -> None:
    path = tmp_path / "keeper.sqlite"
    plan = make_plan()
    with open_store(path) as store:
        store.journal.open(plan)
        store.journal.signed(make_signed(plan))
        with Database(f"sqlite:///{path}", create=False) as reader, reader.read() as session:
            count = session.connection().exec_driver_sql("SELECT count(*) FROM arbitrage_records").scalar()
    assert count == 1


def test_write_waits_its_turn_behind_another_process_that_commits(tmp_path: Path) -> None:
    path = tmp_path / "keeper.sqlite"
    plan = make_plan()
    with open_store(path) as store:
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        other.execute(
            "INSERT INTO events (timestamp_seconds, kind, severity, message) VALUES (1, 'a', 'b', 'c')"
        )
        release = threading.Timer(0.3, lambda: other.execute("COMMIT"))
        release.start()
        store.journal.open(plan)
        release.join()
        other.close()
        assert [intent.plan for intent in store.journal.unfinished()] == [plan]
