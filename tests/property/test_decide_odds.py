"""The odds of success: never nothing, never more than certain, and only moved by what was seen."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.decide.arbitrage.odds import CERTAIN, Odds, odds_of_success
from steelyard.model import AttemptRecord, Attempts
from tests.support.markets import address

pytestmark = pytest.mark.property

HERE, ELSEWHERE = frozenset({address(1), address(2)}), frozenset({address(3), address(4)})
counts = st.integers(0, 10**6)
records = st.builds(AttemptRecord, succeeded=counts, failed=counts)


def known(here: AttemptRecord, elsewhere: AttemptRecord) -> Attempts:
    """The record of two sets of pools, and of all plans through them."""
    overall = AttemptRecord(
        succeeded=here.succeeded + elsewhere.succeeded, failed=here.failed + elsewhere.failed
    )
    return Attempts(by_pools={HERE: here, ELSEWHERE: elsewhere}, overall=overall)


def chance(odds: Odds) -> Fraction:
    return Fraction(odds.successes, odds.attempts)


def test_nothing_known_is_success() -> None:
    assert chance(odds_of_success(Attempts(), HERE)) == chance(CERTAIN) == 1


@pytest.mark.parametrize("failures", [1, 2, 9])
def test_after_failures_alone_a_plan_must_earn_more_than_as_many_times_its_gas(failures: int) -> None:
    odds = odds_of_success(known(AttemptRecord(failed=failures), AttemptRecord()), HERE)
    assert chance(odds) == Fraction(1, failures + 1)
    assert odds.expected_wei(failures * 1_000, 1_000) == 0
    assert odds.expected_wei(failures * 1_000 + failures + 1, 1_000) == 1


def test_pools_never_tried_are_thought_as_good_as_all_the_others() -> None:
    attempts = known(AttemptRecord(), AttemptRecord(succeeded=1, failed=2))
    assert chance(odds_of_success(attempts, HERE)) == Fraction(2, 4)
    assert chance(odds_of_success(attempts, ELSEWHERE)) == Fraction(1 + 1, 4), "others have not failed"


def test_what_these_pools_did_themselves_counts_once() -> None:
    attempts = known(AttemptRecord(succeeded=3, failed=1), AttemptRecord(failed=1))
    assert chance(odds_of_success(attempts, HERE)) == (3 + Fraction(1, 2)) / 5, "the others: one failure"


@given(here=records, elsewhere=records)
def test_odds_are_above_nothing_and_certain_only_where_nothing_failed(
    here: AttemptRecord, elsewhere: AttemptRecord
) -> None:
    odds = chance(odds_of_success(known(here, elsewhere), HERE))
    assert 0 < odds <= 1
    assert (odds == 1) == (here.failed + elsewhere.failed == 0)


@given(here=records, elsewhere=records)
def test_a_success_raises_the_odds_and_a_failure_lowers_them(
    here: AttemptRecord, elsewhere: AttemptRecord
) -> None:
    now = chance(odds_of_success(known(here, elsewhere), HERE))
    better = AttemptRecord(succeeded=here.succeeded + 1, failed=here.failed)
    worse = AttemptRecord(succeeded=here.succeeded, failed=here.failed + 1)
    assert chance(odds_of_success(known(worse, elsewhere), HERE)) < now
    assert chance(odds_of_success(known(better, elsewhere), HERE)) >= now


@given(
    successes=st.integers(0, 50),
    failures=st.integers(0, 50),
    net=st.integers(1, 10**20),
    gas=st.integers(0, 10**20),
)
def test_the_expected_value_is_the_mean_of_the_outcomes_rounded_down(
    successes: int, failures: int, net: int, gas: int
) -> None:
    odds = Odds(successes, successes + failures + 1)
    exact = chance(odds) * net - (1 - chance(odds)) * gas
    assert odds.expected_wei(net, gas) == exact.numerator // exact.denominator
