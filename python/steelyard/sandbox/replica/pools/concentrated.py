"""How liquidity lies around the price in pools with ticks: Uniswap V3 and all that follow it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import Final

from steelyard.amm.tick_math import sqrt_ratio_at_tick
from steelyard.sandbox.replica.manifest import PoolRecord
from steelyard.sandbox.replica.pools.plan import STABLES, PoolPlan, PricedPlan
from steelyard.sandbox.replica.workbench import ARCHITECT, Workbench
from steelyard.units import Q96, Address

_MINT_BY_ROUTER: Final = "mint(address,address,int24,int24,uint128)"
_LARGEST_TICK: Final = 887_272


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A position relative to the current tick.

    Attributes:
        below_ticks: how far its lower edge lies under the current tick; negative puts it above.
        above_ticks: how far its upper edge lies over the current tick; negative puts it below.
        share_percent: its part of the pool's liquidity.
    """

    below_ticks: int
    above_ticks: int
    share_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A position to be minted: its edges, and base units of each token that it may take."""

    lower_tick: int
    upper_tick: int
    amount0: int
    amount1: int


# Overlapping bands: a swap of one per cent leaves the first, and finds other liquidity at each edge.
VOLATILE_BANDS: Final = (
    Band(below_ticks=120, above_ticks=120, share_percent=15),
    Band(below_ticks=480, above_ticks=360, share_percent=25),
    Band(below_ticks=1_200, above_ticks=1_500, share_percent=20),
    Band(below_ticks=6_000, above_ticks=6_000, share_percent=20),
    Band(below_ticks=887_000, above_ticks=887_000, share_percent=10),
    Band(below_ticks=-60, above_ticks=900, share_percent=5),
    Band(below_ticks=900, above_ticks=-60, share_percent=5),
)
STABLE_BANDS: Final = (
    Band(below_ticks=3, above_ticks=3, share_percent=20),
    Band(below_ticks=10, above_ticks=10, share_percent=40),
    Band(below_ticks=60, above_ticks=40, share_percent=25),
    Band(below_ticks=600, above_ticks=600, share_percent=10),
    Band(below_ticks=887_000, above_ticks=887_000, share_percent=5),
)


def first_sqrt_price_x96(priced: PricedPlan) -> int:
    """Root of the first price, times 2^96. Rounds down: at most one part in 2^96 under the fraction."""
    numerator, denominator = priced.price
    return isqrt(numerator * Q96 * Q96 // denominator)


def positions_of(plan: PoolPlan, tick: int) -> list[Position]:
    """The positions that fill a pool whose price stands at `tick`: narrow ones between two stable coins."""
    token0, token1 = plan.pair
    bands = STABLE_BANDS if STABLES.issuperset(plan.tokens) else VOLATILE_BANDS
    positions = []
    for band in bands:
        lower, upper = _edges(tick, band, plan.tick_spacing)
        side_usd = plan.side_usd * band.share_percent // 100
        position = Position(
            lower_tick=lower,
            upper_tick=upper,
            amount0=token0.base_units(side_usd),
            amount1=token1.base_units(side_usd),
        )
        positions.append(position)
    return positions


def _edges(tick: int, band: Band, spacing: int) -> tuple[int, int]:
    """Edges of a band on the grid of `spacing`: outwards from the tick, so that no band is empty."""
    bound = _LARGEST_TICK // spacing * spacing
    lower = (tick - band.below_ticks) // spacing * spacing
    upper = -(-(tick + band.above_ticks) // spacing) * spacing
    return max(lower, -bound), min(max(upper, lower + spacing), bound)


def liquidity_of(position: Position, sqrt_price_x96: int) -> int:
    """The most liquidity that the position's amounts pay for at a price. Rounds down.

    Source: Uniswap V3 white paper, section 6.2.3, solved for the liquidity.
    """
    lower = sqrt_ratio_at_tick(position.lower_tick)
    upper = sqrt_ratio_at_tick(position.upper_tick)
    at = min(max(sqrt_price_x96, lower), upper)
    of_token0 = position.amount0 * at * upper // (Q96 * (upper - at)) if at < upper else None
    of_token1 = position.amount1 * Q96 // (at - lower) if at > lower else None
    return min(each for each in (of_token0, of_token1) if each is not None)


def fill_by_router(
    bench: Workbench, router: Address, priced: PricedPlan, record: PoolRecord, state: tuple[str, str]
) -> None:
    """Gives a pool its first price and queues its positions through a model of its router.

    Args:
        state: the pool's view that begins with the root of the price and the tick: signature and types.
    """
    bench.send(record.address, "initialize(uint160)", first_sqrt_price_x96(priced))
    sqrt_price_x96, tick, *_ = bench.read(record.address, *state)
    for position in positions_of(priced.plan, tick):
        edges = (position.lower_tick, position.upper_tick)
        liquidity = liquidity_of(position, sqrt_price_x96)
        bench.send(router, _MINT_BY_ROUTER, record.address, ARCHITECT, *edges, liquidity)
