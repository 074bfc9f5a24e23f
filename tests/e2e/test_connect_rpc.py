"""The JSON-RPC client against a bad node: bounded, discreet, and repeating only what is harmless."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from steelyard.connect.chain import CallReverted, ChainClient
from steelyard.connect.executor_errors import EXECUTOR_ERRORS
from steelyard.connect.hexes import checksum
from steelyard.connect.rpc import RetrySchedule, RpcClient, RpcRequest
from steelyard.exceptions import RpcInconsistent, RpcRejected, RpcUnavailable, WrongChain
from steelyard.sandbox.faulty_rpc import (
    ANY,
    Delay,
    Drip,
    Drop,
    ErrorAnswer,
    FaultyRpc,
    Garbage,
    Lie,
    LoseAnswer,
    Status,
)
from tests.support.dev_chain import KEEPER_KEY, DevChain, KeySigner, start_chain

pytestmark = pytest.mark.e2e

CONTRACT = checksum("0x" + "c0" * 20)
NUMBER = "eth_blockNumber"


@pytest.fixture(scope="module")
def chain() -> Iterator[DevChain]:
    with start_chain() as started:
        yield started


@pytest.fixture
def node(chain: DevChain) -> Iterator[FaultyRpc]:
    with FaultyRpc(chain.url) as node:
        yield node


class Pauses:
    """A sleep that only takes notes."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def client(node: FaultyRpc, pauses: Pauses | None = None, *, timeout_seconds: float = 60.0) -> RpcClient:
    return RpcClient(node.url, timeout_seconds=timeout_seconds, sleep=pauses or Pauses())


@pytest.mark.parametrize(
    "fault",
    [
        Drop(),
        Status(502),
        Garbage(),
        ErrorAnswer(-32005, "slow down"),
        ErrorAnswer(-32603, "Internal server error"),
    ],
)
def test_read_is_repeated_on_its_schedule_until_it_succeeds(node: FaultyRpc, fault: Drop) -> None:
    pauses = Pauses()
    node.fault(NUMBER, fault, times=3)
    assert int(client(node, pauses).call(NUMBER), 16) >= 0
    assert pauses.seconds == [0.1, 0.2, 0.4]
    assert node.calls[NUMBER] == 4


def test_read_is_given_up_after_its_last_attempt(node: FaultyRpc) -> None:
    pauses = Pauses()
    node.fault(NUMBER, Status(500))
    with pytest.raises(RpcUnavailable, match="tried 4 times: HTTP status 500"):
        client(node, pauses).call(NUMBER)
    assert node.calls[NUMBER] == 4
    assert len(pauses.seconds) == 3


def test_pause_that_the_node_asks_for_is_kept_up_to_the_bound(node: FaultyRpc) -> None:
    pauses = Pauses()
    node.fault(NUMBER, Status(429, retry_after_seconds=1), times=1)
    node.fault(NUMBER, Status(429, retry_after_seconds=3600), times=1)
    client(node, pauses).call(NUMBER)
    assert pauses.seconds == [1.0, 2.0]


def raw_transaction(chain: DevChain) -> bytes:
    signer = KeySigner(KEEPER_KEY)
    return signer.sign(
        {
            "chainId": chain.client.chain_id(),
            "nonce": chain.client.nonce(signer.address, "pending"),
            "to": CONTRACT,
            "value": 1,
            "gas": 50_000,
            "maxFeePerGas": 10**11,
            "maxPriorityFeePerGas": 10**9,
            "type": 2,
        }
    )


def test_transaction_whose_answer_was_lost_is_never_sent_twice(chain: DevChain, node: FaultyRpc) -> None:
    raw = raw_transaction(chain)
    before = chain.client.nonce(KeySigner().address, "pending")
    node.fault("eth_sendRawTransaction", LoseAnswer())
    with pytest.raises(RpcUnavailable, match="tried once"):
        ChainClient(client(node)).send_raw(raw)
    assert node.calls["eth_sendRawTransaction"] == 1
    assert chain.client.nonce(KeySigner().address, "pending") == before + 1


def test_batch_with_one_write_in_it_is_not_repeated(node: FaultyRpc) -> None:
    node.fault(ANY, Drop(), times=1)
    with pytest.raises(RpcUnavailable):
        client(node).batch([RpcRequest(NUMBER), RpcRequest("evm_mine")])
    assert node.calls["evm_mine"] == 1


@pytest.mark.parametrize("fault", [Delay(60), Drip(0.05)])
def test_slow_answer_is_cut_off(node: FaultyRpc, fault: Delay) -> None:
    node.fault(ANY, fault)
    started = time.monotonic()
    rpc = RpcClient(node.url, timeout_seconds=0.3, retry=RetrySchedule(attempts=1))
    with pytest.raises(RpcUnavailable):
        rpc.call("eth_getBlockByNumber", ["latest", False])  # more than a thousand bytes
    assert time.monotonic() - started < 30, "half of what the whole answer takes"


def test_refusal_is_not_repeated_and_keeps_code_and_data(node: FaultyRpc) -> None:
    node.fault(NUMBER, ErrorAnswer(-32000, "no", data="0x1234"))
    with pytest.raises(RpcRejected, match="no") as refusal:
        client(node).call(NUMBER)
    assert (refusal.value.code, refusal.value.data) == (-32000, "0x1234")
    assert node.calls[NUMBER] == 1


def test_refusal_of_the_evm_with_the_code_of_an_internal_error_is_a_refusal(node: FaultyRpc) -> None:
    node.fault(NUMBER, ErrorAnswer(-32603, "EVM error OutOfGas"))
    with pytest.raises(RpcRejected, match="OutOfGas"):
        client(node).call(NUMBER)
    assert node.calls[NUMBER] == 1


