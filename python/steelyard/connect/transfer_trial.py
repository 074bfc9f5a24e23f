"""A token sent out of a pool and back into it on the real state, in one ``eth_call`` that changes nothing.

Nobody but the pool can send what it holds. So for the length of the call the pool's code is replaced (a state
override, which geth and its relatives, Nethermind, Besu, Reth and anvil all take) by a program that makes the
transfers and looks at balances before and after; the receiver's is replaced by one that passes a call on. The
token's own code and all storage are the chain's.

Both programs are assembled here: a straight line of calls needs no compiler.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from steelyard.connect.abi import BALANCE_OF, TRANSFER, address_word, word
from steelyard.connect.hexes import to_hex
from steelyard.connect.rpc import RpcRequest
from steelyard.exceptions import RpcInconsistent
from steelyard.units import Address

_WORD: Final = 32
_ANSWER_BYTES: Final = 4 + 4 * _WORD
"""Of what a transfer answers: a flag, or a revert with a text of two words."""
_HEAD_BYTES: Final = 2 * _WORD
"""Before each answer: whether the call went through, and the length of its answer."""
_CALL_GAS: Final = 2_000_000
"""What one call may burn: bounds what a hostile token costs the node."""
_TRIAL_GAS: Final = 20_000_000
_SCRATCH: Final = 0x2000
"""Memory in which calldata is laid out, behind all answers."""

# Whoever calls the pool in the middle of a transfer (a token's hook) gets an empty answer; only the call's
# first frame, whose caller is its origin, runs the trial.
_GUARD: Final = bytes.fromhex("32 33 14 6007 57 00 5b")
"""ORIGIN CALLER EQ PUSH1 7 JUMPI STOP JUMPDEST"""

# The receiver's program: calldata is a target's word and then what is to be passed on to it; the answer, or
# the revert, goes back as it came.
_PASS_ON_PARTS: Final = (
    "6020 36 03",  # PUSH1 32 CALLDATASIZE SUB              | size
    "80 6020 5f 37",  # DUP1 PUSH1 32 PUSH0 CALLDATACOPY      | size
    "5f 5f 82 5f 5f 5f 35",  # 0 0 size 0 0 CALLDATALOAD(0)
    "5a f1",  # GAS CALL                               | size ok
    "3d 5f 5f 3e",  # RETURNDATASIZE PUSH0 PUSH0 RETURNDATACOPY
    "601c 57",  # PUSH1 0x1c JUMPI                       | size
    "3d 5f fd",  # RETURNDATASIZE PUSH0 REVERT
    "5b 3d 5f f3",  # 1c: JUMPDEST RETURNDATASIZE PUSH0 RETURN
)
PASS_ON: Final = bytes.fromhex(" ".join(_PASS_ON_PARTS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One token's way out of a pool and back.

    Attributes:
        receiver: who gets the token in between: the executor, or a token that refuses it would not be found.
        origin: the account that transactions come from, since a token may look at ``tx.origin``.
        amount: base units that are sent, no more than the pool holds.
    """

    token: Address
    pool: Address
    receiver: Address
    origin: Address
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one call of the trial came to: ``data`` is at most the first ``_ANSWER_BYTES`` of its answer."""

    success: bool
    returned: int
    data: bytes

    @property
    def number(self) -> int | None:
        """The answer's first word, or None where there is none."""
        whole = self.success and self.returned >= _WORD
        return int.from_bytes(self.data[:_WORD]) if whole else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """The trial's steps. Balances are of (pool, receiver): before, with the receiver, and after."""

    before: tuple[Step, Step]
    out: Step
    between: tuple[Step, Step]
    back: Step
    after: tuple[Step, Step]


def trial_request(trial: Trial, block: object) -> RpcRequest:
    """Return the ``eth_call``; ``block`` is what JSON-RPC pins a state read with."""
    transaction = {"from": trial.origin, "to": trial.pool, "gas": hex(_TRIAL_GAS)}
    overrides = {
        trial.pool: {"code": to_hex(_program(trial))},
        trial.receiver: {"code": to_hex(PASS_ON)},
    }
    return RpcRequest("eth_call", [transaction, block, overrides])


def read_trial(output: bytes) -> TrialResult:
    """Return what the steps came to.

    Raises:
        RpcInconsistent: this is not our program's answer: the node has ignored the overrides.
    """
    if len(output) != _STEPS * _STEP_BYTES:
        raise RpcInconsistent("the node answered a trial of transfers without running it")
    steps = [_step(output[at : at + _STEP_BYTES]) for at in range(0, len(output), _STEP_BYTES)]
    return TrialResult(
        before=(steps[0], steps[1]),
        out=steps[2],
        between=(steps[3], steps[4]),
        back=steps[5],
        after=(steps[6], steps[7]),
    )


_STEP_BYTES: Final = _HEAD_BYTES + _ANSWER_BYTES + (-_ANSWER_BYTES) % _WORD
_STEPS: Final = 8


def _step(raw: bytes) -> Step:
    returned = int.from_bytes(raw[_WORD:_HEAD_BYTES])
    data = raw[_HEAD_BYTES : _HEAD_BYTES + min(returned, _ANSWER_BYTES)]
    return Step(success=int.from_bytes(raw[:_WORD]) == 1, returned=returned, data=data)


def _program(trial: Trial) -> bytes:
    """Return the pool's program: the calls one after the other, then all answers."""
    balances = [
        (trial.token, BALANCE_OF + address_word(trial.pool)),
        (trial.token, BALANCE_OF + address_word(trial.receiver)),
    ]
    back = TRANSFER + address_word(trial.pool) + word(trial.amount)
    calls = [
        *balances,
        (trial.token, TRANSFER + address_word(trial.receiver) + word(trial.amount)),
        *balances,
        (trial.receiver, address_word(trial.token) + back),
        *balances,
    ]
    code_bytes = len(_GUARD) + len(calls) * _CALL_CODE_BYTES + _END_BYTES
    code, data = bytearray(_GUARD), b""
    for at, (target, calldata) in enumerate(calls):
        code += _call(target, code_bytes + len(data), len(calldata), at * _STEP_BYTES)
        data += calldata
    code += b"\x61" + (len(calls) * _STEP_BYTES).to_bytes(2) + b"\x5f\xf3"  # PUSH2 size PUSH0 RETURN
    return bytes(code) + data


def _call(target: Address, data_at: int, data_bytes: int, answer_at: int) -> bytes:
    """Return the code of one call, whose calldata lies behind the program.

    CODECOPY(scratch, data_at, data_bytes);
    MSTORE(answer_at, CALL(gas, target, 0, scratch, data_bytes, answer_at + 64, kept));
    MSTORE(answer_at + 32, RETURNDATASIZE)
    """
    size, scratch = _push(data_bytes), _push(_SCRATCH)
    copy = size + _push(data_at) + scratch + b"\x39"
    arguments = _push(_ANSWER_BYTES) + _push(answer_at + _HEAD_BYTES) + size + scratch + b"\x5f"
    called = b"\x73" + bytes.fromhex(target[2:]) + b"\x63" + _CALL_GAS.to_bytes(4) + b"\xf1"
    return copy + arguments + called + _push(answer_at) + b"\x52\x3d" + _push(answer_at + _WORD) + b"\x52"


def _push(value: int) -> bytes:
    """Return PUSH2 of ``value``, always three bytes, so that the program's length is known beforehand."""
    return b"\x61" + value.to_bytes(2)


_CALL_CODE_BYTES: Final = len(_call(Address("0x" + "00" * 20), 0, 0, 0))
_END_BYTES: Final = 5
