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
    assert cost.candidates > 0
    assert cost.total >= cost.follow + cost.update > 0


def test_the_table_has_a_row_for_each_size() -> None:
    result = CliRunner().invoke(main, ["bench", "--pools", "20,40", "--blocks", "2"])
    assert result.exit_code == 0, result.output
    rows = [line for line in result.output.splitlines() if "MB" in line]
    assert len(rows) == 2
    assert "logs to plans" in result.output


@pytest.mark.parametrize("pools", ["", "a", "0", "100;200"])
def test_a_size_that_is_none_is_refused_with_what_would_be_right(pools: str) -> None:
    result = CliRunner().invoke(main, ["bench", "--pools", pools])
    assert result.exit_code == 2
    assert "whole numbers" in result.output
