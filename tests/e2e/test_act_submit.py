"""From a plan to its outcome on a real node: sent once, followed until the chain has spoken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from steelyard.act.gas import GasSettings
from steelyard.act.kill_switch import check_kill_switch
from steelyard.act.recovery import recover
from steelyard.act.submitter import Refusal, Rehearsal, Submitter
from steelyard.act.tracker import Tracker
from steelyard.connect.plan_codec import plan_id
from steelyard.exceptions import (
    ConfigError,
    InsufficientGasFunds,
    KillSwitch,
    RpcRejected,
    RpcUnavailable,
    StoreBusy,
)
from steelyard.model import ArbitragePlan, IntentStatus, SignedTransaction
from steelyard.record import reports
from tests.support.dev_chain import GENESIS_SECONDS, DevChain, KeySigner, start_chain
from tests.support.plans import KEEPER, make_plan
from tests.support.records import Store, open_store

pytestmark = pytest.mark.e2e

GAS = GasSettings(priority_fee_wei=10**9)


@pytest.fixture
def chain() -> Iterator[DevChain]:
    with start_chain() as started:
        yield started


@dataclass
class Keeper:
    chain: DevChain
    store: Store
    submitter: Submitter
    tracker: Tracker
    signer: KeySigner

    def submit(self, plan: ArbitragePlan) -> SignedTransaction:
        signed = self.submitter.submit(plan)
        assert isinstance(signed, SignedTransaction), signed
        return signed

    def status_of(self, plan: ArbitragePlan) -> str:
        return self.record_of(plan).status

    def record_of(self, plan: ArbitragePlan) -> reports.ArbitrageRecord:
        with self.store.database.read() as session:
            records = {record.plan_id: record for record in reports.read_records(session)}
        return records[plan_id(plan)]


@pytest.fixture
def keeper(chain: DevChain, tmp_path: Path) -> Iterator[Keeper]:
    signer = KeySigner()
    with open_store(tmp_path / "keeper.sqlite") as store:
        yield Keeper(
            chain,
            store,
            Submitter(chain.client, store.journal, signer, GAS),
            Tracker(chain.client, store.journal),
            signer,
        )


def plan_for(chain: DevChain, *, number: int = 0, seconds: int = 60) -> ArbitragePlan:
    head = chain.client.block()
    return make_plan(
        block_number=head.number, deadline_seconds=head.timestamp_seconds + seconds, amount=10**19 + number
    )


def test_profit_and_gas_are_recorded_to_the_wei_as_the_chain_has_them(keeper: Keeper) -> None:
    chain = keeper.chain
    chain.pay_extra(12_345)
    plan = plan_for(chain)
    before_wei = chain.client.balance_wei(KEEPER)
    signed = keeper.submit(plan)
    assert keeper.status_of(plan) == "sent"
    assert keeper.tracker.settle_open(chain.client.block()) == [], "not mined yet"
    (outcome,) = keeper.tracker.settle_open(chain.mine())
    record = keeper.record_of(plan)
    assert outcome.status is IntentStatus.CONFIRMED
    assert record.status == "confirmed"
    assert record.realised_profit == plan.min_profit + 12_345
    assert record.gas_cost_wei == before_wei - chain.client.balance_wei(KEEPER)
    assert record.net_wei == plan.min_profit + 12_345 - record.gas_cost_wei
    assert record.transaction_hash == signed.hash
    assert chain.executions() == 1


def test_simulated_revert_is_refused_with_its_decoded_reason_and_nothing_is_signed(keeper: Keeper) -> None:
    keeper.chain.fail_with_gain(17)
    plan = plan_for(keeper.chain)
    refusal = keeper.submitter.submit(plan)
    assert isinstance(refusal, Refusal)
    assert "MinProfitNotMet(gain=17, minimum=5000000000000000)" in refusal.reason
    assert keeper.record_of(plan).reason == refusal.reason
    assert keeper.signer.signatures == 0
    assert keeper.chain.pool() == {}


def test_same_plan_twice_is_refused_and_sent_once(keeper: Keeper) -> None:
    plan = plan_for(keeper.chain)
    keeper.submit(plan)
    again = keeper.submitter.submit(plan)
    assert isinstance(again, Refusal)
    assert again.reason.endswith("is in the journal already, as sent")
    keeper.tracker.settle_open(keeper.chain.mine())
    assert isinstance(keeper.submitter.submit(plan), Refusal)
    assert keeper.status_of(plan) == "confirmed"
    keeper.chain.mine()
    assert keeper.chain.executions() == 1


def test_revert_on_chain_costs_gas_and_says_why(keeper: Keeper) -> None:
    plan = plan_for(keeper.chain)
    keeper.submit(plan)
    keeper.chain.fail_with_gain(99)
    (outcome,) = keeper.tracker.settle_open(keeper.chain.mine())
    assert outcome.status is IntentStatus.REVERTED
    assert "MinProfitNotMet(gain=99" in outcome.reason
    assert outcome.profit == 0
    assert outcome.net_wei == -outcome.gas_cost_wei < 0


def test_several_plans_of_one_block_get_nonces_without_a_gap(keeper: Keeper) -> None:
    plans = [plan_for(keeper.chain, number=n) for n in range(3)]
    nonces = [keeper.submit(plan).nonce for plan in plans]
    assert nonces == [0, 1, 2]
    outcomes = keeper.tracker.settle_open(keeper.chain.mine())
    assert [outcome.status for outcome in outcomes] == [IntentStatus.CONFIRMED] * 3
    assert keeper.chain.executions() == 3


def test_account_without_funds_stops_before_signing_and_names_what_is_missing(keeper: Keeper) -> None:
    keeper.chain.set_balance(KEEPER, 10**12)
    plan = plan_for(keeper.chain)
    with pytest.raises(InsufficientGasFunds, match=rf"{KEEPER} has 1000000000000 wei and needs \d+ wei"):
        keeper.submitter.submit(plan)
    assert keeper.status_of(plan) == "refused"
    assert keeper.signer.signatures == 0


def test_funds_promised_to_open_transactions_are_not_spent_twice(keeper: Keeper) -> None:
    first = keeper.submit(plan_for(keeper.chain))
    most_wei = first.gas_limit * first.max_fee_per_gas_wei
    keeper.chain.set_balance(KEEPER, most_wei + most_wei // 2)
    with pytest.raises(InsufficientGasFunds, match="for open transactions"):
        keeper.submitter.submit(plan_for(keeper.chain, number=1))


def test_kill_file_stops_before_anything_is_written(chain: DevChain, tmp_path: Path) -> None:
    kill_file = tmp_path / "STOP"
    kill_file.touch()
    with open_store(tmp_path / "keeper.sqlite") as store:
        submitter = Submitter(
            chain.client, store.journal, KeySigner(), GAS, guard=lambda: check_kill_switch(kill_file)
        )
        with pytest.raises(KillSwitch, match="remove it to go on"):
            submitter.submit(plan_for(chain))
        assert store.journal.unfinished() == []


def test_kill_file_between_simulation_and_signature_stops_the_signature(
    chain: DevChain, tmp_path: Path
) -> None:
    kill_file = tmp_path / "STOP"
    signer = KeySigner()

    def touch(step: str) -> None:
        if step == "simulated":
            kill_file.touch()

    with open_store(tmp_path / "keeper.sqlite") as store:
        guard = lambda: check_kill_switch(kill_file)  # noqa: E731
        submitter = Submitter(chain.client, store.journal, signer, GAS, guard=guard, on_step=touch)
        with pytest.raises(KillSwitch):
            submitter.submit(plan_for(chain))
        assert store.journal.unfinished() == []
    assert signer.signatures == 0
    assert chain.pool() == {}


def test_missing_executor_stops_and_names_the_deployment(keeper: Keeper) -> None:
    keeper.chain.rpc.call("anvil_setCode", [make_plan().executor, "0x"])
    with pytest.raises(ConfigError, match=r"keeper\.deployment"):
        keeper.submitter.submit(plan_for(keeper.chain))


def test_rehearsal_signs_nothing_and_is_recorded_as_paper(keeper: Keeper) -> None:
    plan = plan_for(keeper.chain)
    rehearsal = keeper.submitter.rehearse(plan)
    assert rehearsal == Rehearsal(plan_id=plan_id(plan), profit=plan.min_profit)
    record = keeper.record_of(plan)
    assert (record.status, record.net_wei) == ("paper", 0)
    assert keeper.signer.signatures == 0


def test_transaction_that_the_pool_forgot_is_sent_again_with_the_same_bytes(keeper: Keeper) -> None:
    plan = plan_for(keeper.chain)
    signed = keeper.submit(plan)
    keeper.chain.forget_pool()
    assert keeper.tracker.settle_open(keeper.chain.mine()) == []
    assert keeper.chain.client.transaction(signed.hash) is not None
    assert keeper.signer.signatures == 1
    (outcome,) = keeper.tracker.settle_open(keeper.chain.mine())
    assert outcome.transaction_hash == signed.hash
    assert keeper.chain.executions() == 1


def test_forgotten_transaction_is_dropped_once_its_deadline_is_over_on_chain(keeper: Keeper) -> None:
    plan = plan_for(keeper.chain, seconds=60)
    keeper.submit(plan)
    keeper.chain.forget_pool()
    (outcome,) = keeper.tracker.settle_open(keeper.chain.mine(seconds=61))
    assert outcome.status is IntentStatus.DROPPED
    assert outcome.gas_cost_wei == 0
    assert keeper.chain.pool() == {}
    following = keeper.submit(plan_for(keeper.chain, number=1))
    assert following.nonce == 0, "its nonce is free again"


def test_nonce_used_by_another_program_is_named(keeper: Keeper) -> None:
    plan = plan_for(keeper.chain)
    signed = keeper.submit(plan)
    keeper.chain.forget_pool()
    other = keeper.chain.send_from_keeper(signed.nonce)
    keeper.chain.mine()
    (outcome,) = keeper.tracker.settle_open(keeper.chain.mine(2))
    assert outcome.status is IntentStatus.REPLACED
    assert other in outcome.reason
    assert keeper.chain.executions() == 0


def test_outcome_waits_for_its_confirmations(keeper: Keeper) -> None:
    tracker = Tracker(keeper.chain.client, keeper.store.journal, confirmations=3)
    keeper.submit(plan_for(keeper.chain))
    assert tracker.settle_open(keeper.chain.mine()) == []
    assert tracker.settle_open(keeper.chain.mine()) == []
    (outcome,) = tracker.settle_open(keeper.chain.mine())
    assert outcome.status is IntentStatus.CONFIRMED


def test_mined_transaction_whose_block_is_reorganised_away_is_sent_again_and_counts_once(
    keeper: Keeper,
) -> None:
    tracker = Tracker(keeper.chain.client, keeper.store.journal, confirmations=2)
    signed = keeper.submit(plan_for(keeper.chain))
    mined = keeper.chain.mine()
    assert keeper.chain.client.receipt(signed.hash) is not None
    assert tracker.settle_open(mined) == []
    keeper.chain.rpc.call("anvil_reorg", [1, []])
    assert keeper.chain.executions() == 0
    assert tracker.settle_open(keeper.chain.client.block()) == []
    keeper.chain.mine(2)
    (outcome,) = tracker.settle_open(keeper.chain.client.block())
    assert outcome.status is IntentStatus.CONFIRMED
    assert outcome.transaction_hash == signed.hash
    assert keeper.chain.executions() == 1


def test_outcome_of_a_block_that_left_the_chain_no_longer_stands(keeper: Keeper) -> None:
    keeper.submit(plan_for(keeper.chain))
    keeper.tracker.settle_open(keeper.chain.mine())
    (closed,) = keeper.store.journal.closed_from(0)
    assert keeper.tracker.still_stands(closed)
    keeper.chain.rpc.call("anvil_reorg", [1, []])
    assert not keeper.tracker.still_stands(closed)
    keeper.store.journal.reopen(closed.plan_id, "its block left the chain")
    keeper.tracker.settle_open(keeper.chain.client.block())
    (outcome,) = keeper.tracker.settle_open(keeper.chain.mine())
    assert outcome.status is IntentStatus.CONFIRMED
    assert keeper.chain.executions() == 1


def test_outcome_that_another_branch_changed_no_longer_stands(keeper: Keeper) -> None:
    signed = keeper.submit(plan_for(keeper.chain))
    keeper.tracker.settle_open(keeper.chain.mine())
    (closed,) = keeper.store.journal.closed_from(0)
    keeper.chain.rpc.call("anvil_rollback", [1])
    keeper.chain.pay_extra(5)
    keeper.chain.client.send_raw(signed.raw)
    keeper.chain.mine()
    receipt = keeper.chain.client.receipt(signed.hash)
    assert receipt is not None
    assert closed.outcome is not None
    assert receipt.block_number == closed.outcome.block_number
    assert not keeper.tracker.still_stands(closed)


def test_unreachable_node_closes_the_unsent_intent_and_asks_for_a_retry(tmp_path: Path) -> None:
    with open_store(tmp_path / "keeper.sqlite") as store:
        with start_chain() as chain:
            plan = plan_for(chain)
        submitter = Submitter(chain.client, store.journal, KeySigner(), GAS)
        with pytest.raises(RpcUnavailable):
            submitter.submit(plan)
        assert store.journal.unfinished() == []


def test_unknown_after_sending_stays_open_and_the_chain_tells(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = keeper.chain.client
    really_send = client.send_raw

    def send_and_lose_the_answer(raw: bytes) -> str:
        really_send(raw)
        raise RpcUnavailable("no answer in time")

    monkeypatch.setattr(client, "send_raw", send_and_lose_the_answer)
    plan = plan_for(keeper.chain)
    keeper.submit(plan)
    assert keeper.status_of(plan) == "signed"
    (outcome,) = keeper.tracker.settle_open(keeper.chain.mine())
    assert outcome.status is IntentStatus.CONFIRMED
    assert keeper.chain.executions() == 1


def test_restart_closes_what_was_never_signed(keeper: Keeper) -> None:
    plan = plan_for(keeper.chain)
    keeper.store.journal.open(plan)
    recovered = recover(keeper.store.journal, keeper.tracker, keeper.chain.client.block())
    (outcome,) = recovered.closed
    assert outcome.status is IntentStatus.REFUSED
    assert outcome.reason == "interrupted before signing"
    assert recovered.still_open == ()


def test_chain_began_when_the_test_says() -> None:
    with start_chain() as chain:
        assert chain.client.block(0).timestamp_seconds == GENESIS_SECONDS


def test_intent_that_a_locked_database_interrupted_does_not_stay_open(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_transaction: SignedTransaction) -> None:
        raise StoreBusy("database keeper.sqlite is locked by another process")

    plan = plan_for(keeper.chain)
    monkeypatch.setattr(keeper.store.journal, "signed", locked)
    with pytest.raises(StoreBusy):
        keeper.submitter.submit(plan)
    assert keeper.chain.pool() == {}, "what is not journalled is not sent"
    (outcome,) = keeper.tracker.settle_open(keeper.chain.mine())
    assert (outcome.plan_id, outcome.status) == (plan_id(plan), IntentStatus.REFUSED)


def test_nothing_is_sent_again_while_the_kill_file_is_there(keeper: Keeper) -> None:
    tracker = Tracker(keeper.chain.client, keeper.store.journal, may_send=lambda: False)
    keeper.submit(plan_for(keeper.chain))
    keeper.chain.forget_pool()
    assert tracker.settle_open(keeper.chain.mine()) == []
    assert keeper.chain.pool() == {}


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ("transaction already imported", False),
        ("replacement transaction underpriced", True),
        ("exceeds block gas limit", True),
        ("the mempool is having a bad day", False),
    ],
)
def test_node_that_refuses_is_believed_only_where_it_is_certain(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch, words: str, refused: bool
) -> None:
    def refuse(_raw: bytes) -> str:
        raise RpcRejected(words, code=-32000)

    monkeypatch.setattr(keeper.chain.client, "send_raw", refuse)
    plan = plan_for(keeper.chain)
    result = keeper.submitter.submit(plan)
    assert isinstance(result, Refusal) is refused
    assert bool(keeper.store.journal.unfinished()) is not refused
