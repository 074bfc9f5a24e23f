"""A node that is down, slow or lying: a start fails plainly, a running keeper says so once and goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from steelyard.cli.demo_stage import KEEPER, DemoStage
from steelyard.sandbox.faulty_rpc import (
    ANY,
    Delay,
    Drop,
    ErrorAnswer,
    Fault,
    FaultyRpc,
    Garbage,
    HeadBack,
    LoseAnswer,
    Status,
    lie_about_field,
    other_chain,
)
from tests.support.keeper_books import head
from tests.support.operator import (
    EXIT_RETRY,
    EXIT_STOP,
    SECRET,
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

HEAD = "eth_getBlockByNumber"
OTHER_HASH = "0x" + "ab" * 32
SILENCE = Delay(600)
"""Longer than any test waits; the proxy's end ends it."""


@pytest.fixture
def node(shared_stage: DemoStage) -> Iterator[FaultyRpc]:
    with FaultyRpc(shared_stage.config.chain.rpc_url) as node:
        yield node


def nonce(stage: DemoStage) -> int:
    return int(stage.rpc.call("eth_getTransactionCount", KEEPER, "pending"), 16)


def behind(stage: DemoStage, node: FaultyRpc, folder: Path, **chain: Any) -> Path:
    """A configuration whose node is the faulty one, its address with a provider's key in it."""
    return write_config(stage, folder, chain={"rpc_url": f"{node.url}/v3/{SECRET}"} | chain)


@pytest.mark.parametrize("command", ["run", "plan"])
def test_node_that_is_down_at_the_start_is_worth_another_try(
    shared_stage: DemoStage, node: FaultyRpc, tmp_path: Path, command: str
) -> None:
    node.stop()
    said = refusal(command, "--config", behind(shared_stage, node, tmp_path), exit_code=EXIT_RETRY)
    assert f"RPC {node.url} failed eth_chainId" in said
    assert "is the node running, and the address right?" in said


@pytest.mark.parametrize(
    ("fault", "words", "exit_code"),
    [
        (Status(401), "check its address and key", EXIT_STOP),
        (Status(404), "check its address and key", EXIT_STOP),
        (Status(429), "HTTP status 429", EXIT_RETRY),
        (Garbage(), "the answer is not JSON", EXIT_RETRY),
        (Garbage(SECRET.encode()), "the answer is not JSON", EXIT_RETRY),
        (SILENCE, "no answer within 1 s", EXIT_RETRY),
    ],
    ids=["key refused", "no such path", "rate limit", "web page", "echo", "slow"],
)
def test_node_that_refuses_at_the_start_is_told_from_one_in_trouble(
    shared_stage: DemoStage, node: FaultyRpc, tmp_path: Path, fault: Fault, words: str, exit_code: int
) -> None:
    node.fault(ANY, fault)
    config = behind(shared_stage, node, tmp_path, request_timeout_seconds=1)
    assert words in refusal("plan", "--config", config, exit_code=exit_code)


def test_running_keeper_says_trouble_once_and_goes_on_when_it_ends(
    shared_stage: DemoStage, node: FaultyRpc, tmp_path: Path
) -> None:
    config = behind(shared_stage, node, tmp_path, request_timeout_seconds=2)
    with running_keeper(config) as keeper:
        keeper.wait_for("below gas", shared_stage)
        for fault, words, more_tries in ((Drop(), "no connection", 9), (SILENCE, "no answer within 2 s", 1)):
            node.fault(ANY, fault)
            assert words in keeper.wait_for("trouble: ", shared_stage)
            tries = node.calls.total()
            while node.calls.total() < tries + more_tries:  # it tries again, and again, without a word
                keeper.idle()
            node.clear()
            keeper.wait_for("trouble_over: ", shared_stage)
            keeper.wait_for("below gas", shared_stage)
        assert keeper.stop() == 0
        assert keeper.count("trouble: ") == keeper.count("trouble_over: ") == 2
        assert SECRET not in "\n".join(keeper.lines)
    assert len(events(tmp_path, "trouble")) == len(events(tmp_path, "trouble_over")) == 2
    assert_clean_state(tmp_path)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (lie_about_field("parentHash", OTHER_HASH), "has no block"),
        (lie_about_field("timestamp", "yesterday"), "block timestamp"),
    ],
    ids=["unknown parent", "not a number"],
)
def test_lie_about_the_block_is_not_believed(
    shared_stage: DemoStage, node: FaultyRpc, tmp_path: Path, fault: Fault, words: str
) -> None:
    with running_keeper(behind(shared_stage, node, tmp_path)) as keeper:
        for _ in range(3):
            shared_stage.next_block()
            keeper.wait_for(f"{head(shared_stage)} ")
        node.fault(HEAD, fault)
        # One block: two that the keeper has not seen would not fit together, which is another lie.
        shared_stage.next_block()
        assert words in keeper.wait_for("trouble: ")
        node.clear()
        keeper.wait_for("trouble_over: ", shared_stage)
        assert keeper.stop() == 0
    assert_clean_state(tmp_path)


