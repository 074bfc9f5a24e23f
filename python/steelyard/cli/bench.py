"""``steelyard bench``: how the cost of a decision grows with the market.

The market is synthetic (``sandbox.synthetic_market``): no chain is needed, equal seeds are equal work.
The clock of "bytes to plans" starts at the bytes of a node's answer in memory and stops at the ranked plans.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import click
import psutil
from rich.console import Console
from rich.table import Table

from steelyard.amm import UniswapV2Pool, UniswapV3Pool
from steelyard.app.collector import settle_in, uncollected
from steelyard.decide.arbitrage import AmtOptimizer, ArbitrageCache, ArbitrageSettings, PathOptimizer, decide
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.exceptions import ConfigError
from steelyard.model import BlockRef, Decision, MarketSnapshot
from steelyard.observe.discovery import PoolIdentity
from steelyard.observe.index import PoolIndex
from steelyard.observe.pools import Known
from steelyard.sandbox.synthetic_market import SyntheticMarket, synthetic_market
from steelyard.units import Address

T = TypeVar("T")

LEAST_TOUCHED = 5
MEGABYTE = 1 << 20
TABLE_WIDTH = 190
_HISTORY_BLOCKS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockCost:
    """Milliseconds that one block took, stage by stage, and how many cycles were looked at.

    Attributes:
        decode: a node's JSON to new pool states.
        publish: the new states into the index, and a frozen snapshot out of it.
        update: the touched pools into the graph.
        screen: one pass over every cycle of two and three tokens: which pay at the margin.
        expand: pools chosen for those that pay, ranked, made into routes; it makes the pass a second time.
        size: the best loans of the candidates that a closed form does not refuse, and whose pools changed.
        certify: the loans of the plans, to the last unit.
        judge: the closed form that refuses most candidates, lenders, gas, limits, the best sequence of plans,
            and each verdict's sentence.
        total: from bytes to plans, taken whole.
    """

    decode: float
    publish: float
    update: float
    screen: float
    expand: float
    size: float
    certify: float
    judge: float
    total: float
    candidates: int
    plans: int


class TimedCache(ArbitrageCache):
    """A cache that knows what sizing took, for ranking and for proof, since it was last asked."""

    def __init__(self) -> None:
        super().__init__()
        self._milliseconds = {True: 0.0, False: 0.0}

    def size(self, optimizer: AmtOptimizer, *arguments: Any, **options: Any) -> Any:
        """Size as ever, and count the time; without a tolerance it is for proof."""
        start = time.perf_counter()
        search = super().size(optimizer, *arguments, **options)
        self._milliseconds[optimizer.tolerance_ppm == 0] += (time.perf_counter() - start) * 1_000
        return search

    def take_milliseconds(self) -> tuple[float, float]:
        """Return the milliseconds for ranking and for proof, and begin again."""
        took = self._milliseconds[False], self._milliseconds[True]
        self._milliseconds = {True: 0.0, False: 0.0}
        return took


class DecisionBench:
    """A keeper's way from raw logs to plans, without the keeper.

    Whole decisions are timed with one cache, and the graph and the screening by themselves with another, so
    that neither is warmed by the other's work.
    """

    def __init__(self, pools: int, *, seed: int, touched_percent: int, drift: float | None = None) -> None:
        self.touched = max(pools * touched_percent // 100, LEAST_TOUCHED)
        before = _resident_megabytes()
        self._market = synthetic_market(pools, seed=seed, drift=drift)
        self._snapshot = self._market.snapshot
        self._index = _index_of(self._market)
        self.market_megabytes = _resident_megabytes() - before
        native = self._market.wrapped_native
        self._settings = ArbitrageSettings(executor=native, wrapped_native=native)
        self._cache = TimedCache()
        _, self.cold_milliseconds = _timed(self.decide)
        self.cache_megabytes = _resident_megabytes() - before - self.market_megabytes
        self._parts_cache = ArbitrageCache()
        self._find()
        settle_in()

    @property
    def tokens(self) -> int:
        return len(self._snapshot.tokens)

    def block(self) -> BlockCost:
        """Let a block be traded, follow it by its raw logs, decide on it, and say what that took."""
        before, (self._market, logs) = self._snapshot.block, self._market.next_block(self.touched)
        block, raw = self._market.snapshot.block, json.dumps(logs).encode()
        gc.collect()  # while a keeper waits for a block there is time for it
        with uncollected():
            return self._follow(before, block, raw)

    def _follow(self, before: BlockRef, block: BlockRef, raw: bytes) -> BlockCost:
        start = time.perf_counter()
        draft = self._index.draft(before)
        draft.apply(block, json.loads(raw))
        decoded = time.perf_counter()
        touched = self._index.commit(before, draft)
        self._snapshot = self._published(block, touched)
        published = time.perf_counter()
        self._cache.take_milliseconds()
        decision, decided = _timed(self.decide)
        size, certify = self._cache.take_milliseconds()
        if self._snapshot.pools != self._market.snapshot.pools:
            raise AssertionError("the logs did not lead to the market's state")
        update, screen, expand = self._find()
        decode, publish = (decoded - start) * 1_000, (published - decoded) * 1_000
        return BlockCost(
            decode=decode,
            publish=publish,
            update=update,
            screen=screen,
            expand=expand,
            size=size,
            certify=certify,
            judge=max(decided - update - expand - size - certify, 0.0),
            total=decode + publish + decided,
            candidates=len(decision.verdicts),
            plans=len(decision.plans),
        )

    def decide(self) -> Decision:
        """Decide on the block that stands."""
        return decide(self._snapshot, self._settings, self._market.venues, self._cache)

    def _published(self, block: BlockRef, touched: frozenset[Address]) -> MarketSnapshot:
        return replace(
            self._snapshot,
            block=block,
            pools=self._index.pools(),
            touched=touched,
            observed_at_seconds=block.timestamp_seconds + 1,
        )

    def _find(self) -> tuple[float, float, float]:
        cache, snapshot = self._parts_cache, self._snapshot
        names = [venue.name for venue in self._market.venues]
        paths = PathOptimizer(
            path_length=self._settings.path_length, max_candidates=self._settings.max_candidates
        )
        graph, update = _timed(lambda: cache.graph(snapshot, names))
        valuer = Valuer(graph, self._settings.wrapped_native)
        _, screen = _timed(lambda: paths.screen(snapshot, graph, cache))
        _, expand = _timed(lambda: paths.find_arbitrage(snapshot, graph, cache, valuer))
        return update, screen, expand


def _index_of(market: SyntheticMarket) -> PoolIndex:
    venues = {venue.name: venue for venue in market.venues}
    states: dict[Address, Known] = {
        address: pool
        for address, pool in market.snapshot.pools.items()
        if isinstance(pool, UniswapV2Pool | UniswapV3Pool)
    }
    identities = [
        PoolIdentity(
            address=pool.address,
            venue=venues[pool.venue],
            token0=pool.token0,
            token1=pool.token1,
            fee_pips=pool.fee_pips,
        )
        for pool in market.snapshot.pools.values()
    ]
    index = PoolIndex(_HISTORY_BLOCKS)
    index.reset(market.snapshot.block, identities, states)
    return index


@click.command()
@click.option("--pools", default="100,1000,10000", show_default=True, help="Sizes of market, with commas.")
@click.option(
    "--blocks", default=30, show_default=True, type=click.IntRange(2, 10_000), help="Blocks a size."
)
@click.option(
    "--seed", default=1, show_default=True, type=int, help="Of the market; the same is the same work."
)
@click.option(
    "--touched",
    "touched_percent",
    default=2,
    show_default=True,
    type=click.IntRange(1, 100),
    help="Pools traded in a block, in per cent.",
)
@click.option(
    "--drift",
    default=None,
    type=click.FloatRange(0, 0.5),
    help="Of a wild market: how far prices part, as a fraction, such as 0.004. "
    "Without it the market is an arbitraged one, as real ones are.",
)
def bench(pools: str, blocks: int, seed: int, touched_percent: int, drift: float | None) -> None:
    """Measure how a decision's cost grows with the market."""
    table = _table(blocks)
    console = Console()
    console = Console(width=max(console.width, TABLE_WIDTH))  # a pipe's 80 columns would cut the figures off
    for size in _sizes(pools):
        with console.status(f"{size:,} pools, {blocks} blocks"):
            market = DecisionBench(size, seed=seed, touched_percent=touched_percent, drift=drift)
            costs = [market.block() for _ in range(blocks)]
        table.add_row(*_row(size, market, costs))
    console.print(table)


