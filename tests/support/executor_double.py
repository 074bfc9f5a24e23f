"""A stand-in for the executor in hand-written byte code: it needs no compiler and obeys what a test sets.

It has the executor's ``execute``, event and two of its errors. Storage slot 0: where not zero, revert with
MinProfitNotMet of that gain. Slot 1 counts executions. Slot 2 is added to the plan's minimum as profit. What
it leaves out: loans, swaps, roles, and everything else.

Slot 3: where not zero, a plan whose loan is ``n`` above it succeeds only behind ``n`` others.
"""

from __future__ import annotations

from steelyard.connect.executor_events import ARBITRAGE_EXECUTED_WITH_COSTS_TOPIC
from tests.support.byte_code import assemble

FAIL_SLOT = 0
COUNT_SLOT = 1
EXTRA_SLOT = 2
BASE_SLOT = 3

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

EXECUTOR_DOUBLE = assemble(_PROGRAM, _FIELDS, ARBITRAGE_EXECUTED_WITH_COSTS_TOPIC)
"""Run-time byte code."""