def test_head_that_goes_back_is_not_believed(
    shared_stage: DemoStage, node: FaultyRpc, tmp_path: Path
) -> None:
    with running_keeper(behind(shared_stage, node, tmp_path)) as keeper:
        keeper.wait_for("below gas", shared_stage)
        shared_stage.next_block()
        keeper.wait_for(f"{head(shared_stage)} ")
        node.fault(HEAD, HeadBack(1))
        # Without a block meanwhile: one ahead of it, the same lie would be the truth.
        assert "head went back from block" in keeper.wait_for("trouble: ")
        node.clear()
        keeper.wait_for("trouble_over: ", shared_stage)
        assert keeper.stop() == 0
    assert_clean_state(tmp_path)


@pytest.mark.parametrize("words", ["header not found", "Unknown block", "block not found: hash 0xab"])
def test_cluster_whose_members_lag_behind_each_other_is_waited_for(
    shared_stage: DemoStage, node: FaultyRpc, tmp_path: Path, words: str
) -> None:
    with running_keeper(behind(shared_stage, node, tmp_path)) as keeper:
        keeper.wait_for("below gas", shared_stage)
        for method in ("eth_call", "eth_getLogs"):
            node.fault(method, ErrorAnswer(-32000, words))
        assert words in keeper.wait_for("trouble: ", shared_stage)
        node.clear()
        keeper.wait_for("trouble_over: ", shared_stage)
        assert keeper.stop() == 0
    assert_clean_state(tmp_path)


def test_answers_lost_while_sending_cost_neither_a_profit_nor_a_second_transaction(
    shared_stage: DemoStage, node: FaultyRpc, tmp_path: Path
) -> None:
    before = nonce(shared_stage)
    node.fault("eth_sendRawTransaction", LoseAnswer(), times=1)
    node.fault("eth_sendRawTransaction", Drop(), times=1)
    with running_keeper(behind(shared_stage, node, tmp_path), "--live") as keeper:
        for _ in range(2):
            keeper.wait_for("+0.", shared_stage)
        assert keeper.stop() == 0
        assert node.calls["eth_sendRawTransaction"] >= 2
    with closing(sqlite3.connect(database_of(tmp_path))) as database:
        (signed,) = database.execute("SELECT count(DISTINCT nonce) FROM signed_attempts").fetchone()
    assert nonce(shared_stage) - before == signed
    assert_clean_state(tmp_path, may_be_open=True)


def test_node_that_turns_to_another_chain_ends_the_run(
    shared_stage: DemoStage, node: FaultyRpc, tmp_path: Path
) -> None:
    with running_keeper(behind(shared_stage, node, tmp_path)) as keeper:
        keeper.wait_for("below gas", shared_stage)
        node.fault("eth_chainId", other_chain(10))
        keeper.wait_for("steelyard: ")
        assert keeper.end() == EXIT_STOP
        check_message(keeper.lines[-1])
        assert f"RPC {node.url} serves chain id 10, but chain id 1 is configured" in keeper.lines[-1]
    assert "serves chain id 10" in events(tmp_path, "ended")[-1]
    assert status(tmp_path)["events"][0]["severity"] == "critical", "the morning after, status tells why"
    assert_clean_state(tmp_path)
