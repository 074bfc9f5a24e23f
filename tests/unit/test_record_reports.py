"""Reports add up to what was recorded, to the wei, and group it without losing any."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from steelyard.connect.plan_codec import plan_id
from steelyard.model import (
    BlockRef,
    Decision,
    IntentStatus,
    LenderKind,
    RouteLeg,
    Verdict,
    VerdictCode,
)
from steelyard.record import reports
from steelyard.record.attempts import read_attempts
from steelyard.record.decisions import DecisionLog
from tests.support.plans import POOL_CHEAP, USDC, WETH, make_plan, make_vault_call
from tests.support.records import Store, make_outcome, make_signed, open_store

pytestmark = pytest.mark.unit


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "keeper.sqlite") as opened:
        yield opened


def trade(store: Store, number: int, status: IntentStatus, **outcome: object) -> None:
    lender = LenderKind.AAVE_V3 if number % 2 else LenderKind.BALANCER_V2
    plan = make_plan(deadline_seconds=2_000_000_000 + number, lender=lender)
    store.journal.open(plan)
    store.journal.signed(make_signed(plan, nonce=number))
    store.journal.close(make_outcome(plan, status, **outcome))


def block(number: int, fork: int = 0) -> BlockRef:
    return BlockRef(
        number=number,
        hash=f"0x{number * 16 + fork:064x}",
        parent_hash=f"0x{(number - 1) * 16:064x}",
        timestamp_seconds=1_700_000_000 + 12 * number,
        base_fee_wei=10**10,
        gas_used=15_000_000,
        gas_limit=30_000_000,
    )


def verdict(code: VerdictCode, reason: str, *, net_wei: int | None = -5) -> Verdict:
    route = (RouteLeg(pool=POOL_CHEAP, token_in=WETH, token_out=USDC),)
    plan = make_plan() if code is VerdictCode.ACCEPTED else None
    return Verdict(
        route=route, asset=WETH, amount=2**130, profit=7, net_wei=net_wei, code=code, words=reason, plan=plan
    )


def test_totals_are_exact_beyond_what_the_database_could_add(store: Store) -> None:
    huge = 2**200
    trade(store, 0, IntentStatus.CONFIRMED, profit=huge, net_wei=huge - 3, gas_cost_wei=3)
    trade(
        store, 1, IntentStatus.CONFIRMED, profit=huge + 1, net_wei=huge - 2, gas_cost_wei=3, builder_tip_wei=7
    )
    trade(store, 2, IntentStatus.REVERTED, net_wei=-11, gas_cost_wei=11)
    with store.database.read() as session:
        report = reports.build_report(session)
    assert report.totals.by_status == {"confirmed": 2, "reverted": 1}
    assert report.totals.realised_profit == {WETH: 2 * huge + 1}
    assert report.totals.confirmed_net_wei == 2 * huge - 5
    assert report.totals.net_wei == 2 * huge - 16
    assert report.totals.gas_cost_wei == 17
    assert report.totals.builder_tip_wei == 7
    assert report.totals.estimated_net_wei == 2 * make_plan().expected_net_wei
    (failure,) = report.failures
    assert (failure.status, failure.gas_cost_wei) == ("reverted", 11)


def test_groups_hold_every_record_once(store: Store) -> None:
    for number in range(5):
        trade(store, number, IntentStatus.CONFIRMED)
    with store.database.read() as session:
        report = reports.build_report(session)
    assert {name: group.records for name, group in report.by_lender.items()} == {
        "aave_v3": 2,
        "balancer_v2": 3,
    }
    assert {name: group.records for name, group in report.by_route.items()} == {f"{WETH}>{USDC}>{WETH}": 5}


def test_report_begins_where_it_is_told(store: Store) -> None:
    trade(store, 0, IntentStatus.CONFIRMED)
    store.clock.seconds += 100
    trade(store, 1, IntentStatus.CONFIRMED)
    with store.database.read() as session:
        assert reports.build_report(session, since_seconds=store.clock.seconds).totals.records == 1


def test_best_records_come_first_by_value_and_not_by_text(store: Store) -> None:
    for number, net_wei in enumerate([9, 10**30, -5, 0, 80]):
        trade(store, number, IntentStatus.CONFIRMED, net_wei=net_wei)
    with store.database.read() as session:
        best = [record.net_wei for record in reports.read_best(session, limit=4)]
    assert best == [10**30, 80, 9, 0]


def test_every_refusal_is_kept_with_its_reason_beside_the_acceptance(store: Store) -> None:
    log = DecisionLog(store.writer, clock=store.clock)
    verdicts = (
        verdict(VerdictCode.ACCEPTED, "best of the block", net_wei=2**140),
        verdict(VerdictCode.BELOW_GAS, "gas of 9 wei is more than 4 wei"),
        verdict(VerdictCode.NO_PRICE, "asset has no price", net_wei=None),
    )
    log.record(Decision(block=block(5), verdicts=verdicts))
    store.writer.flush()
    with store.database.read() as session:
        kept = reports.read_verdicts(session, block_hash=block(5).hash)
        (summary,) = reports.read_blocks(session)
    assert [(row.code, row.reason, row.net_wei) for row in kept] == [
        (given.code.value, given.reason, given.net_wei) for given in verdicts
    ]
    assert kept[0].amount == 2**130
    assert (summary.candidates, summary.accepted) == (3, 1)
    assert summary.verdicts == {"accepted": 1, "below_gas": 1, "no_price": 1}


def test_both_branches_of_a_reorganisation_are_kept_and_a_block_decided_again_once(store: Store) -> None:
    log = DecisionLog(store.writer, clock=store.clock)
    for seen in (block(5), block(5, fork=1), block(5, fork=1)):
        log.record(Decision(block=seen, verdicts=(verdict(VerdictCode.NO_SIZE, "none"),)))
    store.writer.flush()
    with store.database.read() as session:
        assert {summary.hash for summary in reports.read_blocks(session)} == {
            block(5).hash,
            block(5, fork=1).hash,
        }
        assert len(reports.read_verdicts(session, block_hash=block(5, fork=1).hash)) == 1


def test_old_verdicts_go_and_their_counts_stay(store: Store) -> None:
    log = DecisionLog(store.writer, keep_verdicts=10, clock=store.clock)
    for number in range(64):
        log.record(Decision(block=block(number), verdicts=(verdict(VerdictCode.NO_SIZE, "none"),)))
    store.writer.flush()
    with store.database.read() as session:
        summaries = reports.read_blocks(session)
        kept = [bool(reports.read_verdicts(session, block_hash=summary.hash)) for summary in summaries]
    assert len(summaries) == 64
    assert kept == [False] * 54 + [True] * 10
    assert all(summary.verdicts == {"no_size": 1} for summary in summaries)


def test_bounds_that_a_search_reaches_are_an_event_when_they_begin_and_when_they_change(store: Store) -> None:
    log = DecisionLog(store.writer, clock=store.clock)
    told = [
        (),
        ("9 cycles left out",),
        ("7 cycles left out",),
        ("7 cycles left out", "5 steps"),
        (),
        ("8 steps",),
    ]
    for number, limits in enumerate(told):
        log.record(Decision(block=block(number), verdicts=(), search_limits=limits))
    store.writer.flush()
    with store.database.read() as session:
        said = [(event.kind, event.message) for event in reversed(reports.read_events(session))]
    assert said == [
        ("search_limits", "block 1 and later: 9 cycles left out"),
        ("search_limits", "block 3 and later: 7 cycles left out; 5 steps"),
        ("search_limits", "block 5 and later: 8 steps"),
    ]


def test_block_shows_what_came_of_our_transactions_in_it(store: Store) -> None:
    DecisionLog(store.writer, clock=store.clock).record(Decision(block=block(101), verdicts=()))
    trade(store, 0, IntentStatus.CONFIRMED, net_wei=50)
    trade(store, 1, IntentStatus.REVERTED, net_wei=-20)
    store.writer.flush()
    with store.database.read() as session:
        (summary,) = reports.read_blocks(session)
    assert (summary.confirmed, summary.reverted, summary.net_wei) == (1, 1, 30)


def test_open_intents_and_events_are_counted_and_told(store: Store) -> None:
    store.journal.open(make_plan())
    DecisionLog(store.writer, clock=store.clock).event("limit", "loss limit reached", severity="critical")
    store.writer.flush()
    with store.database.read() as session:
        assert reports.count_open(session) == 1
        (event,) = reports.read_events(session)
        (record,) = reports.read_records(session, status=IntentStatus.PLANNED)
    assert (event.kind, event.severity, event.message) == ("limit", "critical", "loss limit reached")
    assert record.plan_id == plan_id(make_plan())


def test_rebalances_are_open_like_others_and_no_arbitrage(store: Store) -> None:
    trade(store, 1, IntentStatus.CONFIRMED, net_wei=50)
    with store.database.read() as session:
        alone = reports.build_report(session), read_attempts(session, now_seconds=store.clock.seconds)
    done, failed, waiting = (make_vault_call(max_loss=10**9 + number) for number in range(3))
    for call, status in ((done, IntentStatus.CONFIRMED), (failed, IntentStatus.REVERTED)):
        store.journal.open(call)
        store.journal.signed(make_signed(call))
        store.journal.close(make_outcome(call, status, net_wei=-20))
    store.journal.open(waiting)
    with store.database.read() as session:
        beside = reports.build_report(session), read_attempts(session, now_seconds=store.clock.seconds)
        assert reports.count_open(session) == 1
        assert len(reports.read_best(session)) == 1
    assert beside == alone
