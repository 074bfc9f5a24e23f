"""The monitor's averages, and that nothing measured is no error."""

from __future__ import annotations

import asyncio

import pytest

from steelyard.record.performance import ExecutionResult, PerformanceMonitor

pytestmark = pytest.mark.unit


def monitor_with(*results: ExecutionResult, kept: int = 10) -> PerformanceMonitor:
    times = iter(range(2, 100, 2))
    monitor = PerformanceMonitor(clock=lambda: next(times), kept=kept)
    for number, result in enumerate(results):
        asyncio.run(monitor.record_execution(number, result))
    return monitor


def test_nothing_measured_is_zero_everywhere() -> None:
    report = asyncio.run(PerformanceMonitor().get_performance_report())
    assert report == {
        "avg_execution_time": 0.0,
        "success_rate": 0.0,
        "avg_profit": 0.0,
        "gas_efficiency": 0.0,
    }


def test_averages_are_over_all_and_profit_and_gas_over_the_successful() -> None:
    monitor = monitor_with(
        {"success": True, "profit": 100, "gas_used": 1_000},
        {"success": False, "gas_used": 5, "error": "reverted"},
        {"success": True, "profit": 300, "gas_used": 3_000},
        {"success": False},
    )
    assert asyncio.run(monitor.get_performance_report()) == {
        "avg_execution_time": 3.5,
        "success_rate": 0.5,
        "avg_profit": 200.0,
        "gas_efficiency": 2_000.0,
    }
    assert monitor.metrics == {
        "execution_times": [2, 3, 4, 5],
        "success_rate": 0.5,
        "profit_distribution": [100, 300],
        "gas_usage": [1_000, 3_000],
        "error_counts": {"reverted": 1, "unknown": 1},
    }


def test_only_the_newest_are_kept() -> None:
    monitor = monitor_with(*({"success": True, "profit": n, "gas_used": 0} for n in range(5)), kept=2)
    assert monitor.metrics["profit_distribution"] == [3, 4]
