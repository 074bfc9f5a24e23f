"""The plan codec against the deployed executor: its hash of a plan, its calldata, its own errors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from eth_hash.auto import keccak
from hypothesis import HealthCheck, given, settings

from steelyard.connect.hexes import checksum, to_hex
from steelyard.connect.plan_codec import (
    ARBITRAGE_EXECUTED_TOPIC,
    EXECUTOR_ERRORS,
    ExecutorPlan,
    decode_execute,
    encode_execute,
    plan_id,
)
from steelyard.connect.reverts import describe_revert
from steelyard.exceptions import RpcRejected
from tests.property.test_plan_codec import as_tuple, plans

if TYPE_CHECKING:
    from tests.support.fork_chain import ForkChain

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

# The deployed contract is only called: one fixture for all examples leaks nothing between them.
only_calls = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@only_calls
@given(plans)
def test_plan_id_is_the_executors_plan_hash(executor: Any, plan: ExecutorPlan) -> None:
    assert plan_id(plan) == to_hex(bytes(executor.planHash(as_tuple(plan))))


@only_calls
@given(plans)
def test_calldata_is_what_the_abi_makes_of_it(executor: Any, plan: ExecutorPlan) -> None:
    calldata = bytes(executor.execute.encode_input(as_tuple(plan)))
    assert encode_execute(plan) == calldata
    assert decode_execute(calldata) == plan


def test_error_table_and_event_are_the_abis(executor: Any) -> None:
    abi = executor.contract_type
    declared = {error.selector: error.name for error in abi.errors}
    known = {error.signature: error.name for error in EXECUTOR_ERRORS.values()}
    for signature, name in declared.items():
        assert known.get(signature) == name, signature
    (event,) = [event for event in abi.events if event.name == "ArbitrageExecuted"]
    assert keccak(event.selector.encode()) == ARBITRAGE_EXECUTED_TOPIC


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
