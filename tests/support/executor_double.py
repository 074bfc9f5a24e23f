"""A stand-in for the executor in hand-written byte code: it needs no compiler and obeys what a test sets.

It has the executor's ``execute``, event and two of its errors. Storage slot 0: where not zero, revert with
MinProfitNotMet of that gain. Slot 1 counts executions. Slot 2 is added to the plan's minimum as profit. What
it leaves out: loans, swaps, roles, and everything else.

Slot 3: where not zero, a plan whose loan is ``n`` above it succeeds only behind ``n`` others.
"""

from __future__ import annotations

from eth_hash.auto import keccak

from steelyard.connect.executor_events import ARBITRAGE_EXECUTED_WITH_COSTS_TOPIC

FAIL_SLOT = 0
COUNT_SLOT = 1
EXTRA_SLOT = 2
BASE_SLOT = 3

_OPS = {
    "STOP": 0x00, "ADD": 0x01, "SUB": 0x03, "LT": 0x10, "GT": 0x11, "ISZERO": 0x15, "SHR": 0x1C,
    "KECCAK": 0x20, "CALLDATALOAD": 0x35, "CALLDATACOPY": 0x37, "TIMESTAMP": 0x42,
    "MSTORE": 0x52, "SLOAD": 0x54, "SSTORE": 0x55, "JUMPI": 0x57, "JUMPDEST": 0x5B, "LOG3": 0xA3,
    "RETURN": 0xF3, "REVERT": 0xFD,
}  # fmt: skip

_PROGRAM = """
    0 SLOAD @fail JUMPI
    3 SLOAD ISZERO @free JUMPI
    3 SLOAD amount SUB 1 SLOAD LT @fail JUMPI
:free
    deadline TIMESTAMP GT @late JUMPI
    1 SLOAD 1 ADD 1 SSTORE
    min_profit 2 SLOAD ADD 0 MSTORE
    length 0x44 0x200 CALLDATACOPY
    asset
    length 0x200 KECCAK
    topic 0x60 0 LOG3
    0x20 0 RETURN
:fail
    error:MinProfitNotMet(uint256,uint256) 0 MSTORE
    0 SLOAD 4 MSTORE
    min_profit 0x24 MSTORE
    0x44 0 REVERT
:late
    error:DeadlineExpired(uint256,uint256) 0 MSTORE
    deadline 4 MSTORE
    TIMESTAMP 0x24 MSTORE
    0x44 0 REVERT
"""


_FIELDS = {
    "length": (0x24, 32),
    "deadline": (0x44 + 28, 5),
    "min_profit": (0x44 + 33, 16),
    "asset": (0x44 + 52, 20),
    "amount": (0x44 + 72, 16),
}
"""Of ``execute``'s calldata: where each begins, and how many bytes it has."""


def _load(offset: int, size: int) -> bytes:
    loaded = _push(offset, 2) + bytes([_OPS["CALLDATALOAD"]])
    return loaded + _push(256 - 8 * size, 2) + bytes([_OPS["SHR"]])


def _push(value: int, size: int) -> bytes:
    return bytes([0x5F + size]) + value.to_bytes(size)


def _assemble(program: str) -> bytes:
    code, labels, jumps = b"", {}, []
    for word in program.split():
        if word.startswith(":"):
            labels[word[1:]] = len(code)
            code += bytes([_OPS["JUMPDEST"]])
        elif word.startswith("@"):
            jumps.append((len(code) + 1, word[1:]))
            code += _push(0, 2)
        elif word in _FIELDS:
            code += _load(*_FIELDS[word])
        elif word.startswith("error:"):
            code += _push(int.from_bytes(keccak(word[6:].encode())[:4]) << 224, 32)
        elif word == "topic":
            code += _push(int.from_bytes(ARBITRAGE_EXECUTED_WITH_COSTS_TOPIC), 32)
        elif word in _OPS:
            code += bytes([_OPS[word]])
        else:
            code += _push(int(word, 0), 2)
    for place, label in jumps:
        code = code[:place] + labels[label].to_bytes(2) + code[place + 2 :]
    return code


EXECUTOR_DOUBLE = _assemble(_PROGRAM)
"""Run-time byte code."""
