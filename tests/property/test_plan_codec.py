"""The plan codec: one encoding for each plan, one plan for each encoding, and nothing else is read.

That it is the contract's encoding is held in ``tests/fork/test_connect_plan_codec.py``.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from steelyard.connect.plan_codec import (
    EXECUTE_SELECTOR,
    ExecutorPlan,
    decode_execute,
    decode_plan,
    encode_execute,
    encode_execute_batch,
    encode_plan,
    encode_quote,
    executor_plan,
    plan_id,
)
from steelyard.connect.plan_params import CurveCoins, ListedPair, NoParams, V4Pool
from steelyard.exceptions import InvalidPlan
from steelyard.model import Address, ArbitragePlan, LenderKind, VenueKind
from tests.support import drawn_values
from tests.support.drawn_plans import legs, plans
from tests.support.plans import EXECUTOR, USDC, WETH, make_plan

pytestmark = pytest.mark.property

ZERO = Address("0x" + "00" * 20)


def test_encoding_is_the_one_that_is_drawn_in_the_documents() -> None:
    parts = [
        "0000000000000001",
        EXECUTOR[2:],
        "0077359400",
        f"{5 * 10**15:032x}",
        "0000",
        *("00", WETH[2:], f"{10**19:032x}", "00" * 16, "00"),
        *("00", USDC[2:], f"{29_990 * 10**6:032x}", "02", "0000"),
        *("01", WETH[2:], f"{10**19 + 5 * 10**15:032x}", "05", "0001", "0001f4"),
    ]
    assert encode_plan(make_plan()).hex() == "".join(parts).lower()


@given(plans)
def test_decoding_gives_back_what_was_encoded(plan: ExecutorPlan) -> None:
    assert decode_plan(encode_plan(plan)) == plan
    assert decode_execute(encode_execute(plan)) == plan


@given(plans, plans)
def test_different_plans_have_different_ids(one: ExecutorPlan, other: ExecutorPlan) -> None:
    assert (plan_id(one) == plan_id(other)) == (one == other)
    assert plan_id(one) == "0x" + keccak(encode_plan(one)).hex()


@given(drawn_values.plans())
def test_what_the_decision_plans_comes_through_whole(plan: ArbitragePlan) -> None:
    told = decode_plan(encode_plan(plan))
    assert told == executor_plan(plan)
    (loan,) = told.loans
    assert (loan.kind, loan.asset, loan.amount) == (plan.lender, plan.asset, plan.amount)
    assert loan.max_fee == plan.max_loan_fee
    assert [leg.min_amount_out for leg in told.legs] == [leg.min_amount_out for leg in plan.legs]
    assert [leg.token_out for leg in told.legs] == [leg.token_out for leg in plan.legs]


# --- refusals --------------------------------------------------------------------------------------------


def _is_refused_or_read_as_written(data: bytes, instead_of: ExecutorPlan) -> None:
    try:
        decoded = decode_plan(data)
    except InvalidPlan:
        return
    assert decoded != instead_of
    assert encode_plan(decoded) == data


@given(plans, st.data())
def test_a_changed_byte_makes_another_plan_or_none(plan: ExecutorPlan, data: st.DataObject) -> None:
    encoded = bytearray(encode_plan(plan))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] ^= data.draw(st.integers(1, 255))
    _is_refused_or_read_as_written(bytes(encoded), plan)


@given(plans)
def test_every_truncation_is_refused_or_a_shorter_plan(plan: ExecutorPlan) -> None:
    encoded = encode_plan(plan)
    whole = {encode_plan(replace(plan, legs=plan.legs[:count])) for count in range(len(plan.legs))}
    for length in range(len(encoded)):
        cut = encoded[:length]
        if cut in whole:
            assert encode_plan(decode_plan(cut)) == cut
        else:
            with pytest.raises(InvalidPlan):
                decode_plan(cut)


@given(plans, st.binary(min_size=1, max_size=80))
def test_appended_bytes_are_refused_or_further_legs(plan: ExecutorPlan, more: bytes) -> None:
    _is_refused_or_read_as_written(encode_plan(plan) + more, plan)
    # No leg is as short as that.
    with pytest.raises(InvalidPlan, match=r"leg \d"):
        decode_plan(encode_plan(plan) + more[:37])


@given(plans, legs())
def test_an_appended_leg_is_another_plan(plan: ExecutorPlan, leg: object) -> None:
    longer = replace(plan, legs=(*plan.legs, leg))
    assert decode_plan(encode_plan(longer)) == longer


@given(st.binary(max_size=600))
def test_any_bytes_are_decoded_or_refused_and_never_crash(data: bytes) -> None:
    with suppress(InvalidPlan):
        assert encode_plan(decode_plan(data)) == data
    for calldata in (data, EXECUTE_SELECTOR + data):
        with pytest.raises(InvalidPlan):
            decode_execute(calldata)


@given(plans, st.integers(0, 40))
def test_calldata_of_another_length_is_refused(plan: ExecutorPlan, extra: int) -> None:
    calldata = encode_execute(plan)
    with pytest.raises(InvalidPlan):
        decode_execute(calldata[: -1 - extra])
    with pytest.raises(InvalidPlan):
        decode_execute(calldata + bytes(1 + extra))


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


PLAN = executor_plan(make_plan())
LOAN, LEG = PLAN.loans[0], PLAN.legs[0]


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (replace(PLAN, loans=()), "at least one loan"),
        (replace(PLAN, chain_id=2**64), "chain_id .* does not fit uint64"),
        (replace(PLAN, min_profit=-1), "min_profit -1 does not fit uint128"),
        (replace(PLAN, deadline_seconds=2**40), "deadline_seconds .* does not fit uint40"),
        (replace(PLAN, builder_share_bps=2**16), "builder_share_bps 65536 does not fit uint16"),
        (replace(PLAN, executor=Address("0x12")), "executor '0x12' is not 0x and 40"),
        (replace(PLAN, executor=Address("zz" * 21)), "executor .* is not 0x and 40"),
        (replace(PLAN, loans=(replace(LOAN, amount=2**128),)), "loan 0: amount .* does not fit uint128"),
        (
            replace(PLAN, loans=(LOAN, replace(LOAN, params=ListedPair(venue_id=1)))),
            r"loan 1 \(balancer_v2\) needs NoParams, not ListedPair",
        ),
        (
            replace(PLAN, loans=(replace(LOAN, kind=LenderKind.UNISWAP_V2),)),
            r"loan 0 \(uniswap_v2\) needs LendingPair, not NoParams",
        ),
        (replace(PLAN, legs=(replace(LEG, params=NoParams()),)), r"leg 0 \(uniswap_v2\) needs ListedPair"),
        (
            replace(PLAN, legs=(replace(LEG, params=ListedPair(venue_id=2**16)),)),
            r"leg 0 \(uniswap_v2\): venue_id 65536 does not fit uint16",
        ),
        (
            replace(
                PLAN,
                legs=(
                    LEG,
                    replace(
                        LEG,
                        kind=VenueKind.CURVE_STABLE,
                        params=CurveCoins(venue_id=0, coin_in=0, coin_out=256),
                    ),
                ),
            ),
            r"leg 1 \(curve_stable\): coin_out 256 does not fit uint8",
        ),
        *(
            (
                replace(PLAN, legs=(replace(LEG, kind=VenueKind.UNISWAP_V4, params=params),)),
                complaint,
            )
            for params, complaint in (
                (V4Pool(fee_pips=500, tick_spacing=2**23), "tick_spacing 8388608 does not fit int24"),
                (V4Pool(fee_pips=500, tick_spacing=10, hooks=ZERO), "hooks is the zero address"),
            )
        ),
    ],
)
def test_what_no_encoding_can_say_is_refused_by_name(broken: ExecutorPlan, complaint: str) -> None:
    with pytest.raises(InvalidPlan, match=complaint):
        encode_plan(broken)


@pytest.mark.parametrize(
    ("at", "byte", "complaint"),
    [
        (51, 9, "loan 0: kind 9 is none of 0..8"),
        (51, 5, r"the plan ends at byte 0, inside loan 0 \(uniswap_v2\): venue_id, which needs 2 bytes"),
        (51 + 53, 1, r"loan 0 \(balancer_v2\): 1 bytes of parameters, of which 0 are due"),
        (51 + 54, 8, "leg 0: kind 8 is none of 0..7"),
        (51 + 54 + 37, 3, r"leg 0 \(uniswap_v2\): 3 bytes of parameters, of which 2 are due"),
    ],
)
def test_a_wrong_byte_is_named(at: int, byte: int, complaint: str) -> None:
    encoded = bytearray(encode_plan(PLAN))
    encoded[at] = byte
    with pytest.raises(InvalidPlan, match=complaint):
        decode_plan(bytes(encoded))


# --- other calls -----------------------------------------------------------------------------------------


@given(st.lists(plans, max_size=3), st.booleans())
def test_batch_and_quote_carry_the_same_bytes(batch: list[ExecutorPlan], skip_failing: bool) -> None:
    encoded = [encode_plan(plan) for plan in batch]
    selector = keccak(b"executeBatch(bytes[],bool)")[:4]
    expected = selector + encode(["bytes[]", "bool"], [encoded, skip_failing])
    assert encode_execute_batch(batch, skip_failing=skip_failing) == expected
    for plan, data in zip(batch, encoded, strict=True):
        assert encode_quote(plan) == keccak(b"quote(bytes)")[:4] + encode(["bytes"], [data])
        assert encode_execute(plan) == keccak(b"execute(bytes)")[:4] + encode(["bytes"], [data])
