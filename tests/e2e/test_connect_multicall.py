"""The deployless multicall on a real EVM: contracts that answer, refuse, burn, bloat or are not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from steelyard.connect.chain import call_fields
from steelyard.connect.hexes import checksum
from steelyard.connect.multicall import Chunk, Multicall, StaticCall, pack
from steelyard.connect.pinned import MAX_INIT_CODE_BYTES, MAX_RETURN_BYTES
from steelyard.connect.rpc import RpcRequest
from steelyard.exceptions import RpcInconsistent, RpcRejected
from steelyard.model import Address
from tests.support.dev_chain import DevChain, start_chain
from tests.support.plans import KEEPER

pytestmark = pytest.mark.e2e

ECHO = checksum("0x" + "e1" * 20)
REFUSES = checksum("0x" + "e2" * 20)
REFUSES_WITH_DATA = checksum("0x" + "e3" * 20)
BURNS = checksum("0x" + "e4" * 20)
BLOATS = checksum("0x" + "e5" * 20)
WRITES = checksum("0x" + "e6" * 20)
GAS = checksum("0x" + "e7" * 20)
NOBODY = checksum("0x" + "e8" * 20)

CODES = {
    ECHO: "365f5f37365ff3",  # returns its calldata
    REFUSES: "5f5ffd",
    REFUSES_WITH_DATA: "60aa5f5260205ffd",
    BURNS: "5b5f56",  # jumps to itself for ever
    BLOATS: "620186a05ff3",  # returns 100,000 zero bytes
    WRITES: "60015f5500",  # stores: not allowed in a static call
    GAS: "5a5f5260205ff3",  # returns the gas it was given
}


@pytest.fixture(scope="module")
def chain() -> Iterator[DevChain]:
    with start_chain() as started:
        for address, code in CODES.items():
            started.rpc.call("anvil_setCode", [address, "0x" + code])
        started.mine()
        yield started


@pytest.fixture
def multicall(chain: DevChain) -> Multicall:
    return Multicall(chain.client)


def echo(value: int, want: int = 32) -> StaticCall:
    return StaticCall(ECHO, value.to_bytes(32), want)


def test_each_answer_stands_by_itself(chain: DevChain, multicall: Multicall) -> None:
    targets: list[Address] = [ECHO, REFUSES, REFUSES_WITH_DATA, BURNS, BLOATS, WRITES, NOBODY, ECHO]
    calls = [StaticCall(target, b"\x07" * 40, 32) for target in targets]
    results = multicall.read(calls, chain.client.block())
    assert [result.success for result in results] == [True, False, False, False, True, False, True, True]
    assert [result.returned for result in results] == [40, 0, 32, 0, 100_000, 0, 0, 40]
    assert [result.answered for result in results] == [True, False, False, False, True, False, False, True]
    assert results[0].data == results[7].data == b"\x07" * 32
    assert results[2].word() == 0xAA


def test_long_answer_is_cut_and_short_one_padded(chain: DevChain, multicall: Multicall) -> None:
    calls = [StaticCall(ECHO, b"abcdef", want) for want in (0, 3, 6, 10)]
    results = multicall.read([*calls, echo(-1 % 2**256)], chain.client.block())
    assert [result.data for result in results[:4]] == [b"", b"abc", b"abcdef", b"abcdef\0\0\0\0"]
    assert [result.answered for result in results[:4]] == [True, True, True, False]
    assert (results[4].word(), results[4].signed_word()) == (2**256 - 1, -1)


def test_answer_may_begin_with_the_byte_that_no_code_may_begin_with(
    chain: DevChain, multicall: Multicall
) -> None:
    assert multicall.read([StaticCall(ECHO, b"\xef\x00", 2)], chain.client.block())[0].data == b"\xef\x00"


def test_thousands_of_reads_come_back_in_order(chain: DevChain, multicall: Multicall) -> None:
    results = multicall.read([echo(value) for value in range(5_000)], chain.client.block())
    assert [result.word() for result in results] == list(range(5_000))
    assert len(pack([echo(0)] * 5_000)) == 8


def test_callee_gets_no_more_gas_than_it_may_burn(chain: DevChain, multicall: Multicall) -> None:
    (result,) = multicall.read([StaticCall(GAS, b"", 32, 12_345)], chain.client.block())
    assert 12_000 < result.word() < 12_345


@pytest.mark.parametrize("gas", [30_000, 1_000_000])
def test_callee_gets_the_gas_it_was_promised_or_nobody_gets_an_answer(chain: DevChain, gas: int) -> None:
    chunk = Chunk((StaticCall(GAS, b"", 32, gas),))
    requests = [
        RpcRequest("eth_call", [call_fields(None, chunk.init_code(), gas=granted), "latest"])
        for granted in range(gas + 50_000, gas + 150_000, 250)
    ]
    outcomes = chain.rpc.batch_outcomes(requests)
    answered = [outcome for outcome in outcomes if not isinstance(outcome, RpcRejected)]
    assert 0 < len(answered) < len(outcomes)
    for outcome in answered:
        (result,) = chunk.decode(bytes.fromhex(outcome[2:]))
        assert result.word() > gas - 100


def test_many_burners_starve_no_honest_contract(chain: DevChain, multicall: Multicall) -> None:
    # 100 times half a million is more than the 30 million that the node grants one call.
    calls = [StaticCall(BURNS, b""), echo(5)] * 100
    results = multicall.read(calls, chain.client.block())
    assert [result.success for result in results] == [False, True] * 100


def test_chunks_fill_the_bounds_to_the_last_byte_and_the_chain_takes_them(
    chain: DevChain, multicall: Multicall
) -> None:
    largest_result = StaticCall(ECHO, b"x", MAX_RETURN_BYTES - 4)
    longest_list = StaticCall(ECHO, bytes(MAX_INIT_CODE_BYTES - 32 - 0x8F), 4)
    assert [len(chunk.calls) for chunk in pack([largest_result, longest_list])] == [1, 1]
    results = multicall.read([largest_result, longest_list], chain.client.block())
    assert [result.success for result in results] == [True, True]
    for too_much in (
        largest_result._replace(want=MAX_RETURN_BYTES - 3),
        longest_list._replace(data=longest_list.data + b"\0"),
    ):
        with pytest.raises(ValueError, match="exceeds the bounds"):
            pack([too_much])


def test_reads_are_of_the_block_that_was_named(chain: DevChain, multicall: Multicall) -> None:
    purse = checksum("0x" + "e9" * 20)
    chain.rpc.call("anvil_setCode", [purse, "0x475f5260205ff3"])  # returns its own balance
    blocks = []
    for _ in range(3):
        chain.rpc.call("eth_sendTransaction", [{"from": KEEPER, "to": purse, "value": "0x1"}])
        blocks.append(chain.mine())
    found = [multicall.read([StaticCall(purse, b"")], block)[0].word() for block in blocks]
    assert found == [1, 2, 3]


def test_block_that_the_node_does_not_know_is_an_inconsistency(chain: DevChain, multicall: Multicall) -> None:
    unknown = replace(chain.client.block(), hash="0x" + "12" * 32)
    with pytest.raises(RpcInconsistent, match="no longer knows"):
        multicall.read([echo(1)], unknown)


def test_other_requests_share_the_round_trip(chain: DevChain, multicall: Multicall) -> None:
    beside, results = multicall.read_beside([RpcRequest("eth_chainId")], [echo(9)], chain.client.block())
    assert int(beside[0], 16) == chain.client.chain_id()
    assert results[0].word() == 9
    assert multicall.read_beside([RpcRequest("eth_chainId")], [], chain.client.block()) == (beside, [])
    with pytest.raises(RpcRejected):
        multicall.read_beside([RpcRequest("eth_nothing")], [echo(9)], chain.client.block())
