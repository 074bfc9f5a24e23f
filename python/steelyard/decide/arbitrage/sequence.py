"""Which of a block's profitable plans to send, and in which order.

Plans that share no pool do not disturb each other, and their values add up. Where two share one, the first
moves the second's price, for worse or for better: the second is sized anew on the state that the first
leaves, and never summed at its first value. One sender's transactions are mined in the order of their nonces,
so a sequence decided here is the sequence on chain.

Candidates fall into groups that share pools. For each group and each number of plans the best sequence is
sought depth first, the most valuable first; groups are then combined exactly. ``budget`` bounds the sizings
that this may cost: where it ends the search early, the answer is the best sequence seen so far, which is
never worth less than the best set of plans that share no pool at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from steelyard.amm.pool import Pool
from steelyard.decide.arbitrage.selection import best_set
from steelyard.units import Address

T = TypeVar("T")
States = Mapping[Address, Pool]

WIDEST: Final = 8
"""Candidates of one group that are weighed in sequence, the most valuable of different pools; of the rest,
those go along that share no pool with what was chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates(Generic[T]):
    """What a search over candidates of type ``T`` must know of them.

    Attributes:
        worth: wei that a candidate earns, more than 0.
        pools: addresses of the pools that it trades with.
        after: the states of pools that differ from the block's once it is mined on top of given ones.
        requote: the candidate sized anew on such states, or None where it no longer pays, or earns no more
            wei than the third argument says, which may then be found without a size.
    """

    worth: Callable[[T], int]
    pools: Callable[[T], frozenset[Address]]
    after: Callable[[T, States], States]
    requote: Callable[[T, States, int], T | None]


@dataclass(slots=True)
class _Best(Generic[T]):
    """The best sequence of at most so many plans, for every number."""

    worth: list[int]
    chosen: list[tuple[T, ...]]

    def offer(self, worth: int, chosen: tuple[T, ...]) -> None:
        for most in range(len(chosen), len(self.worth)):
            if worth > self.worth[most]:
                self.worth[most], self.chosen[most] = worth, chosen


def best_sequence(
    items: Sequence[T], most: int, candidates: Candidates[T], *, budget: int = 48
) -> tuple[T, ...]:
    """Return the most valuable sequence of at most ``most`` of ``items``, in the order to send them.

    Args:
        items: in descending order of worth.
        budget: sizings that re-quoting may cost.
    """
    search = _Search(candidates, budget)
    groups = [[items[at] for at in group] for group in grouped([candidates.pools(item) for item in items])]
    total: _Best[T] = _Best([0] * (most + 1), [()] * (most + 1))
    for group in groups:
        alone = search.best_of(group, most)
        joined: _Best[T] = _Best(list(total.worth), list(total.chosen))
        for count in range(most + 1):
            for share in range(1, count + 1):
                worth = total.worth[count - share] + alone.worth[share]
                if worth > joined.worth[count]:
                    joined.worth[count] = worth
                    joined.chosen[count] = total.chosen[count - share] + alone.chosen[share]
        total = joined
    return total.chosen[most]


def grouped(pools: Sequence[frozenset[Address]]) -> list[list[int]]:
    """Return the positions in groups: two that share a pool, directly or through others, are in one.

    Groups are in the order of their first members, members in ascending order.
    """
    leader = list(range(len(pools)))  # an earlier member of the group, or itself: followed, the first

    def first_of(at: int) -> int:
        while leader[at] != at:
            leader[at] = at = leader[leader[at]]
        return at

    met: dict[Address, int] = {}
    for at, held in enumerate(pools):
        for pool in held:
            one, other = first_of(at), first_of(met.setdefault(pool, at))
            leader[max(one, other)] = min(one, other)
    groups: dict[int, list[int]] = {}
    for at in range(len(pools)):
        groups.setdefault(first_of(at), []).append(at)
    return list(groups.values())


def _different_first(pools: Sequence[frozenset[Address]]) -> list[int]:
    """Return the positions, those that repeat an earlier one's pools last.

    One cycle is a candidate from each asset that can be borrowed on it: after one, the others are spent.
    """
    first: dict[frozenset[Address], int] = {}
    for at, held in enumerate(pools):
        first.setdefault(held, at)
    return sorted(range(len(pools)), key=lambda at: (first[pools[at]] != at, at))


@dataclass(slots=True)
class _Search(Generic[T]):
    candidates: Candidates[T]
    budget: int
    _best: _Best[T] = field(init=False)
    _group: list[T] = field(init=False)
    _pools: list[frozenset[Address]] = field(init=False)

    def best_of(self, group: list[T], most: int) -> _Best[T]:
        """Return the group's best sequences of at most 0, 1, ... ``most`` plans."""
        worth = self.candidates.worth
        self._best = _Best([0] * (most + 1), [()] * (most + 1))
        if len(group) == 1:
            self._best.offer(worth(group[0]), (group[0],))
            return self._best
        pools = [self.candidates.pools(item) for item in group]
        values = [worth(item) for item in group]
        for count in range(1, most + 1):
            chosen = best_set(values, pools, count)
            self._best.offer(sum(values[at] for at in chosen), tuple(group[at] for at in chosen))
        widest = _different_first(pools)[:WIDEST]
        self._group, self._pools = [group[at] for at in widest], [pools[at] for at in widest]
        self._extend((), 0, {}, -1, frozenset(range(len(self._group))), most)
        self._fill_up(group, pools)
        return self._best

    def _fill_up(self, group: list[T], pools: list[frozenset[Address]]) -> None:
        """Let go along what shares no pool with a sequence that has room: it disturbs nobody."""
        for room, chosen in enumerate(list(self._best.chosen)):
            taken = frozenset[Address]().union(*(self.candidates.pools(item) for item in chosen))
            for item, held in zip(group, pools, strict=True):
                if len(chosen) < room and not held & taken:
                    chosen, taken = (*chosen, item), taken | held
            self._best.offer(sum(self.candidates.worth(item) for item in chosen), chosen)

    def _extend(
        self, chosen: tuple[T, ...], worth: int, states: States, last: int, left: frozenset[int], room: int
    ) -> None:
        """Try every candidate that is left behind ``chosen``, the most valuable on ``states`` first."""
        if room == 0:
            return
        # Nothing follows the last plan: it counts only where it makes this sequence the best.
        above = self._best.worth[-1] - worth if room == 1 else 0
        following: list[tuple[int, int, T]] = []
        for at in sorted(left):
            # Neighbours that share no pool commute: of their two orders only one is tried.
            if at < last and not self._pools[at] & self._pools[last]:
                continue
            item = self._on(at, states, above)
            if item is not None:
                following.append((-self.candidates.worth(item), at, item))
        for negative, at, item in sorted(following, key=lambda entry: entry[:2]):
            behind = (*chosen, item)
            self._best.offer(worth - negative, behind)
            if self.budget > 0 and room > 1:
                after = self.candidates.after(item, states)
                self._extend(behind, worth - negative, after, at, left - {at}, room - 1)

    def _on(self, at: int, states: States, above: int) -> T | None:
        """Return the candidate as it is on ``states``.

        None where it does not pay, need not be known since it earns no more than ``above``, or the budget is
        spent.
        """
        if not self._pools[at] & states.keys():
            return self._group[at]
        if self.budget <= 0:
            return None
        self.budget -= 1
        return self.candidates.requote(self._group[at], states, above)
