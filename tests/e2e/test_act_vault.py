"""A vault's rebalance on the machinery of arbitrage: simulated, signed, sent, replaced and settled by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from steelyard.act.gas import GasSettings
from steelyard.act.replace import Replacer
from steelyard.act.submitter import Refusal, Rehearsal, Submitter
from steelyard.act.tracker import Tracker
from steelyard.connect.plan_ids import plan_id_of
from steelyard.connect.vault_calls import encode_rebalance
from steelyard.model import IntentStatus, Plan, SignedTransaction, VaultCall
from steelyard.record.risk import read_risk_state
from steelyard.record.vault_reports import read_rebalances
from steelyard.record.vault_tables import VaultRebalance
from tests.support.dev_chain import STRANGER, DevChain, KeySigner, start_chain
from tests.support.plans import KEEPER, VAULT, make_plan, make_vault_call
from tests.support.records import Store, open_store

pytestmark = pytest.mark.e2e

GAS = GasSettings(priority_fee_wei=10**9)
TIGHT = GasSettings(priority_fee_wei=10**9, headroom_blocks=1)
UNIT = 10**6


@pytest.fixture
def chain() -> Iterator[DevChain]:
    with start_chain() as started:
        started.rebalance_by(9_000 * UNIT, 12 * UNIT)
        yield started


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "keeper.sqlite") as opened:
        yield opened


@pytest.fixture
def submitter(chain: DevChain, store: Store) -> Submitter:
    return Submitter(chain.client, store.journal, KeySigner(), GAS)


def call_for(chain: DevChain, *, seconds: int = 600, **changes: Any) -> VaultCall:
    head = chain.client.block()
    return make_vault_call(
        block_number=head.number, deadline_seconds=head.timestamp_seconds + seconds, **changes
    )


def submit(submitter: Submitter, plan: Plan) -> SignedTransaction:
    signed = submitter.submit(plan)
    assert isinstance(signed, SignedTransaction), signed
    return signed


def record_of(store: Store) -> VaultRebalance:
    with store.database.read() as session:
        (record,) = read_rebalances(session)
        return record


def test_rebalance_is_recorded_with_what_it_moved_lost_and_cost(
    chain: DevChain, store: Store, submitter: Submitter
) -> None:
    had_wei = chain.client.balance_wei(KEEPER)
    call = call_for(chain)
    signed = submit(submitter, call)
    (outcome,) = Tracker(chain.client, store.journal).settle_open(chain.mine())
    assert (outcome.status, outcome.moved, outcome.loss) == (IntentStatus.CONFIRMED, 9_000 * UNIT, 12 * UNIT)
    assert outcome.gas_cost_wei == had_wei - chain.client.balance_wei(KEEPER)
    # Twelve dollars at 3,000 dollars for an ether, rounded up.
    assert outcome.net_wei == -(4 * 10**15) - outcome.gas_cost_wei
    record = record_of(store)
    assert (record.moved, record.loss, record.net_wei) == (9_000 * UNIT, 12 * UNIT, outcome.net_wei)
    assert (record.transaction_hash, record.status) == (signed.hash, "confirmed")
    assert "moved 9000000000 and lost 12000000" in record.reason
    with store.database.read() as session:
        risk = read_risk_state(session, now_seconds=store.clock.seconds)
    assert (risk.loss_day_wei, risk.gas_hour_wei) == (-outcome.net_wei, outcome.gas_cost_wei)


def test_same_rebalance_is_refused_the_second_time_and_nothing_is_sent(
    chain: DevChain, submitter: Submitter
) -> None:
    call = call_for(chain)
    submit(submitter, call)
    again = submitter.submit(replace(call, signer=STRANGER))
    assert isinstance(again, Refusal)
    assert "in the journal already, as sent" in again.reason
    chain.mine(2)
    assert chain.rebalances() == 1


def test_vault_that_is_stopped_refuses_in_simulation_in_its_own_words(
    chain: DevChain, store: Store, submitter: Submitter
) -> None:
    chain.stop_vault()
    refusal = submitter.submit(call_for(chain))
    assert isinstance(refusal, Refusal)
    assert "EntriesStopped" in refusal.reason
    assert record_of(store).status == "refused"
    assert chain.client.nonce(KEEPER, "pending") == 0


def test_loss_above_the_plans_limit_refuses_with_both_numbers(chain: DevChain, submitter: Submitter) -> None:
    chain.rebalance_by(1, 31 * UNIT)
    refusal = submitter.submit(call_for(chain, max_loss=30 * UNIT))
    assert isinstance(refusal, Refusal)
    assert "LossTooHigh(loss=31000000, allowed=30000000)" in refusal.reason


def test_rehearsal_signs_nothing_and_is_recorded_as_paper(
    chain: DevChain, store: Store, submitter: Submitter
) -> None:
    call = call_for(chain)
    assert submitter.rehearse(call) == Rehearsal(plan_id=plan_id_of(call), profit=0, loss=12 * UNIT)
    record = record_of(store)
    assert (record.status, record.net_wei, record.loss) == ("paper", 0, 0)
    assert "lost 12000000" in record.reason
    assert chain.client.nonce(KEEPER, "pending") == 0


def test_both_kinds_are_mined_in_one_order_of_nonces(
    chain: DevChain, store: Store, submitter: Submitter
) -> None:
    deadline = chain.client.block().timestamp_seconds + 600
    plans: list[Plan] = [
        make_plan(deadline_seconds=deadline),
        call_for(chain),
        make_plan(deadline_seconds=deadline + 1),
        call_for(chain, max_loss=10**9),
    ]
    assert [submit(submitter, plan).nonce for plan in plans] == [0, 1, 2, 3]
    assert [intent.plan for intent in store.journal.unfinished()] == plans
    outcomes = Tracker(chain.client, store.journal).settle_open(chain.mine())
    assert [outcome.status for outcome in outcomes] == [IntentStatus.CONFIRMED] * 4
    assert (chain.executions(), chain.rebalances()) == (2, 2)


def test_vault_that_stops_while_it_waits_reverts_with_its_reason_and_costs_gas(
    chain: DevChain, store: Store, submitter: Submitter
) -> None:
    submit(submitter, call_for(chain))
    chain.stop_vault()
    (outcome,) = Tracker(chain.client, store.journal).settle_open(chain.mine())
    assert outcome.status is IntentStatus.REVERTED
    assert "EntriesStopped" in outcome.reason
    assert outcome.net_wei == -outcome.gas_cost_wei < 0
    assert (outcome.moved, outcome.loss) == (0, 0)


def test_rebalance_that_became_too_cheap_is_signed_again_with_the_same_call(
    chain: DevChain, store: Store
) -> None:
    signer = KeySigner()
    submitter = Submitter(chain.client, store.journal, signer, TIGHT)
    call = call_for(chain)
    first = submit(submitter, call)
    dear = replace(chain.client.block(), base_fee_wei=10**11)
    (dearer,) = Replacer(chain.client, store.journal, signer, TIGHT).tend(dear)
    assert (dearer.nonce, dearer.plan_id) == (first.nonce, first.plan_id)
    again = TypedTransaction.from_bytes(HexBytes(dearer.raw)).as_dict()
    assert (bytes(again["to"]), bytes(again["data"])) == (bytes.fromhex(VAULT[2:]), call.data)
    (outcome,) = Tracker(chain.client, store.journal).settle_open(chain.mine())
    assert (outcome.status, outcome.transaction_hash) == (IntentStatus.CONFIRMED, dearer.hash)
    assert outcome.moved == 9_000 * UNIT
    assert chain.rebalances() == 1


def test_rebalance_that_is_too_late_gives_its_nonce_back(chain: DevChain, store: Store) -> None:
    signer = KeySigner()
    submitter = Submitter(chain.client, store.journal, signer, TIGHT)
    first = submit(submitter, call_for(chain, seconds=30))
    head = chain.client.block()
    late = replace(head, timestamp_seconds=head.timestamp_seconds + 31)
    (cancel,) = Replacer(chain.client, store.journal, signer, TIGHT).tend(late)
    (outcome,) = Tracker(chain.client, store.journal).settle_open(chain.mine())
    assert (outcome.status, outcome.transaction_hash) == (IntentStatus.DROPPED, cancel.hash)
    assert chain.rebalances() == 0
    assert submit(submitter, call_for(chain)).nonce == first.nonce + 1


def test_rebalance_whose_block_left_the_chain_is_followed_again_and_counts_once(
    chain: DevChain, store: Store, submitter: Submitter
) -> None:
    submit(submitter, call_for(chain))
    tracker = Tracker(chain.client, store.journal)
    tracker.settle_open(chain.mine())
    (closed,) = store.journal.closed_from(0)
    assert tracker.still_stands(closed)
    chain.rpc.call("anvil_reorg", [1, []])
    assert not tracker.still_stands(closed)
    store.journal.reopen(closed.plan_id, "its block left the chain")
    tracker.settle_open(chain.client.block())
    (outcome,) = tracker.settle_open(chain.mine())
    assert (outcome.status, outcome.moved) == (IntentStatus.CONFIRMED, 9_000 * UNIT)
    assert chain.rebalances() == 1


def test_transaction_that_does_not_carry_its_plan_is_refused_before_anything_is_signed(
    chain: DevChain, submitter: Submitter
) -> None:
    call = call_for(chain)
    other = replace(call, data=encode_rebalance(replace(call.plan, max_loss=10**18)))
    refusal = submitter.submit(other)
    assert isinstance(refusal, Refusal)
    assert "does not carry the plan's moves" in refusal.reason
    assert chain.client.nonce(KEEPER, "pending") == 0
