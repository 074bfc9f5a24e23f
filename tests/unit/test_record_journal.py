"""The journal's statuses move forward only, and what it returned from is durable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from steelyard.connect.plan_codec import plan_id
from steelyard.connect.plan_ids import plan_id_of
from steelyard.exceptions import DuplicateIntent, JournalConflict
from steelyard.model import Address, Door, IntentStatus
from steelyard.record import reports
from steelyard.record.vault_tables import VaultRebalance
from tests.support.plans import make_plan, make_vault_call
from tests.support.records import Store, make_outcome, make_signed, open_store

pytestmark = pytest.mark.unit

STRANGER = Address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "keeper.sqlite") as opened:
        yield opened


def test_intent_is_there_after_reopening_with_the_very_same_plan(tmp_path: Path) -> None:
    plan = make_plan(amount=2**127, min_profit=2**120, expected_profit=2**191)
    with open_store(tmp_path / "keeper.sqlite") as before:
        before.journal.open(plan)
    with open_store(tmp_path / "keeper.sqlite") as after:
        (intent,) = after.journal.unfinished()
    assert intent.plan == plan
    assert intent.plan_id == plan_id(plan)
    assert intent.signed is None
    assert not intent.was_sent


def test_same_plan_is_refused_while_open_and_after_closing(store: Store) -> None:
    plan = make_plan()
    store.journal.open(plan)
    with pytest.raises(DuplicateIntent, match="as planned"):
        store.journal.open(plan)
    store.journal.close(make_outcome(plan, IntentStatus.REFUSED, gas_used=0, gas_cost_wei=0, net_wei=0))
    with pytest.raises(DuplicateIntent, match="as refused"):
        store.journal.open(plan)


def test_what_only_people_read_does_not_make_another_plan(store: Store) -> None:
    store.journal.open(make_plan())
    with pytest.raises(DuplicateIntent):
        store.journal.open(make_plan(reason="the same trade, other words"))


def test_signed_bytes_come_back_as_they_were(store: Store) -> None:
    plan = make_plan()
    store.journal.open(plan)
    transaction = make_signed(plan, raw=bytes(range(256)), max_fee_per_gas_wei=2**80)
    store.journal.signed(transaction)
    (intent,) = store.journal.unfinished()
    assert intent.signed == transaction
    assert intent.status is IntentStatus.SIGNED
    assert not intent.was_sent
    store.journal.sent(plan_id(plan))
    (intent,) = store.journal.unfinished()
    assert intent.status is IntentStatus.SENT
    assert intent.was_sent


def test_second_attempt_with_another_nonce_is_refused(store: Store) -> None:
    plan = make_plan()
    store.journal.open(plan)
    store.journal.signed(make_signed(plan, nonce=7))
    with pytest.raises(JournalConflict, match="nonce 7"):
        store.journal.signed(make_signed(plan, nonce=8, attempt=2))
    assert len(store.journal.unfinished()[0].attempts) == 1


def test_second_attempt_with_the_same_nonce_stands_beside_the_first(store: Store) -> None:
    plan = make_plan()
    store.journal.open(plan)
    first, second = make_signed(plan), make_signed(plan, attempt=2)
    store.journal.signed(first)
    store.journal.sent(plan_id(plan))
    store.journal.signed(second)
    (intent,) = store.journal.unfinished()
    assert intent.attempts == (first, second)
    assert intent.status is IntentStatus.SENT
    assert not intent.was_sent, "the second attempt is not known to have been sent"


def test_closed_intent_takes_no_step_any_more(store: Store) -> None:
    plan = make_plan()
    store.journal.open(plan)
    store.journal.signed(make_signed(plan))
    store.journal.close(make_outcome(plan))
    for step in (
        lambda: store.journal.signed(make_signed(plan, attempt=2)),
        lambda: store.journal.sent(plan_id(plan)),
        lambda: store.journal.close(make_outcome(plan, IntentStatus.REVERTED)),
    ):
        with pytest.raises(JournalConflict, match="only moves forward"):
            step()
    assert store.journal.unfinished() == []


@pytest.mark.parametrize("status", [IntentStatus.CONFIRMED, IntentStatus.REVERTED, IntentStatus.DROPPED])
def test_what_was_never_signed_cannot_have_happened_on_chain(store: Store, status: IntentStatus) -> None:
    plan = make_plan()
    store.journal.open(plan)
    with pytest.raises(JournalConflict, match="never signed"):
        store.journal.close(make_outcome(plan, status))


def test_intent_cannot_be_closed_with_an_open_status(store: Store) -> None:
    plan = make_plan()
    store.journal.open(plan)
    with pytest.raises(JournalConflict, match="cannot be closed as sent"):
        store.journal.close(make_outcome(plan, IntentStatus.SENT))


@pytest.mark.parametrize("step", ["signed", "sent", "close"])
def test_step_without_an_intent_is_refused(store: Store, step: str) -> None:
    plan = make_plan()
    arguments = {"signed": make_signed(plan), "sent": plan_id(plan), "close": make_outcome(plan)}
    with pytest.raises(JournalConflict, match="not in the journal"):
        getattr(store.journal, step)(arguments[step])


def test_unfinished_are_in_nonce_order_and_unsigned_last(store: Store) -> None:
    plans = [make_plan(block_number=n, deadline_seconds=2_000_000_000 + n) for n in range(4)]
    for plan in plans:
        store.journal.open(plan)
    for plan, nonce in zip(plans[1:], (9, 7, 8), strict=True):
        store.journal.signed(make_signed(plan, nonce=nonce))
    order = [intent.plan.block_number for intent in store.journal.unfinished()]
    assert order == [2, 3, 1, 0]


def test_record_keeps_outcome_and_gross_and_net_to_the_wei(store: Store) -> None:
    plan = make_plan()
    store.journal.open(plan)
    store.journal.signed(make_signed(plan))
    outcome = make_outcome(plan, profit=10**30 + 1, net_wei=10**30 - 7, gas_cost_wei=8)
    store.journal.close(outcome)
    with store.database.read() as session:
        (record,) = reports.read_records(session)
    assert record.realised_profit == 10**30 + 1
    assert record.net_wei == 10**30 - 7
    assert record.gross_wei == 10**30 + 1
    assert record.estimated_gross_wei == plan.expected_net_wei + plan.gas_cost_wei
    assert record.transaction_hash == outcome.transaction_hash
    assert record.timestamp_seconds == store.clock.seconds


def test_reorganised_outcome_is_open_again_and_says_so(store: Store) -> None:
    plan = make_plan()
    store.journal.open(plan)
    store.journal.signed(make_signed(plan))
    store.journal.sent(plan_id(plan))
    store.journal.close(make_outcome(plan, block_number=105))
    assert store.journal.closed_from(106) == []
    (closed,) = store.journal.closed_from(105)
    store.journal.reopen(closed.plan_id, "block 105 is no longer part of the chain")
    (intent,) = store.journal.unfinished()
    assert intent.status is IntentStatus.SENT
    with store.database.read() as session:
        (record,) = reports.read_records(session)
        (event,) = reports.read_events(session)
    assert (record.net_wei, record.realised_profit, record.mined_block) == (None, None, None)
    assert event.kind == "reopened"
    store.journal.close(make_outcome(plan, IntentStatus.REVERTED))


def test_intent_that_stands_on_no_block_cannot_be_reopened(store: Store) -> None:
    plan = make_plan()
    store.journal.open(plan)
    store.journal.close(make_outcome(plan, IntentStatus.REFUSED, block_number=None))
    with pytest.raises(JournalConflict, match="stands on no block"):
        store.journal.reopen(plan_id(plan), "why not")


def test_door_of_a_signed_transaction_comes_back_and_changes_before_it_is_sent_again(store: Store) -> None:
    plan = make_plan()
    store.journal.open(plan)
    with pytest.raises(JournalConflict, match="nothing was signed"):
        store.journal.sending_again(plan_id(plan), door=Door.PRIVATE, held_until_block=9)
    store.journal.signed(make_signed(plan, door=Door.PRIVATE, held_until_block=9, access_list_gas_saved=70))
    store.journal.sent(plan_id(plan))
    store.journal.sending_again(plan_id(plan), door=Door.PRIVATE, held_until_block=14)
    (intent,) = store.journal.unfinished()
    assert intent.signed == make_signed(
        plan, door=Door.PRIVATE, held_until_block=14, access_list_gas_saved=70
    )
    assert (intent.status, intent.was_sent) == (IntentStatus.SENT, False), "taken once, unknown now"
    store.journal.sent(plan_id(plan))
    assert store.journal.unfinished()[0].was_sent


def test_way_to_the_public_pool_is_written_down_with_its_reason(store: Store) -> None:
    plan = make_plan()
    store.journal.open(plan)
    store.journal.signed(make_signed(plan, door=Door.PRIVATE, held_until_block=9))
    store.journal.sending_again(
        plan_id(plan), door=Door.PUBLIC, held_until_block=None, reason="no relay answered"
    )
    (intent,) = store.journal.unfinished()
    assert intent.signed == make_signed(plan)
    with store.database.read() as session:
        (event,) = reports.read_events(session)
    assert (event.kind, event.severity) == ("sent_publicly", "warning")
    assert event.message == f"plan {plan_id(plan)}: no relay answered"
    store.journal.close(make_outcome(plan))
    with pytest.raises(JournalConflict, match="is closed"):
        store.journal.sending_again(plan_id(plan), door=Door.PUBLIC, held_until_block=None)


def test_rebalance_is_there_after_reopening_as_it_was_with_every_byte(tmp_path: Path) -> None:
    call = make_vault_call(drift=2**200, reason='"why"\n')
    with open_store(tmp_path / "keeper.sqlite") as before:
        before.journal.open(call)
        before.journal.signed(make_signed(call))
    with open_store(tmp_path / "keeper.sqlite") as after:
        (intent,) = after.journal.unfinished()
    assert (intent.plan, intent.plan_id) == (call, plan_id_of(call))
    assert intent.attempts == (make_signed(call),)


def test_same_rebalance_is_refused_whichever_way_it_is_sent(store: Store) -> None:
    call = make_vault_call()
    store.journal.open(call)
    with pytest.raises(DuplicateIntent, match="as planned"):
        store.journal.open(replace(call, to=STRANGER, data=b"\x01" + call.data))


def test_both_kinds_stand_in_one_order_of_nonces(store: Store) -> None:
    plans = [make_plan(), make_vault_call(), make_plan(amount=5 * 10**18), make_vault_call(max_loss=10**9)]
    for plan in plans:
        store.journal.open(plan)
    for plan, nonce in zip(plans, (8, 7, None, 9), strict=True):
        if nonce is not None:
            store.journal.signed(make_signed(plan, nonce=nonce))
    assert [intent.plan for intent in store.journal.unfinished()] == [plans[1], plans[0], plans[3], plans[2]]


def test_rebalance_keeps_what_was_moved_and_lost_until_its_block_leaves_the_chain(store: Store) -> None:
    call = make_vault_call()
    store.journal.open(call)
    store.journal.signed(make_signed(call))
    outcome = make_outcome(call, moved=2**200, loss=7, net_wei=-9, block_number=105)
    store.journal.close(outcome)
    (closed,) = store.journal.closed_from(105)
    assert closed.outcome == outcome
    store.journal.reopen(closed.plan_id, "its block left the chain")
    (intent,) = store.journal.unfinished()
    assert (intent.status, intent.outcome) == (IntentStatus.SENT, None)
    with store.database.read() as session:
        (row,) = session.scalars(select(VaultRebalance))
        assert (row.moved, row.loss, row.net_wei, row.closing) == (None, None, None, None)
        assert reports.read_records(session) == [], "a rebalance is no arbitrage"


def test_closings_are_counted_over_both_kinds(store: Store) -> None:
    for plan in (make_plan(), make_vault_call(), make_plan(amount=5 * 10**18)):
        store.journal.open(plan)
        store.journal.close(make_outcome(plan, IntentStatus.REFUSED, block_number=None))
    with store.database.read() as session:
        (rebalance,) = session.scalars(select(VaultRebalance))
        assert [record.closing for record in reports.read_records(session)] == [3, 1]
        assert rebalance.closing == 2
