"""What decisions remember between blocks to be quick: explicit, bounded, and never needed for the answer.

Everything is keyed by the identity of frozen pool states (a state that did not change is the same object),
so a decision with a warm cache is the decision with an empty one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from steelyard.amm.pool import Pool
from steelyard.decide.arbitrage.cycles import TokenCycles, cycles_through
from steelyard.decide.arbitrage.graph import MarketGraph
from steelyard.decide.arbitrage.route import Route
from steelyard.decide.arbitrage.sizing import AmtOptimizer, SizingSearch
from steelyard.model import LenderKind, LenderTerms, MarketSnapshot
from steelyard.units import Address

_SizingKey = tuple[int, bool, int, int, tuple[tuple[Address, Address], ...]]


class ArbitrageCache:
    """The market graph, its token cycles, and the sizes of routes whose pools have not changed.

    Args:
        max_sizings: bound on remembered sizes; the oldest go first.
    """

    def __init__(self, *, max_sizings: int = 4_096) -> None:
        self._max_sizings = max_sizings
        self._graph: MarketGraph | None = None
        self._venues: frozenset[str] = frozenset()
        self._seen: frozenset[Address] = frozenset()
        self._block_hash = ""
        self._cycles: dict[int, TokenCycles] = {}
        self._sizings: dict[_SizingKey, tuple[tuple[Pool, ...], int, SizingSearch]] = {}

    def graph(self, snapshot: MarketSnapshot, venues: Iterable[str]) -> MarketGraph:
        """Return the graph of the snapshot's pools at the named venues, with what changed taken over."""
        names = frozenset(venues)
        pools = snapshot.pools
        follows = snapshot.block.parent_hash == self._block_hash and len(pools) == len(self._seen)
        if self._graph is None or names != self._venues:
            self._rebuild(pools, names)
        elif follows and snapshot.touched <= self._seen and all(at in pools for at in snapshot.touched):
            self._graph.update(pools, sorted(snapshot.touched & self._graph.index.keys()))
        elif pools.keys() == self._seen:
            self._graph.update(pools, self._graph.index)  # missed a block, or a reorg: compare them all
        else:
            self._rebuild(pools, names)
        self._block_hash = snapshot.block.hash
        assert self._graph is not None
        return self._graph

    def cycles(self, base: int) -> TokenCycles:
        """Return the token cycles through token ``base`` of the graph returned last."""
        assert self._graph is not None
        if base not in self._cycles:
            self._cycles[base] = cycles_through(self._graph, base)
        return self._cycles[base]

    def size(self, optimizer: AmtOptimizer, route: Route, terms: LenderTerms, cap: int) -> SizingSearch:
        """Return the optimizer's answer, from memory where it cannot have changed."""
        key = (
            terms.fee_wad,
            terms.kind is LenderKind.AAVE_V3,  # the kinds differ in how they round the fee
            optimizer.max_evaluations,
            optimizer.tolerance_ppm,
            tuple((hop.pool.address, hop.token_in) for hop in route),
        )
        known = self._sizings.pop(key, None)
        if known is not None:
            pools, known_cap, search = known
            same_pools = all(hop.pool is pool for hop, pool in zip(route, pools, strict=True))
            if same_pools and (cap == known_cap or search.furthest <= min(cap, known_cap)):
                self._sizings[key] = known
                return search
        search = optimizer.search(route, terms, cap)
        self._sizings[key] = (tuple(hop.pool for hop in route), cap, search)
        while len(self._sizings) > self._max_sizings:
            del self._sizings[next(iter(self._sizings))]
        return search

    def _rebuild(self, pools: Mapping[Address, Pool], venues: frozenset[str]) -> None:
        self._graph = MarketGraph({at: pool for at, pool in pools.items() if pool.venue in venues})
        self._venues = venues
        self._seen = frozenset(pools)
        self._cycles = {}
