"""Equal markets give equal decisions in every process, whatever Python hashes by and the processor can."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

import pytest

from tests.support.keeper_stage import ROOT

pytestmark = pytest.mark.unit

BLOCKS: Final = 4
DECIDES: Final = f"""
from steelyard.decide.arbitrage import ArbitrageCache, decide
from steelyard.record.decision_digest import decision_digest
from steelyard.sandbox.synthetic_market import synthetic_market
from tests.support.markets import settings

market, cache = synthetic_market(60, seed=8, drift=0.01), ArbitrageCache()
chosen = settings(wrapped_native=market.wrapped_native, path_length=4, max_candidates=40)
for _ in range({BLOCKS}):
    decision = decide(market.snapshot, chosen, market.venues, cache)
    print(decision_digest(decision), len(decision.verdicts), len(decision.plans))
    market, _ = market.next_block(6)
"""
PROCESSES: Final = (
    {"PYTHONHASHSEED": "0"},
    {"PYTHONHASHSEED": "1"},
    # numpy's logarithms differ in their last bit where these are missing.
    {"PYTHONHASHSEED": "2", "NPY_DISABLE_CPU_FEATURES": "FMA3 AVX2 AVX512F AVX512_SKX"},
)


def told(environment: dict[str, str]) -> list[list[str]]:
    """Each block's digest, verdicts and plans, as another process has them."""
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DECIDES],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT / "python", ROOT)))} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.split() for line in result.stdout.splitlines()]


def test_every_process_decides_the_same_to_the_bit() -> None:
    first, *others = [told(environment) for environment in PROCESSES]
    assert len(first) == BLOCKS
    assert all(int(verdicts) == 40 and int(plans) >= 1 for _, verdicts, plans in first)
    assert others == [first, first]
