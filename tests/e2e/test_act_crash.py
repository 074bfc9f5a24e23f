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
from steelyard.connect.plan_codec import plan_id
from steelyard.model import IntentStatus
from steelyard.record import reports
from tests.e2e.test_act_submit import GAS
from tests.support.dev_chain import ROOT, DevChain, KeySigner, start_chain
from tests.support.plans import KEEPER, make_plan
from tests.support.records import Store, open_store

pytestmark = pytest.mark.e2e

UNSIGNED_STEPS = ("opened", "simulated", "signed")


@pytest.fixture
def chain() -> Iterator[DevChain]:
    with start_chain() as started:
        yield started


def start_keeper(
    chain: DevChain, database: Path, *, fatal_step: str = "-", plans: int = 1, offset: int = 0
) -> subprocess.Popen[str]:
    deadline = chain.client.block().timestamp_seconds + 3_600
    command = [sys.executable, "-m", "tests.support.crashing_keeper", chain.url, str(database), fatal_step]
    return subprocess.Popen(
        [*command, str(deadline), str(plans), str(offset)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def statuses(store: Store) -> list[str]:
    with store.database.read() as session:
        return sorted(record.status for record in reports.read_records(session))


@pytest.mark.parametrize("step", STEPS)
def test_keeper_killed_after_a_step_goes_on_and_sends_once_at_most(
    chain: DevChain, tmp_path: Path, step: str
) -> None:
    database = tmp_path / "keeper.sqlite"
    deadline = chain.client.block().timestamp_seconds + 3_600
    process = start_keeper(chain, database, fatal_step=step)
    assert process.wait(60) == -signal.SIGKILL
    plan = make_plan(deadline_seconds=deadline, amount=10**19)

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
        assert chain.executions() == sent
        assert chain.client.nonce(KEEPER) == sent
        (outcome,) = outcomes
        assert outcome.plan_id == plan_id(plan)
        assert outcome.status is (IntentStatus.CONFIRMED if sent else IntentStatus.REFUSED)
        assert store.journal.unfinished() == []


def test_keeper_killed_at_any_moment_leaves_a_journal_that_agrees_with_the_chain(
    chain: DevChain, tmp_path: Path
) -> None:
    database = tmp_path / "keeper.sqlite"
    moments = random.Random(7)
    for life in range(6):
        process = start_keeper(chain, database, plans=200, offset=life * 200)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(moments.uniform(0, 0.25))
        process.kill()
        process.wait(60)
        process.stdout.close()
        with open_store(database) as store:
            tracker = Tracker(chain.client, store.journal)
            recover(store.journal, tracker, chain.client.block())
            recover(store.journal, tracker, chain.mine())
            assert store.journal.unfinished() == []
            confirmed = statuses(store).count("confirmed")
            assert confirmed == chain.executions() == chain.client.nonce(KEEPER)
            assert set(statuses(store)) <= {"confirmed", "refused"}
    assert chain.executions() > 6
