"""The main job from deployment to report: what the records say is what the chain says, to the wei."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from steelyard.app.keeper import Turn
from steelyard.app.wiring import build_keeper
from steelyard.cli.demo_stage import KEEPER, TREASURY, DemoStage
from steelyard.model import IntentStatus
from steelyard.record.database import Database
from steelyard.record.reports import read_records
from steelyard.record.tables import ArbitrageRecord
from steelyard.sandbox.replica.build import ReplicaState
from tests.support.keeper_stage import ROOT, fresh_stage, keeper_stage, run_steelyard

pytestmark = pytest.mark.e2e

BLOCKS = 14
OTHER_SEED = 7
BALANCE_OF = "0x70a08231"


def trade(stage: DemoStage, blocks: int) -> list[Turn]:
    turns: list[Turn] = []

    async def story() -> None:
        keeper = build_keeper(stage.config, live=True, on_turn=turns.append)
        try:
            await keeper.start()
            for _ in range(blocks):
                await keeper.turn()
                stage.next_block()
            await keeper.settle()
        finally:
            await keeper.close()

    asyncio.run(story())
    return turns


def records(stage: DemoStage) -> list[ArbitrageRecord]:
    with Database(stage.config.keeper.database_url, create=False) as database, database.read() as session:
        return list(read_records(session))


def balance(stage: DemoStage, token: str, holder: str, block: int) -> int:
    data = BALANCE_OF + holder[2:].lower().rjust(64, "0")
    return int(stage.rpc.call("eth_call", {"to": token, "data": data}, hex(block)), 16)


def told(turns: list[Turn]) -> list[object]:
    """What a run saw and decided, without the clock's readings."""
    return [(turn.snapshot.block, turn.decision, turn.submitted, turn.outcomes) for turn in turns]


def test_demo_makes_ten_profitable_executions_and_reverts_none_and_can_be_replayed(tmp_path: Path) -> None:
    result = run_steelyard("demo", "--record")
    assert result.returncode == 0, result.stdout + result.stderr
    summary = next(line for line in result.stdout.splitlines() if "profitable executions" in line)
    assert int(summary.split()[0]) >= 10
    assert " 0 reverted," in summary
    vault = next(line for line in result.stdout.splitlines() if line.startswith("The vault:"))
    assert int(vault.split()[2]) >= 5, vault
    sent = [
        line for line in result.stdout.splitlines() if line.startswith("vault, block") and "sent:" in line
    ]
    assert any("towards the targets" in line for line in sent)
    assert any("for requests of" in line for line in sent)
    report = ROOT / ".steelyard" / "demo" / "report.html"
    assert str(report) in result.stdout
    page = report.read_text(encoding="utf-8")
    assert "<h1>Vault 0x" in page
    assert page.count("<svg") == 3 + 3, "of the arbitrage, and of the vault"
    (hint,) = [line for line in result.stdout.splitlines() if "steelyard replay" in line]
    again = run_steelyard(*hint.partition("steelyard ")[2].split(), "--out", str(tmp_path))
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Every decision is the recorded one, bit for bit." in again.stdout


class Story(NamedTuple):
    """A keeper's blocks on a stage that still stands, and the block that it began with."""

    stage: DemoStage
    start_block: int
    turns: list[Turn]


def tell(stage: DemoStage) -> Story:
    start_block = int(stage.rpc.call("eth_blockNumber"), 16)
    return Story(stage, start_block, trade(stage, BLOCKS))


@pytest.fixture(scope="module")
def first_story(deployed: ReplicaState, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with keeper_stage(tmp_path_factory.mktemp("first"), deployed) as stage:
        yield tell(stage)


def assert_records_are_the_chains(story: Story) -> None:
    stage, start_block, turns = story
    rows = records(stage)
    confirmed = [row for row in rows if row.status == IntentStatus.CONFIRMED.value]
    assert confirmed, "a story without an execution shows nothing"
    assert {row.status for row in rows} <= {"confirmed", "refused"}, "with these seeds nothing reverts"

    for block, asset in {(row.mined_block, row.asset) for row in confirmed}:
        recorded = sum(
            row.realised_profit for row in confirmed if (row.mined_block, row.asset) == (block, asset)
        )
        gained = balance(stage, asset, TREASURY, block) - balance(stage, asset, TREASURY, block - 1)
        assert gained == recorded

    gas = sum(row.gas_cost_wei for row in rows)
    before = int(stage.rpc.call("eth_getBalance", KEEPER, hex(start_block)), 16)
    assert before - int(stage.rpc.call("eth_getBalance", KEEPER, "latest"), 16) == gas
    for turn, following in pairwise(turns):
        promised = turn.snapshot.gas.base_fee_wei
        assert following.snapshot.block.base_fee_wei == promised, "gas is priced at the next block's fee"
    for row in confirmed:
        assert row.realised_profit >= row.estimated_profit, "the state it was decided on is the one it met"


def test_every_recorded_profit_is_the_treasury_difference_on_chain(first_story: Story) -> None:
    assert_records_are_the_chains(first_story)


def test_every_recorded_profit_is_the_treasury_difference_with_another_seed_too(
    deployed: ReplicaState, tmp_path: Path
) -> None:
    with keeper_stage(tmp_path, deployed, seed=OTHER_SEED) as stage:
        assert_records_are_the_chains(tell(stage))


def test_same_seed_gives_the_same_blocks_and_the_same_decisions_from_the_deployment_on(
    first_story: Story, tmp_path: Path
) -> None:
    with fresh_stage(tmp_path) as stage:
        assert told(tell(stage).turns) == told(first_story.turns)
    assert any(turn.submitted for turn in first_story.turns)


def test_paper_keeper_decides_and_rehearses_but_sends_nothing(deployed: ReplicaState, tmp_path: Path) -> None:
    with keeper_stage(tmp_path, deployed) as stage:

        async def story() -> None:
            keeper = build_keeper(stage.config, live=False)
            try:
                await keeper.start()
                for _ in range(BLOCKS):
                    await keeper.turn()
                    stage.next_block()
            finally:
                await keeper.close()

        asyncio.run(story())
        assert {row.status for row in records(stage)} == {IntentStatus.PAPER.value}
        assert int(stage.rpc.call("eth_getTransactionCount", KEEPER, "pending"), 16) == 0