def test_forbidden_node_is_an_operators_matter(node: FaultyRpc) -> None:
    node.fault(NUMBER, Status(401))
    with pytest.raises(RpcRejected, match="check its address and key"):
        client(node).call(NUMBER)


def test_secrets_of_the_address_are_never_in_a_message(node: FaultyRpc) -> None:
    url = node.url.replace("http://", "http://someuser:somepassword@") + "/v3/pathsecret?key=querysecret"
    rpc = RpcClient(url, sleep=Pauses())
    gossip = ErrorAnswer(-32000, f"bad request to {url}: key=querysecret in v3/pathsecret")
    for fault, error in ((gossip, RpcRejected), (Drop(), RpcUnavailable)):
        node.clear()
        node.fault(NUMBER, fault)
        with pytest.raises(error) as refusal:
            rpc.call(NUMBER)
        for secret in ("someuser", "somepassword", "pathsecret", "querysecret"):
            assert secret not in str(refusal.value)
            assert secret not in repr(refusal.value)
        assert refusal.value.__cause__ is None


def test_batch_answers_in_any_order_are_put_back_in_theirs(chain: DevChain, node: FaultyRpc) -> None:
    requests = [RpcRequest("eth_getBalance", [CONTRACT, "latest"]), RpcRequest("eth_chainId")] * 3
    plain = chain.rpc.batch(requests)
    assert client(node).batch(requests) == plain
    assert RpcClient(node.url, max_batch=2).batch(requests) == plain
    assert chain.rpc.batch([]) == []


def test_batch_outcomes_keep_refusals_in_their_place(node: FaultyRpc) -> None:
    outcomes = client(node).batch_outcomes([RpcRequest("eth_nothing"), RpcRequest("eth_chainId")])
    assert isinstance(outcomes[0], RpcRejected)
    assert int(outcomes[1], 16) > 0
    with pytest.raises(RpcRejected):
        client(node).batch([RpcRequest("eth_chainId"), RpcRequest("eth_nothing")])


def test_connection_is_kept_from_call_to_call(chain: DevChain) -> None:
    rpc = RpcClient(chain.url)
    for _ in range(50):
        rpc.call(NUMBER)
    pool = rpc._session.get_adapter(chain.url).poolmanager.pools  # type: ignore[attr-defined]
    assert [pool[key].num_connections for key in pool.keys()] == [1]  # noqa: SIM118 - no mapping


def test_node_that_was_stopped_answers_on_no_connection_that_was_kept(node: FaultyRpc) -> None:
    rpc = client(node)
    rpc.call(NUMBER)
    node.stop()
    with pytest.raises(RpcUnavailable, match="no connection"):
        rpc.call(NUMBER)


def test_wrong_chain_is_named_with_both_ids(chain: DevChain) -> None:
    found = chain.client.chain_id()
    chain.client.require_chain(found)
    with pytest.raises(WrongChain, match=f"chain id {found}, but chain id 5"):
        chain.client.require_chain(5)


def test_block_other_than_asked_for_is_an_inconsistency(chain: DevChain, node: FaultyRpc) -> None:
    faulty = ChainClient(client(node))
    node.fault("eth_getBlockByNumber", Lie(lambda _params, block: block | {"number": "0x5"}))
    with pytest.raises(RpcInconsistent, match="was asked for block 0"):
        faulty.block(0)
    head = chain.client.block()
    node.fault("eth_getBlockByHash", Lie(lambda _params, block: block | {"hash": "0x" + "11" * 32}))
    with pytest.raises(RpcInconsistent):
        faulty.block(head.hash)
    with pytest.raises(RpcInconsistent, match="has no block"):
        chain.client.block(10**9)
    assert chain.client.find_block("0x" + "11" * 32) is None


def test_revert_of_a_call_is_decoded(chain: DevChain) -> None:
    not_keeper = next(error for error in EXECUTOR_ERRORS.values() if error.name == "InvalidKeeper")
    chain.rpc.call("anvil_setCode", [CONTRACT, "0x63" + not_keeper.selector.hex() + "5f526004601cfd"])
    with pytest.raises(CallReverted) as revert:
        chain.client.eth_call(CONTRACT, b"")
    assert revert.value.reason == "InvalidKeeper()"
    assert revert.value.data == not_keeper.selector
    with pytest.raises(CallReverted):
        chain.client.estimate_gas(CONTRACT, b"", sender=KeySigner().address)
    chain.rpc.call("anvil_setCode", [CONTRACT, "0x5f5ffd"])
    with pytest.raises(CallReverted, match="without a reason"):
        chain.client.eth_call(CONTRACT, b"")


def test_transaction_is_seen_waiting_and_then_with_its_receipt(chain: DevChain) -> None:
    chain.rpc.call("anvil_setCode", [CONTRACT, "0x"])
    nonce = chain.client.nonce(KeySigner().address, "pending")
    sent = chain.client.send_raw(raw_transaction(chain))
    waiting = chain.client.transaction(sent)
    assert waiting is not None
    assert (waiting.nonce, waiting.block_number) == (nonce, None)
    assert chain.client.receipt(sent) is None
    mined = chain.mine()
    receipt = chain.client.receipt(sent)
    assert receipt is not None
    assert receipt.succeeded
    assert (receipt.block_hash, receipt.block_number) == (mined.hash, mined.number)
    assert receipt.gas_used == 21_000
    assert chain.client.transaction("0x" + "11" * 32) is None
    assert chain.client.balance_wei(CONTRACT) >= 1
    assert (
        chain.client.raw_logs(block_hash=mined.hash) == chain.client.raw_logs(from_block=mined.number) == []
    )
