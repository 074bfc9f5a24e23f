"""The benchmark measures the true path, and says what is wrong with its options."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from steelyard.cli import main
from steelyard.cli.bench import DecisionBench

pytestmark = pytest.mark.unit


def test_a_block_is_followed_by_its_logs_and_decided_on() -> None:
    market = DecisionBench(30, seed=1, touched_percent=20)
    assert market.touched == 6
    cost = market.block()
    assert cost.candidates >= cost.plans >= 0
    assert cost.total >= cost.decode + cost.publish + cost.size > 0
    assert cost.update > 0
    assert cost.screen > 0


def test_equal_seeds_are_equal_work() -> None:
    first, second = (
        [(cost.candidates, cost.plans) for cost in (market.block() for _ in range(4))]
        for market in (DecisionBench(60, seed=4, touched_percent=20) for _ in range(2))
    )
    assert first == second


def test_an_arbitraged_market_begins_without_any_cycle_that_pays_and_a_wild_one_with_many() -> None:
    calm, wild = (DecisionBench(200, seed=2, touched_percent=2, drift=drift) for drift in (None, 0.01))
    assert len(calm.decide().verdicts) == 0
    assert len(wild.decide().verdicts) > 50


def test_the_table_has_a_row_for_each_size() -> None:
    result = CliRunner().invoke(main, ["bench", "--pools", "20,40", "--blocks", "2"])
    assert result.exit_code == 0, result.output
    rows = [line for line in result.output.splitlines() if "MB" in line]
    assert len(rows) == 2
    assert "bytes to plans" in result.output


@pytest.mark.parametrize("pools", ["", "a", "0", "100;200"])
def test_a_size_that_is_none_is_refused_with_what_would_be_right(pools: str) -> None:
    result = CliRunner().invoke(main, ["bench", "--pools", pools])
    assert result.exit_code == 2
    assert "whole numbers" in result.output
