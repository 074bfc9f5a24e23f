"""The initialised ticks of V3 pools, found in few calls.

A pool's ``tickBitmap`` has up to 6,932 words, nearly all of them zero. The program below asks for every word
of a range in the EVM and returns only those that are not: a pool costs 32 bytes of request, not 70 a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from steelyard.connect.abi import TICK_BITMAP
from steelyard.connect.pinned import PinnedReader
from steelyard.exceptions import RpcInconsistent
from steelyard.model.chain import BlockRef
from steelyard.units import Address

_WORDS_PER_CHUNK: Final = 4_096
"""At some 3,000 gas a word well under half of what nodes grant a call."""
_RANGES_PER_CHUNK: Final = 1_024
"""At 32 bytes each well under the bound on init code."""
_RECORD_BYTES: Final = 36

# Data of a call: this program, then for each range one word:
#   first position (4 bytes, signed) | number of positions, "left" (4) | unused (4) | pool (20)
# Result: for each word that is not zero: index of the range (2 bytes) | position (2, signed) | the word (32).
#
# Memory: calldata at 0, the answer at 0x40, the list at 0x80, the output after it.
# Stack on the right, top last: base = where the output begins and the list ends; out = where it goes on;
# idx = index of the range; ptr = where it is read; h = its word; pos = the position asked for.
_PROGRAM_PARTS: Final = (
    "63" + TICK_BITMAP.hex(),  # 00 PUSH4 selector of tickBitmap(int16)
    "60e0",  # 05 PUSH1 0xe0
    "1b",  # 07 SHL
    "5f",  # 08 PUSH0
    "52",  # 09 MSTORE            memory[0:4] = selector
    "60a2",  # 0a PUSH1 0xa2      length of this program
    "38",  # 0c CODESIZE
    "03",  # 0d SUB               n = code size - program
    "80",  # 0e DUP1
    "60a2",  # 0f PUSH1 0xa2
    "6080",  # 11 PUSH1 0x80
    "39",  # 13 CODECOPY          memory[0x80:] = code[0xa2:]
    "6080",  # 14 PUSH1 0x80
    "01",  # 16 ADD                                                | base
    "80",  # 17 DUP1              out = base
    "5f",  # 18 PUSH0             idx = 0
    "6080",  # 19 PUSH1 0x80                                       | base out idx ptr
    # Each range, until ptr reaches base.
    "5b",  # 1b JUMPDEST          ranges
    "83",  # 1c DUP4
    "81",  # 1d DUP2
    "10",  # 1e LT                ptr < base
    "15",  # 1f ISZERO
    "6096",  # 20 PUSH1 0x96      end
    "57",  # 22 JUMPI
    "80",  # 23 DUP1
    "51",  # 24 MLOAD                                              | base out idx ptr h
    "80",  # 25 DUP1
    "60c0",  # 26 PUSH1 0xc0
    "1c",  # 28 SHR
    "63ffffffff",  # 29 PUSH4
    "16",  # 2e AND               left = (h >> 192) & 0xffffffff   | base out idx ptr h left
    "81",  # 2f DUP2
    "60e0",  # 30 PUSH1 0xe0
    "1c",  # 32 SHR
    "6003",  # 33 PUSH1 3
    "0b",  # 35 SIGNEXTEND        pos = h >> 224, signed           | base out idx ptr h left pos
    # Each position, until none is left.
    "5b",  # 36 JUMPDEST          positions
    "81",  # 37 DUP2
    "15",  # 38 ISZERO
    "6087",  # 39 PUSH1 0x87      next range
    "57",  # 3b JUMPI
    "80",  # 3c DUP1
    "6004",  # 3d PUSH1 4
    "52",  # 3f MSTORE            memory[4:36] = pos
    "6020",  # 40 PUSH1 32        the answer's length
    "6040",  # 42 PUSH1 0x40      and place
    "6024",  # 44 PUSH1 36        the calldata's length
    "5f",  # 46 PUSH0             and place
    "86",  # 47 DUP7              pool: the low 20 bytes of h
    "5a",  # 48 GAS               all of it: a pool's code is known
    "fa",  # 49 STATICCALL                                         | base out idx ptr h left pos success
    "15",  # 4a ISZERO
    "609e",  # 4b PUSH1 0x9e      failed
    "57",  # 4d JUMPI
    "3d",  # 4e RETURNDATASIZE
    "6020",  # 4f PUSH1 32
    "14",  # 51 EQ
    "15",  # 52 ISZERO
    "609e",  # 53 PUSH1 0x9e      failed: no pool answered
    "57",  # 55 JUMPI
    "6040",  # 56 PUSH1 0x40
    "51",  # 58 MLOAD                                              | base out idx ptr h left pos word
    "80",  # 59 DUP1
    "15",  # 5a ISZERO
    "6079",  # 5b PUSH1 0x79      zero
    "57",  # 5d JUMPI
    # A word that is not zero goes to the output, behind its range and position.
    "81",  # 5e DUP2
    "61ffff",  # 5f PUSH2
    "16",  # 62 AND               pos & 0xffff
    "86",  # 63 DUP7
    "6010",  # 64 PUSH1 16
    "1b",  # 66 SHL               idx << 16
    "17",  # 67 OR
    "60e0",  # 68 PUSH1 0xe0
    "1b",  # 6a SHL               the record's first four bytes
    "87",  # 6b DUP8
    "52",  # 6c MSTORE            memory[out:] = them
    "80",  # 6d DUP1
    "87",  # 6e DUP8
    "6004",  # 6f PUSH1 4
    "01",  # 71 ADD
    "52",  # 72 MSTORE            memory[out + 4:] = word
    "86",  # 73 DUP7
    "6024",  # 74 PUSH1 36
    "01",  # 76 ADD               out + 36
    "96",  # 77 SWAP7
    "50",  # 78 POP                                                | base out' idx ptr h left pos word
    "5b",  # 79 JUMPDEST          zero
    "50",  # 7a POP
    "6001",  # 7b PUSH1 1
    "01",  # 7d ADD               pos + 1
    "90",  # 7e SWAP1
    "6001",  # 7f PUSH1 1
    "90",  # 81 SWAP1
    "03",  # 82 SUB               left - 1
    "90",  # 83 SWAP1                                              | base out idx ptr h left' pos'
    "6036",  # 84 PUSH1 0x36      positions
    "56",  # 86 JUMP
    # On to the next range.
    "5b",  # 87 JUMPDEST          next range
    "50",  # 88 POP
    "50",  # 89 POP
    "50",  # 8a POP                                                | base out idx ptr
    "6020",  # 8b PUSH1 32
    "01",  # 8d ADD               ptr + 32
    "90",  # 8e SWAP1
    "6001",  # 8f PUSH1 1
    "01",  # 91 ADD               idx + 1
    "90",  # 92 SWAP1                                              | base out idx' ptr'
    "601b",  # 93 PUSH1 0x1b      ranges
    "56",  # 95 JUMP
    # End: return all records.
    "5b",  # 96 JUMPDEST          end
    "50",  # 97 POP
    "50",  # 98 POP                                                | base out
    "81",  # 99 DUP2
    "90",  # 9a SWAP1
    "03",  # 9b SUB               size = out - base
    "90",  # 9c SWAP1                                              | size base
    "f3",  # 9d RETURN
    # Failed: revert without data; the client tries with fewer positions.
    "5b",  # 9e JUMPDEST          failed
    "5f",  # 9f PUSH0
    "5f",  # a0 PUSH0
    "fd",  # a1 REVERT
)
PROGRAM: Final = bytes.fromhex("".join(_PROGRAM_PARTS))


@dataclass(frozen=True, slots=True)
class ScanRange:
    """Consecutive words of one pool's bitmap: ``count`` of them from position ``first``."""

    pool: Address
    first: int
    count: int

    def cut(self, count: int) -> tuple[ScanRange, ScanRange]:
        """Return the first ``count`` words and the rest."""
        rest = replace(self, first=self.first + count, count=self.count - count)
        return replace(self, count=count), rest