def _sizes(text: str) -> list[int]:
    try:
        sizes = [int(part) for part in text.split(",")]
    except ValueError:
        sizes = []
    if not sizes or min(sizes) < 2:
        raise ConfigError(f"--pools must be whole numbers from 2 on with commas between them, not {text!r}")
    return sizes


def _table(blocks: int) -> Table:
    table = Table(title=f"One block, in milliseconds: median / 95th percentile of {blocks}")
    for heading in ("pools", "tokens", "touched", "candidates"):
        table.add_column(heading, justify="right")
    for heading in (
        "decode",
        "publish",
        "update",
        "screen",
        "expand",
        "size",
        "certify",
        "judge",
        "bytes to plans",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("cold", "market", "cache"):
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _row(pools: int, market: DecisionBench, costs: list[BlockCost]) -> list[str]:
    return [
        f"{pools:,}",
        f"{market.tokens:,}",
        f"{market.touched:,}",
        f"{sorted(cost.candidates for cost in costs)[len(costs) // 2]:,}",
        *(
            _spread([getattr(cost, stage) for cost in costs])
            for stage in (
                "decode",
                "publish",
                "update",
                "screen",
                "expand",
                "size",
                "certify",
                "judge",
                "total",
            )
        ),
        f"{market.cold_milliseconds:,.0f}",
        f"{market.market_megabytes:,.0f} MB",
        f"{market.cache_megabytes:,.0f} MB",
    ]


def _spread(values: list[float]) -> str:
    ranked = sorted(values)
    return f"{ranked[len(ranked) // 2]:,.2f} / {ranked[min(len(ranked) * 95 // 100, len(ranked) - 1)]:,.2f}"


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    """Return what the work returns, and the milliseconds it took."""
    start = time.perf_counter()
    result = work()
    return result, (time.perf_counter() - start) * 1_000


def _resident_megabytes() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss) / MEGABYTE
