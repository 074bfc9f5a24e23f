"""An access list goes with a transaction only where it makes it cheaper, by exactly what is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from steelyard.act.gas import GasSettings
from steelyard.act.replace import Replacer
from steelyard.act.submitter import Submitter
from steelyard.act.tracker import Tracker
from steelyard.connect.access_list import listed_in
from steelyard.connect.chain import ChainClient
from steelyard.connect.rpc import RpcClient
from steelyard.model import Address, SignedTransaction
from steelyard.sandbox.faulty_rpc import ErrorAnswer, FaultyRpc, LoseAnswer
from tests.support.dev_chain import DevChain, KeySigner, start_chain
from tests.support.executor_double import EXECUTOR_DOUBLE
from tests.support.plans import EXECUTOR, make_plan
from tests.support.records import Store, open_store

pytestmark = pytest.mark.e2e

WITH_LISTS = GasSettings(priority_fee_wei=10**9, headroom_blocks=1, access_lists=True)
WITHOUT = replace(WITH_LISTS, access_lists=False)
POOL = Address("0x0000000000000000000000000000000000B00100")
LOGIC = Address("0x0000000000000000000000000000000000B00200")
SLOTS = 20


@pytest.fixture
def chain() -> Iterator[DevChain]:
    with start_chain() as started:
        yield started


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "keeper.sqlite") as opened:
        yield opened


def touch_a_pool(chain: DevChain) -> None:
    """Have the executor read ``SLOTS`` slots of another contract before it does what its double does."""
    loads = b"".join(bytes([0x60, slot, 0x54, 0x50]) for slot in range(SLOTS)) + b"\0"
    call = bytes.fromhex("6000" * 5 + "73" + POOL[2:] + "5af150")
    delegate = bytes.fromhex("3660006000376000600036600073" + LOGIC[2:] + "5af43d6000600" + "03e")
    head = call + delegate
    tail = bytes([0x60, len(head) + 7, 0x57]) + bytes.fromhex("3d6000fd") + bytes.fromhex("5b3d6000f3")
    for address, code in ((POOL, loads), (LOGIC, EXECUTOR_DOUBLE), (EXECUTOR, head + tail)):
        chain.rpc.call("anvil_setCode", [address, "0x" + code.hex()])


def submit(client: ChainClient, store: Store, gas: GasSettings, *, seconds: int = 600) -> SignedTransaction:
    plan = make_plan(deadline_seconds=client.block().timestamp_seconds + seconds)
    signed = Submitter(client, store.journal, KeySigner(), gas).submit(plan)
    assert isinstance(signed, SignedTransaction), signed
    return signed


def gas_used(chain: DevChain, signed: SignedTransaction) -> int:
    chain.mine()
    receipt = chain.client.receipt(signed.hash)
    assert receipt is not None
    assert receipt.succeeded
    return receipt.gas_used


def test_list_of_cold_slots_saves_what_the_record_says_to_the_unit(
    chain: DevChain, store: Store, tmp_path: Path
) -> None:
    touch_a_pool(chain)
    before = chain.rpc.call("evm_snapshot")
    with open_store(tmp_path / "other.sqlite") as other:
        plain = submit(chain.client, other, WITHOUT)
    plain_gas = gas_used(chain, plain)
    chain.rpc.call("evm_revert", [before])
    listed = submit(chain.client, store, WITH_LISTS)
    assert plain.access_list_gas_saved is None
    assert listed_in(plain.raw) == ()
    assert listed.raw[0] == 2, "EIP-1559, with a list"
    found = dict(listed_in(listed.raw))
    assert len(found[POOL]) == SLOTS
    assert EXECUTOR not in found, "what is called is warm: listing it would only cost"
    saved = plain_gas - gas_used(chain, listed)
    assert saved == listed.access_list_gas_saved
    assert saved >= SLOTS * 100
    assert store.journal.unfinished()[-1].attempts == (listed,), "the record has it"
    assert listed.gas_limit < plain.gas_limit


def test_list_that_would_only_cost_is_left_off(chain: DevChain, store: Store) -> None:
    signed = submit(chain.client, store, WITH_LISTS)
    assert (listed_in(signed.raw), signed.access_list_gas_saved) == ((), None)


@pytest.mark.parametrize("method", ["eth_createAccessList", "eth_simulateV1"])
def test_node_that_cannot_make_or_run_lists_gets_the_transaction_without(
    chain: DevChain, store: Store, method: str
) -> None:
    touch_a_pool(chain)
    with FaultyRpc(chain.url) as node, RpcClient(node.url) as rpc:
        node.fault(method, ErrorAnswer(-32601, "method not found"))
        signed = submit(ChainClient(rpc), store, WITH_LISTS)
    assert listed_in(signed.raw) == ()
    assert gas_used(chain, signed) > 0


def test_node_that_falls_silent_over_a_list_costs_no_trade(chain: DevChain, store: Store) -> None:
    touch_a_pool(chain)
    with FaultyRpc(chain.url) as node, RpcClient(node.url, sleep=lambda _seconds: None) as rpc:
        node.fault("eth_createAccessList", LoseAnswer())
        signed = submit(ChainClient(rpc), store, WITH_LISTS)
    assert signed.access_list_gas_saved is None
    assert gas_used(chain, signed) > 0


def test_dearer_attempt_keeps_the_list_and_a_cancellation_has_none(chain: DevChain, store: Store) -> None:
    touch_a_pool(chain)
    first = submit(chain.client, store, WITH_LISTS, seconds=30)
    replacer = Replacer(chain.client, store.journal, KeySigner(), WITH_LISTS)
    head = chain.client.block()
    (dearer,) = replacer.tend(replace(head, base_fee_wei=10**11))
    assert listed_in(dearer.raw) == listed_in(first.raw) != ()
    assert dearer.access_list_gas_saved == first.access_list_gas_saved
    late = replace(head, timestamp_seconds=head.timestamp_seconds + 31)
    (cancellation,) = replacer.tend(late)
    assert (listed_in(cancellation.raw), cancellation.access_list_gas_saved) == ((), None)
    (outcome,) = Tracker(chain.client, store.journal).settle_open(chain.mine())
    assert outcome.transaction_hash == cancellation.hash
