"""kill -9 on the whole keeper at every step and at any moment: a new one goes on, and sends nothing twice."""

from __future__ import annotations

import random
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from steelyard.act import submitter
from steelyard.app import stages
from steelyard.cli.demo_stage import DemoStage
from steelyard.config import Config, load_config
from steelyard.sandbox.replica.build import ReplicaState
from tests.support.fatal_keeper import KeeperProcess
from tests.support.keeper_books import (
    check_integrity,
    count_unfinished,
    database_file,
    head,
    open_books,
    settle_everything,
)
from tests.support.keeper_stage import keeper_stage
from tests.support.operator import RunningKeeper, running_keeper, write_config

pytestmark = pytest.mark.e2e

STEPS = (*stages.STEPS, *submitter.STEPS)
SETTLED_STEPS = ("settled", "decided")
"""After these the last block's transactions are closed and the next are not opened."""
MOST_BLOCKS = 25
BLOCKS_AFTER = 2
LIVES = 12
COMMANDS = 3
QUICK = {"poll_interval_milliseconds": 10}


def at_once(stage: DemoStage) -> None:
    """Nothing happens: the next keeper sees the block on which the last one died."""


def a_block_later(stage: DemoStage) -> None:
    stage.next_block()


def when_the_node_has_forgotten(stage: DemoStage) -> None:
    stage.rpc.call("anvil_dropAllTransactions")


def after_the_deadlines(stage: DemoStage) -> None:
    stage.rpc.call("anvil_dropAllTransactions")
    for _ in range(6):
        stage.next_block()


ABSENCES = (at_once, a_block_later, when_the_node_has_forgotten, after_the_deadlines)


@pytest.fixture(scope="module")
def stage(deployed: ReplicaState, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoStage]:
    with keeper_stage(tmp_path_factory.mktemp("stage"), deployed) as opened:
        yield opened


@pytest.fixture
def config(stage: DemoStage, tmp_path: Path) -> Config:
    return load_config(write_config(stage, tmp_path, chain=QUICK), environment={})


def trade_until_death(stage: DemoStage, keeper: KeeperProcess) -> None:
    for _ in range(MOST_BLOCKS):
        if not keeper.saw(head(stage)):
            return
        stage.next_block()
    raise AssertionError(f"the keeper lived through {MOST_BLOCKS} blocks")


def die(stage: DemoStage, config: Config, step: str, *, spared_sends: int) -> None:
    """Let a keeper live until it dies of ``step``."""
    with KeeperProcess(config, fatal_step=step, spared_sends=spared_sends) as keeper:
        trade_until_death(stage, keeper)
        assert keeper.end() == -signal.SIGKILL
    check_integrity(config)


def hashes_of(config: Config, query: str) -> list[str]:
    with closing(sqlite3.connect(database_file(config))) as database:
        return [hash_ for (hash_,) in database.execute(query)]


def count_signed(config: Config) -> int:
    try:
        return len(hashes_of(config, "SELECT hash FROM signed_attempts"))
    except sqlite3.OperationalError:  # it died before it had made its tables
        return 0


def live(stage: DemoStage, config: Config) -> None:
    """Let a keeper live for some blocks and stop in good order."""
    with KeeperProcess(config) as keeper:
        for _ in range(BLOCKS_AFTER):
            assert keeper.saw(head(stage)), "the keeper that came after died"
            stage.next_block()
        assert keeper.saw(head(stage))
        assert keeper.stop() == 0


@pytest.mark.parametrize("step", STEPS)
def test_keepers_killed_after_a_step_are_followed_by_one_that_goes_on(
    stage: DemoStage, config: Config, step: str
) -> None:
    books = open_books(stage)
    under_way = 0
    for absence in ABSENCES:
        # After a first transaction: each has taken over from the one before, and has something to lose.
        die(stage, config, "sent" if step == "recovered" else step, spared_sends=1)
        under_way += count_unfinished(config)
        absence(stage)
        if step == "recovered":
            die(stage, config, step, spared_sends=0)
    live(stage, config)
    settle_everything(stage, config)
    assert count_unfinished(config) == 0
    assert books.check(config)["confirmed"] >= 1
    assert under_way > 0 or step in SETTLED_STEPS, "nothing was at stake when they died"


