"""What decisions remember between blocks to be quick: explicit, bounded, and never needed for the answer.

Everything is keyed by the identity of frozen pool states (a state that did not change is the same object),
so a decision with a warm cache is the decision with an empty one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from steelyard.amm.pool import Pool
from steelyard.amm.side import Side
from steelyard.amm.tick_tables import TickTables
from steelyard.decide.arbitrage.graph import MarketGraph
from steelyard.decide.arbitrage.route import Route
from steelyard.decide.arbitrage.screening import ShortCycles
from steelyard.decide.arbitrage.sizing import AmtOptimizer, Opening, SizingSearch
from steelyard.model import LenderKind, LenderTerms, MarketSnapshot, Token
from steelyard.units import Address

_Rounding = tuple[LenderKind, bool]
_SizingKey = tuple[int, int, _Rounding | None, int, int, bool, tuple[tuple[Address, Address], ...]]

_MAX_LAYOUTS = 4
"""Sets of borrowable tokens whose cycles are kept; a market has one, until a lender comes or goes."""


class ArbitrageCache:
    """The market graph, its token cycles, the sides of pools, and the sizes of routes that have not changed.

    Args:
        max_sizings, max_sides: bounds on what is remembered; the least recently used go first.
        tables: prefix tables of V3 pools, which outlive states; they have a bound of their own.
    """

    def __init__(
        self, *, max_sizings: int = 4_096, max_sides: int = 8_192, tables: TickTables | None = None
    ) -> None:
        self._max_sizings = max_sizings
        self._max_sides = max_sides
        self._tables = TickTables() if tables is None else tables
        self._graph: MarketGraph | None = None
        self._venues: frozenset[str] = frozenset()
        self._seen: frozenset[Address] = frozenset()
        self._tokens: Mapping[Address, Token] = {}
        self._unusable: Mapping[Address, str] = {}
        self._block_hash = ""
        self._cycles: dict[tuple[tuple[int, ...], int], ShortCycles] = {}
        self._sides: dict[tuple[Address, Address], tuple[Pool, Side]] = {}
        self._sizings: dict[_SizingKey, tuple[tuple[Pool, ...], int, int, SizingSearch]] = {}

    def graph(self, snapshot: MarketSnapshot, venues: Iterable[str]) -> MarketGraph:
        """Return the graph of the snapshot's pools at the named venues, with what changed taken over."""
        names = frozenset(venues)
        pools, graph = snapshot.pools, self._graph
        follows = snapshot.block.parent_hash == self._block_hash and len(pools) == len(self._seen)
        self._block_hash = snapshot.block.hash
        if graph is None or names != self._venues:
            return self._rebuilt(snapshot, names)
        if follows and snapshot.touched <= self._seen and snapshot.touched <= pools.keys():
            graph.update(pools, snapshot.touched & graph.index.keys())
        elif pools.keys() == self._seen:
            graph.update(pools, graph.index)  # missed a block, or a reorg: compare them all
        else:
            return self._rebuilt(snapshot, names)
        same_tokens = snapshot.tokens is self._tokens or snapshot.tokens == self._tokens
        if not same_tokens or snapshot.unusable != self._unusable:
            graph.allow(snapshot.tokens, snapshot.unusable)
        self._tokens, self._unusable = snapshot.tokens, snapshot.unusable
        return graph

    def short_cycles(self, tokens: tuple[int, ...], longest: int) -> ShortCycles:
        """Return the cycles of up to ``longest`` hops through ``tokens`` of the graph returned last."""
        assert self._graph is not None
        key = tokens, longest
        known = self._cycles.pop(key, None) or ShortCycles(self._graph, tokens, longest)
        self._cycles[key] = known
        while len(self._cycles) > _MAX_LAYOUTS:
            del self._cycles[next(iter(self._cycles))]
        return known

    def side(self, pool: Pool, token_in: Address) -> Side:
        """Return ``pool.side(token_in)``, from memory where this very state was asked before."""
        key = pool.address, token_in
        known = self._sides.pop(key, None)
        if known is None or known[0] is not pool:
            known = pool, pool.side(token_in, self._tables)
        self._sides[key] = known
        if len(self._sides) > self._max_sides:
            del self._sides[next(iter(self._sides))]
        return known[1]

    def passing_side(self, pool: Pool, token_in: Address) -> Side:
        """Return the side of a state that will not be asked for again: only its tables are remembered."""
        return pool.side(token_in, self._tables)

    def size(
        self,
        optimizer: AmtOptimizer,
        route: Route,
        terms: LenderTerms,
        cap: int,
        *,
        crossing_price: int = 0,
        price_rank: int = 0,
        worth: int = 0,
        hope: int = 0,
        opening: Opening | None = None,
    ) -> SizingSearch:
        """Return the optimizer's answer, from memory where it cannot have changed.

        Args:
            price_rank: which of a block's several crossing prices it is: each is remembered by itself.
            opening: the route's for these terms, where it is at hand.
        """
        key = _key(optimizer, route, terms, price_rank)
        states = tuple([hop.pool for hop in route])
        known = self._sizings.pop(key, None)
        if known is not None:
            pools, known_cap, known_price, search = known
            same = (
                known_price == crossing_price and pools == states
            )  # at once where they are the same objects
            in_reach = cap == known_cap or search.furthest <= min(cap, known_cap)
            if same and in_reach and search.holds_for(worth, hope):
                self._sizings[key] = known
                return search
        search = optimizer.search(
            route, terms, cap, crossing_price=crossing_price, worth=worth, hope=hope, opening=opening
        )
        self._sizings[key] = (states, cap, crossing_price, search)
        while len(self._sizings) > self._max_sizings:
            del self._sizings[next(iter(self._sizings))]
        return search

    def _rebuilt(self, snapshot: MarketSnapshot, venues: frozenset[str]) -> MarketGraph:
        self._graph = MarketGraph(
            {at: pool for at, pool in snapshot.pools.items() if pool.venue in venues},
            snapshot.tokens,
            snapshot.unusable,
        )
        self._venues = venues
        self._seen = frozenset(snapshot.pools)
        self._tokens, self._unusable = snapshot.tokens, snapshot.unusable
        self._cycles = {}
        return self._graph


def _key(optimizer: AmtOptimizer, route: Route, terms: LenderTerms, price_rank: int) -> _SizingKey:
    return (
        price_rank,
        terms.fee_wad,
        # The kinds differ in how they round the fee.
        (terms.kind, terms.fee_rounds_up) if terms.fee_wad else None,
        optimizer.max_evaluations,
        optimizer.tolerance_ppm,
        optimizer.resigns,
        tuple([(hop.pool.address, hop.token_in) for hop in route]),
    )
