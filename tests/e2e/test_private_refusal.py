"""A relay that refuses: the verdict's type says what follows, the record why, and nobody else sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from steelyard.exceptions import InsufficientGasFunds, RelaysShut
from steelyard.model import IntentStatus
from steelyard.sandbox.faulty_rpc import ErrorAnswer, Status
from steelyard.sandbox.private_relay import PrivateRelay
from tests.support.private_stage import PrivateStage, private_stage

pytestmark = pytest.mark.e2e


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[PrivateStage]:
    with private_stage(tmp_path) as opened:
        yield opened


SEND = "eth_sendRawTransaction"


def test_certain_refusal_skips_the_plan_and_frees_its_nonce(stage: PrivateStage) -> None:
    stage.relay.fault(SEND, ErrorAnswer(-32000, "replacement transaction underpriced"), times=1)
    with stage.keeper() as keeper:
        plan = stage.plan()
        reason = keeper.refused(plan)
        assert f"relay {stage.relay.url} refused it as underpriced" in reason
        record = keeper.record_of(plan)
        assert (record.status, record.reason) == ("refused", reason)
        assert keeper.store.journal.unfinished() == []
        assert reason in keeper.troubles[0]
        stage.check_nothing_public()
        assert keeper.submit(stage.plan(number=1)).nonce == 0
    stage.check_nothing_public()


def test_relay_that_simulates_a_revert_skips_the_plan(stage: PrivateStage) -> None:
    stage.relay.fault(SEND, ErrorAnswer(3, "execution reverted: MinProfitNotMet"))
    with stage.keeper() as keeper:
        assert "execution_reverted" in keeper.refused(stage.plan())
    stage.check_nothing_public()


@pytest.mark.parametrize("status", [302, 401, 403, 404])
def test_relay_that_serves_nobody_stops_and_is_named_without_its_key(
    stage: PrivateStage, status: int
) -> None:
    stage.relay.fault(SEND, Status(status))
    with stage.keeper(stage.relay.url + "/secret-key") as keeper:
        plan = stage.plan()
        with pytest.raises(RelaysShut, match=f"HTTP status {status}") as caught:
            keeper.submitter.submit(plan)
        assert "secret-key" not in str(caught.value)
        record = keeper.record_of(plan)
        assert record.status == "refused"
        assert f"HTTP status {status}" in record.reason
    stage.check_nothing_public()


def test_relay_without_any_way_to_send_stops(stage: PrivateStage) -> None:
    stage.relay.fault(SEND, ErrorAnswer(-32601, "the method does not exist"))
    with stage.keeper() as keeper, pytest.raises(RelaysShut, match="does not exist"):
        keeper.submitter.submit(stage.plan())
    stage.check_nothing_public()


def test_account_without_funds_is_a_persons_job(stage: PrivateStage) -> None:
    stage.relay.fault(SEND, ErrorAnswer(-32000, "insufficient funds for gas * price + value"))
    with stage.keeper() as keeper, pytest.raises(InsufficientGasFunds):
        keeper.submitter.submit(stage.plan())
    stage.check_nothing_public()


def test_words_that_nobody_has_met_are_no_failure_and_the_bytes_are_sent_again(stage: PrivateStage) -> None:
    stage.relay.fault(SEND, ErrorAnswer(-32000, "the auction is closed"), times=1)
    with stage.keeper() as keeper:
        plan = stage.plan()
        signed = keeper.submit(plan)
        assert keeper.record_of(plan).status == "signed"
        assert "the auction is closed" in keeper.troubles[0]
        stage.chain.mine()
        stage.settle(keeper)
        assert [held.hash for held in stage.relay.held] == [signed.hash]
        stage.relay.include()
        (outcome,) = stage.settle(keeper)
        assert outcome.status is IntentStatus.CONFIRMED
    stage.check_nothing_public()


def test_rate_limit_is_passing_trouble(stage: PrivateStage) -> None:
    stage.relay.fault(SEND, Status(429), times=1)
    with stage.keeper() as keeper:
        plan = stage.plan()
        keeper.submit(plan)
        assert keeper.record_of(plan).status == "signed"
        stage.chain.mine()
        stage.settle(keeper)
        assert keeper.record_of(plan).status == "sent"
    stage.check_nothing_public()


@pytest.mark.parametrize(
    ("other_says", "status"),
    [
        (None, "sent"),
        (ErrorAnswer(-32000, "the auction is closed"), "signed"),
        (ErrorAnswer(-32000, "intrinsic gas too low"), "refused"),
        (Status(403), "refused"),
    ],
    ids=["taken by one is taken", "unknown by one is unknown", "refused by both", "refused, and shut"],
)
def test_relays_that_disagree_give_one_verdict(
    stage: PrivateStage, other_says: ErrorAnswer | Status | None, status: str
) -> None:
    stage.relay.fault(SEND, ErrorAnswer(-32000, "intrinsic gas too low"))
    with PrivateRelay(stage.chain.url) as other:
        if other_says is not None:
            other.fault(SEND, other_says)
        with stage.keeper(stage.relay.url, other.url) as keeper:
            plan = stage.plan()
            keeper.submitter.submit(plan)
            assert keeper.record_of(plan).status == status
    stage.check_nothing_public()
