"""The plan codec against eth_abi, which encodes by Solidity's rules without knowing ours."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from steelyard.connect.hexes import checksum
from steelyard.connect.plan_codec import (
    EXECUTE_SELECTOR,
    ExecutorLeg,
    ExecutorPlan,
    decode_execute,
    encode_execute,
    encode_plan,
    plan_id,
)
from steelyard.exceptions import InvalidPlan
from steelyard.model import Address, LenderKind

pytestmark = pytest.mark.property

PLAN_TYPE = (
    "(uint256,address,uint256,uint8,address,uint256,uint256,uint256,uint16,(uint16,uint24,address,uint256)[])"
)

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: checksum("0x" + raw.hex()))
words = st.integers(0, 2**256 - 1)
legs = st.builds(
    ExecutorLeg,
    venue_id=st.integers(0, 2**16 - 1),
    fee_pips=st.integers(0, 2**24 - 1),
    token_out=addresses,
    min_amount_out=words,
)
plans = st.builds(
    ExecutorPlan,
    chain_id=words,
    executor=addresses,
    deadline_seconds=words,
    lender=st.sampled_from(LenderKind),
    asset=addresses,
    amount=words,
    max_loan_fee=words,
    min_profit=words,
    builder_share_bps=st.integers(0, 2**16 - 1),
    legs=st.lists(legs, max_size=6).map(tuple),
)


def as_tuple(plan: ExecutorPlan) -> tuple[object, ...]:
    return (
        plan.chain_id,
        plan.executor,
        plan.deadline_seconds,
        int(plan.lender),
        plan.asset,
        plan.amount,
        plan.max_loan_fee,
        plan.min_profit,
        plan.builder_share_bps,
        [(leg.venue_id, leg.fee_pips, leg.token_out, leg.min_amount_out) for leg in plan.legs],
    )


@given(plans)
def test_encoding_is_solidity_s(plan: ExecutorPlan) -> None:
    expected = encode([PLAN_TYPE], [as_tuple(plan)])
    assert encode_plan(plan) == expected
    assert encode_execute(plan) == keccak(f"execute({PLAN_TYPE})".encode())[:4] + expected
    assert plan_id(plan) == "0x" + keccak(expected).hex()


@given(plans)
def test_decoding_gives_back_what_was_encoded(plan: ExecutorPlan) -> None:
    assert decode_execute(encode_execute(plan)) == plan


@given(plans, plans)
def test_different_plans_have_different_ids(one: ExecutorPlan, other: ExecutorPlan) -> None:
    assert (plan_id(one) == plan_id(other)) == (one == other)


@given(plans, st.data())
def test_changed_calldata_is_another_plan_or_none(plan: ExecutorPlan, data: st.DataObject) -> None:
    calldata = bytearray(encode_execute(plan))
    at = data.draw(st.integers(0, len(calldata) - 1))
    calldata[at] ^= data.draw(st.integers(1, 255))
    try:
        decoded = decode_execute(bytes(calldata))
    except InvalidPlan:
        return
    assert decoded != plan
    assert encode_execute(decoded) == calldata


@given(plans, st.integers(0, 40))
def test_calldata_of_another_length_is_refused(plan: ExecutorPlan, extra: int) -> None:
    calldata = encode_execute(plan)
    with pytest.raises(InvalidPlan):
        decode_execute(calldata[: -1 - extra])
    with pytest.raises(InvalidPlan):
        decode_execute(calldata + bytes(1 + extra))


@given(st.binary(max_size=600))
def test_any_bytes_are_decoded_or_refused_and_never_crash(data: bytes) -> None:
    for calldata in (data, EXECUTE_SELECTOR + data):
        with pytest.raises(InvalidPlan):
            decode_execute(calldata)


@given(plans)
def test_values_that_do_not_fit_their_type_are_refused(plan: ExecutorPlan) -> None:
    for broken in (
        replace(plan, amount=2**256),
        replace(plan, min_profit=-1),
        replace(plan, builder_share_bps=2**16),
        replace(plan, executor=Address("0x12")),
    ):
        with pytest.raises(InvalidPlan):
            encode_plan(broken)
