"""The measuring of starts does what it says, on a market small enough for a test."""

from __future__ import annotations

import pytest

from tests.support.keeper_stage import run_steelyard

pytestmark = pytest.mark.e2e


def test_starts_of_a_small_market_are_measured() -> None:
    done = run_steelyard("bench-start", "--pools", "40", "--blocks", "2")
    assert done.returncode == 0, done.stderr
    assert "warm start" in done.stdout
    row = next(line for line in done.stdout.splitlines() if line.startswith("│"))
    # 40 pools are made; those of the replica's own market between the hubs are found too.
    pools, tokens = (int(cell) for cell in row.strip("│").split("│")[:2])
    assert pools > 40
    assert tokens == 12 + 5
