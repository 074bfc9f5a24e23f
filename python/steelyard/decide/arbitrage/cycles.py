"""Which cycles of pools could pay: token cycles in one vector pass, then every choice of pools for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from steelyard.decide.arbitrage.graph import Floats, Ints, MarketGraph

SCREENING_MARGIN = 1e-9
"""Logarithmic rates are floats with errors near 1e-15; the margin makes sure that screening loses nothing."""

MAX_EXPANSION = 1_000_000
"""Bound on pool choices weighed in one block; the token cycles with the best rates come first."""


@dataclass(frozen=True, slots=True)
class TokenCycles:
    """All cycles of 2 and of 3 hops that start at one token, as rows of directed pairs."""

    two: Ints
    three: Ints


def cycles_through(graph: MarketGraph, base: int) -> TokenCycles:
    """Return the token cycles through ``base``; they depend on which pools exist, not on their states."""
    source, target = graph.pair_source, graph.pair_target
    leaving = np.full(len(graph.tokens), -1, dtype=np.int64)
    entering = leaving.copy()
    out_pairs, in_pairs = np.flatnonzero(source == base), np.flatnonzero(target == base)
    leaving[target[out_pairs]] = out_pairs
    entering[source[in_pairs]] = in_pairs
    two = np.stack((out_pairs, entering[target[out_pairs]]), axis=1)
    # A pair between two neighbours of the base, neither of which is the base (it is no neighbour of its own).
    middle = np.flatnonzero((leaving[source] >= 0) & (entering[target] >= 0))
    three = np.stack((leaving[source[middle]], middle, entering[target[middle]]), axis=1)
    return TokenCycles(two, three)


def profitable(best: Floats, rows: Ints, threshold: float) -> Ints:
    """Return the rows whose best pools multiply a unit by more than ``exp(threshold)``."""
    if not len(rows):
        return rows
    total = best[rows].sum(axis=1)
    kept = np.flatnonzero(total > threshold - SCREENING_MARGIN)
    ranked: Ints = rows[kept[np.argsort(-total[kept], kind="stable")]]
    return ranked


def expand(graph: MarketGraph, best: Floats, rows: Ints, threshold: float) -> Ints:
    """Return every choice of pools for the given token cycles that could still pay, as rows of edges.

    The best marginal price is not always the best size, so all parallel pools are weighed: hop by hop, and a
    choice is dropped as soon as the best pools on the rest of the cycle cannot make up for it. A pool is
    never used twice in a cycle.
    """
    hops = rows.shape[1]
    edges, total = np.zeros((len(rows), 0), dtype=np.int64), np.zeros(len(rows))
    rest = best[rows].sum(axis=1)
    for hop in range(hops):
        counts = graph.counts[rows[:, hop]]
        fits = int(np.searchsorted(np.cumsum(counts), MAX_EXPANSION, side="right"))
        counts, pairs = counts[:fits], rows[:fits, hop]
        owner = np.repeat(np.arange(fits), counts)
        nth = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        edge = graph.order[graph.starts[pairs[owner]] + nth]
        rest = rest[:fits] - best[pairs]
        sums = total[owner] + graph.log_rate[edge]
        keep = sums + rest[owner] > threshold - SCREENING_MARGIN
        if hop:  # only neighbouring hops can be of one pool: others trade different pairs
            keep &= edges[owner, hop - 1] // 2 != edge // 2
        owner, edge = owner[keep], edge[keep]
        rows, total, rest = rows[owner], sums[keep], rest[owner]
        edges = np.column_stack((edges[owner], edge))
    return edges


def estimated_profit(graph: MarketGraph, edges: Ints, fee: float) -> Floats:
    """Return roughly what each cycle could earn in base units of its start, for ranking.

    Each edge pays ``kept * out * x / (in + kept * x)`` on its virtual reserves; composed,
    ``a * x / (d + c * x)`` earns ``(sqrt(a) - sqrt(d * (1 + fee))) ** 2 / c`` at best. V3 is
    taken as if its range went on for ever.
    """
    a, c, d = np.ones(len(edges)), np.zeros(len(edges)), np.ones(len(edges))
    for hop in range(edges.shape[1]):
        at = edges[:, hop]
        kept, r_in, r_out = graph.kept[at], graph.reserve_in[at], graph.reserve_out[at]
        c = kept * a + r_in * c
        d = r_in * d
        a = kept * r_out * a
    gain = np.sqrt(a) - np.sqrt(d * (1 + fee))
    return np.divide(gain * gain, c, out=np.zeros(len(edges)), where=(gain > 0) & (c > 0))
