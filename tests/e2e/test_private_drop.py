"""A relay that answers well and drops what it took: sent again to the same relay, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from steelyard.connect.private_relay import RelayMethod
from steelyard.model import IntentStatus
from tests.support.private_stage import PrivateStage, private_stage

pytestmark = pytest.mark.e2e


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[PrivateStage]:
    with private_stage(tmp_path) as opened:
        yield opened


def test_relay_that_forgets_is_noticed_by_its_status_page_and_gets_the_same_bytes(
    stage: PrivateStage,
) -> None:
    with stage.keeper(status=True) as keeper:
        signed = keeper.submit(stage.plan())
        stage.relay.drop_all()
        stage.chain.mine()
        assert stage.settle(keeper) == []
        assert stage.relay.received == [signed.hash, signed.hash]
        assert keeper.signer.signatures == 1
        stage.check_nothing_public()
        stage.relay.include()
        (outcome,) = stage.settle(keeper)
        assert outcome.status is IntentStatus.CONFIRMED
        assert stage.chain.executions() == 1
    stage.check_nothing_public()


def test_relay_without_a_page_is_trusted_for_its_blocks_and_then_gets_the_same_bytes(
    stage: PrivateStage,
) -> None:
    stage.relay.forgets = True
    with stage.keeper(max_blocks=3) as keeper:
        signed = keeper.submit(stage.plan())
        for blocks in (1, 2, 3, 4):
            stage.chain.mine()
            stage.settle(keeper)
            assert len(stage.relay.received) == (1 if blocks < 3 else 2)
        (attempt,) = keeper.attempts()
        assert attempt.hash == signed.hash
        assert attempt.held_until_block == signed.held_until_block + 3
        stage.check_nothing_public()
        stage.relay.forgets = False
        stage.chain.mine(2)
        stage.settle(keeper)
        stage.relay.include()
        (outcome,) = stage.settle(keeper)
        assert outcome.transaction_hash == signed.hash
        assert stage.chain.executions() == 1
    stage.check_nothing_public()


def test_dropped_for_good_is_recorded_with_its_reason_and_its_nonce_is_free(stage: PrivateStage) -> None:
    stage.relay.forgets = True
    with stage.keeper(max_blocks=2) as keeper:
        plan = stage.plan(seconds=12 * 4)
        keeper.submit(plan)
        outcomes = []
        while not outcomes:
            head = stage.chain.mine()
            outcomes = stage.settle(keeper)
            stage.check_nothing_public()
        assert head.timestamp_seconds > plan.deadline_seconds
        (outcome,) = outcomes
        assert outcome.status is IntentStatus.DROPPED
        assert outcome.gas_cost_wei == 0
        assert "its deadline" in outcome.reason
        assert keeper.submit(stage.plan(number=1)).nonce == 0
    stage.check_nothing_public()


def test_relay_that_is_told_the_last_block_is_told_anew_with_each_sending(tmp_path: Path) -> None:
    with private_stage(tmp_path, offers_private=True) as stage, stage.keeper(max_blocks=2) as keeper:
        signed = keeper.submit(stage.plan())
        (held,) = stage.relay.held
        assert held.max_block == signed.held_until_block == stage.chain.client.block().number + 2
        head = stage.chain.mine(2)
        stage.settle(keeper)
        (held,) = stage.relay.held
        assert held.max_block == head.number + 2
        assert stage.relay.calls["eth_sendRawTransaction"] == 0
        stage.relay.include()
        (outcome,) = stage.settle(keeper)
        assert outcome.status is IntentStatus.CONFIRMED
        stage.check_nothing_public()


def test_relay_that_speaks_the_plain_way_only_is_asked_the_other_way_once(stage: PrivateStage) -> None:
    with stage.keeper() as keeper:
        for number in range(3):
            keeper.submit(stage.plan(number=number))
        assert stage.relay.calls["eth_sendPrivateTransaction"] == 1
        assert stage.relay.calls["eth_sendRawTransaction"] == 3
    with stage.keeper(method=RelayMethod.RAW) as keeper:
        keeper.submit(stage.plan(number=3))
        assert stage.relay.calls["eth_sendPrivateTransaction"] == 1
    stage.check_nothing_public()
