"""A plan sent to a relay is seen by nobody until it is mined, and recorded like any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from steelyard.model import Door, IntentStatus
from steelyard.sandbox.private_relay import PrivateRelay
from tests.support.private_stage import PrivateStage, private_stage

pytestmark = pytest.mark.e2e


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[PrivateStage]:
    with private_stage(tmp_path) as opened:
        yield opened


def test_held_back_then_mined_and_never_in_the_public_pool(stage: PrivateStage) -> None:
    with stage.keeper() as keeper:
        plan = stage.plan()
        signed = keeper.submit(plan)
        assert keeper.record_of(plan).status == "sent"
        assert (signed.door, signed.held_until_block) == (Door.PRIVATE, plan.block_number + 5)
        stage.check_nothing_public()
        for _ in range(3):
            stage.chain.mine()
            assert stage.settle(keeper) == [], "held back: unknown to the node, and not failed"
        assert stage.relay.received == [signed.hash], "what a relay holds is not sent again"
        stage.check_nothing_public()
        assert stage.relay.include() == [signed.hash]
        (outcome,) = stage.settle(keeper)
        assert outcome.status is IntentStatus.CONFIRMED
        assert outcome.transaction_hash == signed.hash
        assert stage.chain.executions() == 1
        assert (keeper.troubles, keeper.leaks) == ([], [])
    stage.check_nothing_public()


def test_several_plans_wait_at_the_relay_with_their_own_nonces(stage: PrivateStage) -> None:
    with stage.keeper() as keeper:
        nonces = [keeper.submit(stage.plan(number=number)).nonce for number in range(3)]
        assert nonces == [0, 1, 2], "the public node counts none of them"
        stage.check_nothing_public()
        stage.relay.include()
        assert [outcome.status for outcome in stage.settle(keeper)] == [IntentStatus.CONFIRMED] * 3
        assert stage.chain.executions() == 3
    stage.check_nothing_public()


def test_every_relay_gets_it_and_it_is_mined_once(stage: PrivateStage) -> None:
    with PrivateRelay(stage.chain.url) as other, stage.keeper(stage.relay.url, other.url) as keeper:
        signed = keeper.submit(stage.plan())
        assert stage.relay.received == other.received == [signed.hash]
        other.include()
        stage.relay.drop_all()
        (outcome,) = stage.settle(keeper)
        assert outcome.status is IntentStatus.CONFIRMED
        assert stage.chain.executions() == 1
    stage.check_nothing_public()


def test_private_transaction_that_shows_up_in_the_public_pool_is_called_a_leak_once(
    stage: PrivateStage,
) -> None:
    with stage.keeper() as keeper:
        signed = keeper.submit(stage.plan())
        stage.chain.client.send_raw(stage.relay.held[0].raw)
        for _ in range(2):
            assert stage.settle(keeper) == []
        assert keeper.leaks == [f"private transaction {signed.hash} is in the public pool, and not by us"]
        stage.chain.mine()
        (outcome,) = stage.settle(keeper)
        assert outcome.status is IntentStatus.CONFIRMED
