"""The work that every side gets: pools, amounts and cycles, drawn once from a seed, as JSON.

The cycles are from the product's synthetic market, so tokens have 6, 8 and 18 decimals. Quoted is the
recorded mainnet pool with its 458 ticks where it lies beside the checkout; elsewhere one with as many.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from bootstrap.layout import ROOT
from steelyard.amm import Pool, TickMap, UniswapV2Pool, UniswapV3Pool
from steelyard.amm.tick_math import sqrt_ratio_at_tick
from steelyard.decide.arbitrage import AmtOptimizer, ArbitrageCache, PathOptimizer, Route
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.model import LenderKind, LenderTerms
from steelyard.sandbox.synthetic_market import SyntheticMarket, synthetic_market
from steelyard.units import ETHER, Address

Json = dict[str, Any]

RECORDED: Final = ROOT.parent / "shared" / "data" / "uniswap_v3_wbtc_weth" / "state_block_24407242.json"
WBTC: Final = Address("0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599")
WETH: Final = Address("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2")
CROSSINGS: Final = (0, 30, 313)
TICKS: Final = 458
MARKET_POOLS: Final = 600
MOST_ROUTES: Final = 4_000
DRIFT: Final = 0.006
CAP_WEI: Final = 500 * ETHER


@dataclass(frozen=True)
class QuoteWork:
    """A V2 pair and a V3 pool with many ticks, and the amounts that cross 0, 30 and 313 of them.

    Attributes:
        source: where the V3 pool is from, for the report.
        moved: the V3 pool after a small swap: what a block brings.
    """

    pair: UniswapV2Pool
    pool: UniswapV3Pool
    moved: UniswapV3Pool
    amounts: dict[int, int]
    source: str


def exported(pool: Pool) -> Json:
    """Return the pool's state as every worker reads it.

    Raises:
        TypeError: the kind has no export.
    """
    common = {"id": pool.address, "token0": pool.token0, "token1": pool.token1, "fee_pips": pool.fee_pips}
    if isinstance(pool, UniswapV2Pool):
        return {**common, "kind": "v2", "reserve0": pool.reserve0, "reserve1": pool.reserve1}
    if isinstance(pool, UniswapV3Pool):
        ticks = zip(pool.ticks.indices, pool.ticks.liquidity_gross, pool.ticks.liquidity_net, strict=True)
        return {
            **common,
            "kind": "v3",
            "tick_spacing": pool.tick_spacing,
            "sqrt_price_x96": pool.sqrt_price_x96,
            "tick": pool.tick,
            "liquidity": pool.liquidity,
            "ticks": [list(row) for row in ticks],
        }
    raise TypeError(f"no export for {type(pool).__name__}")


def imported(state: Json) -> Pool:
    """Return the pool that ``exported`` was given."""
    common = {
        "address": Address(state["id"]),
        "token0": Address(state["token0"]),
        "token1": Address(state["token1"]),
        "venue": "benchmark",
        "fee_pips": state["fee_pips"],
    }
    if state["kind"] == "v2":
        return UniswapV2Pool(**common, reserve0=state["reserve0"], reserve1=state["reserve1"])
    return UniswapV3Pool(
        **common,
        tick_spacing=state["tick_spacing"],
        sqrt_price_x96=state["sqrt_price_x96"],
        tick=state["tick"],
        liquidity=state["liquidity"],
        ticks=TickMap.of({tick: (gross, net) for tick, gross, net in state["ticks"]}),
    )


def quote_work(seed: int) -> QuoteWork:
    """Draw the work of the quotes."""
    pool, source = _many_ticks(seed)
    pair = UniswapV2Pool(
        address=Address("0x" + "22" * 20),
        token0=pool.token0,
        token1=pool.token1,
        venue="benchmark",
        fee_pips=3_000,
        reserve0=400 * 10**8,
        reserve1=12_300 * ETHER,
    )
    amounts = {crossed: _amount_that_crosses(pool, crossed) for crossed in CROSSINGS}
    _, moved = pool.swap_exact_in(pool.token0, max(amounts[0] // 7, 1))
    return QuoteWork(pair=pair, pool=pool, moved=moved, amounts=amounts, source=source)


def _many_ticks(seed: int) -> tuple[UniswapV3Pool, str]:
    if RECORDED.is_file():
        return _recorded(RECORDED), f"the recorded WBTC/WETH pool, {TICKS} ticks"
    return _drawn(Random(seed)), f"a drawn pool, {TICKS} ticks (the recorded one is not beside this checkout)"


def _recorded(path: Path) -> UniswapV3Pool:
    state = json.loads(path.read_text(encoding="utf-8"))
    scalars = state["scalars"]
    return UniswapV3Pool(
        address=Address(state["pool"]),
        token0=WBTC,
        token1=WETH,
        venue="benchmark",
        fee_pips=scalars["fee"],
        tick_spacing=scalars["tick_spacing"],
        sqrt_price_x96=scalars["sqrt_price_x96"],
        tick=scalars["tick"],
        liquidity=scalars["liquidity"],
        ticks=TickMap.of({int(tick): (row[0], row[1]) for tick, row in state["tick_data"].items()}),
    )


def _drawn(rng: Random) -> UniswapV3Pool:
    """Draw a pool near WBTC/WETH's price with ``TICKS`` initialised ticks, most of them below the price."""
    spacing, centre = 60, 265_260
    edges = rng.sample(range(centre // spacing - 700, centre // spacing + 90), TICKS)
    ticks = TickMap(indices=(), liquidity_net=(), liquidity_gross=())
    for lower, upper in zip(sorted(edges)[: TICKS // 2], sorted(edges)[TICKS // 2 :], strict=True):
        ticks = ticks.with_position(lower * spacing, upper * spacing, int(10 ** rng.uniform(13, 15.5)))
    return UniswapV3Pool(
        address=Address("0x" + "33" * 20),
        token0=WBTC,
        token1=WETH,
        venue="benchmark",
        fee_pips=3_000,
        tick_spacing=spacing,
        sqrt_price_x96=sqrt_ratio_at_tick(centre + 7),
        tick=centre + 7,
        liquidity=ticks.liquidity_at(centre + 7),
        ticks=ticks,
    )


def _amount_that_crosses(pool: UniswapV3Pool, ticks: int) -> int:
    """Return an amount of token0 whose sale crosses that many initialised ticks.

    The least amount that does, and half of what is left of that range; by bisection.
    """
    first = _least(lambda amount: crossed(pool, amount) >= ticks) if ticks else 1
    beyond = _least(lambda amount: crossed(pool, amount) > ticks)
    return (first + beyond) // 2


def crossed(pool: UniswapV3Pool, amount: int) -> int:
    """Return how many initialised ticks a sale of that much token0 crosses."""
    _, after = pool.swap_exact_in(pool.token0, amount)
    return sum(after.tick < tick <= pool.tick for tick in pool.ticks.indices)


def _least(holds: Any) -> int:
    high = 1
    while not holds(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


@dataclass(frozen=True)
class CycleSet:
    """Profitable cycles of one shape, with what they are made of.

    Attributes:
        cycles: each a list of (pool, token sold), and the largest loan allowed.
    """

    name: str
    pools: list[Json]
    decimals: dict[str, int]
    cycles: list[Json]


def cycle_sets(seed: int, count: int) -> dict[str, CycleSet]:
    """Draw ``count`` cycles of each shape from synthetic markets: every token between may be a coarse one."""
    found: dict[str, list[tuple[Route, int]]] = {name: [] for name in SHAPES}
    decimals: dict[str, int] = {}
    while min(len(routes) for routes in found.values()) < count:
        market = synthetic_market(MARKET_POOLS, seed=seed, drift=DRIFT)
        decimals |= {token.address: token.decimals for token in market.snapshot.tokens.values()}
        for route, cap in routes_of(market):
            name = _shape(route)
            if name in found and len({decimals[hop.token_in] for hop in route}) > 1 and _fits(route, cap):
                found[name].append((route, cap))
        seed += 1_000
    return {name: _cycle_set(name, routes, decimals, count, seed) for name, routes in found.items()}


def _fits(route: Route, cap: int) -> bool:
    """Tell whether the best loan is below the cap: not every peer knows one."""
    terms = LenderTerms(kind=LenderKind.MORPHO_BLUE, asset=route[0].token_in, available=cap, fee_wad=0)
    sizing = AmtOptimizer(tolerance_ppm=10, max_evaluations=2).optimize(route, terms, cap)
    return sizing is not None and sizing.amounts[0] < cap


SHAPES: Final = {"V2-V2": "22", "V2-V2-V2": "222", "V2-V3": "23", "three legs, some V3": "223"}


def _shape(route: Route) -> str:
    kinds = "".join(sorted("3" if isinstance(hop.pool, UniswapV3Pool) else "2" for hop in route))
    if len(route) == 3 and "3" in kinds:
        kinds = SHAPES["three legs, some V3"]
    return next((name for name, of in SHAPES.items() if of == kinds), "")


def routes_of(market: SyntheticMarket) -> Iterable[tuple[Route, int]]:
    """Return the market's cycles whose first unit pays, with the largest loan of each base unit."""
    snapshot, cache = market.snapshot, ArbitrageCache()
    graph = cache.graph(snapshot, [venue.name for venue in market.venues])
    valuer = Valuer(graph, market.wrapped_native)
    finder = PathOptimizer(max_candidates=MOST_ROUTES)
    for route in finder.find_arbitrage(snapshot, graph, cache, valuer):
        yield route, int(CAP_WEI / market.worth_wei[route[0].token_in])


def _cycle_set(
    name: str, routes: list[tuple[Route, int]], decimals: dict[str, int], count: int, seed: int
) -> CycleSet:
    """Take ``count`` by chance: the best ranked alone would all be of one kind."""
    chosen = Random(seed).sample(routes, count)
    pools = {hop.pool.address: hop.pool for route, _ in chosen for hop in route}
    tokens = {token for pool in pools.values() for token in (pool.token0, pool.token1)}
    return CycleSet(
        name=name,
        pools=[exported(pool) for pool in pools.values()],
        decimals={token: decimals[token] for token in sorted(tokens)},
        cycles=[
            {"hops": [[hop.pool.address, hop.token_in] for hop in route], "cap": cap} for route, cap in chosen
        ],
    )
