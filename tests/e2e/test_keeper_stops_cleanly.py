"""Ctrl-C and SIGTERM, idle or in the middle of a block: the turn is finished, and the next run goes on."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from eth_account import Account

from steelyard.app.market import checkpoint_path
from steelyard.cli.demo_stage import DemoStage
from steelyard.config import Config, load_config
from steelyard.sandbox.faulty_rpc import FaultyRpc
from steelyard.sandbox.replica.build import ReplicaState
from tests.support.keeper_books import check_integrity, head, open_books, settle_everything
from tests.support.keeper_stage import keeper_stage, run_steelyard
from tests.support.operator import (
    EXIT_STOP,
    RunningKeeper,
    ask,
    database_of,
    events,
    refusal,
    running_keeper,
    status,
    write_config,
)
from tests.support.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

KEY, PASSPHRASE = bytes.fromhex("5e" * 32), "open sesame"
FAREWELL = "Stopped; everything is recorded."
LIVE = ("--live",)
PAPER: tuple[str, ...] = ()
ABORTED = 1
"""Exit code of a command that Ctrl-C interrupts."""
MOST_BLOCKS = 20


@pytest.fixture(scope="module")
def stage(deployed: ReplicaState, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoStage]:
    with keeper_stage(tmp_path_factory.mktemp("stage"), deployed) as opened:
        yield opened


@pytest.fixture
def node(stage: DemoStage) -> Iterator[FaultyRpc]:
    with FaultyRpc(stage.config.chain.rpc_url) as proxy:
        yield proxy


def configure(stage: DemoStage, folder: Path, node: FaultyRpc | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    url = node.url if node else stage.config.chain.rpc_url
    return write_config(stage, folder, chain={"poll_interval_milliseconds": 20, "rpc_url": url})


def go_to_a_plan(stage: DemoStage, file: Path) -> None:
    """Mine until the newest block has a profitable plan."""
    for _ in range(MOST_BLOCKS):
        answer = ask("plan", "--config", file, "--json")
        if any(verdict["verdict"] == "accepted" for verdict in json.loads(answer.output)["verdicts"]):
            return
        stage.next_block()
    raise AssertionError(f"nothing to earn in {MOST_BLOCKS} blocks")


def read(file: Path) -> Config:
    return load_config(file, environment={})


def statuses(folder: Path) -> list[str]:
    with closing(sqlite3.connect(database_of(folder))) as database:
        return [status for (status,) in database.execute("SELECT status FROM arbitrage_records")]


def blocks_decided(folder: Path) -> list[int]:
    with closing(sqlite3.connect(database_of(folder))) as database:
        return [number for (number,) in database.execute("SELECT number FROM blocks ORDER BY number")]


def check_state(folder: Path, file: Path) -> None:
    """The database is whole, nothing is half done, and the next keeper would get the locks."""
    check_integrity(read(file))
    assert not {"planned", "signed"} & set(statuses(folder)), "cut off between two steps"
    assert status(folder)["running_process"] is None


def end_well(
    keeper: RunningKeeper, number: signal.Signals, once_heard: Callable[[], None] = lambda: None
) -> None:
    """Send the signal, and hold that the keeper ends in good order and leaves nobody behind."""
    children = psutil.Process(keeper.process.pid).children(recursive=True)
    keeper.process.send_signal(number)
    keeper.wait_for("stopping: ")
    once_heard()
    assert keeper.end() == 0
    assert keeper.lines[-1] == FAREWELL
    assert children == []


def test_stopped_keeper_leaves_its_market_to_the_next_which_starts_from_it(
    stage: DemoStage, tmp_path: Path
) -> None:
    file = configure(stage, tmp_path)
    for _ in range(2):
        with running_keeper(file) as keeper:
            keeper.wait_for(f"{head(stage)} ")
            end_well(keeper, signal.SIGTERM)
        stage.next_block()
    first, second = (said for said in events(tmp_path, "market") if said.startswith("market "))
    assert first.startswith("market read anew at block ")
    assert second.startswith("market taken up from the checkpoint of block ")
    assert checkpoint_path(read(file)) == database_of(tmp_path).with_name("keeper.sqlite.market")
    assert "1 blocks caught up" in second


@pytest.mark.parametrize(
    ("options", "number"),
    [(LIVE, signal.SIGINT), (LIVE, signal.SIGTERM), (PAPER, signal.SIGINT), (PAPER, signal.SIGTERM)],
)
def test_idle_keeper_stops_at_once_and_the_next_run_goes_on(
    stage: DemoStage, tmp_path: Path, options: tuple[str, ...], number: signal.Signals
) -> None:
    file = configure(stage, tmp_path)
    books = open_books(stage)
    go_to_a_plan(stage, file)
    for _ in range(2):
        with running_keeper(file, *options) as keeper:
            keeper.wait_for(f"{head(stage)} ")
            end_well(keeper, number)
        check_state(tmp_path, file)
        assert blocks_decided(tmp_path)[-1] == head(stage)
        stage.next_block()
    assert len(events(tmp_path, "ended")) == 2
    settle_everything(stage, read(file))
    outcomes = books.check(read(file))
    assert set(outcomes) <= ({"confirmed", "refused"} if options else {"paper", "refused"})
    assert outcomes["confirmed" if options else "paper"] >= 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_live_keeper_that_is_sending_finishes_the_block_first(
    stage: DemoStage, tmp_path: Path, node: FaultyRpc, number: signal.Signals
) -> None:
    file = configure(stage, tmp_path, node)
    books = open_books(stage)
    go_to_a_plan(stage, file)
    with node.holding("eth_sendRawTransaction") as held, running_keeper(file, *LIVE) as keeper:
        assert held.wait_until_reached(PATIENCE_SECONDS)
        under_way = head(stage)
        assert blocks_decided(tmp_path) == [], "the signal comes in the middle of the first block"
        end_well(keeper, number, held.release)
    assert blocks_decided(tmp_path) == [under_way]
    assert "sent" in statuses(tmp_path)
    check_state(tmp_path, file)

    stage.next_block()
    with running_keeper(file, *LIVE) as successor:
        successor.wait_for(f"{head(stage)} ")
        assert successor.stop() == 0
    assert "confirmed" in statuses(tmp_path)
    settle_everything(stage, read(file))
    books.check(read(file))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_paper_keeper_that_is_reading_finishes_the_block_first(
    stage: DemoStage, tmp_path: Path, node: FaultyRpc, number: signal.Signals
) -> None:
    file = configure(stage, tmp_path, node)
    with running_keeper(file) as keeper:
        keeper.wait_for(f"{head(stage)} ")
        with node.holding("eth_getLogs") as held:
            stage.next_block()
            assert held.wait_until_reached(PATIENCE_SECONDS)
            end_well(keeper, number, held.release)
    assert blocks_decided(tmp_path)[-1] == head(stage), "the block under way was finished"
    check_state(tmp_path, file)


def test_second_ctrl_c_skips_the_rest_of_the_turn(stage: DemoStage, tmp_path: Path, node: FaultyRpc) -> None:
    file = configure(stage, tmp_path, node)
    with running_keeper(file) as keeper:
        keeper.wait_for(f"{head(stage)} ")
        decided = head(stage)
        with node.holding("eth_getLogs") as held:
            stage.next_block()
            assert held.wait_until_reached(PATIENCE_SECONDS)
            keeper.process.send_signal(signal.SIGINT)
            keeper.wait_for("stopping: ")
            keeper.process.send_signal(signal.SIGINT)
            held.release()
            assert keeper.end() == ABORTED
        assert FAREWELL not in keeper.lines
        assert not any("Traceback" in line for line in keeper.lines)
    assert blocks_decided(tmp_path)[-1] == decided
    check_state(tmp_path, file)


def test_second_keeper_on_a_database_is_refused_by_the_name_of_the_first(
    stage: DemoStage, tmp_path: Path
) -> None:
    file = configure(stage, tmp_path)
    with running_keeper(file) as keeper:
        keeper.wait_for(f"{head(stage)} ")
        message = refusal("run", "--config", file)
        assert f"another keeper (process {keeper.process.pid})" in message
        assert str(database_of(tmp_path)) in message
        stage.next_block()
        keeper.wait_for(f"{head(stage)} ")
        assert keeper.stop() == 0


def test_second_keeper_with_a_key_is_refused_by_the_name_of_the_first(
    stage: DemoStage, tmp_path: Path
) -> None:
    file = configure(stage, tmp_path)
    (tmp_path / "other").mkdir()
    database = f"sqlite:///{tmp_path / 'other.sqlite'}"
    other = write_config(stage, tmp_path / "other", keeper={"database_url": database})
    with running_keeper(file, *LIVE) as keeper:
        keeper.wait_for(f"{head(stage)} ")
        message = refusal("run", "--live", "--config", other)
        assert f"another keeper (process {keeper.process.pid})" in message
        assert "the key of 0x" in message
        assert keeper.stop() == 0


def test_key_of_ones_own_is_locked_wherever_the_databases_are(
    stage: DemoStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APE_DATA_FOLDER", str(tmp_path / "ape"))
    keeper_settings = make_account(tmp_path)
    files = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        files.append(write_config(stage, tmp_path / name, keeper=keeper_settings))
    with running_keeper(files[0], *LIVE) as keeper:
        keeper.wait_for(f"{head(stage)} ")
        second = run_steelyard("run", "--live", "--config", str(files[1]))
        assert second.returncode == EXIT_STOP
        assert f"another keeper (process {keeper.process.pid}) uses the key of 0x" in second.stderr
        assert keeper.stop() == 0


def make_account(folder: Path) -> dict[str, str]:
    """Make an Ape account with a passphrase file and return what of it goes into ``[keeper]``."""
    keys = folder / "ape" / "accounts"
    keys.mkdir(parents=True)
    (keys / "operator.json").write_text(json.dumps(Account.encrypt(KEY, PASSPHRASE, iterations=2)))
    file = folder / "passphrase"
    file.write_text(PASSPHRASE)
    file.chmod(0o600)
    return {"account": "operator", "passphrase_file": str(file)}
