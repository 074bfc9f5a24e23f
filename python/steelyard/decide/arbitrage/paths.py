"""``PathOptimizer``: which cycles of pools are worth sizing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from steelyard.decide.arbitrage.cache import ArbitrageCache
from steelyard.decide.arbitrage.cycles import Choices, expand, no_choices
from steelyard.decide.arbitrage.graph import Floats, Ints, MarketGraph
from steelyard.decide.arbitrage.longer_cycles import MAX_STEPS, Bounds, longer_cycles
from steelyard.decide.arbitrage.route import Route
from steelyard.decide.arbitrage.screening import MAX_CHOICES, WIDTH, Base, ShortCycles
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.exceptions import ConfigError
from steelyard.model import MarketSnapshot
from steelyard.units import ETHER, WAD, Address

SHORTEST: Final = 2
LONGEST: Final = 6

_SAMPLE_WEI = ETHER
"""The amount whose price in an asset makes estimates in different assets comparable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathSearch:
    """What was found in one state of the market.

    Attributes:
        routes: the most promising cycles, best first.
        limits: bounds that were reached, in sentences: what may have been missed, and what was left out.
            Empty where every cycle that pays is among the routes.
    """

    routes: tuple[Route, ...]
    limits: tuple[str, ...] = ()


class _Found(NamedTuple):
    """Cycles of pools from several bases, with the base of each."""

    choices: Choices
    base: Ints


