"""A stuck transaction gets another price or is cancelled: same nonce, journalled before it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from steelyard.act.gas import GasSettings
from steelyard.act.replace import Replacer
from steelyard.act.submitter import Submitter
from steelyard.act.tracker import Tracker
from steelyard.exceptions import GasRetriesExhausted, InsufficientGasFunds, KillSwitch
from steelyard.model import IntentStatus, SignedTransaction
from tests.support.dev_chain import DevChain, KeySigner, start_chain
from tests.support.plans import KEEPER, make_plan
from tests.support.records import Store, open_store

pytestmark = pytest.mark.e2e

GAS = GasSettings(priority_fee_wei=10**9, headroom_blocks=1)


@pytest.fixture
def chain() -> Iterator[DevChain]:
    with start_chain() as started:
        yield started


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "keeper.sqlite") as opened:
        yield opened


def submit(chain: DevChain, store: Store, *, seconds: int = 600) -> SignedTransaction:
    deadline = chain.client.block().timestamp_seconds + seconds
    signed = Submitter(chain.client, store.journal, KeySigner(), GAS).submit(
        make_plan(deadline_seconds=deadline)
    )
    assert isinstance(signed, SignedTransaction)
    return signed


def replacer(chain: DevChain, store: Store, **options: object) -> Replacer:
    return Replacer(chain.client, store.journal, KeySigner(), GAS, **options)


def test_waiting_transaction_that_can_be_mined_is_left_alone(chain: DevChain, store: Store) -> None:
    submit(chain, store)
    assert replacer(chain, store).tend(chain.client.block()) == []
    assert len(store.journal.unfinished()[0].attempts) == 1


def test_too_cheap_transaction_gets_a_higher_price_with_the_same_nonce_and_trades_once(
    chain: DevChain, store: Store
) -> None:
    first = submit(chain, store)
    head = chain.client.block()
    dear = replace(head, base_fee_wei=10**11)
    (second,) = replacer(chain, store).tend(dear)
    assert second.nonce == first.nonce
    assert second.max_fee_per_gas_wei * 10 >= first.max_fee_per_gas_wei * 11
    assert second.max_priority_fee_per_gas_wei * 10 >= first.max_priority_fee_per_gas_wei * 11
    (intent,) = store.journal.unfinished()
    assert intent.attempts == (first, second)
    (outcome,) = Tracker(chain.client, store.journal).settle_open(chain.mine())
    assert outcome.status is IntentStatus.CONFIRMED
    assert outcome.transaction_hash == second.hash
    assert chain.executions() == 1


def test_late_transaction_is_cancelled_and_its_nonce_is_free_for_the_next(
    chain: DevChain, store: Store
) -> None:
    submit(chain, store, seconds=30)
    head = chain.client.block()
    late = replace(head, timestamp_seconds=head.timestamp_seconds + 31)
    before_wei = chain.client.balance_wei(KEEPER)
    (cancel,) = replacer(chain, store).tend(late)
    assert replacer(chain, store).tend(late) == [], "a cancellation is not cancelled"
    (outcome,) = Tracker(chain.client, store.journal).settle_open(chain.mine())
    assert outcome.status is IntentStatus.DROPPED
    assert outcome.transaction_hash == cancel.hash
    assert outcome.gas_cost_wei == before_wei - chain.client.balance_wei(KEEPER) == -outcome.net_wei
    assert chain.executions() == 0
    assert submit(chain, store).nonce == 1


def test_first_attempt_that_is_mined_after_all_decides_the_outcome(chain: DevChain, store: Store) -> None:
    first = submit(chain, store)
    head = chain.client.block()
    dear = replace(head, base_fee_wei=10**11)
    replacer(chain, store).tend(dear)
    chain.forget_pool()
    chain.client.send_raw(first.raw)
    (outcome,) = Tracker(chain.client, store.journal).settle_open(chain.mine())
    assert outcome.status is IntentStatus.CONFIRMED
    assert outcome.transaction_hash == first.hash


def test_attempts_are_bounded_and_their_end_is_told(chain: DevChain, store: Store) -> None:
    submit(chain, store)
    head = chain.client.block()
    for base_fee_wei in (10**11, 10**12):
        dear = replace(head, base_fee_wei=base_fee_wei)
        if base_fee_wei == 10**11:
            replacer(chain, store, max_attempts=2).tend(dear)
        else:
            with pytest.raises(GasRetriesExhausted, match="2 prices were offered"):
                replacer(chain, store, max_attempts=2).tend(dear)


def test_replacement_is_not_signed_without_funds_or_with_the_kill_file(chain: DevChain, store: Store) -> None:
    submit(chain, store)
    head = chain.client.block()
    dear = replace(head, base_fee_wei=10**11)

    def stop() -> None:
        raise KillSwitch("the kill file is there")

    with pytest.raises(KillSwitch):
        replacer(chain, store, guard=stop).tend(dear)
    chain.set_balance(KEEPER, 1)
    with pytest.raises(InsufficientGasFunds):
        replacer(chain, store).tend(dear)
    assert len(store.journal.unfinished()[0].attempts) == 1