@pytest.mark.parametrize(
    ("step", "absence"), [("journalled", at_once), ("sent", when_the_node_has_forgotten)]
)
def test_signed_transaction_that_the_node_does_not_know_is_sent_by_the_next_keeper(
    stage: DemoStage, config: Config, step: str, absence: Callable[[DemoStage], None]
) -> None:
    books = open_books(stage)
    die(stage, config, step, spared_sends=0)
    absence(stage)
    (signed,) = hashes_of(config, "SELECT hash FROM signed_attempts")
    assert stage.rpc.call("eth_getTransactionByHash", signed) is None
    live(stage, config)
    settle_everything(stage, config)
    assert stage.rpc.call("eth_getTransactionReceipt", signed)["status"] == "0x1"
    assert books.check(config)["confirmed"] >= 1


def test_outcome_whose_block_left_the_chain_while_no_keeper_ran_is_taken_back(
    stage: DemoStage, config: Config
) -> None:
    books = open_books(stage)
    with KeeperProcess(config) as keeper:
        while keeper.saw(head(stage)) and count_unfinished(config) == 0:
            stage.next_block()
        snapshot = stage.rpc.call("evm_snapshot")
        stage.next_block()
        assert keeper.saw(head(stage))
        keeper.kill()
        assert keeper.end() == -signal.SIGKILL
    confirmed = hashes_of(config, "SELECT transaction_hash FROM arbitrage_records WHERE status = 'confirmed'")
    assert confirmed
    assert stage.rpc.call("evm_revert", snapshot)
    stage.rpc.call("anvil_dropAllTransactions")
    stage.next_block()
    assert all(stage.rpc.call("eth_getTransactionReceipt", hash_) is None for hash_ in confirmed)
    live(stage, config)
    settle_everything(stage, config)
    books.check(config)


def test_keeper_killed_at_any_moment_leaves_records_that_agree_with_the_chain(
    stage: DemoStage, config: Config
) -> None:
    books = open_books(stage)
    moments = random.Random(11)
    longest_seconds = 0.9
    for number in range(1, LIVES + 1):
        with KeeperProcess(config) as keeper:
            timer = threading.Timer(moments.uniform(0.1, longest_seconds), keeper.kill)
            timer.start()
            while keeper.saw(head(stage)):
                stage.next_block()
            timer.join()
            assert keeper.end() == -signal.SIGKILL
        check_integrity(config)
        moments.choice(ABSENCES[:3])(stage)
        if 3 * count_signed(config) < number:  # on a busy machine most die before they can trade
            longest_seconds *= 2
    live(stage, config)
    settle_everything(stage, config)
    assert count_unfinished(config) == 0
    assert books.check(config)["confirmed"] >= LIVES // 4


def trade_until_paid(stage: DemoStage, keeper: RunningKeeper) -> None:
    for _ in range(MOST_BLOCKS):
        if " +" in keeper.wait_for(f"{head(stage)} "):
            return
        stage.next_block()
    raise AssertionError(f"nothing was earned in {MOST_BLOCKS} blocks")


def test_command_killed_leaves_no_process_and_no_lock_behind(stage: DemoStage, tmp_path: Path) -> None:
    file = write_config(stage, tmp_path, chain=QUICK)
    config = load_config(file, environment={})
    books = open_books(stage)
    moments = random.Random(5)
    for _ in range(COMMANDS):
        with running_keeper(file, "--live") as keeper:
            trade_until_paid(stage, keeper)
            assert psutil.Process(keeper.process.pid).children() == [], "nothing to outlive it"
            time.sleep(moments.uniform(0, 0.1))
            keeper.process.kill()
            assert keeper.end() == -signal.SIGKILL
        check_integrity(config)
    settle_everything(stage, config)
    assert books.check(config)["confirmed"] >= COMMANDS
