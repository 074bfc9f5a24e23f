"""The market as a graph for screening: tokens are nodes, every pool is one edge in each direction.

Floats live here, and only here, to rank; what survives is decided in exact integers. A block costs what it
touched: the arrays are laid out once for the pools that there are, and states are written into them.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steelyard.amm.pool import Pool
from steelyard.decide.arbitrage.route import Hop, Route
from steelyard.units import PIPS, Address

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


_NOTHING: Final = (0.0, 0.0, 0.0, 0.0)


class MarketGraph:
    """Edges of all pools, grouped by directed token pair.

    Edge ``2 * i`` sells token0 to pool ``i``, edge ``2 * i + 1`` sells token1. Pools are in order of their
    addresses, so equal markets give equal graphs. One edge and one pair more, the last ones, lead nowhere and
    change nothing: they fill the rows of shorter cycles.

    Attributes:
        pools: the states that the arrays describe.
        rate: marginal rate of each edge after the fee; 0 where nothing trades. ``log_rate``: its logarithm.
        slope: by how much the rate of an edge falls: ``x`` buys ``rate * x / (1 + slope * x)``.
        best: of each pair, the best logarithmic rate among its pools.
        changed: of each pair, the ``version`` with which one of its pools last changed.
        order, starts, counts: edges sorted by pair, and where each pair's begin and how many they are.
        pair_source, pair_target: the tokens of each directed pair, sorted by source, then target.
    """

    def __init__(
        self,
        pools: Mapping[Address, Pool],
        tokens: Container[Address] | None = None,
        unusable: Mapping[Address, str] | None = None,
    ) -> None:
        """Lay the pools out.

        Args:
            tokens: those whose decimals are known; None where all are.
            unusable: pools and tokens that must not be used, stale ones for instance, with the reason.
        """
        addresses = sorted(pools)
        self.pools: list[Pool] = [pools[address] for address in addresses]
        self.index: dict[Address, int] = {address: i for i, address in enumerate(addresses)}
        self.tokens: tuple[Address, ...] = tuple(
            sorted({token for pool in self.pools for token in (pool.token0, pool.token1)})
        )
        self.token_index: dict[Address, int] = {token: i for i, token in enumerate(self.tokens)}
        self.no_edge, self.no_pair = 2 * len(self.pools), 0
        self._lay_out()
        self.rate: Floats = np.ones(self.no_edge + 1)
        self.slope: Floats = np.zeros(self.no_edge + 1)
        self.log_rate: Floats = np.zeros(self.no_edge + 1)
        self.best: Floats = np.zeros(self.no_pair + 1)
        self.changed: Ints = np.zeros(self.no_pair + 1, dtype=np.int64)
        self.version = 0
        self._hops: list[Hop | None] = [None] * self.no_edge
        self._barred: dict[int, str] = {}
        self._tokens, self._unusable = tokens, unusable or {}
        self._bar()
        self._fill(list(range(len(self.pools))))

    def update(self, pools: Mapping[Address, Pool], addresses: Iterable[Address]) -> None:
        """Take over the new states of ``addresses``; which pools there are must not have changed."""
        known, index, changed = self.pools, self.index, []
        for address in addresses:
            at = index[address]
            if known[at] is not pools[address]:
                known[at] = pools[address]
                changed.append(at)
        self._fill(changed)

    def allow(self, tokens: Container[Address] | None, unusable: Mapping[Address, str]) -> None:
        """Take over which pools and tokens may be used; see the constructor."""
        before = self._barred
        self._tokens, self._unusable = tokens, unusable
        self._bar()
        self._fill([at for at in {**before, **self._barred} if (at in before) != (at in self._barred)])

    def best_by_pair(self) -> Floats:
        """Return the best logarithmic rate among each directed pair's pools."""
        return self.best[: self.no_pair]

    def hop(self, edge: int) -> Hop:
        """Return the edge as a hop of a route."""
        hop = self._hops[edge]
        if hop is None:
            pool = self.pools[edge // 2]
            sold, bought = (pool.token1, pool.token0) if edge % 2 else (pool.token0, pool.token1)
            hop = self._hops[edge] = Hop(pool=pool, token_in=sold, token_out=bought)
        return hop

    def routes(self, rows: Iterable[Iterable[int]]) -> tuple[Route, ...]:
        """Return rows of edges as routes."""
        hops, made, end = self._hops, self.hop, self.no_edge
        return tuple(tuple([hops[edge] or made(edge) for edge in row if edge != end]) for row in rows)

    def pools_between(self, token: Address, other: Address) -> list[Pool]:
        """Return the usable pools that trade ``token`` for ``other``, in order of their addresses."""
        if token not in self.token_index or other not in self.token_index:
            return []
        pair = self.pair_index.get((self.token_index[token], self.token_index[other]))
        if pair is None:
            return []
        start = int(self.starts[pair])
        edges = self.order[start : start + int(self.counts[pair])].tolist()
        return [self.pools[edge // 2] for edge in edges if edge // 2 not in self._barred]

    def reasons(self) -> dict[Address, str]:
        """Return the pools of which a direction is no edge, with the reason."""
        dead = np.flatnonzero(self.rate[: self.no_edge] == 0).tolist()
        return {self.pools[edge // 2].address: self._reason(edge) for edge in reversed(dead)}

    def _reason(self, edge: int) -> str:
        pool = self.pools[edge // 2]
        if edge // 2 in self._barred:
            return self._barred[edge // 2]
        if pool.fee_pips >= PIPS:
            return f"pool {pool.address} keeps all that is sold to it as its fee"
        sold = pool.token1 if edge % 2 else pool.token0
        return f"pool {pool.address} has no liquidity to sell {sold} into"

    def _bar(self) -> None:
        """Work out which pools must not be used, and why."""
        self._barred = {}
        if self._tokens is None and not self._unusable:
            return
        for at, pool in enumerate(self.pools):
            reason = self._unusable.get(pool.address)
            for token in (pool.token0, pool.token1):
                if reason is None and self._tokens is not None and token not in self._tokens:
                    reason = f"pool {pool.address} trades {token}, whose decimals are not known"
                reason = reason or self._unusable.get(token)
            if reason is not None:
                self._barred[at] = reason

    def _lay_out(self) -> None:
        ends = np.array(
            [(self.token_index[pool.token0], self.token_index[pool.token1]) for pool in self.pools],
            dtype=np.int64,
        ).reshape(-1, 2)
        source, target = ends.reshape(-1), ends[:, ::-1].reshape(-1)
        size = max(len(self.tokens), 1)
        keys, pair_of_edge, counts = np.unique(
            source * size + target, return_inverse=True, return_counts=True
        )
        self.no_pair = len(keys)
        self.pair_of_edge: Ints = pair_of_edge.astype(np.int64)
        self.order: Ints = np.append(np.argsort(pair_of_edge, kind="stable"), self.no_edge)
        self.counts: Ints = np.append(counts, 1).astype(np.int64)
        self.starts: Ints = np.cumsum(self.counts) - self.counts
        self.pair_source: Ints = keys // size
        self.pair_target: Ints = keys % size
        pairs: Any = zip(self.pair_source.tolist(), self.pair_target.tolist(), strict=True)
        self.pair_index: dict[tuple[int, int], int] = {pair: i for i, pair in enumerate(pairs)}

    def _fill(self, positions: list[int]) -> None:
        """Write the states of the pools at ``positions`` into the arrays."""
        if not positions:
            return
        self.version += 1
        pools, barred, hops = self.pools, self._barred, self._hops
        edges: Ints = np.repeat(2 * np.array(positions), 2)
        edges[1::2] += 1
        numbers, fees = list[float](), list[int]()
        for at in positions:
            pool, edge = pools[at], 2 * at
            numbers += _NOTHING if at in barred else pool.screening_reserves()
            fees.append(pool.fee_pips)
            hops[edge] = hops[edge + 1] = None
        r_in, r_out = np.array(numbers).reshape(-1, 2).T
        shares = np.repeat(1 - np.array(fees) / PIPS, 2)
        rate = shares * r_out
        r_in = np.where(rate > 0, r_in, 1.0)
        rate /= r_in
        self.rate[edges] = rate
        self.slope[edges] = shares / r_in
        with np.errstate(divide="ignore"):
            self.log_rate[edges] = np.log(rate)  # -inf where nothing trades
        self._find_best(self.pair_of_edge[edges])

    def _find_best(self, touched: Ints) -> None:
        self.changed[touched] = self.version
        pairs = np.flatnonzero(self.changed == self.version)
        counts = self.counts[pairs]
        ends = np.cumsum(counts)
        at = np.arange(int(ends[-1])) + np.repeat(self.starts[pairs] - (ends - counts), counts)
        self.best[pairs] = np.maximum.reduceat(self.log_rate[self.order[at]], ends - counts)
