"""Our search for cycles that pay, on a market that is drawn here: the others get its graph."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import cycle, pairwise, product
from typing import Final

from steelyard.decide.arbitrage import ArbitrageCache, Hop, PathOptimizer, Route
from steelyard.decide.arbitrage.graph import MarketGraph
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.model import MarketSnapshot
from steelyard.sandbox.synthetic_market import SyntheticMarket, synthetic_market
from yardstick.workers.our_pools import free_terms, optimizer
from yardstick.workers.serving import Prepared, Task, Work
from yardstick.workload import CAP_WEI, Json

BLOCKS_BEFORE: Final = 3
TOUCHED_PERCENT: Final = 2
LEAST_TOUCHED: Final = 5
CANDIDATES: Final = 200
EVERY: Final = 1_000_000


class Search:
    """The market that paths are searched in, with what a keeper keeps from block to block."""

    def __init__(self) -> None:
        self._market: SyntheticMarket | None = None
        self._turns: tuple[MarketSnapshot, MarketSnapshot] | None = None
        self._cache = ArbitrageCache()

    def market(self, size: int, seed: int, drift: float | None = None) -> Work:
        """Draw the market; one without a drift is at rest, and some blocks of trades make cycles pay."""
        touched = max(size * TOUCHED_PERCENT // 100, LEAST_TOUCHED)
        before = market = synthetic_market(size, seed=seed, drift=drift)
        for _ in range(BLOCKS_BEFORE):
            before, (market, _) = market, market.next_block(touched)
        self._market, self._cache = market, ArbitrageCache()
        self._turns = (_as_child(before.snapshot, market.snapshot), market.snapshot)
        return lambda: size

    def graph(self) -> Prepared:
        """The graph that textbook methods search: the best rate of each directed pair, and the bases."""

        def edges(graph: MarketGraph) -> Json:
            rates = graph.best_by_pair().tolist()
            ends = zip(graph.pair_source.tolist(), graph.pair_target.tolist(), rates, strict=True)
            return {
                "edges": [edge for edge in ends if math.isfinite(edge[2])],
                "bases": self._bases(graph),
            }

        return lambda: self._graph(self._cache), edges

    def find(self, longest: int) -> Prepared:
        """A block's work: its changes taken over, and the cycles that pay at the margin, the best 200 in wei.

        The last two blocks take turns, each as the other's child.
        """
        assert self._turns is not None
        turns = cycle(self._turns)
        return lambda: self._found(self._cache, longest, CANDIDATES, next(turns)), _summary

    def find_cold(self, longest: int) -> Prepared:
        """The same from nothing: the graph and its cycles are built first."""
        return lambda: self._found(ArbitrageCache(), longest, CANDIDATES), _summary

    def find_all(self, longest: int) -> Prepared:
        """The same without the cut: for comparing with those who enumerate."""
        return lambda: self._found(self._cache, longest, EVERY), _summary

    def most(self, longest: int) -> Work:
        """What the best of all cycles earns, in wei before gas."""
        return lambda: max(map(self._worth, self._found(self._cache, longest, CANDIDATES)), default=0.0)

    def worth(self, tokens: list[int]) -> Work:
        """What a cycle of tokens earns with the best choice of pools and the best loan; 0 without a base."""
        graph = self._graph(self._cache)
        base = next((at for at, token in enumerate(tokens) if token in self._bases(graph)), None)
        if base is None:
            return lambda: 0.0
        names = [graph.tokens[token] for token in (*tokens[base:], *tokens[: base + 1])]
        choices = [
            [Hop(pool=pool, token_in=sold, token_out=bought) for pool in graph.pools_between(sold, bought)]
            for sold, bought in pairwise(names)
        ]
        return lambda: max(self._worth(route) for route in product(*choices))

    def _worth(self, route: Route) -> float:
        assert self._market is not None
        if len({hop.pool.address for hop in route}) < len(route):
            return 0.0
        asset = route[0].token_in
        cap = int(CAP_WEI / self._market.worth_wei[asset])
        sizing = optimizer.optimize(route, free_terms(asset, cap), cap)
        return 0.0 if sizing is None else sizing.profit * self._market.worth_wei[asset]

    def _found(
        self, cache: ArbitrageCache, longest: int, most: int, snapshot: MarketSnapshot | None = None
    ) -> tuple[Route, ...]:
        assert self._market is not None
        graph = self._graph(cache, snapshot)
        finder = PathOptimizer(path_length=longest, max_candidates=most)
        valuer = Valuer(graph, self._market.wrapped_native)
        return finder.find_arbitrage(snapshot or self._market.snapshot, graph, cache, valuer)

    def _graph(self, cache: ArbitrageCache, snapshot: MarketSnapshot | None = None) -> MarketGraph:
        assert self._market is not None
        names = [venue.name for venue in self._market.venues]
        return cache.graph(snapshot or self._market.snapshot, names)

    def _bases(self, graph: MarketGraph) -> list[int]:
        assert self._market is not None
        assets = {terms.asset for terms in self._market.snapshot.lenders}
        return sorted(graph.token_index[asset] for asset in assets if asset in graph.token_index)


def _as_child(before: MarketSnapshot, after: MarketSnapshot) -> MarketSnapshot:
    """Return the market of ``before`` as a block that follows ``after`` and undoes its trades."""
    block = replace(before.block, parent_hash=after.block.hash)
    return replace(before, block=block, touched=after.touched)


def _summary(routes: tuple[Route, ...]) -> Json:
    gains = [sum(math.log(hop.pool.marginal_rate(hop.token_in)) for hop in route) for route in routes]
    return {"cycles": len(routes), "gain": max(gains, default=0.0)}


search = Search()
TASKS: dict[str, Task] = {
    "market": search.market,
    "graph": search.graph,
    "find": search.find,
    "find cold": search.find_cold,
    "find all": search.find_all,
    "most": search.most,
    "worth": search.worth,
}
