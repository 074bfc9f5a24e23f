"""``steelyard bench-start``: what a first start, a restart and a block cost on a market of real pools.

The market is made by wholesale on the offline mainnet: real factories and pool code, read over RPC as a live
one is. The clock runs from a follower that knows nothing to its first snapshot; imports are not counted.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeVar

import click
from rich.console import Console
from rich.table import Table

from steelyard.connect.chain import ChainClient
from steelyard.connect.rpc import RpcClient
from steelyard.exceptions import RpcInconsistent
from steelyard.model import LenderKind, MarketSnapshot, Venue, VenueKind
from steelyard.observe.checkpointer import Checkpointer
from steelyard.observe.follower import MarketFollower
from steelyard.observe.progress import silent
from steelyard.observe.watch import WatchList
from steelyard.sandbox.replica import Replica, ensure_replica
from steelyard.sandbox.replica.protocols import (
    aave_v3,
    balancer_v2,
    morpho_blue,
    sushiswap_v2,
    uniswap_v2,
    uniswap_v3,
)
from steelyard.sandbox.wholesale import Wholesaler
from steelyard.sandbox.wholesale_market import WholesaleMarket, make_market
from steelyard.units import GWEI

T = TypeVar("T")

RESTARTS = 3
V2_FEE_PIPS = 3_000
MEGABYTE = 1e6
TABLE_WIDTH = 120
NODE_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCost:
    """What one market cost, in seconds; ``follow`` is that of one block, the middle of them."""

    pools: int
    tokens: int
    make: float
    cold: float
    save: float
    checkpoint_bytes: int
    warm: float
    follow: float
    touched: int


class StartBench:
    """One market on one replica, and followers that come to know it."""

    def __init__(self, replica: Replica, pools: int, *, seed: int, folder: Path) -> None:
        self._replica = replica
        self._rpc = replica.connect()
        self._wholesaler = Wholesaler(self._rpc)
        self._rng = Random(seed)
        self.market, self.make_seconds = _timed(
            lambda: make_market(self._wholesaler, replica.manifest, pools, seed=seed)
        )
        self._watch = _watch(self.market)
        self._path = folder / "market"

    def measure(self, blocks: int, touched_percent: int) -> StartCost:
        """Start cold, save, start warm, and follow some blocks."""
        cold = self._follower()
        snapshot, cold_seconds = _timed(lambda: _first(cold))
        _, save_seconds = _timed(cold.close)
        restarts = []
        for _ in range(RESTARTS):
            warm = self._follower()
            again, seconds = _timed(partial(_first, warm))
            restarts.append(seconds)
            if again.pools != snapshot.pools:
                raise AssertionError("the restart led to another market")
        touched = max(len(self.market.orders) * touched_percent // 100, 1)
        followed = sorted(self._follow(warm, touched) for _ in range(blocks))
        return StartCost(
            pools=len(snapshot.pools),
            tokens=len(snapshot.tokens),
            make=self.make_seconds,
            cold=cold_seconds,
            save=save_seconds,
            checkpoint_bytes=self._path.stat().st_size,
            warm=min(restarts),
            follow=followed[len(followed) // 2],
            touched=touched,
        )

    def _follow(self, follower: MarketFollower, touched: int) -> float:
        self._wholesaler.touch(self._rng.sample(self.market.orders, touched))
        snapshot, seconds = _timed(lambda: _first(follower))
        if len(snapshot.touched) != touched:
            raise AssertionError("the block's logs did not touch the pools that were traded")
        return seconds

    def _follower(self) -> MarketFollower:
        rpc = RpcClient(self._replica.rpc_url, timeout_seconds=NODE_TIMEOUT_SECONDS)
        return MarketFollower(
            ChainClient(rpc),
            self._watch,
            priority_fee_wei=GWEI,
            clock=lambda: int(time.time()),
            checkpointer=Checkpointer(self._path, self._watch, silent),
        )


@click.command(name="bench-start")
@click.option(
    "--pools",
    "sizes",
    default=(1_000, 10_000),
    show_default=True,
    multiple=True,
    type=click.IntRange(12, 100_000),
    help="A size of market; may be given several times.",
)
@click.option("--blocks", default=9, show_default=True, type=click.IntRange(1, 1_000), help="Blocks a size.")
@click.option(
    "--seed", default=1, show_default=True, type=int, help="Of the market; the same is the same work."
)
@click.option(
    "--touched",
    "touched_percent",
    default=2,
    show_default=True,
    type=click.IntRange(1, 100),
    help="Pools that change in a block, in per cent.",
)
def bench_start(sizes: tuple[int, ...], blocks: int, seed: int, touched_percent: int) -> None:
    """Measure what a first start, a restart and a block cost, on real pools."""
    console = Console()
    console = Console(width=max(console.width, TABLE_WIDTH))  # a pipe's 80 columns would cut the figures off
    table = _table(blocks)
    for size in sizes:
        with (
            console.status(f"{size:,} pools"),
            tempfile.TemporaryDirectory() as folder,
            ensure_replica() as replica,
        ):
            bench = StartBench(replica, size, seed=seed, folder=Path(folder))
            table.add_row(*_row(bench.measure(blocks, touched_percent)))
    console.print(table)


def _watch(market: WholesaleMarket) -> WatchList:
    factories = (
        ("uniswap_v2", VenueKind.UNISWAP_V2, uniswap_v2.FACTORY, uniswap_v2.INIT_CODE_HASH, V2_FEE_PIPS),
        (
            "sushiswap_v2",
            VenueKind.UNISWAP_V2,
            sushiswap_v2.FACTORY,
            sushiswap_v2.INIT_CODE_HASH,
            V2_FEE_PIPS,
        ),
        ("uniswap_v3", VenueKind.UNISWAP_V3, uniswap_v3.FACTORY, uniswap_v3.INIT_CODE_HASH, 0),
    )
    venues = tuple(
        Venue(venue_id=at, name=name, kind=kind, factory=factory, init_code_hash=code_hash, fee_pips=fee)
        for at, (name, kind, factory, code_hash, fee) in enumerate(factories)
    )
    lenders = {
        LenderKind.BALANCER_V2: balancer_v2.VAULT,
        LenderKind.AAVE_V3: aave_v3.POOL,
        LenderKind.MORPHO_BLUE: morpho_blue.MORPHO,
    }
    return WatchList(chain_id=1, tokens=market.tokens, venues=venues, lenders=lenders)


def _first(follower: MarketFollower) -> MarketSnapshot:
    snapshot = follower.poll()
    if snapshot is None:
        raise RpcInconsistent("the node shows no new block")
    return snapshot


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def _table(blocks: int) -> Table:
    table = Table(title=f"Starts in seconds, one block in milliseconds (median of {blocks}), over RPC")
    for heading in ("pools", "tokens", "make the market", "cold start", "save", "checkpoint", "warm start"):
        table.add_column(heading, justify="right")
    for heading in ("touched", "follow a block"):
        table.add_column(heading, justify="right")
    return table


def _row(cost: StartCost) -> list[str]:
    return [
        f"{cost.pools:,}",
        f"{cost.tokens:,}",
        f"{cost.make:,.1f}",
        f"{cost.cold:,.2f}",
        f"{cost.save:,.2f}",
        f"{cost.checkpoint_bytes / MEGABYTE:,.1f} MB",
        f"{cost.warm:,.2f}",
        f"{cost.touched:,}",
        f"{cost.follow * 1000:,.0f}",
    ]
