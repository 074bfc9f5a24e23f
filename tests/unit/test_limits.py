"""A limit stops at its very value and says the numbers; an absurd one is refused with its key."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from steelyard.decide.limits import MOST_WEI, RiskLimits, check_limits, check_size
from steelyard.exceptions import ConfigError
from steelyard.model.risk import RiskState

pytestmark = pytest.mark.unit

LIMITS = RiskLimits(
    max_trade_wei=1_000, max_loss_per_day_wei=500, max_gas_per_hour_wei=300, max_failures_in_a_row=3
)
CALM = RiskState(loss_day_wei=0, gas_hour_wei=0, gas_open_wei=0, failures_in_a_row=0)


def test_nothing_reached_allows() -> None:
    almost = RiskState(loss_day_wei=499, gas_hour_wei=200, gas_open_wei=99, failures_in_a_row=2)
    assert check_limits(LIMITS, CALM) is None
    assert check_limits(LIMITS, almost) is None


@pytest.mark.parametrize(
    ("reached", "numbers"),
    [
        ({"loss_day_wei": 500}, "loss limit reached: 500 wei.*is 500 wei"),
        ({"gas_hour_wei": 300}, "gas limit reached: 300 wei.*is 300 wei"),
        ({"gas_hour_wei": 201, "gas_open_wei": 99}, "up to 99 wei in open transactions"),
        ({"failures_in_a_row": 3}, "failure limit reached: 3 failures in a row.*is 3"),
    ],
)
def test_limit_reached_stops_and_says_the_numbers(reached: dict[str, Any], numbers: str) -> None:
    reason = check_limits(LIMITS, replace(CALM, **reached))
    assert reason is not None
    assert re.search(numbers, reason)


def test_size_may_reach_its_limit_and_not_pass_it() -> None:
    assert check_size(LIMITS, 1_000) is None
    assert check_size(LIMITS, 1_001) == "loan worth 1001 wei is over limits.max_trade of 1000 wei"


@pytest.mark.parametrize("value", [0, -1, MOST_WEI + 1, 1.5, True])
@pytest.mark.parametrize("field", ["max_trade_wei", "max_loss_per_day_wei", "max_gas_per_hour_wei"])
def test_absurd_amount_is_refused_with_its_key_and_range(field: str, value: Any) -> None:
    key = field.removesuffix("_wei")
    with pytest.raises(ConfigError, match=rf"limits\.{key} must be a whole number in 1\.\.1000"):
        replace(LIMITS, **{field: value})


@pytest.mark.parametrize("value", [0, -3, 1_001])
def test_absurd_number_of_failures_is_refused(value: int) -> None:
    with pytest.raises(ConfigError, match=r"limits\.max_failures_in_a_row must be .* in 1\.\.1000, not"):
        replace(LIMITS, max_failures_in_a_row=value)
