"""A dearer attempt and a cancellation of a private transaction go through the same relays, never publicly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from steelyard.act.tracker import TRANSFER_GAS
from steelyard.model import BlockRef, Door, IntentStatus
from steelyard.sandbox.faulty_rpc import ErrorAnswer
from tests.support.private_stage import PrivateStage, private_stage

pytestmark = pytest.mark.e2e


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[PrivateStage]:
    with private_stage(tmp_path) as opened:
        yield opened


def later(head: BlockRef, seconds: int) -> BlockRef:
    return replace(head, timestamp_seconds=head.timestamp_seconds + seconds)


def test_too_cheap_transaction_is_replaced_at_the_relay_and_trades_once(stage: PrivateStage) -> None:
    with stage.keeper() as keeper:
        first = keeper.submit(stage.plan())
        dear = replace(stage.chain.client.block(), base_fee_wei=10**11)
        (second,) = keeper.replacer.tend(dear)
        assert (second.nonce, second.door) == (first.nonce, Door.PRIVATE)
        assert [held.hash for held in stage.relay.held] == [second.hash]
        stage.check_nothing_public()
        stage.relay.include()
        (outcome,) = stage.settle(keeper)
        assert (outcome.status, outcome.transaction_hash) == (IntentStatus.CONFIRMED, second.hash)
        assert stage.chain.executions() == 1
    stage.check_nothing_public()


def test_late_transaction_is_cancelled_at_the_relay_by_an_empty_transfer(stage: PrivateStage) -> None:
    with stage.keeper() as keeper:
        keeper.submit(stage.plan(seconds=20))
        late = later(stage.chain.client.block(), 21)
        (cancellation,) = keeper.replacer.tend(late)
        assert (cancellation.gas_limit, cancellation.door) == (TRANSFER_GAS, Door.PRIVATE)
        assert keeper.replacer.tend(late) == [], "a cancellation is not cancelled"
        stage.check_nothing_public()
        stage.relay.include()
        (outcome,) = stage.settle(keeper)
        assert (outcome.status, outcome.transaction_hash) == (IntentStatus.DROPPED, cancellation.hash)
        assert stage.chain.executions() == 0
        assert keeper.submit(stage.plan(number=1)).nonce == 1
    stage.check_nothing_public()


def test_relay_that_can_forget_is_asked_to_and_the_cancellation_costs_nothing(tmp_path: Path) -> None:
    with private_stage(tmp_path, offers_private=True) as stage, stage.keeper(max_blocks=20) as keeper:
        plan = stage.plan(seconds=20)
        keeper.submit(plan)
        stage.chain.mine(2)
        head = stage.chain.client.block()
        assert keeper.replacer.tend(head) == []
        assert keeper.replacer.tend(head) == []
        assert stage.relay.calls["eth_cancelPrivateTransaction"] == 1
        assert stage.relay.held == []
        assert keeper.tracker.settle_open(head) == [], "it may be in a block that is being built"
        stage.chain.mine(2)
        (outcome,) = stage.settle(keeper)
        assert (outcome.status, outcome.gas_cost_wei) == (IntentStatus.DROPPED, 0)
        assert keeper.signer.signatures == 1
        assert keeper.submit(stage.plan(number=1)).nonce == 0
        stage.check_nothing_public()


def test_cancelled_too_late_is_mined_and_counted_all_the_same(tmp_path: Path) -> None:
    with private_stage(tmp_path, offers_private=True) as stage, stage.keeper(max_blocks=20) as keeper:
        signed = keeper.submit(stage.plan(seconds=100))
        (held,) = stage.relay.held
        late = later(stage.chain.client.block(), 101)
        assert keeper.replacer.tend(late) == []
        stage.chain.client.send_raw(held.raw)  # a builder had it already
        stage.chain.mine()
        (outcome,) = stage.settle(keeper)
        assert (outcome.status, outcome.transaction_hash) == (IntentStatus.CONFIRMED, signed.hash)


def test_relay_that_will_not_forget_gets_the_transfer(tmp_path: Path) -> None:
    with private_stage(tmp_path, offers_private=True) as stage, stage.keeper(max_blocks=20) as keeper:
        keeper.submit(stage.plan(seconds=20))
        stage.relay.fault("eth_cancelPrivateTransaction", ErrorAnswer(-32000, "fast transactions stay"))
        (cancellation,) = keeper.replacer.tend(later(stage.chain.client.block(), 21))
        assert [held.hash for held in stage.relay.held] == [cancellation.hash]
        stage.check_nothing_public()


def test_replacement_that_the_relay_does_not_take_goes_nowhere_else(stage: PrivateStage) -> None:
    with stage.keeper() as keeper:
        keeper.submit(stage.plan())
        stage.relay.stop()
        keeper.replacer.tend(replace(stage.chain.client.block(), base_fee_wei=10**11))
        assert len(keeper.attempts()) == 2
    stage.check_nothing_public()


@pytest.mark.parametrize("seconds", [0, 200], ids=["dearer", "cancellation"])
def test_keeper_whose_relays_were_taken_away_replaces_nothing_publicly(
    stage: PrivateStage, seconds: int
) -> None:
    with stage.keeper() as keeper:
        keeper.submit(stage.plan())
    with stage.keeper(relayless=True) as keeper:
        head = replace(later(stage.chain.client.block(), seconds), base_fee_wei=10**11)
        keeper.replacer.tend(head)
        assert {attempt.door for attempt in keeper.attempts()} == {Door.PRIVATE}
    stage.check_nothing_public()


def test_what_has_gone_public_by_permission_is_replaced_there(stage: PrivateStage) -> None:
    stage.relay.stop()
    with stage.keeper(fallback_to_public=True) as keeper:
        keeper.submit(stage.plan())
        (second,) = keeper.replacer.tend(replace(stage.chain.client.block(), base_fee_wei=10**11))
        assert second.door is Door.PUBLIC
        stage.chain.mine()
        (outcome,) = stage.settle(keeper)
        assert (outcome.status, outcome.transaction_hash) == (IntentStatus.CONFIRMED, second.hash)
