"""kill -9 at every step of a submission, and at any moment of many: started again, nothing is sent twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from steelyard.act.recovery import recover
from steelyard.act.submitter import STEPS, Refusal, Submitter
from steelyard.act.tracker import Tracker
from steelyard.connect.plan_ids import plan_id_of
from steelyard.model import IntentStatus
from steelyard.record import reports, vault_reports
from tests.e2e.test_act_submit import GAS
from tests.support.crashing_keeper import PLANS
from tests.support.dev_chain import ROOT, DevChain, KeySigner, start_chain
from tests.support.patience import PATIENCE_SECONDS
from tests.support.plans import KEEPER
from tests.support.records import Store, open_store

pytestmark = pytest.mark.e2e

UNSIGNED_STEPS = ("opened", "simulated", "signed")


@pytest.fixture
def chain() -> Iterator[DevChain]:
    with start_chain() as started:
        yield started


def start_keeper(
    chain: DevChain, database: Path, kind: str, *, fatal_step: str = "-", plans: int = 1, offset: int = 0
) -> subprocess.Popen[str]:
    deadline = chain.client.block().timestamp_seconds + 3_600
    command = [sys.executable, "-m", "tests.support.crashing_keeper", chain.url, str(database), fatal_step]
    return subprocess.Popen(
        [*command, str(deadline), str(plans), str(offset), kind],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def statuses(store: Store) -> list[str]:
    with store.database.read() as session:
        rows = [*reports.read_records(session), *vault_reports.read_rebalances(session)]
        return sorted(row.status for row in rows)


def done(chain: DevChain) -> int:
    """What the contracts did of either kind."""
    return chain.executions() + chain.rebalances()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", ["arbitrage", "rebalance"])
def test_keeper_killed_after_a_step_goes_on_and_sends_once_at_most(
    chain: DevChain, tmp_path: Path, kind: str, step: str
) -> None:
    database = tmp_path / "keeper.sqlite"
    deadline = chain.client.block().timestamp_seconds + 3_600
    process = start_keeper(chain, database, kind, fatal_step=step)
    assert process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
    plan = PLANS[kind](0, deadline)

    with open_store(database) as store:
        tracker = Tracker(chain.client, store.journal)
        first = recover(store.journal, tracker, chain.client.block())
        again = recover(store.journal, tracker, chain.client.block())
        assert again.closed == (), "recovering twice decides nothing twice"
        outcomes = [*first.closed, *recover(store.journal, tracker, chain.mine()).closed]
        repeated = Submitter(chain.client, store.journal, KeySigner(), GAS).submit(plan)
        assert isinstance(repeated, Refusal)
        chain.mine(2)

        sent = 0 if step in UNSIGNED_STEPS else 1
        assert done(chain) == sent
        assert chain.client.nonce(KEEPER) == sent
        (outcome,) = outcomes
        assert outcome.plan_id == plan_id_of(plan)
        assert outcome.status is (IntentStatus.CONFIRMED if sent else IntentStatus.REFUSED)
        assert store.journal.unfinished() == []


@pytest.mark.parametrize("kind", ["arbitrage", "both"])
def test_keeper_killed_at_any_moment_leaves_a_journal_that_agrees_with_the_chain(
    chain: DevChain, tmp_path: Path, kind: str
) -> None:
    database = tmp_path / "keeper.sqlite"
    moments = random.Random(7)
    for life in range(6):
        process = start_keeper(chain, database, kind, plans=200, offset=life * 200)
        assert process.stdout is not None
        for _ in range(moments.randint(1, 12)):  # lines, not seconds: a busy machine takes its time
            process.stdout.readline()
        time.sleep(moments.uniform(0, 0.02))
        process.kill()
        process.wait(PATIENCE_SECONDS)
        process.stdout.close()
        with open_store(database) as store:
            tracker = Tracker(chain.client, store.journal)
            recover(store.journal, tracker, chain.client.block())
            recover(store.journal, tracker, chain.mine())
            assert store.journal.unfinished() == []
            confirmed = statuses(store).count("confirmed")
            assert confirmed == done(chain) == chain.client.nonce(KEEPER)
            assert set(statuses(store)) <= {"confirmed", "refused"}
    assert done(chain) > 6
    assert (chain.rebalances() > 0) == (kind == "both"), "one account has served both"
