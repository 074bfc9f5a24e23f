"""Many state reads in one ``eth_call`` that needs no contract on chain.

An ``eth_call`` without ``to`` runs its data as the init code of a contract that is never created, and returns
what that code returns. Ours is a loop of ``STATICCALL`` over a list that follows it in the same data.

The bounds on init code and what it returns are kept by splitting into chunks; what is returned begins with a
success flag, 0 or 1, and so never with 0xEF. How chunks are run is in ``pinned.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from steelyard.connect.chain import ChainClient
from steelyard.connect.pinned import MAX_INIT_CODE_BYTES, MAX_RETURN_BYTES, PinnedReader
from steelyard.connect.rpc import RpcRequest
from steelyard.exceptions import RpcInconsistent
from steelyard.model.chain import BlockRef
from steelyard.units import Address

_RESULT_HEAD_BYTES: Final = 4
_CALL_HEAD_BYTES: Final = 32

# Data of a call: this program, then for each static call one head word and its calldata:
#   gas (4 bytes) | return bytes wanted, "want" (4) | calldata length, "len" (4) | target (20)
# Result: for each call, in order: success (1 byte) | bytes that the callee returned (3) | the first `want` of
# them, zero-padded.
#
# Stack on the right, top last: n = length of the list, and where the output begins in memory; out = where the
# next result goes; ptr = where the next call is read; h = its head word.
_PROGRAM_PARTS: Final = (
    # Copy the list to memory 0; the output follows it.
    "608f",  # 00 PUSH1 0x8f      length of this program
    "38",  # 02 CODESIZE
    "03",  # 03 SUB               n = code size - program
    "80",  # 04 DUP1
    "608f",  # 05 PUSH1 0x8f
    "5f",  # 07 PUSH0
    "39",  # 08 CODECOPY          memory[0:n] = code[0x8f:]        | n
    "80",  # 09 DUP1              out = n                          | n out
    "5f",  # 0a PUSH0             ptr = 0                          | n out ptr
    # loop: until ptr reaches n
    "5b",  # 0b JUMPDEST          loop
    "82",  # 0c DUP3
    "81",  # 0d DUP2
    "10",  # 0e LT                ptr < n
    "15",  # 0f ISZERO
    "6084",  # 10 PUSH1 0x84      end
    "57",  # 12 JUMPI
    "80",  # 13 DUP1
    "51",  # 14 MLOAD             h = memory[ptr]                  | n out ptr h
    # A call that gets less gas than it was promised would look as if the callee had failed: give up instead.
    # The EVM keeps back 1/64 of the gas, hence gas + gas/32 and something for our own steps.
    "80",  # 15 DUP1
    "60e0",  # 16 PUSH1 0xe0
    "1c",  # 18 SHR               gas = h >> 224                   | n out ptr h gas
    "80",  # 19 DUP1
    "6005",  # 1a PUSH1 5
    "1c",  # 1c SHR               gas / 32
    "01",  # 1d ADD
    "612710",  # 1e PUSH2 10000
    "01",  # 21 ADD               need                             | n out ptr h need
    "5a",  # 22 GAS
    "10",  # 23 LT                gas left < need
    "608b",  # 24 PUSH1 0x8b      starved
    "57",  # 26 JUMPI                                              | n out ptr h
    # The call: its calldata lies behind its head word, its answer goes behind the result's head.
    "80",  # 27 DUP1
    "60c0",  # 28 PUSH1 0xc0
    "1c",  # 2a SHR
    "63ffffffff",  # 2b PUSH4
    "16",  # 30 AND               want = (h >> 192) & 0xffffffff
    "83",  # 31 DUP4
    "6004",  # 32 PUSH1 4
    "01",  # 34 ADD               out + 4                          | n out ptr h want out+4
    "82",  # 35 DUP3
    "60a0",  # 36 PUSH1 0xa0
    "1c",  # 38 SHR
    "63ffffffff",  # 39 PUSH4
    "16",  # 3e AND               len = (h >> 160) & 0xffffffff    | n out ptr h want out+4 len
    "84",  # 3f DUP5
    "6020",  # 40 PUSH1 32
    "01",  # 42 ADD               ptr + 32
    "84",  # 43 DUP5              target: the low 20 bytes of h    | n out ptr h want out+4 len ptr+32 h
    "80",  # 44 DUP1
    "60e0",  # 45 PUSH1 0xe0
    "1c",  # 47 SHR               gas = h >> 224
    "fa",  # 48 STATICCALL                                         | n out ptr h success
    # The head of the result, byte by byte: a whole word would overwrite what was just returned.
    "83",  # 49 DUP4
    "53",  # 4a MSTORE8           memory[out] = success            | n out ptr h
    "3d",  # 4b RETURNDATASIZE
    "6010",  # 4c PUSH1 16
    "1c",  # 4e SHR
    "83",  # 4f DUP4
    "6001",  # 50 PUSH1 1
    "01",  # 52 ADD
    "53",  # 53 MSTORE8           memory[out + 1] = size >> 16
    "3d",  # 54 RETURNDATASIZE
    "6008",  # 55 PUSH1 8
    "1c",  # 57 SHR
    "83",  # 58 DUP4
    "6002",  # 59 PUSH1 2
    "01",  # 5b ADD
    "53",  # 5c MSTORE8           memory[out + 2] = size >> 8
    "3d",  # 5d RETURNDATASIZE
    "83",  # 5e DUP4
    "6003",  # 5f PUSH1 3
    "01",  # 61 ADD
    "53",  # 62 MSTORE8           memory[out + 3] = size           | n out ptr h
    # out += 4 + want: each result has the room that was asked for, whatever the callee returned.
    "80",  # 63 DUP1
    "60c0",  # 64 PUSH1 0xc0
    "1c",  # 66 SHR
    "63ffffffff",  # 67 PUSH4
    "16",  # 6c AND               want
    "6004",  # 6d PUSH1 4
    "01",  # 6f ADD
    "83",  # 70 DUP4
    "01",  # 71 ADD               out + 4 + want                   | n out ptr h out'
    "92",  # 72 SWAP3
    "50",  # 73 POP                                                | n out' ptr h
    # On to the next head word, 32 + len further.
    "60a0",  # 74 PUSH1 0xa0
    "1c",  # 76 SHR
    "63ffffffff",  # 77 PUSH4
    "16",  # 7c AND               len
    "6020",  # 7d PUSH1 32
    "01",  # 7f ADD
    "01",  # 80 ADD               ptr + 32 + len                   | n out' ptr'
    "600b",  # 81 PUSH1 0x0b      loop
    "56",  # 83 JUMP
    # End: return all results.
    "5b",  # 84 JUMPDEST          end                              | n out ptr
    "50",  # 85 POP
    "81",  # 86 DUP2
    "90",  # 87 SWAP1                                              | n n out
    "03",  # 88 SUB               size = out - n
    "90",  # 89 SWAP1                                              | size n
    "f3",  # 8a RETURN
    # Starved: revert without data; the client tries with fewer calls.
    "5b",  # 8b JUMPDEST          starved
    "5f",  # 8c PUSH0
    "5f",  # 8d PUSH0
    "fd",  # 8e REVERT
)
PROGRAM: Final = bytes.fromhex("".join(_PROGRAM_PARTS))


class StaticCall(NamedTuple):
    """One read.

    Attributes:
        want: bytes of the answer that are kept; a longer answer is cut, a shorter one padded with zeros.
        gas: what the callee may burn, at most: bounds what a hostile contract can cost.
    """

    target: Address
    data: bytes
    want: int = 32
    gas: int = 500_000


class CallResult(NamedTuple):
    """What became of one read.

    Attributes:
        success: the callee did not revert; also true where the target has no code (``returned`` is 0 then).
        returned: bytes that the callee returned.
        data: the first ``want`` of them, padded with zeros.
    """

    success: bool
    returned: int
    data: bytes

    @property
    def answered(self) -> bool:
        """Tell whether the callee succeeded and returned all that was wanted."""
        return self.success and self.returned >= len(self.data)

    def word(self, index: int = 0) -> int:
        """Return the unsigned integer in the answer's word ``index``."""
        return int.from_bytes(self.data[32 * index : 32 * index + 32])

    def signed_word(self, index: int = 0) -> int:
        """Return the two's complement integer in the answer's word ``index``."""
        return int.from_bytes(self.data[32 * index : 32 * index + 32], signed=True)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Calls that go into one ``eth_call``."""

    calls: tuple[StaticCall, ...]

    def init_code(self) -> bytes:
        """Return the program and its list."""
        parts = [PROGRAM]
        for call in self.calls:
            parts.append(call.gas.to_bytes(4))
            parts.append(call.want.to_bytes(4))
            parts.append(len(call.data).to_bytes(4))
            parts.append(bytes.fromhex(call.target[2:]))
            parts.append(call.data)
        return b"".join(parts)

    def halves(self) -> list[Chunk]:
        """Return two chunks of half the calls each; none where there is one call only."""
        middle = len(self.calls) // 2
        return [Chunk(self.calls[:middle]), Chunk(self.calls[middle:])] if middle else []

    def unreadable(self) -> list[CallResult]:
        """Return what a call that the node cannot run even alone comes to: it has failed."""
        return [CallResult(success=False, returned=0, data=bytes(call.want)) for call in self.calls]

    def decode(self, output: bytes) -> list[CallResult]:
        """Cut the output into results. Raises RpcInconsistent where it has another length than it must."""
        if len(output) != sum(_RESULT_HEAD_BYTES + call.want for call in self.calls):
            raise RpcInconsistent(
                f"the node's answer to a batch of {len(self.calls)} reads has a wrong length"
            )
        results = []
        at = 0
        for call in self.calls:
            start = at + _RESULT_HEAD_BYTES
            data = output[start : start + call.want]
            results.append(CallResult(output[at] == 1, int.from_bytes(output[at + 1 : start]), data))
            at = start + call.want
        return results


def pack(calls: Sequence[StaticCall]) -> list[Chunk]:
    """Split ``calls`` into chunks, in order, each within the bounds on init code and its result.

    Raises:
        ValueError: a single call exceeds them.
    """
    chunks: list[Chunk] = []
    current: list[StaticCall] = []
    sent = returned = 0
    for call in calls:
        more_sent = _CALL_HEAD_BYTES + len(call.data)
        more_returned = _RESULT_HEAD_BYTES + call.want
        if len(PROGRAM) + more_sent > MAX_INIT_CODE_BYTES or more_returned > MAX_RETURN_BYTES:
            raise ValueError(f"a read of {len(call.data)} bytes for {call.want} bytes exceeds the bounds")
        full = len(PROGRAM) + sent + more_sent > MAX_INIT_CODE_BYTES
        if current and (full or returned + more_returned > MAX_RETURN_BYTES):
            chunks.append(Chunk(tuple(current)))
            current, sent, returned = [], 0, 0
        current.append(call)
        sent += more_sent
        returned += more_returned
    if current:
        chunks.append(Chunk(tuple(current)))
    return chunks


class Multicall:
    """Reads many things at one block."""

    def __init__(self, chain: ChainClient) -> None:
        self.reader = PinnedReader(chain)

    def read(self, calls: Sequence[StaticCall], block: BlockRef) -> list[CallResult]:
        """Return the results in the order of the calls, all of the state after ``block``.

        Raises:
            RpcInconsistent: the node does not know the block (any more), or answers nonsense.
            RpcUnavailable: no answer in time.
            RpcRejected: the node refuses such calls.
        """
        return self.reader.run(pack(calls), block)

    def read_beside(
        self, beside: Sequence[RpcRequest], calls: Sequence[StaticCall], block: BlockRef
    ) -> tuple[list[Any], list[CallResult]]:
        """Like ``read``, with other requests in the same round trip; returns their results first."""
        return self.reader.run_beside(beside, pack(calls), block)
