"""Which of a block's profitable plans to send together: the best set in which no two share a pool."""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.units import Address

MAX_NODES = 20_000
"""Bound on the search; the greedy choice is its first leaf, so that a cut-off search is never worse."""


def best_set(values: Sequence[int], pools: Sequence[frozenset[Address]], most: int) -> tuple[int, ...]:
    """Return the positions of the set with the greatest sum of ``values``, at most ``most`` of them.

    ``values`` are positive and descend. Plans that share a pool are never summed: the first would change the
    second's price. Depth first, with the sum of the next values as bound; ties keep the earlier set.
    """
    best_value = 0
    best_chosen: tuple[int, ...] = ()
    nodes = 0
    stack: list[tuple[int, int, tuple[int, ...], frozenset[Address]]] = [(0, 0, (), frozenset())]
    while stack and nodes < MAX_NODES:
        nodes += 1
        at, value, chosen, taken = stack.pop()
        if value > best_value:
            best_value, best_chosen = value, chosen
        room = most - len(chosen)
        if not room or value + sum(values[at : at + room]) <= best_value:
            continue
        stack.append((at + 1, value, chosen, taken))
        if not pools[at] & taken:
            stack.append((at + 1, value + values[at], (*chosen, at), taken | pools[at]))
    return best_chosen
