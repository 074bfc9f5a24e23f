"""Block after block of the seeded market: all that a brute force sees is decided on, all promises are kept.

A deep run (``HYPOTHESIS_PROFILE=deep``) goes on for a thousand blocks; ``--log-cli-level=INFO`` shows what it
counted.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from steelyard.app.wiring import build_keeper
from steelyard.cli.demo_stage import DemoStage
from steelyard.config import Config
from steelyard.sandbox.replica.build import ReplicaState
from steelyard.units import ETHER
from tests.support.effort import is_deep, patient
from tests.support.keeper_books import open_books
from tests.support.keeper_stage import keeper_stage
from tests.support.seeded_judge import LEGS, Judge

pytestmark = [pytest.mark.e2e, *patient()]

_log = logging.getLogger(__name__)

BLOCKS = 1_000 if is_deep() else 25
PROGRESS_BLOCKS = 100
SEED = 11


def unbound(config: Config) -> Config:
    """Return the configuration with nothing held back: every cycle is sized, no limit is ever reached."""
    arbitrage = config.arbitrage.model_copy(update={"path_length": LEGS, "max_candidates": 100_000})
    limits = {
        "max_trade": 10**9 * ETHER,
        "max_loss_per_day": 10**6 * ETHER,
        "max_gas_per_hour": 10**6 * ETHER,
    }
    return config.model_copy(
        update={"arbitrage": arbitrage, "limits": config.limits.model_copy(update=limits)}
    )


async def trade(stage: DemoStage, judge: Judge) -> None:
    keeper = build_keeper(judge.config, live=True, on_turn=judge.on_turn)
    try:
        await keeper.start()
        for block in range(1, BLOCKS + 1):
            await keeper.turn()
            stage.next_block()
            if block % PROGRESS_BLOCKS == 0:
                _log.info("after %d blocks: %s", block, dict(judge.counts))
        judge.settle(await keeper.settle())
    finally:
        await keeper.close()


def test_every_opportunity_is_decided_on_and_every_promise_kept(
    deployed: ReplicaState, tmp_path: Path
) -> None:
    with keeper_stage(tmp_path, deployed, seed=SEED) as stage:
        judge = Judge(config=unbound(stage.config))
        books = open_books(stage)
        asyncio.run(trade(stage, judge))
        judge.assert_all_settled()
        ended = books.check(judge.config)
        _log.info("by brute force and by verdict: %s; in the books: %s", dict(judge.counts), dict(ended))
    assert judge.counts["blocks"] == BLOCKS
    assert judge.counts["executed"] > 0, "a story without an execution shows nothing"
    assert set(ended) == {"confirmed"}
    assert ended["confirmed"] == judge.counts["executed"]
