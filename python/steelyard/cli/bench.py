"""``steelyard bench``: how the cost of a decision grows with the market.

The market is synthetic (``sandbox.synthetic_market``): no chain is needed, equal seeds are equal work.
The clock of "logs to plans" starts at the bytes of a node's answer in memory and stops at the ranked plans.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import click
import psutil
from rich.console import Console
from rich.table import Table

from steelyard.amm import UniswapV2Pool, UniswapV3Pool
from steelyard.decide.arbitrage import ArbitrageCache, ArbitrageSettings, PathOptimizer, decide
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.exceptions import ConfigError
from steelyard.model import BlockRef, Decision, MarketSnapshot
from steelyard.observe.discovery import PoolIdentity
from steelyard.observe.logs import apply_logs
from steelyard.observe.pools import Known
from steelyard.sandbox.synthetic_market import synthetic_market

T = TypeVar("T")

LEAST_TOUCHED = 5
MEGABYTE = 1 << 20
TABLE_WIDTH = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockCost:
    """Milliseconds that one block took, stage by stage, and how many cycles were sized."""

    follow: float
    update: float
    screen: float
    size: float
    candidates: int

    @property
    def total(self) -> float:
        """From log bytes to plans."""
        return self.follow + self.update + self.screen + self.size


class DecisionBench:
    """A keeper's way from raw logs to plans, without the keeper."""

    def __init__(self, pools: int, *, seed: int, touched_percent: int) -> None:
        self.touched = max(pools * touched_percent // 100, LEAST_TOUCHED)
        before = _resident_megabytes()
        self._market = synthetic_market(pools, seed=seed)
        self._snapshot = self._market.snapshot
        self._known: dict[str, Known] = {
            address.lower(): pool
            for address, pool in self._snapshot.pools.items()
            if isinstance(pool, UniswapV2Pool | UniswapV3Pool)
        }
        native = self._market.wrapped_native
        self._settings = ArbitrageSettings(executor=native, wrapped_native=native)
        self._cache = ArbitrageCache()
        _, self.cold_milliseconds = _timed(self._decide)
        self.megabytes = _resident_megabytes() - before

    @property
    def tokens(self) -> int:
        return len(self._snapshot.tokens)

    def block(self) -> BlockCost:
        """Let a block be traded, follow it by its raw logs, decide on it, and say what that took."""
        self._market, logs = self._market.next_block(self.touched)
        block, raw = self._market.snapshot.block, json.dumps(logs).encode()
        self._snapshot, follow = _timed(lambda: self._follow(block, raw))
        if self._snapshot.pools != self._market.snapshot.pools:
            raise AssertionError("the logs did not lead to the market's state")
        names = [venue.name for venue in self._market.venues]
        graph, update = _timed(lambda: self._cache.graph(self._snapshot, names))
        paths = PathOptimizer(max_candidates=self._settings.max_candidates)
        valuer = Valuer(graph, self._settings.wrapped_native)
        _, screen = _timed(lambda: paths.find_arbitrage(self._snapshot, graph, self._cache, valuer))
        # The graph is up to date by now: comparing it and screening once more are taken off again.
        _, again = _timed(lambda: self._cache.graph(self._snapshot, names))
        decision, whole = _timed(self._decide)
        size = max(whole - again - screen, 0.0)
        return BlockCost(
            follow=follow, update=update, screen=screen, size=size, candidates=len(decision.verdicts)
        )

    def _decide(self) -> Decision:
        return decide(self._snapshot, self._settings, self._market.venues, self._cache)

    def _follow(self, block: BlockRef, raw: bytes) -> MarketSnapshot:
        effects = apply_logs(json.loads(raw), block.hash, self._known.get)
        self._known |= effects.after
        pools = dict(self._snapshot.pools)
        after = [pool for pool in effects.after.values() if not isinstance(pool, PoolIdentity)]
        pools.update((pool.address, pool) for pool in after)
        return replace(
            self._snapshot, block=block, pools=pools, touched=frozenset(pool.address for pool in after)
        )


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
def bench(pools: str, blocks: int, seed: int, touched_percent: int) -> None:
    """Measure how a decision's cost grows with the market."""
    table = _table(blocks)
    console = Console()
    console = Console(width=max(console.width, TABLE_WIDTH))  # a pipe's 80 columns would cut the figures off
    for size in _sizes(pools):
        with console.status(f"{size:,} pools, {blocks} blocks"):
            market = DecisionBench(size, seed=seed, touched_percent=touched_percent)
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
    for heading in ("pools", "tokens", "touched", "sized"):
        table.add_column(heading, justify="right")
    for heading in ("follow logs", "update", "screen", "size", "logs to plans", "cold start", "memory"):
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _row(pools: int, market: DecisionBench, costs: list[BlockCost]) -> list[str]:
    return [
        f"{pools:,}",
        f"{market.tokens:,}",
        f"{market.touched:,}",
        f"{sorted(cost.candidates for cost in costs)[len(costs) // 2]:,}",
        _spread([cost.follow for cost in costs]),
        _spread([cost.update for cost in costs]),
        _spread([cost.screen for cost in costs]),
        _spread([cost.size for cost in costs]),
        _spread([cost.total for cost in costs]),
        f"{market.cold_milliseconds:,.0f}",
        f"{market.megabytes:,.0f} MB",
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
