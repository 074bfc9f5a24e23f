"""The best sequence of plans against a plain search of all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.decide.arbitrage.sequence import Candidates, best_sequence, grouped
from steelyard.units import Address

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.property

POOLS = [Address(f"pool{number}") for number in range(6)]


@dataclass(frozen=True)
class Offer:
    """A candidate of a toy market: what it earns follows from who traded with its pools before it."""

    name: int
    pools: frozenset[Address]
    worth: int
    moods: tuple[int, ...]


def requoted(offer: Offer, states: Mapping[Any, Any], above: int = 0) -> Offer | None:
    """Earn more or less by the offer's mood for each trade that its pools have seen, in order."""
    worth = offer.worth
    for pool in sorted(offer.pools):
        for place, visitor in enumerate(states.get(pool, ())):
            worth += offer.moods[(visitor + place) % len(offer.moods)]
    return replace(offer, worth=worth) if worth > max(above, 0) else None


def after(offer: Offer, states: Mapping[Any, Any]) -> dict[Any, Any]:
    return {**states, **{pool: (*states.get(pool, ()), offer.name) for pool in offer.pools}}


TOY: Candidates[Offer] = Candidates(
    worth=lambda offer: offer.worth,
    pools=lambda offer: offer.pools,
    after=after,
    requote=requoted,
)


@st.composite
def offers(draw: st.DrawFn, most: int = 5) -> list[Offer]:
    count = draw(st.integers(0, most))
    made = [
        Offer(
            name=name,
            pools=frozenset(draw(st.lists(st.sampled_from(POOLS), min_size=1, max_size=3))),
            worth=draw(st.integers(1, 50)),
            moods=tuple(draw(st.lists(st.integers(-40, 20), min_size=1, max_size=4))),
        )
        for name in range(count)
    ]
    return sorted(made, key=lambda offer: -offer.worth)


def replayed(sequence: tuple[Offer, ...], market: list[Offer]) -> int | None:
    """What a sequence earns, each offer quoted anew in its turn; None where one no longer pays."""
    states: dict[Any, Any] = {}
    total = 0
    for chosen in sequence:
        now = requoted(market[chosen.name], states)
        if now is None:
            return None
        total += now.worth
        states = after(now, states)
    return total


def by_name(market: list[Offer]) -> list[Offer]:
    return sorted(market, key=lambda offer: offer.name)


@given(offers(), st.integers(1, 4))
def test_with_budget_enough_no_sequence_earns_more(market: list[Offer], most: int) -> None:
    chosen = best_sequence(market, most, TOY, budget=10**6)
    earned = [
        replayed(sequence, by_name(market))
        for count in range(min(most, len(market)) + 1)
        for sequence in permutations(market, count)
    ]
    assert sum(offer.worth for offer in chosen) == max(worth for worth in earned if worth is not None)


@given(offers(most=9), st.integers(1, 4), st.integers(0, 30))
def test_who_says_early_that_a_plan_cannot_help_changes_no_answer_and_spends_no_less(
    market: list[Offer], most: int, budget: int
) -> None:
    asked: list[int] = []

    def slowly(offer: Offer, states: Mapping[Any, Any], above: int) -> Offer | None:
        asked.append(above)
        return requoted(offer, states)

    slow = replace(TOY, requote=slowly)
    assert best_sequence(market, most, TOY, budget=budget) == best_sequence(market, most, slow, budget=budget)
    assert len(asked) <= budget


@given(offers(most=9), st.integers(1, 4), st.integers(0, 30))
def test_promises_of_a_sequence_hold_when_it_is_replayed_in_its_order(
    market: list[Offer], most: int, budget: int
) -> None:
    chosen = best_sequence(market, most, TOY, budget=budget)
    assert len(chosen) <= most
    assert len({offer.name for offer in chosen}) == len(chosen)
    assert replayed(chosen, by_name(market)) == sum(offer.worth for offer in chosen)


@given(offers(most=6), st.integers(1, 4))
def test_without_budget_it_is_no_worse_than_the_best_disjoint_set(market: list[Offer], most: int) -> None:
    chosen = best_sequence(market, most, TOY, budget=0)
    disjoint = [
        sum(offer.worth for offer in some)
        for count in range(min(most, len(market)) + 1)
        for some in permutations(market, count)
        if len(frozenset().union(*(offer.pools for offer in some))) == sum(len(offer.pools) for offer in some)
    ]
    assert sum(offer.worth for offer in chosen) >= max(disjoint)


@given(offers(most=14), st.integers(1, 6), st.integers(0, 30))
def test_nobody_is_left_out_of_a_sequence_with_room_without_sharing_a_pool_with_it(
    market: list[Offer], most: int, budget: int
) -> None:
    chosen = best_sequence(market, most, TOY, budget=budget)
    taken = frozenset[Any]().union(*(offer.pools for offer in chosen))
    left = [offer for offer in market if not offer.pools & taken]
    assert len(chosen) == most or not left


def test_candidates_on_the_same_pools_do_not_crowd_out_others() -> None:
    cycle, beside = frozenset(POOLS[:2]), frozenset(POOLS[1:3])
    rotations = [Offer(name=at, pools=cycle, worth=90 - at, moods=(-99,)) for at in range(9)]
    market = [*rotations, Offer(name=9, pools=beside, worth=50, moods=(-10,))]
    assert [(offer.name, offer.worth) for offer in best_sequence(market, 3, TOY)] == [(0, 90), (9, 40)]


@given(st.lists(st.frozensets(st.sampled_from(POOLS), min_size=1, max_size=3), max_size=8))
def test_groups_share_nothing_and_hold_together(pools: list[Any]) -> None:
    groups = grouped(pools)
    assert sorted(at for group in groups for at in group) == list(range(len(pools)))
    held = [frozenset().union(*(pools[at] for at in group)) for group in groups]
    for at, mine in enumerate(held):
        assert all(not mine & other for other in held[at + 1 :])
    for group in groups:
        reached, frontier = {group[0]}, [group[0]]
        while frontier:
            here = frontier.pop()
            new = {at for at in group if pools[at] & pools[here]} - reached
            reached |= new
            frontier += new
        assert reached == set(group)
