"""The limits on risk: reaching one stops new risk until the numbers, or an operator, allow it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from steelyard.exceptions import ConfigError
from steelyard.units import ETHER

if TYPE_CHECKING:
    from steelyard.model.risk import RiskState

MOST_WEI: Final = 10**9 * ETHER
"""More native coin than exists: a limit above it is a slip of the unit."""
MOST_FAILURES: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimits:
    """What the operator is ready to risk.

    Attributes:
        max_trade_wei: largest loan of one plan, valued in wei.
        max_loss_per_day_wei: over the last 24 hours, gas included, earnings set against losses.
        max_gas_per_hour_wei: gas paid in the last hour, and what the open transactions can still cost.
        max_failures_in_a_row: sent transactions that did not do their work.

    Raises:
        ConfigError: a value is out of range; the message names its key and the right range.
    """

    max_trade_wei: int
    max_loss_per_day_wei: int
    max_gas_per_hour_wei: int
    max_failures_in_a_row: int

    def __post_init__(self) -> None:
        _check("limits.max_trade", self.max_trade_wei, MOST_WEI, " wei")
        _check("limits.max_loss_per_day", self.max_loss_per_day_wei, MOST_WEI, " wei")
        _check("limits.max_gas_per_hour", self.max_gas_per_hour_wei, MOST_WEI, " wei")
        _check("limits.max_failures_in_a_row", self.max_failures_in_a_row, MOST_FAILURES, "")


def check_limits(limits: RiskLimits, state: RiskState) -> str | None:
    """Return why no new risk may be taken, with the numbers, or None where it may.

    A limit is reached at its very value: the limit is what may be lost, not what must be passed.
    """
    if state.loss_day_wei >= limits.max_loss_per_day_wei:
        return (
            f"loss limit reached: {state.loss_day_wei} wei lost in the last 24 hours, "
            f"limits.max_loss_per_day is {limits.max_loss_per_day_wei} wei"
        )
    gas_wei = state.gas_hour_wei + state.gas_open_wei
    if gas_wei >= limits.max_gas_per_hour_wei:
        return (
            f"gas limit reached: {state.gas_hour_wei} wei of gas paid in the last hour and up to "
            f"{state.gas_open_wei} wei in open transactions, "
            f"limits.max_gas_per_hour is {limits.max_gas_per_hour_wei} wei"
        )
    if state.failures_in_a_row >= limits.max_failures_in_a_row:
        return (
            f"failure limit reached: {state.failures_in_a_row} failures in a row, "
            f"limits.max_failures_in_a_row is {limits.max_failures_in_a_row}"
        )
    return None


def check_size(limits: RiskLimits, trade_wei: int) -> str | None:
    """Return why a loan worth ``trade_wei`` is too large, or None where it is not."""
    if trade_wei > limits.max_trade_wei:
        return f"loan worth {trade_wei} wei is over limits.max_trade of {limits.max_trade_wei} wei"
    return None


def _check(key: str, value: int, most: int, unit: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise ConfigError(f"{key} must be a whole number in 1..{most}{unit}, not {value!r}")
