"""A restart with private transactions pending: the journal knows their door and nonce, the node does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from steelyard.act.recovery import recover
from steelyard.act.submitter import STEPS, Refusal
from steelyard.model import Door, IntentStatus
from tests.support.crashing_keeper import PLANS
from tests.support.dev_chain import ROOT
from tests.support.patience import PATIENCE_SECONDS
from tests.support.plans import KEEPER
from tests.support.private_stage import PrivateStage, private_stage

pytestmark = pytest.mark.e2e

UNSIGNED_STEPS = ("opened", "simulated", "signed")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[PrivateStage]:
    with private_stage(tmp_path) as opened:
        yield opened


def test_new_life_follows_what_the_old_one_sent_and_counts_on_from_its_nonces(stage: PrivateStage) -> None:
    with stage.keeper() as keeper:
        sent = [keeper.submit(stage.plan(number=number)) for number in range(2)]
    assert stage.chain.client.nonce(KEEPER, "pending") == 0
    with stage.keeper() as keeper:
        recovered = recover(keeper.store.journal, keeper.tracker, stage.chain.client.block())
        assert recovered.closed == ()
        assert len(recovered.still_open) == 2
        assert stage.relay.received == [signed.hash for signed in sent], "what is held is not sent again"
        assert keeper.submit(stage.plan(number=2)).nonce == 2
        stage.check_nothing_public()
        stage.relay.include()
        assert [outcome.status for outcome in stage.settle(keeper)] == [IntentStatus.CONFIRMED] * 3
        assert stage.chain.executions() == 3
    stage.check_nothing_public()


def test_new_life_learns_what_was_mined_in_between(stage: PrivateStage) -> None:
    with stage.keeper() as keeper:
        keeper.submit(stage.plan())
    stage.relay.include()
    with stage.keeper() as keeper:
        recovered = recover(keeper.store.journal, keeper.tracker, stage.chain.client.block())
        assert [outcome.status for outcome in recovered.closed] == [IntentStatus.CONFIRMED]
        assert keeper.submit(stage.plan(number=1)).nonce == 1
    stage.check_nothing_public()


def test_life_without_relays_follows_private_transactions_and_sends_them_nowhere(
    stage: PrivateStage,
) -> None:
    stage.relay.forgets = True
    with stage.keeper(max_blocks=1) as keeper:
        keeper.submit(stage.plan())
    with stage.keeper(relayless=True) as keeper:
        stage.chain.mine(2)
        assert stage.settle(keeper) == []
        assert keeper.attempts()[0].door is Door.PRIVATE
        assert "private.rpc_urls is empty" in keeper.troubles[0]
    stage.check_nothing_public()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", ["arbitrage", "rebalance"])
def test_keeper_killed_after_a_step_goes_on_through_the_same_door(
    stage: PrivateStage, kind: str, step: str
) -> None:
    deadline = stage.chain.client.block().timestamp_seconds + 3_600
    command = [sys.executable, "-m", "tests.support.crashing_keeper", stage.public.url]
    command += [str(stage.folder / "keeper.sqlite"), step, str(deadline), "1", "0", kind, stage.relay.url]
    died = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=PATIENCE_SECONDS, check=False
    )
    assert died.returncode == -signal.SIGKILL
    stage.check_nothing_public()
    sent = 0 if step in UNSIGNED_STEPS else 1
    with stage.keeper() as keeper:
        recovered = recover(keeper.store.journal, keeper.tracker, stage.chain.client.block())
        assert len(stage.relay.held) == sent
        assert len(recovered.still_open) == sent
        stage.check_nothing_public()
        stage.relay.include()
        outcomes = [*recovered.closed, *stage.settle(keeper)]
        assert len(outcomes) == 1
        done = stage.chain.executions() + stage.chain.rebalances()
        assert done == stage.chain.client.nonce(KEEPER) == sent
        again = keeper.submitter.submit(PLANS[kind](0, deadline))
        assert isinstance(again, Refusal)
    stage.check_nothing_public()
