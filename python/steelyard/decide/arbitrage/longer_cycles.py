"""Cycles of 4 hops and more through one token: an exact bound first, then depth first over tokens.

The bound: the best sum of logarithmic rates of any walk back to the base within so many hops, layer by layer
(and out from the base, the same way). A walk may visit a token twice, a cycle may not, so no cycle is better
than its bound. First every pair goes that lies on no walk which pays; what is left is small where a market is
arbitraged. Then partial paths are lengthened, the most promising first, and dropped as soon as the best walk
back cannot make up for them. Every simple cycle that pays is found, unless ``most_steps`` ends the search
early, and then the answer says so.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from steelyard.decide.arbitrage.cycles import SCREENING_MARGIN
from steelyard.decide.arbitrage.graph import Bools, Floats, Ints, MarketGraph
from steelyard.decide.arbitrage.screening import WIDTH

MAX_STEPS: Final = 200_000
"""Bound on the lengthenings of paths that one base's search may try, and on the choices of pools for what all
of them find."""

_BATCH: Final = 32_768
"""Lengthenings tried in one go."""


class LongerCycles(NamedTuple):
    """Token cycles as columns of pairs, and whether all that pay are among them."""

    rows: Ints
    complete: bool


class Bounds:
    """The best walks back to each of some bases, and out from it, within 0, 1, 2, ... hops."""

    def __init__(self, graph: MarketGraph, bases: list[int], longest: int) -> None:
        self._graph = graph
        self._longest = longest
        rates, reverse = graph.best_by_pair(), _reversed_pairs(graph)
        self.back = _layers(graph, bases, rates, longest)
        self.out = _layers(graph, bases, rates[reverse], longest)

    def useful_pairs(self, base: int, least: float) -> Ints:
        """Return the pairs on some walk of more than ``least`` from a base, by position, back to it."""
        source, target = self._graph.pair_source, self._graph.pair_target
        found: Bools = np.zeros(len(source), dtype=np.bool_)
        rates = self._graph.best_by_pair()
        for before in range(self._longest):
            after = self._longest - 1 - before
            found |= self.out[before][base][source] + rates + self.back[after][base][target] > least
        return np.flatnonzero(found)


def longer_cycles(
    graph: MarketGraph, bounds: Bounds, at: int, base: int, longest: int, threshold: float, most_steps: int
) -> LongerCycles:
    """Return the simple token cycles of ``WIDTH + 1`` to ``longest`` hops through ``base`` that pay.

    Args:
        bounds: for at least ``longest`` hops; ``at``: the base's position in it.
        threshold: the logarithmic rate that a cycle must exceed.
        most_steps: bound on lengthenings tried.
    """
    search = _Search(graph, bounds, at, base, longest, threshold - SCREENING_MARGIN)
    return search.run(most_steps)


class _Paths(NamedTuple):
    """Partial paths of one length, as columns of pairs; ``ends`` are where they have got to."""

    pairs: Ints
    ends: Ints
    total: Floats


class _Search:
    def __init__(
        self, graph: MarketGraph, bounds: Bounds, at: int, base: int, longest: int, least: float
    ) -> None:
        self._base, self._longest, self._least = base, longest, least
        self._back = [layer[at] for layer in bounds.back]
        self._pairs = bounds.useful_pairs(at, least)
        self._source = graph.pair_source[self._pairs]
        self._target = graph.pair_target[self._pairs]
        self._all_sources, self._no_pair = graph.pair_source, graph.no_pair
        self._rates = graph.best[self._pairs]
        # Pairs are sorted by their source, so a token's are next to one another.
        tokens = np.arange(len(graph.tokens))
        self._starts = np.searchsorted(self._source, tokens)
        self._counts = np.searchsorted(self._source, tokens, side="right") - self._starts

    def run(self, most_steps: int) -> LongerCycles:
        stack = [_Paths(np.zeros((0, 1), dtype=np.int64), np.array([self._base]), np.zeros(1))]
        found: list[Ints] = [np.zeros((self._longest, 0), dtype=np.int64)]
        steps = 0
        while stack:
            paths = stack.pop()
            steps += int(self._counts[paths.ends].sum())
            if steps > most_steps:
                return LongerCycles(np.concatenate(found, axis=1), complete=False)
            longer = self._lengthened(paths)
            closed = longer.ends == self._base
            if len(longer.pairs) > WIDTH:
                found.append(self._filled(longer.pairs[:, closed]))
            if len(longer.pairs) < self._longest:
                stack.extend(self._batches(longer, ~closed))
        return LongerCycles(np.concatenate(found, axis=1), complete=True)

    def _lengthened(self, paths: _Paths) -> _Paths:
        """Return all paths with one hop more that visit no token twice and can still pay."""
        counts = self._counts[paths.ends]
        ends = np.cumsum(counts)
        of = np.repeat(np.arange(len(counts)), counts)
        at = np.arange(len(of)) + (self._starts[paths.ends] - (ends - counts))[of]
        target, total = self._target[at], paths.total[of] + self._rates[at]
        hops_left = self._longest - len(paths.pairs) - 1
        keep = total + self._back[hops_left][target] > self._least
        of, at, target, total = of[keep], at[keep], target[keep], total[keep]
        before = paths.pairs[:, of]
        fresh = np.ones(len(of), dtype=np.bool_)
        for column in before[1:]:  # where the first pair starts is the base: there a cycle may end
            fresh &= self._all_sources[column] != target
        pairs = np.concatenate((before[:, fresh], self._pairs[at[fresh]][None]))
        return _Paths(pairs, target[fresh], total[fresh])

    def _batches(self, paths: _Paths, kept: Bools) -> list[_Paths]:
        """Return the kept paths in batches, the one with the highest bounds last: it is taken first."""
        at = np.flatnonzero(kept)
        bound = paths.total[at] + self._back[self._longest - len(paths.pairs)][paths.ends[at]]
        at = at[np.argsort(-bound, kind="stable")]
        batch = np.cumsum(self._counts[paths.ends[at]]) // _BATCH
        pieces = np.split(at, np.flatnonzero(np.diff(batch)) + 1)
        return [_Paths(paths.pairs[:, of], paths.ends[of], paths.total[of]) for of in reversed(pieces)]

    def _filled(self, pairs: Ints) -> Ints:
        missing = self._longest - len(pairs)
        return np.pad(pairs, ((0, missing), (0, 0)), constant_values=self._no_pair)


def _reversed_pairs(graph: MarketGraph) -> Ints:
    """Return of each pair the one in the other direction; every pool trades both."""
    # Sorted by target, then source, the pairs are in the order of their reversals.
    reverse = np.empty(graph.no_pair, dtype=np.int64)
    reverse[np.lexsort((graph.pair_source, graph.pair_target))] = np.arange(graph.no_pair)
    return reverse


def _layers(graph: MarketGraph, bases: list[int], rates: Floats, longest: int) -> list[Floats]:
    """Return, for 0 hops to ``longest - 1``, the best walk to each base (rows) from every token (columns)."""
    rows = np.arange(len(bases))
    layer = np.full((len(bases), len(graph.tokens)), -np.inf)
    layer[rows, bases] = 0.0
    layers = [layer]
    tokens, starts = np.unique(graph.pair_source, return_index=True)
    for _ in range(longest - 1):
        following = layer.copy()
        if len(starts):
            best = np.maximum.reduceat(layer[:, graph.pair_target] + rates, starts, axis=1)
            following[:, tokens] = np.maximum(following[:, tokens], best)
        following[rows, bases] = 0.0  # a cycle ends where it comes back
        layers.append(following)
        layer = following
    return layers
