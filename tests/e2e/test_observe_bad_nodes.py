"""A node that is down, slow or lying never brings about a wrong snapshot, and costs no more than a retry."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from steelyard.exceptions import RpcInconsistent, RpcUnavailable, SteelyardError, WrongChain
from steelyard.observe.follower import MarketFollower
from steelyard.sandbox.faulty_rpc import (
    ANY,
    Delay,
    Drip,
    Drop,
    ErrorAnswer,
    Fault,
    FaultyRpc,
    Garbage,
    HeadBack,
    Lie,
    Status,
    lie_about_field,
    other_chain,
    truncated_logs,
)
from steelyard.sandbox.replica import Replica
from tests.support.market_scene import LivelyScene, assert_same_market, running_replica

pytestmark = pytest.mark.e2e

OTHER_HASH = "0x" + "ab" * 32
HEAD = "eth_getBlockByNumber"
LOGS = "eth_getLogs"


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with running_replica() as replica:
        yield replica


@pytest.fixture(scope="module")
def scene(replica: Replica) -> LivelyScene:
    """One chain for all: every test goes on from where the last one left it."""
    return LivelyScene(replica)


@pytest.fixture
def node(replica: Replica) -> Iterator[FaultyRpc]:
    with FaultyRpc(replica.rpc_url) as node:
        yield node


@pytest.fixture
def follower(scene: LivelyScene, node: FaultyRpc) -> MarketFollower:
    """A follower with one good snapshot behind it, and a new block ahead."""
    follower = scene.follower(node.url)
    scene.turn()
    assert follower.poll() is not None
    scene.turn()
    return follower


def refuses_then_recovers(
    follower: MarketFollower, scene: LivelyScene, node: FaultyRpc, error: type[SteelyardError]
) -> str:
    with pytest.raises(error) as refusal:
        follower.poll()
    recovers(follower, scene, node)
    return str(refusal.value)


def recovers(follower: MarketFollower, scene: LivelyScene, node: FaultyRpc) -> None:
    node.clear()
    assert_same_market(follower.poll(), scene.cold())


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Drop(), "no connection"),
        (Status(500), "HTTP status 500"),
        (Status(429), "HTTP status 429"),
        (Garbage(), "not JSON"),
        (Garbage(b"{}"), "does not belong"),
        (ErrorAnswer(-32005, "limit exceeded"), "rate limited"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
@pytest.mark.parametrize("method", [HEAD, LOGS])
def test_node_in_trouble_is_a_retry_and_nothing_is_lost(
    follower: MarketFollower, scene: LivelyScene, node: FaultyRpc, fault: Fault, words: str, method: str
) -> None:
    node.fault(method, fault)
    assert words in refuses_then_recovers(follower, scene, node, RpcUnavailable)


@pytest.mark.parametrize(
    ("fault", "words"),
    [(Delay(60), "no answer within 1 s"), (Drip(0.05), "too slowly")],
    ids=["late", "drip"],
)
@pytest.mark.parametrize("method", [HEAD, LOGS])
def test_slow_node_is_not_waited_for_for_long_and_nothing_is_lost(
    follower: MarketFollower, scene: LivelyScene, node: FaultyRpc, fault: Fault, words: str, method: str
) -> None:
    node.fault(method, fault)
    with pytest.MonkeyPatch.context() as impatience:
        # Only now: a busy machine may need longer for all that is asked when nothing is wrong.
        impatience.setattr(follower._chain.rpc, "_timeout_seconds", 1)
        begun = time.monotonic()
        with pytest.raises(RpcUnavailable, match=words):
            follower.poll()
        assert time.monotonic() - begun < 30, "half of what one answer takes"
    recovers(follower, scene, node)


def test_short_trouble_is_not_even_noticed(
    follower: MarketFollower, scene: LivelyScene, node: FaultyRpc
) -> None:
    node.fault(ANY, Status(503), times=1)
    node.fault(LOGS, Drop(), times=1)
    assert_same_market(follower.poll(), scene.cold())


def test_node_that_is_gone_is_named_without_its_secrets(scene: LivelyScene) -> None:
    with FaultyRpc(scene.replica.rpc_url) as node:
        url = node.url
    follower = scene.follower(f"{url}/v3/secret-key-of-the-operator")
    with pytest.raises(RpcUnavailable) as refusal:
        follower.poll()
    assert url in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_node_of_another_chain_stops_the_keeper_at_the_start_and_later(
    follower: MarketFollower, scene: LivelyScene, node: FaultyRpc
) -> None:
    node.fault("eth_chainId", other_chain(5))
    with pytest.raises(WrongChain, match="chain id 5, but chain id 1"):
        scene.follower(node.url).poll()
    refuses_then_recovers(follower, scene, node, WrongChain)


def latest_only(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Lie:
    return Lie(lambda params, result: change(result) if params[0] == "latest" else result)


@pytest.mark.parametrize(
    "lie",
    [
        lie_about_field("hash", OTHER_HASH),
        lie_about_field("parentHash", OTHER_HASH),
        lie_about_field("number", "0x1"),
        lie_about_field("number", "0xffffffff"),
        lie_about_field("hash", "0x12"),
        lie_about_field("baseFeePerGas", "lots"),
        latest_only(lambda block: block | {"number": hex(int(block["number"], 16) + 1)}),
        latest_only(lambda block: block | {"number": hex(int(block["number"], 16) - 1)}),
        Lie(lambda _params, _block: None),
        Lie(lambda _params, _block: []),
    ],
    ids=["hash", "parent", "past", "future", "short", "fee", "next", "previous", "null", "list"],
)
def test_lie_about_the_head_is_an_inconsistency(
    follower: MarketFollower, scene: LivelyScene, node: FaultyRpc, lie: Lie
) -> None:
    node.fault(HEAD, lie)
    refuses_then_recovers(follower, scene, node, RpcInconsistent)
    assert follower.reorgs == follower.repairs == 0


def test_header_that_nobody_vouches_for_is_asked_for_twice(scene: LivelyScene, node: FaultyRpc) -> None:
    follower = scene.follower(node.url)
    node.fault(HEAD, lie_about_field("gasUsed", "0x1"))
    refuses_then_recovers(follower, scene, node, RpcInconsistent)


def test_head_that_falls_back_for_a_moment_changes_nothing(
    follower: MarketFollower, scene: LivelyScene, node: FaultyRpc
) -> None:
    follower.poll()
    scene.turn()
    node.fault(HEAD, HeadBack(2))
    assert "went back" in refuses_then_recovers(follower, scene, node, RpcInconsistent)
    assert follower.reorgs == 0


def without_block_hash(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in log.items() if key != "blockHash"} for log in logs]


@pytest.mark.parametrize(
    "change",
    [
        lambda logs: [log | {"blockHash": OTHER_HASH} for log in logs],
        lambda logs: logs[::-1],
        lambda logs: logs + logs[-1:],
        lambda logs: [log | {"removed": True} for log in logs],
        lambda logs: [log | {"data": log["data"][:-2]} for log in logs],
        lambda logs: [log | {"topics": []} for log in logs],
        without_block_hash,
        lambda logs: {"logs": logs},
        lambda logs: None,
    ],
    ids=["hash", "order", "twice", "removed", "short", "topics", "missing", "object", "null"],
)
def test_damaged_logs_are_an_inconsistency(
    follower: MarketFollower, scene: LivelyScene, node: FaultyRpc, change: Callable[[Any], Any]
) -> None:
    node.fault(LOGS, Lie(lambda _params, logs: change(logs)))
    refuses_then_recovers(follower, scene, node, RpcInconsistent)


@pytest.mark.parametrize("keep", [0, 3])
def test_withheld_logs_are_found_by_the_audit_and_mended(
    follower: MarketFollower, scene: LivelyScene, node: FaultyRpc, keep: int
) -> None:
    node.fault(LOGS, truncated_logs(keep))
    assert_same_market(follower.poll(), scene.cold())
    assert follower.repairs == 1


def test_audit_in_turns_finds_withheld_logs_after_every_pool_has_had_its_turn(
    scene: LivelyScene, node: FaultyRpc
) -> None:
    follower = scene.follower(node.url, audited_pools=8)
    follower.poll()
    scene.turn()
    node.fault(LOGS, truncated_logs(0), times=1)
    follower.poll()
    for _ in range(6):
        scene.mine()
        last = follower.poll()
    assert follower.repairs >= 1
    assert_same_market(last, scene.cold())


def test_answer_of_the_wrong_length_is_an_inconsistency(
    follower: MarketFollower, scene: LivelyScene, node: FaultyRpc
) -> None:
    node.fault("eth_call", Lie(lambda _params, result: result[:-2]))
    refuses_then_recovers(follower, scene, node, RpcInconsistent)


def test_node_that_takes_no_block_hash_for_state_is_read_by_height(
    scene: LivelyScene, node: FaultyRpc
) -> None:
    follower = scene.follower(node.url)
    node.fault("eth_call", ErrorAnswer(-32602, "invalid argument 1: cannot unmarshal object"), times=1)
    assert_same_market(follower.poll(), scene.cold())
    scene.turn()
    assert_same_market(follower.poll(), scene.cold())
    assert node.calls[HEAD] > 4


def test_reorg_between_two_reads_by_height_is_noticed(scene: LivelyScene, node: FaultyRpc) -> None:
    follower = scene.follower(node.url)
    node.fault("eth_call", ErrorAnswer(-32602, "invalid argument 1: cannot unmarshal object"), times=1)
    follower.poll()
    scene.turn()
    node.fault(
        HEAD,
        Lie(lambda params, block: block if params[0] == "latest" else block | {"hash": OTHER_HASH}),
    )
    refuses_then_recovers(follower, scene, node, RpcInconsistent)
