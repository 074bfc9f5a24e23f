"""Older tables are brought up to date with everything that is open in them, and become what new ones are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql

from steelyard.connect.plan_codec import plan_id
from steelyard.exceptions import StoreUnavailable
from steelyard.model import ArbitragePlan, Door
from steelyard.record import migrations, reports
from steelyard.record.database import Database
from steelyard.record.migrations import statements_of_attempts
from tests.support.old_tables import make_old
from tests.support.plans import make_plan, make_vault_call
from tests.support.records import make_outcome, make_signed, open_store

pytestmark = pytest.mark.unit

VERSIONS = (1, 2)
WAITING = make_plan()
LATER = make_plan(deadline_seconds=2_000_000_001)


def old_database(path: Path, version: int) -> None:
    """Tables of an older version: one intent sent and open, one opened, one closed."""
    closed = make_plan(deadline_seconds=2_000_000_002)
    with open_store(path) as store:
        for plan, nonce in ((closed, 6), (WAITING, 7)):
            store.journal.open(plan)
            store.journal.signed(make_signed(plan, nonce=nonce))
            store.journal.sent(plan_id(plan))
        store.journal.signed(make_signed(WAITING, attempt=2))
        store.journal.close(make_outcome(closed))
        store.journal.open(LATER)
    make_old(path, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_open_transactions_of_an_older_version_go_on_where_they_were(tmp_path: Path, version: int) -> None:
    path = tmp_path / "keeper.sqlite"
    old_database(path, version)
    with open_store(path) as store:
        sent, unsigned = store.journal.unfinished()
        assert (sent.plan, sent.attempts) == (
            WAITING,
            (make_signed(WAITING), make_signed(WAITING, attempt=2)),
        )
        assert (unsigned.plan, unsigned.signed) == (LATER, None)
        assert {attempt.door for attempt in sent.attempts} == {Door.PUBLIC}
        store.journal.signed(make_signed(WAITING, attempt=3))
        store.journal.close(make_outcome(WAITING, builder_tip_wei=5))
        store.journal.signed(make_signed(LATER, nonce=8, door=Door.PRIVATE, held_until_block=9))
    with open_store(path) as store:
        (intent,) = store.journal.unfinished()
        assert intent.attempts[0].door is Door.PRIVATE
        (_, closed) = store.journal.closed_from(0)
        assert closed.outcome is not None
        assert closed.outcome.builder_tip_wei == 5
        with store.database.read() as session:
            closings = sorted(record.closing or 0 for record in reports.read_records(session))
        assert closings == [0, 1, 2], "closings are counted on"


@pytest.mark.parametrize("version", VERSIONS)
def test_plan_of_an_older_version_is_known_and_another_kind_stands_beside_it(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "keeper.sqlite"
    old_database(path, version)
    call = make_vault_call()
    with open_store(path) as store:
        with pytest.raises(Exception, match="in the journal already, as sent"):
            store.journal.open(WAITING)
        store.journal.open(call)
        store.journal.signed(make_signed(call, nonce=8))
        kinds = [type(intent.plan) for intent in store.journal.unfinished()]
    assert kinds == [ArbitragePlan, type(call), ArbitragePlan]


@pytest.mark.parametrize("version", VERSIONS)
def test_reader_changes_nothing_in_a_database_of_an_older_version_and_says_who_does(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "keeper.sqlite"
    old_database(path, version)
    remedy = rf"schema version {version}.*`steelyard run` brings it up to date"
    with pytest.raises(StoreUnavailable, match=remedy):
        Database(f"sqlite:///{path}", create=False)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version FROM schema_info").fetchone() == (version,)


@pytest.mark.parametrize("version", VERSIONS)
def test_migrated_tables_are_those_of_a_new_database(tmp_path: Path, version: int) -> None:
    old, new = tmp_path / "old.sqlite", tmp_path / "new.sqlite"
    old_database(old, version)
    assert tables_of(old) == tables_of(new)


def tables_of(path: Path) -> list[object]:
    """Columns, keys and indexes of each table, whatever their order."""
    Database(f"sqlite:///{path}").close()
    found: list[object] = []
    with sqlite3.connect(path) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        for (name,) in names.fetchall():
            columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
            keys = connection.execute(f"PRAGMA foreign_key_list({name})").fetchall()
            indexes = connection.execute(f"PRAGMA index_list({name})").fetchall()
            found.append(
                (name, sorted(row[1:] for row in columns), keys, sorted(row[1:4] for row in indexes))
            )
    return found


def test_migration_that_breaks_off_leaves_the_older_tables_and_can_be_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keeper.sqlite"
    old_database(path, 2)

    def break_off(dialect: Dialect) -> Iterator[str]:
        yield from islice(statements_of_attempts(dialect), 4)
        raise RuntimeError("the process dies")

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "statements_of_attempts", break_off)
        with pytest.raises(RuntimeError, match="dies"):
            Database(f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        tables = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        assert "signed_attempts" in tables
        assert not tables & {"intents", "signed_attempts_before"}
    with open_store(path) as store:
        assert [intent.plan for intent in store.journal.unfinished()] == [WAITING, LATER]


def test_database_server_is_told_to_change_the_one_key_that_is_another() -> None:
    dropped, added = statements_of_attempts(postgresql.dialect())
    assert dropped == "ALTER TABLE signed_attempts DROP CONSTRAINT signed_attempts_plan_id_fkey"
    expected = "ALTER TABLE signed_attempts ADD FOREIGN KEY(plan_id) REFERENCES intents (plan_id)"
    assert " ".join(added.split()) == expected
