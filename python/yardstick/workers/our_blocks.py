"""Our way from bytes to plans, and a start from what was saved."""

from __future__ import annotations

import tempfile
from dataclasses import fields
from pathlib import Path
from time import perf_counter
from typing import Final

from steelyard.amm import UniswapV2Pool, UniswapV3Pool
from steelyard.cli.bench import BlockCost, DecisionBench
from steelyard.decide.arbitrage import ArbitrageCache, ArbitrageSettings, decide
from steelyard.model import LenderKind
from steelyard.observe.checkpoint import Checkpoint, RowCache, encode, read_file, write_file
from steelyard.observe.discovery import PoolIdentity
from steelyard.observe.index import PoolIndex
from steelyard.observe.pools import Known
from steelyard.observe.watch import WatchList
from steelyard.sandbox.synthetic_market import SyntheticMarket, synthetic_market
from yardstick.workers.serving import Prepared, Task
from yardstick.workload import Json

TOUCHED_PERCENT: Final = 2
HISTORY_BLOCKS: Final = 16


def blocks(size: int, count: int, seed: int) -> Prepared:
    """Blocks from raw bytes to plans on a market of that size, in this process alone."""
    bench = DecisionBench(size, seed=seed, touched_percent=TOUCHED_PERCENT)
    costs = [bench.block() for _ in range(count)]
    answer = {
        "tokens": bench.tokens,
        "touched": bench.touched,
        "cold_ms": bench.cold_milliseconds,
        "market_mb": bench.market_megabytes,
        "engine_mb": bench.cache_megabytes,
        "costs": {part.name: [getattr(cost, part.name) for cost in costs] for part in fields(BlockCost)},
    }
    return lambda: answer


def warm_start(size: int, seed: int) -> Prepared:
    """A restart, but for the node: the saved file is read, checked, indexed, and decided on."""
    market = synthetic_market(size, seed=seed)
    watch = _watch(market)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint"
        saved = _checkpoint(market)
        write_file(path, encode(saved, watch, list(RowCache().rows(saved))))
        answer = {"file_mb": path.stat().st_size / (1 << 20), **_started(path, watch, market)}
    return lambda: answer


def _started(path: Path, watch: WatchList, market: SyntheticMarket) -> Json:
    start = perf_counter()
    taken = read_file(path, watch)
    assert taken is not None
    read = perf_counter()
    index = PoolIndex(HISTORY_BLOCKS)
    index.reset(taken.block, taken.identities.values(), taken.known)
    pools = index.pools()
    indexed = perf_counter()
    if pools != market.snapshot.pools:
        raise AssertionError("the file did not lead to the market's state")
    native = market.wrapped_native
    compared = perf_counter()
    settings = ArbitrageSettings(executor=native, wrapped_native=native)
    decide(market.snapshot, settings, market.venues, ArbitrageCache())
    decided = perf_counter()
    return {
        "read_ms": 1e3 * (read - start),
        "index_ms": 1e3 * (indexed - read),
        "decide_ms": 1e3 * (decided - compared),
    }


def _watch(market: SyntheticMarket) -> WatchList:
    return WatchList(
        chain_id=market.snapshot.chain_id,
        tokens=tuple(market.snapshot.tokens),
        venues=market.venues,
        lenders=dict.fromkeys(LenderKind, market.wrapped_native),
    )


def _checkpoint(market: SyntheticMarket) -> Checkpoint:
    venues = {venue.name: venue for venue in market.venues}
    known: dict[str, Known] = {
        address.lower(): pool
        for address, pool in market.snapshot.pools.items()
        if isinstance(pool, UniswapV2Pool | UniswapV3Pool)
    }
    identities = {
        address: PoolIdentity(
            address=pool.address,
            venue=venues[pool.venue],
            token0=pool.token0,
            token1=pool.token1,
            fee_pips=pool.fee_pips,
            tick_spacing=pool.tick_spacing if isinstance(pool, UniswapV3Pool) else 0,
        )
        for address, pool in known.items()
        if not isinstance(pool, PoolIdentity)
    }
    return Checkpoint(
        block=market.snapshot.block,
        tokens=market.snapshot.tokens,
        unusable={},
        identities=identities,
        known=known,
    )


TASKS: dict[str, Task] = {"blocks": blocks, "warm start": warm_start}
