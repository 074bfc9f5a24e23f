"""Laws of what the database stores: nothing is rounded, order is kept, a plan comes back whole."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from sqlalchemy.dialects import postgresql, sqlite

from steelyard.model import ArbitragePlan, LenderKind
from steelyard.record.plan_json import parse_plan, route_json, solution_json
from steelyard.record.types import SortableNumber, WholeNumber
from tests.support.drawn_values import plans, signed

pytestmark = pytest.mark.property

SQLITE = sqlite.dialect()
DIALECTS = (SQLITE, postgresql.dialect())


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


@given(plan=plans())
def test_route_and_solution_together_are_the_plan(plan: ArbitragePlan) -> None:
    again = parse_plan(route_json(plan), solution_json(plan))
    assert again == plan
    assert isinstance(again.lender, LenderKind)
