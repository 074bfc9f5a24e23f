"""A database that is missing, locked, full, damaged or taken: said plainly, and nothing half done stays."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from steelyard.cli.demo_stage import KEEPER, DemoStage
from tests.support.operator import (
    EXIT_RETRY,
    EXIT_STOP,
    ask,
    assert_clean_state,
    check_message,
    database_of,
    events,
    refusal,
    running_keeper,
    status,
    write_config,
)

pytestmark = pytest.mark.e2e


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another process's long write: a backup tool, or an operator with a shell open."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def nonce(stage: DemoStage) -> int:
    return int(stage.rpc.call("eth_getTransactionCount", KEEPER, "pending"), 16)


def run_for_a_moment(stage: DemoStage, config: Path) -> None:
    with running_keeper(config) as keeper:
        keeper.wait_for("below gas", stage)
        assert keeper.stop() == 0


@pytest.mark.parametrize("command", ["status", "report", "resume"])
def test_without_records_commands_say_who_makes_them(
    shared_stage: DemoStage, tmp_path: Path, command: str
) -> None:
    said = refusal(command, "--config", write_config(shared_stage, tmp_path))
    assert f"there is no database at {database_of(tmp_path)}; `steelyard run` makes one" in said
    assert not database_of(tmp_path).exists(), "asking makes none"


def test_report_of_a_keeper_that_has_seen_nothing_is_a_page(shared_stage: DemoStage, tmp_path: Path) -> None:
    config = write_config(shared_stage, tmp_path)
    with running_keeper(config) as keeper:
        keeper.wait_for("started: ")
        assert keeper.stop() == 0
        assert keeper.lines[-1] == "Stopped; everything is recorded."
    page = tmp_path / "report.html"
    assert ask("report", "--config", config, "--output", page).exit_code == 0
    assert "<html" in page.read_text(encoding="utf-8")
    assert_clean_state(tmp_path)


def test_report_that_cannot_be_written_names_the_option(shared_stage: DemoStage, tmp_path: Path) -> None:
    config = write_config(shared_stage, tmp_path)
    run_for_a_moment(shared_stage, config)
    (tmp_path / "a-file").touch()
    said = refusal("report", "--config", config, "--output", tmp_path / "a-file" / "report.html")
    assert f"cannot be written to {tmp_path / 'a-file' / 'report.html'}" in said
    assert "--output" in said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not a database at all, but long enough to be read as one" * 40, "is not a SQLite database"),
        ("CREATE TABLE customers (id INTEGER)", "is not a keeper's: name the right one"),
        (
            "CREATE TABLE schema_info (id INTEGER PRIMARY KEY, version INTEGER);"
            "INSERT INTO schema_info VALUES (1, 99)",
            "has schema version 99",
        ),
    ],
    ids=["other file", "other database", "newer program"],
)
def test_file_that_is_no_keepers_database_is_left_alone(
    shared_stage: DemoStage, tmp_path: Path, content: bytes | str, words: str
) -> None:
    config = write_config(shared_stage, tmp_path)
    database = database_of(tmp_path)
    if isinstance(content, bytes):
        database.write_bytes(content)
    else:
        with closing(sqlite3.connect(database)) as other:
            other.executescript(content)
    for command in ("status", "run"):
        assert words in refusal(command, "--config", config)
    if isinstance(content, bytes):
        assert database.read_bytes() == content
    else:
        with closing(sqlite3.connect(database)) as other:
            assert other.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)


def test_folder_that_cannot_be_made_is_named(shared_stage: DemoStage, tmp_path: Path) -> None:
    (tmp_path / "a-file").touch()
    keeper = {"database_url": f"sqlite:///{tmp_path}/a-file/keeper.sqlite"}
    said = refusal("run", "--config", write_config(shared_stage, tmp_path, keeper=keeper))
    assert "its folder cannot be made" in said
    assert "name another path" in said


def test_database_that_may_only_be_read_stops_the_keeper_and_can_still_be_looked_at(
    shared_stage: DemoStage, tmp_path: Path
) -> None:
    config = write_config(shared_stage, tmp_path)
    run_for_a_moment(shared_stage, config)
    database_of(tmp_path).chmod(stat.S_IRUSR)
    with running_keeper(config, without_root=True) as keeper:
        keeper.wait_for("steelyard: ")
        assert keeper.end() == EXIT_STOP
        check_message(keeper.lines[-1])
        assert "it cannot be written; check the rights of the file and of its folder" in keeper.lines[-1]
    assert_clean_state(tmp_path)
    database_of(tmp_path).chmod(stat.S_IRUSR | stat.S_IWUSR)
    run_for_a_moment(shared_stage, config)


def test_database_locked_at_the_start_is_worth_another_try(shared_stage: DemoStage, tmp_path: Path) -> None:
    config = write_config(shared_stage, tmp_path)
    run_for_a_moment(shared_stage, config)
    with locked(database_of(tmp_path)):
        said = refusal("run", "--config", config, exit_code=EXIT_RETRY)
        assert "is locked by another process" in said
        assert "close what holds it" in said
    run_for_a_moment(shared_stage, config)
    assert_clean_state(tmp_path)


def test_database_locked_for_a_while_is_waited_for(shared_stage: DemoStage, tmp_path: Path) -> None:
    config = write_config(shared_stage, tmp_path)
    with running_keeper(config) as keeper:
        keeper.wait_for("below gas", shared_stage)
        with locked(database_of(tmp_path)):
            assert "is locked by another process" in keeper.wait_for("trouble: ", shared_stage)
        keeper.wait_for("trouble_over: ", shared_stage)
        keeper.wait_for("below gas", shared_stage)
        assert keeper.stop() == 0
        assert keeper.count("trouble: ") == 1
    assert len(events(tmp_path, "trouble")) == 1, "written down when it could be"
    assert_clean_state(tmp_path)


def test_disk_that_fills_up_stops_the_keeper_and_room_lets_it_go_on_without_sending_twice(
    shared_stage: DemoStage, tmp_path: Path
) -> None:
    config = write_config(shared_stage, tmp_path)
    nonce_before = nonce(shared_stage)
    with running_keeper(config, "--live") as keeper:
        keeper.wait_for("accepted", shared_stage)
        keeper.fill_disk()
        said = keeper.wait_for("steelyard: ", shared_stage)
        assert keeper.end() == EXIT_STOP
        check_message(said)
        assert "is full" in said
        assert str(database_of(tmp_path)) in said
        assert "Traceback" not in "\n".join(keeper.lines)
    seen = status(tmp_path)["records"]
    with running_keeper(config, "--live") as keeper:
        keeper.wait_for("accepted", shared_stage)
        keeper.wait_for("+0.", shared_stage)
        assert keeper.stop() == 0
    assert status(tmp_path)["records"]["confirmed"] > seen.get("confirmed", 0)
    with closing(sqlite3.connect(database_of(tmp_path))) as database:
        (signed,) = database.execute("SELECT count(DISTINCT nonce) FROM signed_attempts").fetchone()
    assert nonce(shared_stage) - nonce_before == signed, "what is on the chain is in the journal, once"
    assert_clean_state(tmp_path, may_be_open=True)


def test_second_keeper_on_one_database_is_sent_away_with_the_firsts_process(
    shared_stage: DemoStage, tmp_path: Path
) -> None:
    config = write_config(shared_stage, tmp_path)
    with running_keeper(config) as keeper:
        keeper.wait_for("started: ")
        said = refusal("run", "--config", config)
        assert f"another keeper (process {keeper.process.pid}) uses the database" in said
        assert status(tmp_path)["running_process"] == keeper.process.pid
        assert keeper.stop() == 0
    assert_clean_state(tmp_path)


def test_keeper_that_was_killed_leaves_the_database_to_the_next(
    shared_stage: DemoStage, tmp_path: Path
) -> None:
    config = write_config(shared_stage, tmp_path)
    with running_keeper(config) as keeper:
        keeper.wait_for("below gas", shared_stage)
        os.kill(keeper.process.pid, 9)
    assert status(tmp_path)["running_process"] is None
    run_for_a_moment(shared_stage, config)
    assert_clean_state(tmp_path)
