"""The one path from the private door to the public pool: allowed by name, noted before it is taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from steelyard.model import Door, IntentStatus
from steelyard.sandbox.faulty_rpc import ErrorAnswer, Status
from tests.support.private_stage import PrivateStage, private_stage

pytestmark = pytest.mark.e2e


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[PrivateStage]:
    with private_stage(tmp_path) as opened:
        yield opened


def public_hashes(stage: PrivateStage) -> set[str]:
    pool = stage.chain.pool()
    return {waiting["hash"] for by_nonce in pool.values() for waiting in by_nonce.values()}


@pytest.mark.parametrize("trouble", ["away", "shut"])
def test_relay_that_takes_nothing_opens_the_public_door_where_that_is_allowed(
    stage: PrivateStage, trouble: str
) -> None:
    if trouble == "away":
        stage.relay.stop()
    else:
        stage.relay.fault("eth_sendRawTransaction", Status(403))
    with stage.keeper(fallback_to_public=True) as keeper:
        signed = keeper.submit(stage.plan())
        assert public_hashes(stage) == {signed.hash}
        (event,) = keeper.events("sent_publicly")
        assert signed.hash in event
        assert "private.fallback_to_public" in event
        (attempt,) = keeper.attempts()
        assert (attempt.door, attempt.held_until_block) == (Door.PUBLIC, None)
        stage.chain.mine()
        (outcome,) = stage.settle(keeper)
        assert outcome.status is IntentStatus.CONFIRMED
        assert stage.chain.executions() == 1
        assert keeper.leaks == [], "we put it there"


def test_door_is_noted_before_the_public_node_is_handed_anything(
    stage: PrivateStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.relay.stop()
    with stage.keeper(fallback_to_public=True) as keeper:
        doors: list[Door] = []

        def look(_raw: bytes) -> str:
            doors.append(keeper.attempts()[0].door)
            raise AssertionError("far enough")

        monkeypatch.setattr(keeper.tracker._chain, "send_raw", look)
        with pytest.raises(AssertionError, match="far enough"):
            keeper.submitter.submit(stage.plan())
        assert doors == [Door.PUBLIC]


def test_what_the_relays_did_not_get_mined_goes_public_after_their_blocks(stage: PrivateStage) -> None:
    stage.relay.forgets = True
    with stage.keeper(fallback_to_public=True, max_blocks=2) as keeper:
        signed = keeper.submit(stage.plan())
        stage.chain.mine()
        stage.settle(keeper)
        stage.check_nothing_public()
        stage.chain.mine()
        stage.settle(keeper)
        assert public_hashes(stage) == {signed.hash}
        assert "within 2 blocks" in keeper.events("sent_publicly")[0]


def test_refusal_of_the_transaction_itself_is_final_at_every_door(stage: PrivateStage) -> None:
    stage.relay.fault("eth_sendRawTransaction", ErrorAnswer(3, "execution reverted"))
    with stage.keeper(fallback_to_public=True) as keeper:
        keeper.refused(stage.plan())
        assert keeper.events("sent_publicly") == []
    stage.check_nothing_public()


def test_without_the_permission_no_trouble_of_the_relay_opens_the_door(stage: PrivateStage) -> None:
    stage.relay.stop()
    with stage.keeper(max_blocks=1) as keeper:
        keeper.submit(stage.plan(seconds=30))
        for _ in range(6):
            stage.chain.mine()
            stage.settle(keeper)
            stage.check_nothing_public()
        assert keeper.events("sent_publicly") == []


def test_permission_taken_away_closes_the_public_door_again(stage: PrivateStage) -> None:
    with stage.keeper(stage.relay.url + "/away", fallback_to_public=True) as keeper:
        stage.relay.fault("eth_sendPrivateTransaction", Status(404), times=1)
        signed = keeper.submit(stage.plan())
        assert public_hashes(stage) == {signed.hash}
    stage.chain.forget_pool()
    sent_publicly = stage.public.calls["eth_sendRawTransaction"]
    with stage.keeper() as keeper:
        stage.settle(keeper)
        assert [held.hash for held in stage.relay.held] == [signed.hash]
        assert stage.public.calls["eth_sendRawTransaction"] == sent_publicly
        assert stage.chain.pool() == {}
