"""What is remembered of a vault: how often it was rebalanced, how its scores went, and what was said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from steelyard.model import Address, RebalanceCode
from steelyard.record.database import Database
from steelyard.record.vault_reports import VaultHistory, add_up_verdicts, read_histories
from steelyard.record.vaults import VaultLog
from tests.support.plans import LENDING, RANGE, VAULT
from tests.support.records import open_store
from tests.support.seen_vaults import make_snapshot, make_verdict
from tests.support.vault_story import FIRST_DAY, SECOND_DAY, THIRD_DAY, record_story, seconds_of

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VaultHistory]:
    path = tmp_path_factory.mktemp("story") / "keeper.sqlite"
    record_story(path)
    with Database(f"sqlite:///{path}", create=False) as database, database.read() as session:
        (found,) = read_histories(session)
        yield found


def test_history_reaches_from_the_first_look_to_the_last(history: VaultHistory) -> None:
    assert (history.since_seconds, history.until_seconds) == (seconds_of(0), seconds_of(THIRD_DAY + 300))
    assert [state.block_number for state in history.states] == [0, FIRST_DAY, SECOND_DAY, THIRD_DAY]
    assert history.latest.vault == VAULT
    assert len(history.rebalances) == 3


def test_rebalances_of_others_count_and_one_of_before_the_first_look_does_not(
    history: VaultHistory, tmp_path: Path
) -> None:
    ours_or_not = [FIRST_DAY - 10, SECOND_DAY - 10, THIRD_DAY - 300]
    assert list(history.rebalanced_seconds) == [seconds_of(number) for number in ours_or_not]
    with open_store(tmp_path / "other.sqlite") as store:
        log = VaultLog(store.writer)
        log.record(make_snapshot(10, last_rebalance_seconds=seconds_of(10) - 1), make_verdict(10))
        log.record(make_snapshot(20, last_rebalance_seconds=seconds_of(10)), make_verdict(20))
        store.writer.flush()
        with store.database.read() as session:
            (other,) = read_histories(session)
    assert other.rebalanced_seconds == (seconds_of(10),)


def test_scores_speak_when_they_came_and_when_they_were_seen_last(history: VaultHistory) -> None:
    end = seconds_of(THIRD_DAY + 300)
    assert history.scores[LENDING] == [
        (seconds_of(0), 7_000),
        (seconds_of(FIRST_DAY), 6_500),
        (seconds_of(SECOND_DAY), 6_500),
        (seconds_of(THIRD_DAY), 6_100),
        (end, 6_100),
    ]
    assert history.scores[RANGE] == [(seconds_of(0), 5_000), (end, 5_000)]


def test_scores_of_a_pool_that_was_removed_are_left_out(tmp_path: Path) -> None:
    with open_store(tmp_path / "keeper.sqlite") as store:
        log = VaultLog(store.writer)
        log.record(make_snapshot(1), make_verdict(1))
        log.record(make_snapshot(2, pools=make_snapshot().pools[1:]), make_verdict(2))
        store.writer.flush()
        with store.database.read() as session:
            (found,) = read_histories(session)
    assert list(found.scores) == [RANGE]


def test_verdicts_are_summed_by_code_the_longest_first_with_the_latest_of_each(history: VaultHistory) -> None:
    early, *others = add_up_verdicts(history.verdicts)
    assert (early.latest.code, early.times, early.seconds) == (RebalanceCode.TOO_EARLY, 2, 3_600)
    assert early.latest.reason == "<i>7 seconds</i>", "not the one of the first day"
    assert [(each.latest.code, each.times, each.seconds) for each in others] == [
        (RebalanceCode.BELOW_THRESHOLD, 1, 0),
        (RebalanceCode.NO_PRICE, 1, 0),
    ]


def test_each_vault_has_a_history_of_its_own(tmp_path: Path) -> None:
    other = Address("0x000000000000000000000000000000000000dEaD")
    with open_store(tmp_path / "keeper.sqlite") as store:
        log = VaultLog(store.writer)
        for number, vault in ((1, VAULT), (2, other), (3, VAULT)):
            supply = make_snapshot().supply + number
            log.record(make_snapshot(number, vault=vault, supply=supply), make_verdict(number, vault=vault))
        store.writer.flush()
        with store.database.read() as session:
            found = read_histories(session)
    assert [(each.latest.vault, len(each.states), len(each.verdicts)) for each in found] == [
        (VAULT, 2, 1),
        (other, 1, 1),
    ]
