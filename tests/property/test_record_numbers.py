"""Laws of what the database stores: nothing is rounded, order is kept, a plan comes back whole."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from steelyard.connect.hexes import checksum
from steelyard.model import Address, ArbitragePlan, LenderKind, PlanLeg
from steelyard.record.plan_json import parse_plan, route_json, solution_json
from steelyard.record.types import SortableNumber, WholeNumber

pytestmark = pytest.mark.property

SQLITE = sqlite.dialect()
DIALECTS = (SQLITE, postgresql.dialect())
signed = st.integers(-(2**256), 2**256)
positive = st.integers(1, 2**256 - 1)


@given(value=signed)
def test_number_comes_back_as_it_went_in_whatever_the_database(value: int) -> None:
    for column in (WholeNumber(), SortableNumber()):
        for dialect in DIALECTS:
            stored = column.process_bind_param(value, dialect)
            assert column.process_result_value(stored, dialect) == value


@given(a=signed, b=signed)
def test_stored_text_sorts_as_the_numbers_do(a: int, b: int) -> None:
    column = SortableNumber()
    left, right = (column.process_bind_param(value, SQLITE) for value in (a, b))
    assert (left < right) == (a < b)
    assert (left == right) == (a == b)


@pytest.mark.parametrize("column", [WholeNumber(), SortableNumber()])
def test_float_and_oversized_numbers_are_refused_before_they_are_stored(column: Any) -> None:
    with pytest.raises(TypeError, match="not float"):
        column.process_bind_param(1.5, SQLITE)
    with pytest.raises(ValueError, match="78 digits"):
        column.process_bind_param(10**78, SQLITE)
    assert column.process_bind_param(None, SQLITE) is None


@st.composite
def addresses(draw: st.DrawFn) -> Address:
    return checksum("0x" + draw(st.binary(min_size=20, max_size=20)).hex())


@st.composite
def plans(draw: st.DrawFn) -> ArbitragePlan:
    tokens = draw(st.lists(addresses(), min_size=2, max_size=4, unique=True))
    legs = []
    for token_in, token_out in zip(tokens, [*tokens[1:], tokens[0]], strict=True):
        amount_out = draw(positive)
        legs.append(
            PlanLeg(
                venue_id=draw(st.integers(0, 65_535)),
                pool=draw(addresses()),
                fee_pips=draw(st.integers(0, 999_999)),
                token_in=token_in,
                token_out=token_out,
                amount_in=draw(positive),
                amount_out=amount_out,
                min_amount_out=draw(st.integers(1, amount_out)),
            )
        )
    loan_fee, profit = draw(st.integers(0, 2**255)), draw(positive)
    return ArbitragePlan(
        chain_id=draw(positive),
        executor=draw(addresses()),
        deadline_seconds=draw(st.integers(0, 2**63)),
        lender=draw(st.sampled_from(LenderKind)),
        asset=tokens[0],
        amount=draw(positive),
        loan_fee=loan_fee,
        max_loan_fee=draw(st.integers(loan_fee, 2**256 - 1)),
        min_profit=draw(st.integers(1, profit)),
        builder_share_bps=draw(st.integers(0, 10_000)),
        legs=tuple(legs),
        expected_profit=profit,
        gas_units=draw(positive),
        gas_price_wei=draw(positive),
        gas_cost_wei=draw(positive),
        expected_net_wei=draw(signed),
        block_number=draw(st.integers(0, 2**63)),
        reason=draw(st.text()),
    )


@given(plan=plans())
def test_route_and_solution_together_are_the_plan(plan: ArbitragePlan) -> None:
    again = parse_plan(route_json(plan), solution_json(plan))
    assert again == plan
    assert isinstance(again.lender, LenderKind)
