"""Steelyard itself, asked like any peer: from the same JSON, in a process of its own."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from itertools import cycle, pairwise, product
from typing import Any, Final

from steelyard.amm import Pool, UniswapV3Pool
from steelyard.amm.side import Side
from steelyard.amm.tick_tables import TickTables
from steelyard.cli.bench import BlockCost, DecisionBench
from steelyard.decide.arbitrage import AmtOptimizer, ArbitrageCache, Hop, PathOptimizer, Route
from steelyard.decide.arbitrage.graph import MarketGraph
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.model import LenderKind, LenderTerms, MarketSnapshot
from steelyard.sandbox.synthetic_market import SyntheticMarket, synthetic_market
from steelyard.units import Address
from yardstick.workers.serving import Prepared, Task, Work, serve
from yardstick.workload import CAP_WEI, Json, imported

BLOCKS_BEFORE: Final = 3
TOUCHED_PERCENT: Final = 2
LEAST_TOUCHED: Final = 5
CANDIDATES: Final = 200
EVERY: Final = 1_000_000

_pools: dict[str, Pool] = {}
_tables = TickTables()


def pools(states: list[Json], decimals: dict[str, int]) -> Work:
    """Take over the pools; ``decimals`` are for peers that ask for them."""
    _pools.update((state["id"], imported(state)) for state in states)
    return lambda: len(_pools)


def quote(pool: str, token_in: str, amount: int) -> Work:
    """An exact quote from a prepared side: what a search asks thousands of times."""
    side = _side(_pools[pool], Address(token_in))
    return lambda: side.output(amount)


def checked_quote(pool: str, token_in: str, amount: int) -> Work:
    """The same from the pool itself, which checks and raises."""
    state, token = _pools[pool], Address(token_in)
    return lambda: state.quote_exact_in(token, amount).amount_out


def first_quote(pool: str, token_in: str, amount: int, moved: Json) -> Work:
    """A swap is taken over, and the new state quoted for the first time; two states take turns."""
    here, token = _pools[pool], Address(token_in)
    assert isinstance(here, UniswapV3Pool)
    prices = (
        (moved["sqrt_price_x96"], moved["tick"], moved["liquidity"]),
        (here.sqrt_price_x96, here.tick, here.liquidity),
    )
    turns = cycle(prices)
    return lambda: _side(here.with_price(*next(turns)), token).output(amount)


def size(cycle: Json, effort: str) -> Work:
    """The loan for a cycle of pools whose sides are built anew, as after a block."""
    route = _route(cycle)
    terms = _terms(route[0].token_in, cycle["cap"])
    optimizer = _EFFORTS[effort]
    return lambda: _sized(optimizer, route, terms, cycle["cap"])


def size_all(cycles: list[Json]) -> Work:
    """All cycles one after the other, on the hot path."""
    works = [size(cycle, "hot") for cycle in cycles]
    return lambda: sum(work() is not None for work in works)


_EFFORTS = {"hot": AmtOptimizer(max_evaluations=2), "full": AmtOptimizer(max_evaluations=100_000)}


def _sized(optimizer: AmtOptimizer, route: Route, terms: LenderTerms, cap: int) -> Any:
    sizing = optimizer.optimize(route, terms, cap)
    if sizing is None:
        return None
    return {"loan": sizing.amounts[0], "profit": sizing.profit, "gap": sizing.gap}


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
        sizing = _EFFORTS["hot"].optimize(route, _terms(asset, cap), cap)
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


def _terms(asset: Address, cap: int) -> LenderTerms:
    """A lender that asks nothing, as no peer reckons with one."""
    return LenderTerms(kind=LenderKind.MORPHO_BLUE, asset=asset, available=cap, fee_wad=0)


def _side(pool: Pool, token_in: Address) -> Side:
    return pool.side(token_in, _tables)


def _route(cycle: Json) -> Route:
    hops = []
    for identity, token in cycle["hops"]:
        pool = _pools[identity]
        sold = Address(token)
        hops.append(Hop(pool=pool, token_in=sold, token_out=pool.other(sold)))
    return tuple(hops)


def decide(size: int, blocks: int, seed: int) -> Prepared:
    """Blocks from raw bytes to plans on a market of that size, in this process alone."""
    bench = DecisionBench(size, seed=seed, touched_percent=TOUCHED_PERCENT)
    costs = [bench.block() for _ in range(blocks)]
    answer = {
        "tokens": bench.tokens,
        "touched": bench.touched,
        "cold_ms": bench.cold_milliseconds,
        "market_mb": bench.market_megabytes,
        "engine_mb": bench.cache_megabytes,
        "costs": {part.name: [getattr(cost, part.name) for cost in costs] for part in fields(BlockCost)},
    }
    return lambda: answer


search = Search()
TASKS: dict[str, Task] = {
    "pools": pools,
    "quote": quote,
    "checked quote": checked_quote,
    "first quote": first_quote,
    "size": size,
    "size all": size_all,
    "market": search.market,
    "graph": search.graph,
    "find": search.find,
    "find cold": search.find_cold,
    "find all": search.find_all,
    "most": search.most,
    "worth": search.worth,
    "decide": decide,
}

if __name__ == "__main__":
    serve(TASKS)