class BitmapWord(NamedTuple):
    """A word of a pool's bitmap that is not zero."""

    pool: Address
    position: int
    bits: int


@dataclass(frozen=True, slots=True)
class ScanChunk:
    """Ranges that go into one ``eth_call``."""

    ranges: tuple[ScanRange, ...]

    def init_code(self) -> bytes:
        """Return the program and its list."""
        parts = [PROGRAM]
        for range_ in self.ranges:
            parts.append(range_.first.to_bytes(4, signed=True))
            parts.append(range_.count.to_bytes(4))
            parts.append(bytes(4))
            parts.append(bytes.fromhex(range_.pool[2:]))
        return b"".join(parts)

    def decode(self, output: bytes) -> list[BitmapWord]:
        """Return the words. Raises RpcInconsistent where they are not of the ranges asked for."""
        if len(output) % _RECORD_BYTES:
            raise RpcInconsistent("the node's answer to a scan of tick bitmaps has a wrong length")
        return [self._word(output[at : at + _RECORD_BYTES]) for at in range(0, len(output), _RECORD_BYTES)]

    def halves(self) -> list[ScanChunk]:
        """Return two chunks of about half the words each; none where there is one word only."""
        words = sum(range_.count for range_ in self.ranges)
        return [ScanChunk(part) for part in _split(self.ranges, -(-words // 2))] if words > 1 else []

    def unreadable(self) -> list[BitmapWord]:
        """Raise RpcInconsistent: what a V3 factory deployed always answers."""
        raise RpcInconsistent(f"pool {self.ranges[0].pool} does not tell its tick bitmap")

    def _word(self, record: bytes) -> BitmapWord:
        index = int.from_bytes(record[:2])
        position = int.from_bytes(record[2:4], signed=True)
        if index >= len(self.ranges):
            raise RpcInconsistent(
                "the node's answer to a scan of tick bitmaps names a range that was not asked"
            )
        range_ = self.ranges[index]
        if not range_.first <= position < range_.first + range_.count:
            raise RpcInconsistent(f"the node's scan of pool {range_.pool} left its range")
        return BitmapWord(range_.pool, position, int.from_bytes(record[4:]))


def scan_tick_bitmaps(reader: PinnedReader, ranges: Sequence[ScanRange], block: BlockRef) -> list[BitmapWord]:
    """Return all words of the ranges that are not zero, in the order of the ranges.

    Raises:
        RpcInconsistent: the node does not know the block, answers nonsense, or a pool is none.
        RpcUnavailable, RpcRejected: the node cannot say.
    """
    return reader.run([ScanChunk(part) for part in _split(ranges, _WORDS_PER_CHUNK)], block)


def _split(ranges: Iterable[ScanRange], words: int) -> list[tuple[ScanRange, ...]]:
    """Divide ranges into parts of at most ``words`` words, cutting a range where a part is full."""
    parts: list[tuple[ScanRange, ...]] = []
    current: list[ScanRange] = []
    room = words
    for range_ in ranges:
        rest = range_
        while rest.count:
            head, rest = rest.cut(min(room, rest.count))
            current.append(head)
            room -= head.count
            if room == 0 or len(current) == _RANGES_PER_CHUNK:
                parts.append(tuple(current))
                current, room = [], words
    return [*parts, tuple(current)] if current else parts
