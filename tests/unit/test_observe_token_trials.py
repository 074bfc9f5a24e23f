"""Whose turn it is to be tried, where, and what is kept: on a chain that answers from tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from steelyard.connect.chain import ChainClient
from steelyard.connect.hexes import to_hex
from steelyard.connect.multicall import CallResult, Multicall, StaticCall
from steelyard.connect.rpc import RpcRequest
from steelyard.connect.transfer_trial import Step, Trial, TrialResult, read_trial
from steelyard.exceptions import RpcInconsistent, RpcRejected, RpcUnavailable
from steelyard.model import Address, BlockRef
from steelyard.observe.token_safety import POOLS_LOOKED_AT, TokenTrials, problem_of
from steelyard.units import UINT256_MAX
from tests.support.markets import DAI, USDC, WETH, address, block, pair

pytestmark = pytest.mark.unit

RECEIVER, ORIGIN = Address("0x" + "e5" * 20), Address("0x" + "77" * 20)
EVERY = 10
STEP_BYTES = 224
HELD = 1_000

_BALANCE_LENGTH = 32


def step(number: int | None, *, success: bool = True) -> bytes:
    """A step as the program writes it; None for an answer without a word."""
    answer = b"" if number is None else number.to_bytes(32)
    head = int(success).to_bytes(32) + len(answer).to_bytes(32)
    return (head + answer).ljust(STEP_BYTES, b"\0")


def honest(amount: int, *, held: int = HELD, arrives: int | None = None) -> bytes:
    """The whole way of an honest token, or of one that lets only ``arrives`` arrive."""
    got = amount if arrives is None else arrives
    steps = [held, 0, 1, held - amount, got, 1, held - amount + got, 0]
    return b"".join(step(number) for number in steps)


class ScriptedNode:
    """Pools that hold ``held`` of each token; tokens are honest except at the pools named in ``taxed``."""

    def __init__(self) -> None:
        self.held: dict[Address, int] = {}
        self.taxed: set[Address] = set()
        self.refuses: RpcRejected | None = None
        self.away = False
        self.tried: list[Address] = []
        self.rpc = self

    def read(self, calls: Sequence[StaticCall], at: BlockRef) -> list[CallResult]:
        if self.away:
            raise RpcUnavailable("no answer")
        return [self._balance(call) for call in calls]

    def _balance(self, call: StaticCall) -> CallResult:
        holder = Address("0x" + call.data[-20:].hex())
        data = self.held.get(holder, HELD).to_bytes(32)
        return CallResult(success=True, returned=_BALANCE_LENGTH, data=data)

    def batch_outcomes(self, requests: Sequence[RpcRequest]) -> list[Any]:
        return [self._trial(request) for request in requests]

    def _trial(self, request: RpcRequest) -> Any:
        transaction = cast("dict[str, str]", request.params[0])
        pool = Address(transaction["to"])
        self.tried.append(pool)
        if self.refuses is not None:
            return self.refuses
        held = self.held.get(pool, HELD)
        amount = max(held // 10, 1)
        return to_hex(honest(amount, held=held, arrives=amount - 1 if pool in self.taxed else None))


POOLS = {
    pool.address: pool
    for pool in (pair(1, WETH, USDC, 5, 5), pair(2, WETH, USDC, 5, 5), pair(3, WETH, DAI, 5, 5))
}


class Trials:
    """Trials on a scripted node, block by block."""

    def __init__(self, **options: Any) -> None:
        self.node = ScriptedNode()
        self.tokens: tuple[Address, ...] = (USDC, DAI)
        self.pools = dict(POOLS)
        chain = cast("ChainClient", self.node)
        self.trials = TokenTrials(
            chain, receiver=RECEIVER, origin=ORIGIN, **({"every_blocks": EVERY, "at_once": 8} | options)
        )

    def at(self, number: int, *, idle: bool = False) -> list[Address]:
        """Refresh at a block; return the pools at which was tried."""
        self.node.tried.clear()
        multicall = cast("Multicall", self.node)
        self.trials.refresh(multicall, block(number), self.tokens, self.pools, idle=idle)
        return list(self.node.tried)

    @property
    def problems(self) -> dict[Address, str | None]:
        return {token: safety.problem for token, safety in self.trials.safety.items()}


def test_all_tokens_are_tried_at_once_and_then_when_their_turn_comes() -> None:
    trials = Trials()
    assert len(trials.at(100)) == 2
    assert trials.problems == {USDC: None, DAI: None}
    assert trials.at(109) == []
    assert len(trials.at(110)) == 2
    assert {safety.block_number for safety in trials.trials.safety.values()} == {110}


def test_so_many_at_once_and_those_never_tried_first() -> None:
    trials = Trials(at_once=1)
    assert trials.at(100) == [address(2)]
    assert trials.at(101) == [], "a block waits to be decided on"
    assert trials.at(101, idle=True) == [address(3)]
    assert trials.at(101, idle=True) == []
    assert len(trials.at(110, idle=True)) == 1
    assert trials.trials.safety[USDC].block_number == 110
    assert trials.at(119) == [], "DAI is due, but nobody has to wait for it yet"
    assert trials.at(120) == [address(3)]


def test_a_chain_that_went_back_is_tried_anew() -> None:
    trials = Trials()
    trials.at(100)
    assert len(trials.at(90)) == 2


def test_the_pool_that_holds_the_most_is_taken_and_in_time_every_pool_has_its_turn() -> None:
    trials = Trials()
    trials.tokens = (USDC,)
    many = {at: pair(number, WETH, USDC, 5, 5) for number in range(1, 11) if (at := address(number))}
    trials.pools = dict(many)
    trials.node.held = {address(number): 1_000 + number for number in range(1, 11)}
    visited = [trials.at(100 + EVERY * turn)[0] for turn in range(3)]
    assert visited == [address(4), address(8), address(10)]
    assert POOLS_LOOKED_AT == 4


def test_a_problem_stays_until_its_own_pool_shows_that_it_is_mended() -> None:
    trials = Trials()
    trials.tokens = (USDC,)
    trials.node.held = {address(1): 500}
    trials.node.taxed = {address(2)}
    assert trials.at(100) == [address(2)]
    assert trials.problems[USDC] == f"a transfer out of pool {address(2)} of 100 units brings 99"
    trials.node.held = {address(1): 5_000}
    assert trials.at(110) == [address(2)], "deeper elsewhere, but only here can it be mended"
    trials.node.taxed = set()
    trials.at(120)
    assert trials.problems == {USDC: None}
    assert trials.at(130) == [address(1)]


def test_a_problem_at_a_pool_that_is_gone_is_forgotten_with_the_next_trial() -> None:
    trials = Trials()
    trials.tokens = (USDC,)
    trials.node.taxed = {address(2)}
    trials.node.held = {address(1): 500}
    trials.at(100)
    del trials.pools[address(2)]
    assert trials.at(110) == [address(1)]
    assert trials.problems == {USDC: None}


def test_a_token_that_no_pool_holds_is_not_tried() -> None:
    trials = Trials()
    trials.node.held = dict.fromkeys(POOLS, 0)
    assert trials.at(100) == []
    assert trials.problems == {}
    assert trials.trials.warning is None


def test_a_node_that_refuses_is_named_and_asked_again_in_time() -> None:
    trials = Trials()
    trials.node.refuses = RpcRejected("state override is not supported", code=-32602)
    trials.at(100)
    assert trials.problems == {}
    assert str(trials.trials.warning) == "tokens are not tried: state override is not supported"
    assert trials.at(105, idle=True) == [], "not in every block"
    trials.node.refuses = None
    trials.at(110)
    assert not trials.trials.warning
    assert trials.problems == {USDC: None, DAI: None}


def test_a_node_that_is_away_changes_nothing() -> None:
    trials = Trials()
    trials.node.away = True
    with pytest.raises(RpcUnavailable):
        trials.at(100)
    trials.node.away = False
    assert len(trials.at(100)) == 2


def test_what_was_published_is_not_changed_later() -> None:
    trials = Trials()
    trials.at(100)
    before = trials.trials.safety
    copy = dict(before)
    trials.node.taxed = set(POOLS)
    trials.at(110)
    assert before == copy
    assert trials.problems[DAI] is not None


# --- what a trial's answer means --------------------------------------------------------------------------

TRIAL = Trial(token=USDC, pool=address(1), receiver=RECEIVER, origin=ORIGIN, amount=100)


def result(**changes: Step | tuple[Step, Step]) -> TrialResult:
    return replace(read_trial(honest(100)), **cast("dict[str, Any]", changes))


def balances(held: int, received: int) -> tuple[Step, Step]:
    first, second = (read_trial(step(n) * 8).out for n in (held, received))
    return first, second


NO_BALANCE = (Step(success=False, returned=0, data=b""),) * 2
EMPTY = Step(success=True, returned=0, data=b"")
FALSE = Step(success=True, returned=32, data=bytes(32))
TOO_SHORT = Step(success=True, returned=1, data=b"\x01")
LARGE = Step(success=True, returned=32, data=UINT256_MAX.to_bytes(32))
REVERTED = Step(success=False, returned=0, data=b"")


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (result(), None),
        (result(out=EMPTY, back=EMPTY), None),
        (result(before=NO_BALANCE), "it does not state a balance"),
        (result(out=FALSE), "a transfer out of pool {pool} is answered with something else than true"),
        (result(out=TOO_SHORT), "a transfer out of pool {pool} is answered with something else than true"),
        (result(back=LARGE), "a transfer into pool {pool} is answered with something else than true"),
        (result(out=REVERTED), "a transfer out of pool {pool} is refused: reverted without a reason"),
        (result(back=REVERTED), "a transfer into pool {pool} is refused: reverted without a reason"),
        (result(between=balances(900, 99)), "a transfer out of pool {pool} of 100 units brings 99"),
        (result(between=balances(899, 100)), "a transfer out of pool {pool} of 100 units takes 101"),
        (result(after=balances(999, 0)), "a transfer into pool {pool} of 100 units brings 99"),
        (result(after=balances(1_000, 1)), "a transfer into pool {pool} of 100 units takes 99"),
    ],
)
def test_what_moved_is_held_against_what_was_asked(found: TrialResult, problem: str | None) -> None:
    assert problem_of(TRIAL, found) == (problem and problem.format(pool=address(1)))


def test_a_pool_that_was_emptied_meanwhile_proves_nothing() -> None:
    with pytest.raises(RpcInconsistent, match="holds 99 by now, so 100 was not tried"):
        problem_of(TRIAL, result(before=balances(99, 0), out=REVERTED))


@pytest.mark.parametrize("length", [0, 1, 8 * STEP_BYTES - 1, 8 * STEP_BYTES + 1])
def test_an_answer_that_is_not_the_programs_is_none(length: int) -> None:
    with pytest.raises(RpcInconsistent, match="without running it"):
        read_trial(bytes(length))