class PathOptimizer:
    """Finds the cycles whose marginal rates, fees of pools and lender included, multiply to more than one.

    Args:
        path_length: most hops of a cycle, 2 to 6.
        max_candidates: most cycles returned, those that promise the most wei first.
        min_trading_limit: wei; cycles whose best loan is estimated below it come behind all others.
        max_choices, max_steps: bounds on work, see ``screening.MAX_CHOICES``, ``longer_cycles.MAX_STEPS``.

    Raises:
        ConfigError: an argument is out of its range.
    """

    def __init__(
        self,
        *,
        path_length: int = 3,
        max_candidates: int = 200,
        min_trading_limit: int = 0,
        max_choices: int = MAX_CHOICES,
        max_steps: int = MAX_STEPS,
    ) -> None:
        if not SHORTEST <= path_length <= LONGEST:
            raise ConfigError(f"path_length must be in {SHORTEST}..{LONGEST}, not {path_length}")
        for name, bound in (
            ("max_candidates", max_candidates),
            ("max_choices", max_choices),
            ("max_steps", max_steps),
        ):
            if bound < 1:
                raise ConfigError(f"{name} must be positive, not {bound}")
        if min_trading_limit < 0:
            raise ConfigError(f"min_trading_limit must not be negative, but is {min_trading_limit}")
        self._path_length = path_length
        self._max_candidates = max_candidates
        self._min_trading_limit = min_trading_limit
        self._max_choices = max_choices
        self._max_steps = max_steps

    def find_arbitrage(
        self, snapshot: MarketSnapshot, graph: MarketGraph, cache: ArbitrageCache, valuer: Valuer
    ) -> tuple[Route, ...]:
        """Return the most promising routes through every asset that a lender of the snapshot lists.

        A cycle through several borrowable assets is a route from each of them. The order is by estimated
        profit in wei, then by the pools' addresses; equal markets give equal answers.
        """
        return self.search(snapshot, graph, cache, valuer).routes

    def search(
        self, snapshot: MarketSnapshot, graph: MarketGraph, cache: ArbitrageCache, valuer: Valuer
    ) -> PathSearch:
        """Like ``find_arbitrage``, with how much there is beside it and what may have been missed."""
        assets, bases = _bases(snapshot, graph)
        prices = np.array([_price(valuer, asset) for asset in assets])
        limits: list[str] = []
        found = self._short(bases, cache, limits)
        if self._path_length > WIDTH:
            found = self._with_longer(found, graph, bases, limits)
        value = self._promise(found, prices)
        rows = _ranked(found.choices.edges, value, self._max_candidates)
        if len(rows) < len(value):
            limits.append(
                f"{len(value) - len(rows)} cycles that pay at the margin promise less than the first "
                f"{self._max_candidates} and were not looked at: max_candidates"
            )
        return PathSearch(routes=graph.routes(rows), limits=tuple(limits))

    def screen(self, snapshot: MarketSnapshot, graph: MarketGraph, cache: ArbitrageCache) -> int:
        """Return how many cycles of 2 and 3 tokens pay at the margin: the first pass of ``search`` alone."""
        _, bases = _bases(snapshot, graph)
        return len(self._cycles(bases, cache).paying(bases))

    def _cycles(self, bases: tuple[Base, ...], cache: ArbitrageCache) -> ShortCycles:
        return cache.short_cycles(tuple(base.token for base in bases), min(self._path_length, WIDTH))

    def _short(self, bases: tuple[Base, ...], cache: ArbitrageCache, limits: list[str]) -> _Found:
        cycles = self._cycles(bases, cache)
        choices, skipped = cycles.screen(bases, self._max_choices)
        if skipped:
            limits.append(
                f"{skipped} cycles of 2 or 3 tokens pay at the margin but were not looked at: "
                f"the bound is {self._max_choices} choices of pools"
            )
        return _Found(choices, cycles.base_of(choices.owner))

    def _with_longer(
        self, short: _Found, graph: MarketGraph, bases: tuple[Base, ...], limits: list[str]
    ) -> _Found:
        """Return the short cycles and the longer ones, in rows of the same width."""
        bounds = Bounds(graph, [base.token for base in bases], self._path_length)
        rows, base_of = [np.zeros((self._path_length, 0), dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        unfinished = 0
        for at, base in enumerate(bases):
            cycles, complete = longer_cycles(
                graph, bounds, at, base.token, self._path_length, float(np.log1p(base.fee)), self._max_steps
            )
            rows.append(cycles)
            base_of.append(np.full(cycles.shape[1], at))
            unfinished += not complete
        if unfinished:
            limits.append(
                f"cycles of {WIDTH + 1} to {self._path_length} hops through {unfinished} of {len(bases)} "
                f"assets may be missing: the search ended at its bound of {self._max_steps} steps"
            )
        longer = self._chosen(graph, bases, np.concatenate(rows, axis=1), np.concatenate(base_of), limits)
        wide = np.full((len(short.base), self._path_length), graph.no_edge)
        wide[:, :WIDTH] = short.choices.edges
        choices = short.choices._replace(edges=wide).beside(longer.choices)
        return _Found(choices, np.concatenate((short.base, longer.base)))

    def _chosen(
        self, graph: MarketGraph, bases: tuple[Base, ...], rows: Ints, base_of: Ints, limits: list[str]
    ) -> _Found:
        """Choose pools for the longer token cycles, those with the best rates first."""
        if not rows.shape[1]:
            return _Found(no_choices(self._path_length), base_of)
        fees = np.array([base.fee for base in bases])[base_of]
        total = graph.best[rows].sum(axis=0) - np.log1p(fees)
        order = np.lexsort((*rows, base_of, -total))
        weight = np.cumsum(graph.counts[rows[:, order]].astype(np.float64).prod(axis=0))
        order = order[weight <= self._max_steps]
        if len(order) < len(weight):
            limits.append(
                f"{len(weight) - len(order)} cycles of {WIDTH + 1} to {self._path_length} tokens pay at the "
                f"margin but were not looked at: the bound is {self._max_steps} choices of pools"
            )
        choices = expand(graph, order, rows[:, order], np.log1p(fees[order]), fees[order])
        return _Found(choices, base_of[choices.owner])

    def _promise(self, found: _Found, prices: Floats) -> Floats:
        """Return what each cycle promises, in wei, to rank by.

        Those whose loan is estimated below ``min_trading_limit`` come behind all others, in their order. They
        are not left out: an estimate knows one range of liquidity, which may be a thin one before a deep one,
        so only a size tells that a loan is too small.
        """
        price = prices[found.base] if len(prices) else np.zeros(0)
        value: Floats = found.choices.profit * price
        if not self._min_trading_limit:
            return value
        # Without a price nothing is known of the loan.
        small = (found.choices.trade * price < self._min_trading_limit) & (price > 0)
        return np.where(small, -1 / (1 + value), value)


def _bases(snapshot: MarketSnapshot, graph: MarketGraph) -> tuple[list[Address], tuple[Base, ...]]:
    """Return the assets that can be borrowed and traded, in their order, and as cycles start from them."""
    fees = sorted(_cheapest_fees(snapshot).items())
    offered = [(asset, fee) for asset, fee in fees if asset in graph.token_index]
    bases = tuple(Base(graph.token_index[asset], fee) for asset, fee in offered)
    return [asset for asset, _ in offered], bases


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


def _ranked(edges: Ints, value: Floats, most: int) -> list[list[int]]:
    """Return the first ``most`` rows, best first, then by their edges."""
    if len(value) > most:  # only the top needs sorting; ties at the cut are all kept for it
        cut = np.partition(value, len(value) - most)[len(value) - most]
        top = np.flatnonzero(value >= cut)
        edges, value = edges[top], value[top]
    order = np.argsort(-value)
    ranked = value[order]
    if (ranked[1:] == ranked[:-1]).any():  # only equals need their edges compared
        order = np.lexsort((*edges.T[::-1], -value))
    rows: list[list[int]] = edges[order[:most]].tolist()
    return rows
