"""A stand-in for the vault in byte code: it has ``rebalance``, its event and three of its errors.

Storage slot 0: where not zero, revert with EntriesStopped. Slot 1 counts rebalances. Slots 2 and 3 are what
is said to be moved and lost. What it leaves out: pools, targets, roles, and everything else.
"""

from __future__ import annotations

from steelyard.connect.vault_calls import REBALANCED
from tests.support.byte_code import assemble

FAIL_SLOT = 0
COUNT_SLOT = 1
MOVED_SLOT = 2
LOSS_SLOT = 3

_PROGRAM = """
    0 SLOAD @stopped JUMPI
    deadline TIMESTAMP GT @late JUMPI
    max_loss 3 SLOAD GT @dear JUMPI
    1 SLOAD 1 ADD 1 SSTORE
    2 SLOAD 0x20 MSTORE
    3 SLOAD 0x40 MSTORE
    CALLER
    topic 0x60 0 LOG2
    0x20 0x40 RETURN
:stopped
    error:EntriesStopped() 0 MSTORE
    4 0 REVERT
:late
    error:PlanExpired(uint256,uint256) 0 MSTORE
    deadline 4 MSTORE
    TIMESTAMP 0x24 MSTORE
    0x44 0 REVERT
:dear
    error:LossTooHigh(uint256,uint256) 0 MSTORE
    3 SLOAD 4 MSTORE
    max_loss 0x24 MSTORE
    0x44 0 REVERT
"""

_FIELDS = {"max_loss": (0x24, 32), "deadline": (0x44, 32)}
"""Of ``rebalance``'s calldata."""

VAULT_DOUBLE = assemble(_PROGRAM, _FIELDS, REBALANCED)
"""Run-time byte code."""
