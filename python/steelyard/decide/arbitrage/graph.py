"""The market as a graph for screening: tokens are nodes, every pool is one edge in each direction.

Floats live here, and only here, to rank; what survives is decided in exact integers. The arrays are laid
out so that a block costs what it touched plus a few passes of vector arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from steelyard.amm.pool import Pool
from steelyard.units import PIPS, Q96, Address

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class MarketGraph:
    """Edges of all pools, grouped by directed token pair.

    Edge ``2 * i`` sells token0 to pool ``i``, edge ``2 * i + 1`` sells token1. Pools are in order of their
    addresses, so equal markets give equal graphs.

    Attributes:
        pools: the states that the arrays describe.
        reserve_in, reserve_out: virtual reserves of each edge, base units.
        kept: what each edge's fee leaves of the input, as a fraction.
        log_rate: logarithm of each edge's marginal rate after the fee; -inf where nothing trades.
        order, starts, counts: edges sorted by pair, and where each pair's begin and how many they are.
        pair_source, pair_target: the tokens of each directed pair.
    """

    def __init__(self, pools: Mapping[Address, Pool]) -> None:
        addresses = sorted(pools)
        self.pools: list[Pool] = [pools[address] for address in addresses]
        self.index: dict[Address, int] = {address: i for i, address in enumerate(addresses)}
        tokens = sorted({token for pool in self.pools for token in (pool.token0, pool.token1)})
        self.tokens: tuple[Address, ...] = tuple(tokens)
        self.token_index: dict[Address, int] = {token: i for i, token in enumerate(tokens)}
        self._lay_out()
        edges = 2 * len(self.pools)
        self.reserve_in: Floats = np.zeros(edges)
        self.reserve_out: Floats = np.zeros(edges)
        self.kept: Floats = np.repeat([1 - pool.fee_pips / PIPS for pool in self.pools] or [0.0], 2)[:edges]
        self.log_rate: Floats = np.full(edges, -np.inf)
        self._fill(range(len(self.pools)))

    def update(self, pools: Mapping[Address, Pool], addresses: Iterable[Address]) -> None:
        """Take over the new states of ``addresses``; which pools there are must not have changed."""
        changed = []
        for address in addresses:
            at = self.index[address]
            if self.pools[at] is not pools[address]:
                self.pools[at] = pools[address]
                changed.append(at)
        self._fill(changed)

    def best_by_pair(self) -> Floats:
        """Return the best logarithmic rate among each directed pair's pools."""
        if not len(self.starts):
            return np.zeros(0)
        return np.maximum.reduceat(self.log_rate[self.order], self.starts)

    def hop_of(self, edge: int) -> tuple[Pool, Address, Address]:
        """Return the edge's pool, token sold and token bought."""
        pool = self.pools[edge // 2]
        return (pool, pool.token1, pool.token0) if edge % 2 else (pool, pool.token0, pool.token1)

    def pools_between(self, token: Address, other: Address) -> list[Pool]:
        """Return the pools that trade ``token`` for ``other``, in order of their addresses."""
        if token not in self.token_index or other not in self.token_index:
            return []
        pair = self.pair_index.get((self.token_index[token], self.token_index[other]))
        if pair is None:
            return []
        start = int(self.starts[pair])
        return [self.pools[int(edge) // 2] for edge in self.order[start : start + int(self.counts[pair])]]

    def _lay_out(self) -> None:
        ends = np.array(
            [(self.token_index[pool.token0], self.token_index[pool.token1]) for pool in self.pools],
            dtype=np.int64,
        ).reshape(-1, 2)
        source, target = ends.reshape(-1), ends[:, ::-1].reshape(-1)
        keys, pair_of_edge, counts = np.unique(
            source * len(self.tokens) + target, return_inverse=True, return_counts=True
        )
        self.order: Ints = np.argsort(pair_of_edge, kind="stable")
        self.counts: Ints = counts.astype(np.int64)
        self.starts: Ints = np.cumsum(self.counts) - self.counts
        self.pair_source: Ints = keys // max(len(self.tokens), 1)
        self.pair_target: Ints = keys % max(len(self.tokens), 1)
        pairs: Any = zip(self.pair_source.tolist(), self.pair_target.tolist(), strict=True)
        self.pair_index: dict[tuple[int, int], int] = {pair: i for i, pair in enumerate(pairs)}

    def _fill(self, positions: Iterable[int]) -> None:
        at = np.array(list(positions), dtype=np.int64)
        if not len(at):
            return
        rows = []
        for position in at.tolist():
            pool = self.pools[position]
            rows.append(
                [
                    reserve / Q96
                    for token in (pool.token0, pool.token1)
                    for reserve in pool.virtual_reserves_q96(token)
                ]
            )
        reserves = np.array(rows)
        edges = np.stack((2 * at, 2 * at + 1), axis=1).reshape(-1)
        self.reserve_in[edges] = reserves[:, 0::2].reshape(-1)
        self.reserve_out[edges] = reserves[:, 1::2].reshape(-1)
        r_in, r_out, kept = self.reserve_in[edges], self.reserve_out[edges], self.kept[edges]
        alive = (r_in > 0) & (r_out > 0)
        rate = np.divide(kept * r_out, r_in, out=np.zeros_like(r_in), where=alive)
        self.log_rate[edges] = np.log(rate, out=np.full_like(rate, -np.inf), where=rate > 0)
