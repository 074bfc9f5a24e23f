"""``PathOptimizer``: which cycles of pools are worth sizing."""

from __future__ import annotations

import math

import numpy as np

from steelyard.decide.arbitrage.cache import ArbitrageCache
from steelyard.decide.arbitrage.cycles import estimated_profit, expand, profitable
from steelyard.decide.arbitrage.graph import Floats, Ints, MarketGraph
from steelyard.decide.arbitrage.route import Hop, Route
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.exceptions import ConfigError
from steelyard.model import MarketSnapshot
from steelyard.units import ETHER, WAD, Address

_SAMPLE_WEI = ETHER
"""The amount whose price in an asset makes estimates in different assets comparable."""


class PathOptimizer:
    """Finds the cycles whose marginal rates, fees of pools and lender included, multiply to more than one.

    Args:
        path_length: most hops of a cycle, 2 or 3.
        max_candidates: most cycles returned, those that promise the most wei first.
    """

    def __init__(self, *, path_length: int = 3, max_candidates: int = 200) -> None:
        if path_length not in (2, 3):
            raise ConfigError(f"path_length must be 2 or 3, not {path_length}")
        if max_candidates < 1:
            raise ConfigError(f"max_candidates must be positive, not {max_candidates}")
        self._path_length = path_length
        self._max_candidates = max_candidates

    def find_arbitrage(
        self, snapshot: MarketSnapshot, graph: MarketGraph, cache: ArbitrageCache, valuer: Valuer
    ) -> tuple[Route, ...]:
        """Return the most promising routes through every asset that a lender of the snapshot lists.

        A cycle through several borrowable assets is a route from each of them. The order is by estimated
        profit in wei, then by the pools' addresses; equal markets give equal answers.
        """
        best = graph.best_by_pair()
        found: list[tuple[Ints, Floats]] = []
        for asset, fee in sorted(_cheapest_fees(snapshot).items()):
            base = graph.token_index.get(asset)
            if base is None:
                continue
            price = _price(valuer, asset)
            cycles = cache.cycles(base)
            for rows in (cycles.two, cycles.three)[: self._path_length - 1]:
                edges = expand(graph, best, profitable(best, rows, math.log1p(fee)), math.log1p(fee))
                found.append((edges, estimated_profit(graph, edges, fee) * price))
        return tuple(
            tuple(
                Hop(pool=pool, token_in=sold, token_out=bought)
                for pool, sold, bought in map(graph.hop_of, row)
            )
            for row in _ranked(found, self._max_candidates)
        )


def _cheapest_fees(snapshot: MarketSnapshot) -> dict[Address, float]:
    fees: dict[Address, float] = {}
    for terms in snapshot.lenders:
        fee = terms.fee_wad / WAD
        fees[terms.asset] = min(fee, fees.get(terms.asset, fee))
    return fees


def _price(valuer: Valuer, asset: Address) -> float:
    """Wei per base unit, for ranking only; 0 without a price, which ranks last."""
    units = valuer.units_at_spot(asset, _SAMPLE_WEI)
    return _SAMPLE_WEI / units if units else 0.0


def _ranked(found: list[tuple[Ints, Floats]], most: int) -> list[list[int]]:
    """Merge cycles of all lengths, best first, and take the first ``most``."""
    if not found:
        return []
    width = max(edges.shape[1] for edges, _ in found)
    padded = np.concatenate(
        [np.pad(edges, ((0, 0), (0, width - edges.shape[1])), constant_values=-1) for edges, _ in found]
    )
    value = np.concatenate([value for _, value in found])
    if len(value) > most:  # only the top needs sorting; ties at the cut are all kept for it
        cut = np.partition(value, len(value) - most)[len(value) - most]
        padded, value = padded[value >= cut], value[value >= cut]
    order = np.lexsort((*(padded[:, hop] for hop in range(width - 1, -1, -1)), -value))[:most]
    return [[edge for edge in row if edge >= 0] for row in padded[order].tolist()]
