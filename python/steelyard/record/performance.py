"""How well executions go, counted while they happen; the records on disk are the lasting truth."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

KEPT: Final = 10_000
"""Executions that averages are taken over: the newest."""


class ExecutionResult(TypedDict, total=False):
    """What one execution came to. ``profit`` in wei (net), ``gas_used`` in gas, ``error`` where it failed."""

    success: bool
    profit: int
    gas_used: int
    error: str


class PerformanceReport(TypedDict):
    """Averages over the executions kept; 0.0 where there is nothing to average."""

    avg_execution_time: float
    success_rate: float
    avg_profit: float
    gas_efficiency: float


@dataclass(frozen=True, slots=True)
class _Execution:
    seconds: float
    success: bool
    profit_wei: int
    gas_used: int


class PerformanceMonitor:
    """Collects the outcome of executions and sums them up."""

    def __init__(self, *, clock: Callable[[], float] = time.time, kept: int = KEPT) -> None:
        """Start empty. ``clock`` gives seconds, and must be the clock of the start times."""
        self._clock = clock
        self._executions: deque[_Execution] = deque(maxlen=kept)
        self._errors: Counter[str] = Counter()

    @property
    def metrics(self) -> dict[str, object]:
        """What was collected: times in seconds, profits in wei and gas of the successful, errors by name."""
        succeeded = [execution for execution in self._executions if execution.success]
        return {
            "execution_times": [execution.seconds for execution in self._executions],
            "success_rate": self._success_rate(),
            "profit_distribution": [execution.profit_wei for execution in succeeded],
            "gas_usage": [execution.gas_used for execution in succeeded],
            "error_counts": dict(self._errors),
        }

    async def record_execution(self, start_time: float, result: ExecutionResult) -> None:
        """Add one execution that began at ``start_time`` and ends now."""
        success = bool(result["success"])
        self._executions.append(
            _Execution(
                seconds=self._clock() - start_time,
                success=success,
                profit_wei=result.get("profit", 0),
                gas_used=result.get("gas_used", 0),
            )
        )
        if not success:
            self._errors[result.get("error", "unknown")] += 1

    async def get_performance_report(self) -> PerformanceReport:
        """Return the averages; profit and gas are those of the successful executions."""
        succeeded = [execution for execution in self._executions if execution.success]
        return PerformanceReport(
            avg_execution_time=_mean(execution.seconds for execution in self._executions),
            success_rate=self._success_rate(),
            avg_profit=_mean(execution.profit_wei for execution in succeeded),
            gas_efficiency=_mean(execution.gas_used for execution in succeeded),
        )

    def _success_rate(self) -> float:
        return _mean(execution.success for execution in self._executions)


def _mean(values: Iterable[float]) -> float:
    """Return the mean, and 0.0 of nothing. A float: it is a score, not an amount."""
    kept = list(values)
    return float(sum(kept) / len(kept)) if kept else 0.0
