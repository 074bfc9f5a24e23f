"""What a vault was and what was decided is written where it is new, and read back as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from steelyard.model import Address, IntentStatus, PoolState, RebalanceCode, VaultSnapshot, VaultStop
from steelyard.record.tokens import read_tokens
from steelyard.record.vault_reports import (
    SeenVault,
    add_up_rebalances,
    read_rebalances,
    read_states,
    read_vaults,
    read_verdicts,
)
from steelyard.record.vault_tables import VaultState
from steelyard.record.vaults import VaultLog
from tests.support.plans import EXECUTOR, LENDING, USDC, VAULT, make_plan, make_vault_call
from tests.support.records import Store, make_outcome, make_signed, open_store
from tests.support.seen_vaults import GENESIS_SECONDS, UNIT, make_pool, make_snapshot, make_verdict

pytestmark = pytest.mark.unit

OTHER = Address("0x000000000000000000000000000000000000dEaD")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "keeper.sqlite") as opened:
        yield opened


@pytest.fixture
def log(store: Store) -> VaultLog:
    return VaultLog(store.writer, clock=store.clock)


def states(store: Store, vault: Address = VAULT, **options: Any) -> tuple[SeenVault, ...]:
    store.writer.flush()
    with store.database.read() as session:
        return read_states(session, vault, **options)


def test_state_is_read_back_as_it_was_seen(store: Store, log: VaultLog) -> None:
    untold = make_pool(value=None, is_sound=False, state=PoolState.DRAINING)
    snapshot = make_snapshot(
        7, stop=VaultStop.ENTRIES, total_assets=None, share_price_wad=None, tvl_usd_wad=None,
        pools=(untold, make_pool(value=2**200)), trouble="no price",
        loss_used=2**120, loss_updated_seconds=77,
    )  # fmt: skip
    store.clock.seconds = 5
    log.record(snapshot, make_verdict(7))
    (seen,) = states(store)
    for name in ("vault", "policy", "stop", "total_assets", "idle", "idle_target", "claimable", "awaited"):
        assert getattr(seen, name) == getattr(snapshot, name)
    assert seen.pools == snapshot.pools
    assert (seen.supply, seen.share_price_wad, seen.tvl_usd_wad) == (snapshot.supply, None, None)
    assert (seen.liquidity_ratio_bps, seen.trouble, seen.asset) == (1_000, "no price", snapshot.asset)
    assert (seen.limits, seen.loss_used, seen.loss_updated_seconds) == (snapshot.limits, 2**120, 77)
    assert (seen.block_number, seen.last_block, seen.seen_seconds) == (7, 7, 5)
    assert seen.timestamp_seconds == seen.last_seconds == GENESIS_SECONDS + 84
    with store.database.read() as session:
        assert read_tokens(session)[USDC].symbol == "USDC"


def test_vault_that_stays_as_it_is_makes_one_row_that_says_until_when(store: Store, log: VaultLog) -> None:
    for number in (1, 2, 9):
        store.clock.seconds = number
        log.record(make_snapshot(number), make_verdict(number))
    (seen,) = states(store)
    assert (seen.block_number, seen.last_block, seen.seen_seconds) == (1, 9, 9)
    assert seen.last_seconds == GENESIS_SECONDS + 9 * 12


def changed_pool(**changes: Any) -> tuple[Any, ...]:
    first, second = make_snapshot().pools
    return (replace(first, **changes), second)


@pytest.mark.parametrize(
    "changes",
    [
        {"stop": VaultStop.ENTRIES},
        {"policy": OTHER},
        {"supply": 100_000 * 10**12 + 1},
        {"liquidity_ratio_bps": 1_001},
        {"last_rebalance_seconds": 1},
        {"loss_used": 1},
        {"loss_updated_seconds": 1},
        {"trouble": "no price"},
        {"total_assets": None},
        {"total_assets": 100_000 * UNIT + 10 * UNIT + 1},
        {"idle": 10_000 * UNIT - 10 * UNIT - 1},
        {"idle_target": 10_011 * UNIT},
        {"claimable": 11 * UNIT},
        {"awaited": 11 * UNIT},
        {"tvl_usd_wad": 101_001 * 10**18},
        {"tvl_usd_wad": None},
        {"pools": changed_pool(state=PoolState.PAUSED)},
        {"pools": changed_pool(is_sound=False)},
        {"pools": changed_pool(weight_wad=6 * 10**17 + 1)},
        {"pools": changed_pool(value=None)},
        {"pools": changed_pool(value=60_011 * UNIT)},
        {"pools": changed_pool(liquid=59_989 * UNIT)},
        {"pools": changed_pool(target=55_011 * UNIT)},
        {"pools": changed_pool(pays=60_000 * UNIT)},
        {"pools": changed_pool(room=0)},
        {"pools": changed_pool(room=99_989 * UNIT)},
        {"pools": changed_pool(scores=replace(make_pool().scores, c_score=6_951))},
        {"pools": make_snapshot().pools[:1]},
        {"pools": make_snapshot().pools[::-1]},
    ],
    ids=lambda changes: ",".join(changes),
)
def test_what_is_new_makes_a_row(store: Store, log: VaultLog, changes: dict[str, Any]) -> None:
    log.record(make_snapshot(1), make_verdict(1))
    log.record(make_snapshot(2, **changes), make_verdict(2))
    first, second = states(store)
    assert (first.last_block, second.block_number) == (1, 2)


def same(**changes: Any) -> VaultSnapshot:
    return make_snapshot(2, **changes)


@pytest.mark.parametrize(
    "snapshot",
    [
        same(total_assets=100_010 * UNIT, idle=9_990 * UNIT, awaited=10 * UNIT),
        same(pools=changed_pool(value=60_010 * UNIT, liquid=60_010 * UNIT, target=55_010 * UNIT)),
        same(tvl_usd_wad=99_000 * 10**18, share_price_wad=10**18 + 10**14, asset_usd_wad=1),
        same(pools=changed_pool(pays=99_990 * UNIT, room=99_990 * UNIT)),
        same(pools=changed_pool(pays=2**200, room=2**200)),
    ],
    ids=["amounts", "pools", "prices", "room for nearly everything", "room for more than everything"],
)
def test_what_comes_to_less_than_a_ten_thousandth_makes_none(
    store: Store, log: VaultLog, snapshot: VaultSnapshot
) -> None:
    log.record(make_snapshot(1), make_verdict(1))
    log.record(snapshot, make_verdict(2))
    (seen,) = states(store)
    assert (seen.total_assets, seen.last_block) == (100_000 * UNIT, 2), "amounts are those of the row's block"


def test_rows_of_before_pools_said_what_they_pay_and_take_are_read_and_go_on(
    store: Store, log: VaultLog
) -> None:
    log.record(make_snapshot(1), make_verdict(1))
    store.writer.flush()
    with store.database.write() as session:
        row = session.scalars(select(VaultState)).one()
        pools = json.loads(row.pools_json)
        old = [{name: pool[name] for name in pool.keys() - {"pays", "room"}} for pool in pools]
        row.pools_json = json.dumps(old)
    log.record(make_snapshot(2), make_verdict(2))
    (seen,) = states(store)
    assert (seen.last_block, seen.pools) == (2, make_snapshot().pools)
    log.record(make_snapshot(3, pools=changed_pool(room=5)), make_verdict(3))
    assert [state.pools[0].room for state in states(store)] == [None, 5]


def test_slow_interest_makes_a_row_once_it_has_come_to_something(store: Store, log: VaultLog) -> None:
    for number in range(30):
        log.record(make_snapshot(number, total_assets=100_000 * UNIT + number * UNIT), make_verdict(number))
    assert [seen.block_number for seen in states(store)] == [0, 11, 22]


def test_trouble_that_differs_in_its_numbers_is_the_same_trouble(store: Store, log: VaultLog) -> None:
    for number in (1, 2):
        log.record(make_snapshot(number, trouble=f"price is {number},000 s old"), make_verdict(number))
    log.record(make_snapshot(3, trouble="price is missing"), make_verdict(3))
    assert [seen.block_number for seen in states(store)] == [1, 3]


def test_vaults_are_kept_apart_though_they_are_looked_at_in_turn(store: Store, log: VaultLog) -> None:
    for number in (1, 2):
        for vault in (VAULT, OTHER):
            log.record(make_snapshot(number, vault=vault), make_verdict(number, vault=vault))
    assert len(states(store)) == len(states(store, OTHER)) == 1
    with store.database.read() as session:
        assert read_vaults(session) == (OTHER, VAULT)
        assert read_states(session, EXECUTOR) == read_verdicts(session, EXECUTOR) == ()
        assert len(read_verdicts(session, OTHER)) == 1


def test_history_since_begins_with_what_was_then(store: Store, log: VaultLog) -> None:
    for number, idle in ((10, 1), (20, 1), (30, 2), (40, 3)):
        store.clock.seconds = number
        log.record(make_snapshot(number, idle=idle * 1_000 * UNIT), make_verdict(number))
    assert [seen.block_number for seen in states(store, since_seconds=15)] == [10, 30, 40]
    assert [seen.block_number for seen in states(store, since_seconds=21)] == [30, 40]
    assert [seen.block_number for seen in states(store, limit=2)] == [30, 40]


def test_no_is_written_once_while_it_stays_the_same_and_keeps_its_newest_numbers(
    store: Store, log: VaultLog
) -> None:
    for number in (1, 2, 3):
        verdict = make_verdict(
            number,
            code=RebalanceCode.TOO_EARLY,
            reason=f"{3600 - number} of 3,600 seconds left",
            drift=number,
        )
        store.clock.seconds = number
        log.record(make_snapshot(number), verdict)
    log.record(make_snapshot(4), make_verdict(4))
    log.record(make_snapshot(5), make_verdict(5, reason="nothing lies anywhere"))
    store.writer.flush()
    with store.database.read() as session:
        newest, threshold, early = read_verdicts(session, VAULT)
    assert (early.code, early.block_number, early.last_block) == (RebalanceCode.TOO_EARLY, 1, 3)
    assert (early.reason, early.drift, early.seen_seconds) == ("3597 of 3,600 seconds left", 3, 3)
    assert (threshold.block_number, newest.block_number) == (4, 5)


def test_each_acceptance_is_written(store: Store, log: VaultLog) -> None:
    for number in (1, 2):
        log.record(make_snapshot(number), make_verdict(number, code=RebalanceCode.ACCEPTED, reason="go"))
    store.writer.flush()
    with store.database.read() as session:
        assert [verdict.block_number for verdict in read_verdicts(session, VAULT)] == [2, 1]


def test_restart_goes_on_with_the_row_of_before(tmp_path: Path) -> None:
    for number in (1, 2):
        with open_store(tmp_path / "keeper.sqlite") as store:
            VaultLog(store.writer).record(make_snapshot(number), make_verdict(number))
            (seen,) = states(store)
            assert (seen.block_number, seen.last_block) == (1, number)


def test_newest_rows_are_kept(store: Store) -> None:
    log = VaultLog(store.writer, keep_rows=10)
    for number in range(64):
        verdict = make_verdict(number, code=RebalanceCode.ACCEPTED)
        log.record(make_snapshot(number, supply=number), verdict)
    assert [seen.block_number for seen in states(store)] == list(range(54, 64))
    with store.database.read() as session:
        assert len(read_verdicts(session, VAULT)) == 10


def rebalance(store: Store, number: int, status: IntentStatus, **outcome: Any) -> None:
    call = make_vault_call(deadline_seconds=2_000_000_000 + number)
    store.clock.seconds = number
    store.journal.open(call)
    if status is not IntentStatus.PAPER:
        store.journal.signed(make_signed(call, nonce=number))
    store.journal.close(make_outcome(call, status, **outcome))


def test_rebalances_are_counted_with_what_they_moved_lost_and_cost(store: Store) -> None:
    rebalance(store, 1, IntentStatus.CONFIRMED, moved=100, loss=2, gas_cost_wei=30, net_wei=-40)
    rebalance(store, 2, IntentStatus.REVERTED, gas_cost_wei=20, net_wei=-20)
    rebalance(store, 3, IntentStatus.CONFIRMED, moved=50, loss=0, gas_cost_wei=10, net_wei=-10)
    rebalance(store, 4, IntentStatus.PAPER, gas_cost_wei=0, net_wei=0)
    store.journal.open(make_plan())
    with store.database.read() as session:
        rows = read_rebalances(session, VAULT, limit=4)
        assert [row.timestamp_seconds for row in rows] == [4, 3, 2, 1]
        assert [row.timestamp_seconds for row in read_rebalances(session, since_seconds=3)] == [4, 3]
        assert not read_rebalances(session, OTHER)
        totals = add_up_rebalances(rows)
    assert totals.by_status == {"paper": 1, "confirmed": 2, "reverted": 1}
    assert (totals.confirmed, totals.moved, totals.loss) == (2, 150, 2)
    assert (totals.gas_cost_wei, totals.net_wei) == (60, -70)
    assert rows[0].vault == VAULT
    assert LENDING in rows[0].moves_json
