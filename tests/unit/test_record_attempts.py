"""What the journal says of past attempts: mined ones count, by the set of their pools, for a while."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from steelyard.model import Address, ArbitragePlan, AttemptRecord, Attempts, IntentStatus
from steelyard.record.attempts import WINDOW_SECONDS, read_attempts
from tests.support.plans import make_plan
from tests.support.records import Store, make_outcome, make_signed, open_store

pytestmark = pytest.mark.unit

START = 1_700_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "keeper.sqlite") as opened:
        yield opened


def plan_of(number: int, *pools: Address) -> ArbitragePlan:
    """A plan of its own; through other pools where some are named."""
    plan = make_plan(deadline_seconds=2_000_000_000 + number)
    if not pools:
        return plan
    legs = tuple(replace(leg, pool=pool) for leg, pool in zip(plan.legs, pools, strict=True))
    return replace(plan, legs=legs)


def ended(
    store: Store, plan: ArbitragePlan, status: IntentStatus, *, at: int = START, gas_wei: int = 5
) -> None:
    store.clock.seconds = at
    store.journal.open(plan)
    if status not in (IntentStatus.REFUSED, IntentStatus.PAPER):
        store.journal.signed(make_signed(plan, nonce=int(plan.deadline_seconds)))
    store.journal.close(make_outcome(plan, status, gas_cost_wei=gas_wei))


def attempts(store: Store, now_seconds: int = START) -> Attempts:
    with store.database.read() as session:
        return read_attempts(session, now_seconds=now_seconds)


def test_nothing_recorded_is_nothing_known(store: Store) -> None:
    assert attempts(store) == Attempts()


def test_mined_outcomes_count_by_the_set_of_their_pools(store: Store) -> None:
    here = plan_of(1).pools
    a, b = sorted(here)
    elsewhere = (Address("0x" + "71" * 20), Address("0x" + "72" * 20))
    ended(store, plan_of(1), IntentStatus.CONFIRMED)
    ended(store, plan_of(2, a, b), IntentStatus.REVERTED)
    ended(store, plan_of(3, b, a), IntentStatus.REVERTED)
    ended(store, plan_of(4, *elsewhere), IntentStatus.CONFIRMED)
    assert attempts(store) == Attempts(
        by_pools={
            here: AttemptRecord(succeeded=1, failed=2),
            frozenset(elsewhere): AttemptRecord(succeeded=1),
        },
        overall=AttemptRecord(succeeded=2, failed=2),
    )


def test_what_was_never_mined_says_nothing(store: Store) -> None:
    for number, status in enumerate((IntentStatus.REFUSED, IntentStatus.PAPER, IntentStatus.DROPPED)):
        ended(store, plan_of(number), status, gas_wei=0)
    store.journal.open(plan_of(9))
    assert attempts(store) == Attempts()


def test_a_cancellation_that_cost_gas_is_a_failure(store: Store) -> None:
    ended(store, plan_of(1), IntentStatus.DROPPED, gas_wei=21_000)
    assert attempts(store).overall == AttemptRecord(failed=1)


def test_an_outcome_counts_until_its_window_is_over(store: Store) -> None:
    ended(store, plan_of(1), IntentStatus.REVERTED)
    assert attempts(store, START + WINDOW_SECONDS).overall == AttemptRecord(failed=1)
    assert attempts(store, START + WINDOW_SECONDS + 1) == Attempts()


def test_an_outcome_whose_block_left_the_chain_counts_no_more(store: Store) -> None:
    plan = plan_of(1)
    ended(store, plan, IntentStatus.REVERTED)
    store.journal.reopen(make_outcome(plan).plan_id, "its block left the chain")
    assert attempts(store) == Attempts()
