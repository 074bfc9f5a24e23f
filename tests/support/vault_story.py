"""Three days of a vault in the records: rebalanced twice by us and once by another, then short of its buffer.

A block is twelve seconds, so a day 7,200 blocks. Amounts are whole USDC where nothing else is said.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from steelyard.model import IntentStatus, Move, RebalanceCode, VaultPool, VaultSnapshot
from steelyard.record.vaults import VaultLog
from tests.support.plans import LENDING, RANGE, make_vault_call
from tests.support.records import Store, make_outcome, make_signed, open_store
from tests.support.seen_vaults import GENESIS_SECONDS, UNIT, make_pool, make_snapshot, make_verdict

DAY_BLOCKS = 7_200
FIRST_DAY, SECOND_DAY, THIRD_DAY = DAY_BLOCKS, 2 * DAY_BLOCKS, 3 * DAY_BLOCKS


def seconds_of(number: int) -> int:
    return GENESIS_SECONDS + 12 * number


def pools(
    lending: int, ranged: int, *, lending_score: int = 7_000, targets: tuple[int, int] = (60_000, 30_000)
) -> tuple[VaultPool, ...]:
    """What the two hold, and what they are to hold of 100,000."""
    first = make_pool(value=lending * UNIT, liquid=lending * UNIT, target=targets[0] * UNIT)
    second = make_pool(strategy=RANGE, value=ranged * UNIT, liquid=0, target=targets[1] * UNIT)
    return (
        replace(first, scores=replace(first.scores, c_score=lending_score)),
        replace(second, scores=replace(second.scores, c_score=5_000)),
    )


def snapshots() -> tuple[VaultSnapshot, ...]:
    """Each state of the story, oldest first."""
    return (
        make_snapshot(0, pools=pools(50_000, 20_000), idle=30_000 * UNIT),
        make_snapshot(
            FIRST_DAY,
            pools=pools(60_000, 20_000, lending_score=6_500),
            idle=20_000 * UNIT,
            last_rebalance_seconds=seconds_of(FIRST_DAY - 10),
        ),
        make_snapshot(
            SECOND_DAY,
            total_assets=None,
            share_price_wad=None,
            tvl_usd_wad=None,
            pools=(
                replace(pools(0, 0, lending_score=6_500)[0], value=None, is_sound=False),
                pools(0, 20_000)[1],
            ),
            last_rebalance_seconds=seconds_of(SECOND_DAY - 10),
            trouble="the price of the lending pool is too old",
        ),
        make_snapshot(
            THIRD_DAY,
            total_assets=100_000 * UNIT,
            share_price_wad=1_012_345_678_900_000_000,
            tvl_usd_wad=99_950 * 10**18 + 10**16,
            pools=pools(71_000, 19_000, lending_score=6_100, targets=(51_500, 26_000)),
            awaited=12_500 * UNIT,
            idle_target=22_500 * UNIT,
            last_rebalance_seconds=seconds_of(THIRD_DAY - 300),
            loss_used=400 * UNIT,
            loss_updated_seconds=seconds_of(THIRD_DAY - 300),
        ),
    )


def record_story(path: Path) -> None:
    """Write all of it into a new database."""
    with open_store(path) as store:
        log = VaultLog(store.writer, clock=store.clock)
        first, second, third, fourth = snapshots()
        threshold = make_verdict(0)
        early = make_verdict(
            FIRST_DAY, code=RebalanceCode.TOO_EARLY, reason="3,590 of 3,600 seconds are left"
        )
        log.record(first, threshold)
        log.record(second, early)
        log.record(third, make_verdict(SECOND_DAY, code=RebalanceCode.NO_PRICE, reason="too old", drift=None))
        for number in (THIRD_DAY, THIRD_DAY + 300):
            block = make_snapshot(number).block
            log.record(replace(fourth, block=block), replace(early, block=block, reason="<i>7 seconds</i>"))
        store.writer.flush()
        _rebalance(store, FIRST_DAY - 10, IntentStatus.CONFIRMED, moved=10_000 * UNIT, loss=21 * UNIT)
        _rebalance(store, FIRST_DAY + 20, IntentStatus.REVERTED)
        _rebalance(store, THIRD_DAY - 300, IntentStatus.CONFIRMED, moved=5_000 * UNIT, loss=400 * UNIT)


def _rebalance(store: Store, number: int, status: IntentStatus, **outcome: Any) -> None:
    moves = (Move(strategy=LENDING, is_deploy=True, assets=10_000 * UNIT),)
    call = make_vault_call(moves=moves, block_number=number)
    call = replace(call, plan=replace(call.plan, deadline_seconds=seconds_of(number) + 600))
    store.clock.seconds = seconds_of(number)
    store.journal.open(call)
    store.journal.signed(make_signed(call, nonce=number))
    store.journal.close(make_outcome(call, status, gas_cost_wei=3 * 10**15, **outcome))
