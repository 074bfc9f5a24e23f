"""The whole keeper with relays in its configuration: it trades, and the public node is handed nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from steelyard.app.wiring import build_keeper
from steelyard.cli.demo_stage import KEEPER, DemoStage
from steelyard.config import Config, load_config
from steelyard.connect.access_list import listed_in
from steelyard.exceptions import RelaysShut
from steelyard.record.database import Database
from steelyard.record.reports import build_report, read_events, read_records
from steelyard.record.tables import SignedAttempt
from steelyard.sandbox.faulty_rpc import ANY, Drop, FaultyRpc, Status
from steelyard.sandbox.private_relay import PrivateRelay
from tests.support.keeper_books import open_books
from tests.support.operator import write_config

pytestmark = pytest.mark.e2e

MOST_BLOCKS = 40
BUILDER = "0x00000000000000000000000000000000B0B1de42"


@pytest.fixture
def node(shared_stage: DemoStage) -> Iterator[FaultyRpc]:
    with FaultyRpc(shared_stage.rpc.url) as proxy:
        yield proxy


@pytest.fixture
def relay(shared_stage: DemoStage) -> Iterator[PrivateRelay]:
    with PrivateRelay(shared_stage.rpc.url, offers_private=True) as opened:
        yield opened


def configured(stage: DemoStage, folder: Path, node: FaultyRpc, relay: PrivateRelay, **more: Any) -> Config:
    private = {"rpc_urls": [relay.url], "status_url": relay.status_url, "timeout_seconds": 60}
    file = write_config(stage, folder, chain={"rpc_url": node.url}, private=private, **more)
    return load_config(file, environment={})


def check_nothing_public(stage: DemoStage, node: FaultyRpc) -> None:
    assert node.calls["eth_sendRawTransaction"] == 0
    pool = stage.rpc.call("txpool_content")
    senders = {sender.lower() for part in pool.values() for sender in part}
    assert KEEPER.lower() not in senders


def test_keeper_trades_through_its_relay_with_tips_and_access_lists_and_its_books_are_right(
    shared_stage: DemoStage, tmp_path: Path, node: FaultyRpc, relay: PrivateRelay
) -> None:
    stage = shared_stage
    stage.rpc.call("anvil_setCoinbase", BUILDER)
    wanted = {"arbitrage": {"builder_share_bps": 5_000}, "gas": {"access_list": "auto"}}
    config = configured(stage, tmp_path, node, relay, **wanted)
    books = open_books(stage)

    async def story() -> None:
        keeper = build_keeper(config, live=True)
        try:
            await keeper.start()
            included = tipping = 0
            for _ in range(MOST_BLOCKS):
                stage.next_block()
                turn = await keeper.turn()
                assert turn is not None
                check_nothing_public(stage, node)
                assert len(relay.held) >= len(turn.submitted)
                # Only a gain in WETH can be shared with a builder.
                tipping += sum(plan.builder_share_bps > 0 for plan in turn.submitted)
                included += len(relay.include())
                await keeper.settle()
                if included >= 3 and tipping:
                    return
            raise AssertionError(f"{included} plans, {tipping} with a tip, in {MOST_BLOCKS} blocks")
        finally:
            await keeper.close()

    asyncio.run(story())
    check_nothing_public(stage, node)
    ended = books.check(config)
    assert ended["confirmed"] >= 3
    with Database(config.keeper.database_url, create=False) as database, database.read() as session:
        totals = build_report(session).totals
        kinds = {event.kind for event in read_events(session)}
        attempts = session.scalars(select(SignedAttempt)).all()
    assert totals.builder_tip_wei > 0
    assert {attempt.door for attempt in attempts} == {"private"}
    listed = [attempt for attempt in attempts if attempt.access_list_gas_saved]
    assert listed, "a list saves gas at real pools"
    assert all(listed_in(attempt.raw) for attempt in listed)
    assert kinds.isdisjoint({"private_trouble", "leaked", "sent_publicly", "stuck"})


def test_keeper_whose_relay_is_away_shows_nothing_to_the_public_and_says_why(
    shared_stage: DemoStage, tmp_path: Path, node: FaultyRpc, relay: PrivateRelay
) -> None:
    config = configured(shared_stage, tmp_path, node, relay)
    relay.fault(ANY, Drop())

    async def story() -> None:
        keeper = build_keeper(config, live=True)
        sent = 0
        try:
            await keeper.start()
            for _ in range(MOST_BLOCKS):
                shared_stage.next_block()
                turn = await keeper.turn()
                assert turn is not None
                check_nothing_public(shared_stage, node)
                sent += len(turn.submitted)
                if any(outcome.status.value == "dropped" for outcome in turn.outcomes):
                    return
            raise AssertionError(f"{sent} plans were submitted, and none was dropped")
        finally:
            await keeper.close()

    asyncio.run(story())
    with Database(config.keeper.database_url, create=False) as database, database.read() as session:
        dropped = [record for record in read_records(session) if record.status == "dropped"]
        troubles = [event for event in read_events(session) if event.kind == "private_trouble"]
    assert "no connection" in dropped[0].reason
    assert troubles
    assert all(event.severity == "warning" for event in troubles)


def test_keeper_whose_relay_serves_nobody_stops(
    shared_stage: DemoStage, tmp_path: Path, node: FaultyRpc, relay: PrivateRelay
) -> None:
    config = configured(shared_stage, tmp_path, node, relay)
    relay.fault(ANY, Status(403))

    async def story() -> None:
        keeper = build_keeper(config, live=True)
        try:
            await keeper.start()
            for _ in range(MOST_BLOCKS):
                shared_stage.next_block()
                await keeper.turn()
        finally:
            await keeper.close()

    with pytest.raises(RelaysShut, match="refuses with HTTP status 403"):
        asyncio.run(story())
    check_nothing_public(shared_stage, node)
