"""A relay that is away or silent: unknown is not failed, and nothing is shown to the public instead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from steelyard.exceptions import RpcUnavailable
from steelyard.model import IntentStatus
from steelyard.sandbox.faulty_rpc import ANY, Delay, Drop, LoseAnswer
from steelyard.sandbox.private_relay import PrivateRelay
from tests.support.private_stage import PrivateStage, private_stage

pytestmark = pytest.mark.e2e


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[PrivateStage]:
    with private_stage(tmp_path) as opened:
        yield opened


def test_relay_that_is_away_gets_the_same_bytes_when_it_is_back(stage: PrivateStage) -> None:
    stage.relay.fault(ANY, Drop(), times=2)
    with stage.keeper() as keeper:
        plan = stage.plan()
        signed = keeper.submit(plan)
        assert keeper.record_of(plan).status == "signed", "whether it arrived is unknown"
        assert len(keeper.troubles) == 1
        assert "no connection" in keeper.troubles[0]
        stage.chain.mine()
        assert stage.settle(keeper) == []
        assert len(keeper.troubles) == 1, "the same reason is told once"
        stage.check_nothing_public()
        stage.chain.mine()
        assert stage.settle(keeper) == []
        assert keeper.record_of(plan).status == "sent"
        assert [held.hash for held in stage.relay.held] == [signed.hash]
        assert keeper.signer.signatures == 1
        stage.relay.include()
        (outcome,) = stage.settle(keeper)
        assert outcome.status is IntentStatus.CONFIRMED
        assert stage.chain.executions() == 1
    stage.check_nothing_public()


def test_relay_that_stays_away_until_the_deadline_leaves_a_reason_and_a_free_nonce(
    stage: PrivateStage,
) -> None:
    stage.relay.stop()
    with stage.keeper(max_blocks=2) as keeper:
        plan = stage.plan(seconds=30)
        keeper.submit(plan)
        outcomes = []
        for _ in range(8):
            stage.chain.mine()
            outcomes += stage.settle(keeper)
            stage.check_nothing_public()
        (outcome,) = outcomes
        assert outcome.status is IntentStatus.DROPPED
        assert "no relay has it mined any more" in outcome.reason
        assert "no connection" in outcome.reason
        assert keeper.record_of(plan).reason == outcome.reason
        assert keeper.submit(stage.plan(number=1)).nonce == 0
    stage.check_nothing_public()


def test_answer_lost_after_the_relay_took_it_is_asked_about_before_it_is_repeated(
    stage: PrivateStage,
) -> None:
    stage.relay.fault("eth_sendRawTransaction", LoseAnswer(), times=1)
    with stage.keeper(status=True) as keeper:
        plan = stage.plan()
        signed = keeper.submit(plan)
        assert keeper.record_of(plan).status == "signed"
        stage.chain.mine()
        assert stage.settle(keeper) == []
        assert stage.relay.received == [signed.hash], "the relay says that it has it: nothing is repeated"
        stage.check_nothing_public()
        stage.relay.include()
        (outcome,) = stage.settle(keeper)
        assert outcome.status is IntentStatus.CONFIRMED
        assert stage.relay.received == [signed.hash]
    stage.check_nothing_public()


def test_answer_lost_and_mined_meanwhile_is_found_by_its_receipt(stage: PrivateStage) -> None:
    stage.relay.fault("eth_sendRawTransaction", LoseAnswer(), times=1)
    with stage.keeper() as keeper:
        signed = keeper.submit(stage.plan())
        stage.relay.include()
        (outcome,) = stage.settle(keeper)
        assert (outcome.status, outcome.transaction_hash) == (IntentStatus.CONFIRMED, signed.hash)
        assert stage.relay.received == [signed.hash]
        assert stage.chain.executions() == 1
    stage.check_nothing_public()


def test_late_answer_is_unknown_and_the_repetition_is_the_same_transaction(stage: PrivateStage) -> None:
    stage.relay.fault("eth_sendRawTransaction", Delay(60), times=1)
    with stage.keeper(answer_seconds=2) as keeper:
        plan = stage.plan()
        signed = keeper.submit(plan)
        assert "no answer within" in keeper.troubles[0]
        assert keeper.record_of(plan).status == "signed"
        stage.chain.mine()
        stage.settle(keeper)
        assert stage.relay.received == [signed.hash, signed.hash]
        stage.check_nothing_public()
        stage.relay.include()
        (outcome,) = stage.settle(keeper)
        assert outcome.status is IntentStatus.CONFIRMED
        assert stage.chain.executions() == 1
    stage.check_nothing_public()


def test_silent_relay_does_not_keep_another_one_waiting_and_one_that_takes_it_is_enough(
    stage: PrivateStage,
) -> None:
    stage.relay.fault(ANY, Drop())
    with PrivateRelay(stage.chain.url) as other, stage.keeper(stage.relay.url, other.url) as keeper:
        plan = stage.plan()
        keeper.submit(plan)
        assert keeper.record_of(plan).status == "sent"
        other.include()
        (outcome,) = stage.settle(keeper)
        assert outcome.status is IntentStatus.CONFIRMED
    stage.check_nothing_public()


def test_public_node_that_is_away_opens_no_other_way(stage: PrivateStage) -> None:
    with stage.keeper() as keeper:
        keeper.submit(stage.plan())
        stage.public.fault(ANY, Drop())
        with pytest.raises(RpcUnavailable):
            stage.settle(keeper)
        stage.public.clear()
        assert len(stage.relay.received) == 1
    stage.check_nothing_public()


def test_what_a_relay_may_hold_stays_open_past_its_deadline_and_its_late_revert_is_counted(
    stage: PrivateStage,
) -> None:
    stage.relay.fault("eth_sendRawTransaction", LoseAnswer())
    with stage.keeper(max_blocks=10) as keeper:
        plan = stage.plan(seconds=20)
        signed = keeper.submit(plan)
        stage.relay.stop()
        for _ in range(4):
            head = stage.chain.mine()
            assert stage.settle(keeper) == []
        assert head.timestamp_seconds > plan.deadline_seconds
        stage.check_nothing_public()
        stage.relay.include()
        (outcome,) = stage.settle(keeper)
        assert (outcome.status, outcome.transaction_hash) == (IntentStatus.REVERTED, signed.hash)
        assert "DeadlineExpired" in outcome.reason
        assert outcome.gas_cost_wei > 0
    stage.check_nothing_public()
