"""Cycles of tokens, and every choice of pools for them, as rows of integers.

A cycle of tokens is a row of directed pairs, a cycle of pools a row of edges (see ``graph``). Shorter cycles
are filled up with the pair and the edge that change nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from steelyard.decide.arbitrage.graph import Bools, Floats, Ints, MarketGraph

SCREENING_MARGIN = 1e-9
"""Logarithmic rates are floats with errors near 1e-15; the margin makes sure that screening loses nothing."""


class Choices(NamedTuple):
    """Cycles of pools that pay at the margin.

    Attributes:
        owner: the number of the token cycle that each is a choice of.
        edges: a row for each cycle.
        profit, trade: what it could earn, and with which loan, in base units of its start; estimates.
    """

    owner: Ints
    edges: Ints
    profit: Floats
    trade: Floats

    def where(self, kept: Bools) -> Choices:
        """Return the choices that are ``kept``."""
        return Choices(self.owner[kept], self.edges[kept], self.profit[kept], self.trade[kept])

    def beside(self, more: Choices) -> Choices:
        """Return these choices and ``more`` of the same width."""
        return Choices(*(np.concatenate(both) for both in zip(self, more, strict=True)))


def no_choices(width: int) -> Choices:
    """Return no cycles of ``width`` hops."""
    return Choices(
        np.zeros(0, dtype=np.int64), np.zeros((0, width), dtype=np.int64), np.zeros(0), np.zeros(0)
    )


def cycles_through(graph: MarketGraph, base: int, longest: int) -> Ints:
    """Return the token cycles of 2 and, where ``longest`` allows, 3 hops through ``base``, as three columns.

    They depend on which pools exist, not on their states.
    """
    source, target = graph.pair_source, graph.pair_target
    leaving = np.full(len(graph.tokens), -1, dtype=np.int64)
    entering = leaving.copy()
    out_pairs, in_pairs = np.flatnonzero(source == base), np.flatnonzero(target == base)
    leaving[target[out_pairs]] = out_pairs
    entering[source[in_pairs]] = in_pairs
    two: Ints = np.stack((out_pairs, entering[target[out_pairs]], np.full(len(out_pairs), graph.no_pair)))
    if longest < 3:
        return two
    # A pair between two neighbours of the base, neither of which is the base (it is no neighbour of its own).
    middle = np.flatnonzero((leaving[source] >= 0) & (entering[target] >= 0))
    three = np.stack((leaving[source[middle]], middle, entering[target[middle]]))
    return np.concatenate((two, three), axis=1)


def expand(graph: MarketGraph, owner: Ints, rows: Ints, thresholds: Floats, fees: Floats) -> Choices:
    """Return every choice of pools for token cycles that could still pay.

    The best marginal price is not always the best size, so all parallel pools are weighed: hop by hop, and a
    choice is dropped as soon as the best pools on the rest of the cycle cannot make up for it. A pool is
    never used twice in a cycle.

    Args:
        owner: the numbers of the token cycles; ``rows``: their pairs, a column for each cycle.
        thresholds: the logarithmic rate that each must exceed.
        fees: of the loan, as a fraction.
    """
    least = thresholds - SCREENING_MARGIN
    at, total = np.arange(rows.shape[1]), np.zeros(rows.shape[1])
    rest = graph.best[rows].sum(axis=0)
    edges: list[Ints] = []
    for hop, pairs_of_all in enumerate(rows):
        rest = rest - graph.best[pairs_of_all]
        pairs = pairs_of_all[at]
        counts = graph.counts[pairs]
        ends = np.cumsum(counts)
        of = np.repeat(np.arange(len(at)), counts)
        edge = graph.order[np.arange(len(of)) + (graph.starts[pairs] - (ends - counts))[of]]
        sums, cycle = total[of] + graph.log_rate[edge], at[of]
        keep = sums + rest[cycle] > least[cycle]
        if hop == 1:  # only in cycles of two hops can two be of one pool: others trade different pairs
            keep &= edges[0][of] // 2 != edge // 2
        kept = np.flatnonzero(keep)  # looked for once, used for every column
        of, at, total = of[kept], cycle[kept], sums[kept]
        edges = [*(column[of] for column in edges), edge[kept]]
    table = np.stack(edges, axis=1)
    return Choices(owner[at], table, *_estimates(graph, table, fees[at]))


def _estimates(graph: MarketGraph, edges: Ints, fees: Floats) -> tuple[Floats, Floats]:
    """Return roughly what each cycle could earn and the loan for it, in base units of its start.

    Each edge pays ``rate * x / (1 + slope * x)``; composed, ``a * x / (1 + c * x)`` earns
    ``(sqrt(a) - sqrt(1 + fee)) ** 2 / c`` at best, with ``(sqrt(a / (1 + fee)) - 1) / c``. V3 is taken as if
    its range went on for ever.
    """
    a, c = np.ones(len(edges)), np.zeros(len(edges))
    for hop in range(edges.shape[1]):
        at = edges[:, hop]
        c += graph.slope[at] * a
        a *= graph.rate[at]
    root = np.sqrt(1 + fees)
    gain = np.maximum(np.sqrt(a) - root, 0.0)
    profit = np.divide(gain * gain, c, out=np.zeros(len(edges)), where=c > 0)
    return profit, np.divide(gain, root * c, out=np.zeros(len(edges)), where=c > 0)
