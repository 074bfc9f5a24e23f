"""What the records say about risk, at the edges of its windows; a restart forgets none of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from steelyard.connect.plan_codec import plan_id
from steelyard.model import IntentStatus, Plan
from steelyard.model.risk import RiskState
from steelyard.record.risk import DAY_SECONDS, HOUR_SECONDS, acknowledge_failures, read_risk_state
from tests.support.plans import make_plan, make_vault_call
from tests.support.records import Store, make_outcome, make_signed, open_store

pytestmark = pytest.mark.unit

START = 1_700_000_000
CALM = RiskState(loss_day_wei=0, gas_hour_wei=0, gas_open_wei=0, failures_in_a_row=0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "keeper.sqlite") as opened:
        yield opened


def trade(
    store: Store,
    number: int,
    status: IntentStatus,
    *,
    at: int = START,
    net_wei: int = 0,
    gas_wei: int = 0,
    make: Callable[..., Plan] = make_plan,
) -> None:
    store.clock.seconds = at
    plan = make(deadline_seconds=2_000_000_000 + number)
    store.journal.open(plan)
    if status is not IntentStatus.REFUSED:
        store.journal.signed(make_signed(plan, nonce=number))
    store.journal.close(make_outcome(plan, status, net_wei=net_wei, gas_cost_wei=gas_wei))


def state(store: Store, now_seconds: int = START) -> RiskState:
    with store.database.read() as session:
        return read_risk_state(session, now_seconds=now_seconds)


def test_nothing_recorded_is_no_risk(store: Store) -> None:
    assert state(store) == CALM


def test_loss_is_what_the_day_cost_on_balance_and_never_negative(store: Store) -> None:
    trade(store, 1, IntentStatus.REVERTED, net_wei=-700, gas_wei=700)
    assert state(store).loss_day_wei == 700
    trade(store, 2, IntentStatus.CONFIRMED, net_wei=300, gas_wei=50)
    assert state(store).loss_day_wei == 400
    trade(store, 3, IntentStatus.CONFIRMED, net_wei=10**24, gas_wei=50)
    assert state(store).loss_day_wei == 0


def test_loss_counts_for_a_day_and_gas_for_an_hour_to_the_second(store: Store) -> None:
    trade(store, 1, IntentStatus.REVERTED, net_wei=-700, gas_wei=600)
    assert state(store, START + HOUR_SECONDS).gas_hour_wei == 600
    assert state(store, START + HOUR_SECONDS + 1).gas_hour_wei == 0
    assert state(store, START + DAY_SECONDS).loss_day_wei == 700
    assert state(store, START + DAY_SECONDS + 1).loss_day_wei == 0


def test_open_transactions_count_with_the_most_they_can_cost_once_each(store: Store) -> None:
    plan = make_plan()
    store.journal.open(plan)
    assert state(store).gas_open_wei == 0
    store.journal.signed(make_signed(plan, gas_limit=100, max_fee_per_gas_wei=10))
    store.journal.sent(plan_id(plan))
    store.journal.signed(make_signed(plan, attempt=2, gas_limit=100, max_fee_per_gas_wei=12))
    assert state(store).gas_open_wei == 1200
    store.journal.close(make_outcome(plan))
    assert state(store).gas_open_wei == 0


def test_failures_count_since_the_last_success_even_within_one_second(store: Store) -> None:
    trade(store, 1, IntentStatus.REVERTED)
    trade(store, 2, IntentStatus.CONFIRMED)
    assert state(store).failures_in_a_row == 0
    for number, status in enumerate(
        (IntentStatus.REVERTED, IntentStatus.DROPPED, IntentStatus.REPLACED), start=3
    ):
        trade(store, number, status)
    assert state(store).failures_in_a_row == 3
    trade(store, 6, IntentStatus.REFUSED)
    assert state(store).failures_in_a_row == 3, "a refusal sent nothing and is no failure"


def test_failures_of_long_ago_still_count_until_an_operator_has_looked(store: Store) -> None:
    trade(store, 1, IntentStatus.REVERTED, net_wei=-5)
    later = START + 30 * DAY_SECONDS
    assert state(store, later).failures_in_a_row == 1
    acknowledge_failures(store.writer, who="operator")
    assert state(store, later).failures_in_a_row == 0
    assert state(store).loss_day_wei == 5, "looking brings nothing back"
    trade(store, 2, IntentStatus.REVERTED)
    assert state(store, later).failures_in_a_row == 1


def test_restart_forgets_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path / "keeper.sqlite") as before:
        trade(before, 1, IntentStatus.REVERTED, net_wei=-9, gas_wei=9)
        known = state(before)
    with open_store(tmp_path / "keeper.sqlite") as after:
        assert (
            state(after)
            == known
            == RiskState(loss_day_wei=9, gas_hour_wei=9, gas_open_wei=0, failures_in_a_row=1)
        )


def test_gas_and_losses_of_rebalances_count_with_those_of_arbitrage(store: Store) -> None:
    trade(store, 1, IntentStatus.REVERTED, net_wei=-700, gas_wei=700)
    trade(store, 2, IntentStatus.CONFIRMED, net_wei=-60, gas_wei=50, make=make_vault_call)
    assert (state(store).loss_day_wei, state(store).gas_hour_wei) == (760, 750)
    assert state(store, START + HOUR_SECONDS + 1).gas_hour_wei == 0
    assert state(store, START + DAY_SECONDS + 1).loss_day_wei == 0


def test_open_rebalance_counts_with_the_most_that_it_can_cost(store: Store) -> None:
    call = make_vault_call()
    store.journal.open(call)
    store.journal.signed(make_signed(call, gas_limit=100, max_fee_per_gas_wei=10))
    store.journal.signed(make_signed(call, attempt=2, gas_limit=100, max_fee_per_gas_wei=12))
    assert state(store).gas_open_wei == 1200
    store.journal.close(make_outcome(call))
    assert state(store).gas_open_wei == 0


def test_success_of_one_kind_says_nothing_of_failures_of_the_other(store: Store) -> None:
    trade(store, 1, IntentStatus.REVERTED)
    trade(store, 2, IntentStatus.REVERTED)
    trade(store, 3, IntentStatus.CONFIRMED, make=make_vault_call)
    assert state(store).failures_in_a_row == 2, "a rebalance is no successful arbitrage"
    for number in (4, 5, 6):
        trade(store, number, IntentStatus.REVERTED, make=make_vault_call)
    assert state(store).failures_in_a_row == 3, "the kind that fails most counts, and not the sum"
    trade(store, 7, IntentStatus.CONFIRMED)
    assert state(store).failures_in_a_row == 3
    acknowledge_failures(store.writer, who="operator")
    assert state(store).failures_in_a_row == 0
