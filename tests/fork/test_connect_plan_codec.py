"""The plan codec against the contracts: what PlanLib reads is what Python wrote; calldata, events, errors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ape
import pytest
from eth_abi.abi import decode
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from steelyard.connect.executor_errors import EXECUTOR_ERRORS
from steelyard.connect.executor_events import (
    ARBITRAGE_EXECUTED_TOPIC,
    ARBITRAGE_EXECUTED_WITH_COSTS_TOPIC,
    PLAN_SKIPPED_TOPIC,
    SURPLUS_PAID_TOPIC,
)
from steelyard.connect.hexes import checksum, to_hex
from steelyard.connect.plan_codec import (
    ExecutorLeg,
    ExecutorLoan,
    ExecutorPlan,
    LegInput,
    decode_execute,
    decode_plan,
    encode_execute,
    encode_execute_batch,
    encode_plan,
    encode_quote,
)
from steelyard.connect.plan_params import LEG_PARAMS, LOAN_PARAMS
from steelyard.connect.reverts import describe_revert
from steelyard.exceptions import InvalidPlan, RpcRejected
from steelyard.model import Address, LenderKind, VenueKind
from steelyard.sandbox.abi import encode_call
from tests.support.drawn_plans import plans
from tests.support.effort import reading

if TYPE_CHECKING:
    from tests.support.fork_chain import ForkChain

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

# The deployed contracts are only called: one fixture for all examples leaks nothing between them.
only_calls = reading(max_examples=60)

HEAD = "(uint256,address,uint256,uint256,uint256)"
LOAN = "(uint8,bool,address,uint256,uint256,uint256,uint256)"
LEG = "(uint8,bool,address,uint256,address,uint256,uint256,uint256)"
NOBODY = Address("0x" + "00" * 20)


@pytest.fixture(scope="module")
def harness(attacker: Any) -> Any:
    """PlanLib by itself, deployed by anybody."""
    return attacker.deploy(ape.project.PlanLibHarness)


def read_on_chain(chain: ForkChain, harness: Any, data: bytes) -> ExecutorPlan:
    """What PlanLib reads in ``data``. Raises RpcRejected where it reverts."""
    call = {"to": harness.address, "data": to_hex(encode_call("read(bytes)", data)), "gas": hex(10_000_000)}
    answer = bytes.fromhex(chain.rpc.call("eth_call", call, "latest")[2:])
    head, loans, legs = decode([HEAD, "bytes[]", "bytes[]"], answer)
    return ExecutorPlan(
        chain_id=head[0],
        executor=checksum(head[1]),
        deadline_seconds=head[2],
        min_profit=head[3],
        builder_share_bps=head[4],
        loans=tuple(_loan(item, more=at + 1 < len(loans)) for at, item in enumerate(loans)),
        legs=tuple(_leg(item) for item in legs),
    )


def _loan(item: bytes, *, more: bool) -> ExecutorLoan:
    (number, has_next, asset, amount, max_fee, _, _), params = decode([LOAN, "bytes"], item)
    assert has_next == more
    kind = LenderKind(number)
    own = LOAN_PARAMS[kind].decode(params, "loan")
    return ExecutorLoan(kind=kind, asset=checksum(asset), amount=amount, max_fee=max_fee, params=own)


def _leg(item: bytes) -> ExecutorLeg:
    (number, named, token_in, amount_in, token_out, minimum, _, _), params = decode([LEG, "bytes"], item)
    assert named or (token_in, amount_in) == (NOBODY, 0)
    kind = VenueKind(number)
    return ExecutorLeg(
        kind=kind,
        token_out=checksum(token_out),
        min_amount_out=minimum,
        params=LEG_PARAMS[kind].decode(params, "leg"),
        input=LegInput(token=checksum(token_in), amount=amount_in) if named else None,
    )


@only_calls
@given(plans)
def test_the_contract_reads_what_python_wrote(chain: ForkChain, harness: Any, plan: ExecutorPlan) -> None:
    assert read_on_chain(chain, harness, encode_plan(plan)) == plan


@only_calls
@given(plans, st.data())
def test_whatever_python_reads_in_damaged_bytes_the_contract_reads_too(
    chain: ForkChain, harness: Any, plan: ExecutorPlan, data: st.DataObject
) -> None:
    damaged = bytearray(encode_plan(plan))
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(damaged[: data.draw(st.integers(0, len(damaged)))] if data.draw(st.booleans()) else damaged)
    try:
        expected = decode_plan(cut)
    except InvalidPlan:
        expected = None
    try:
        found = read_on_chain(chain, harness, cut)
    except (RpcRejected, InvalidPlan):  # parameters are the lender's and the venue's to check
        found = None
    assert found == expected


def test_kinds_that_the_contract_does_not_know_python_does_not_either(chain: ForkChain, harness: Any) -> None:
    for kinds, at, error in ((LenderKind, 51, "UnknownLender"), (VenueKind, 51 + 54, "UnknownVenueKind")):
        data = bytearray(51 + 54 + 38)
        data[at] = len(kinds)
        with pytest.raises(RpcRejected) as refusal:
            read_on_chain(chain, harness, bytes(data))
        reason = describe_revert(bytes.fromhex((refusal.value.data or "0x")[2:]), EXECUTOR_ERRORS)
        assert reason == f"{error}(kind={len(kinds)})"
        with pytest.raises(InvalidPlan, match=f"kind {len(kinds)} is none of"):
            decode_plan(bytes(data))


@only_calls
@given(st.lists(plans, min_size=1, max_size=3), st.booleans())
def test_calldata_is_what_the_abi_makes_of_it(
    executor: Any, batch: list[ExecutorPlan], skip_failing: bool
) -> None:
    encoded = [encode_plan(plan) for plan in batch]
    assert encode_execute(batch[0]) == bytes(executor.execute.encode_input(encoded[0]))
    assert decode_execute(encode_execute(batch[0])) == batch[0]
    assert encode_quote(batch[0]) == bytes(executor.quote.encode_input(encoded[0]))
    calldata = bytes(executor.executeBatch.encode_input(encoded, skip_failing))
    assert encode_execute_batch(batch, skip_failing=skip_failing) == calldata


def test_error_table_and_events_are_the_abis(executor: Any) -> None:
    abi = executor.contract_type
    declared = {error.selector: error.name for error in abi.errors}
    known = {error.signature: error.name for error in EXECUTOR_ERRORS.values()}
    for signature, name in declared.items():
        assert known.get(signature) == name, signature
    topics = {event.name: keccak(event.selector.encode()) for event in abi.events}
    assert topics["ArbitrageExecuted"] == ARBITRAGE_EXECUTED_TOPIC
    assert topics["ArbitrageExecutedWithCosts"] == ARBITRAGE_EXECUTED_WITH_COSTS_TOPIC
    assert topics["SurplusPaid"] == SURPLUS_PAID_TOPIC
    assert topics["PlanSkipped"] == PLAN_SKIPPED_TOPIC


@only_calls
@given(plans)
def test_refusal_by_the_executor_is_described_by_name(
    chain: ForkChain, executor: Any, keeper: Any, plan: ExecutorPlan
) -> None:
    wrong = replace(plan, chain_id=plan.chain_id | 2, executor=checksum(executor.address))
    call = {"from": keeper.address, "to": executor.address, "data": to_hex(encode_execute(wrong))}
    with pytest.raises(RpcRejected) as refusal:
        chain.rpc.call("eth_call", call, "latest")
    assert refusal.value.data is not None
    reason = describe_revert(bytes.fromhex(refusal.value.data[2:]), EXECUTOR_ERRORS)
    assert reason == f"WrongChain(planned={wrong.chain_id}, actual=1)"
