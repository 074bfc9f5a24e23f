"""Pools as hypothesis draws them, and as tests write them down."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from steelyard.amm import TickMap, UniswapV2Pool, UniswapV3Pool
from steelyard.amm.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from steelyard.units import Address

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

TOKEN0 = Address("0x1111111111111111111111111111111111111111")
TOKEN1 = Address("0x2222222222222222222222222222222222222222")
POOL = Address("0x3333333333333333333333333333333333333333")

UINT112_MAX = 2**112 - 1
INT256_MAX = 2**255 - 1
SPACING_OF_TIER = {100: 1, 500: 10, 3_000: 60, 10_000: 200, 50_000: 16_383}
"""The last is nobody's, but a factory's owner could allow it: ranges so wide that uint256 overflows."""


def magnitudes(low: int, high: int) -> SearchStrategy[int]:
    """Whole numbers of ``low..high``, every order of magnitude as likely as the others."""
    bits = st.integers(low.bit_length(), high.bit_length())
    return bits.flatmap(
        lambda bit: st.integers(max(low, (1 << bit) >> 1), min(high, max(low, (1 << bit) - 1)))
    )


AMOUNTS = st.one_of(magnitudes(1, 2**130), st.sampled_from((1, 2, 3, INT256_MAX)))
TOKENS = st.sampled_from((TOKEN0, TOKEN1))


def v2_pool(
    reserve0: int,
    reserve1: int,
    *,
    fee_pips: int = 3_000,
    address: Address = POOL,
    token0: Address = TOKEN0,
    token1: Address = TOKEN1,
    venue: str = "uniswap_v2",
) -> UniswapV2Pool:
    """Write a pair down."""
    return UniswapV2Pool(
        address=address,
        token0=token0,
        token1=token1,
        venue=venue,
        fee_pips=fee_pips,
        reserve0=reserve0,
        reserve1=reserve1,
    )


def v3_pool(
    positions: list[tuple[int, int, int]],
    *,
    tick: int | None = None,
    sqrt_price_x96: int | None = None,
    fee_pips: int = 3_000,
    tick_spacing: int | None = None,
    address: Address = POOL,
    token0: Address = TOKEN0,
    token1: Address = TOKEN1,
    venue: str = "uniswap_v3",
) -> UniswapV3Pool:
    """Write a V3 pool down as positions ``(tick_lower, tick_upper, liquidity)`` and a price or a tick."""
    ticks = TickMap(indices=(), liquidity_net=(), liquidity_gross=())
    for lower, upper, liquidity in positions:
        ticks = ticks.with_position(lower, upper, liquidity)
    price = sqrt_price_x96 or sqrt_ratio_at_tick(tick or 0)
    at = tick_at_sqrt_ratio(price) if tick is None else tick
    return UniswapV3Pool(
        address=address,
        token0=token0,
        token1=token1,
        venue=venue,
        fee_pips=fee_pips,
        tick_spacing=tick_spacing or SPACING_OF_TIER[fee_pips],
        sqrt_price_x96=price,
        tick=at,
        liquidity=ticks.liquidity_at(at),
        ticks=ticks,
    )


@st.composite
def v2_pools(draw: DrawFn, most: int = UINT112_MAX, fees: SearchStrategy[int] | None = None) -> UniswapV2Pool:
    """Pairs of any size and lopsidedness."""
    fee = draw(fees if fees is not None else st.one_of(st.just(3_000), st.integers(0, 999_999)))
    return v2_pool(draw(magnitudes(1, most)), draw(magnitudes(1, most)), fee_pips=fee)


@st.composite
def v3_pools(draw: DrawFn, tiers: tuple[int, ...] = tuple(SPACING_OF_TIER)) -> UniswapV3Pool:
    """Pools with stacked, touching and distant positions; the price often exactly on a tick, or in a gap."""
    fee = draw(st.sampled_from(tiers))
    spacing = SPACING_OF_TIER[fee]
    edge = MAX_TICK // spacing
    centre = draw(st.one_of(st.just(0), st.integers(-edge, edge)))
    near = st.integers(max(centre - 600, -edge), min(centre + 600, edge))
    bounds = st.lists(near, min_size=2, max_size=10, unique=True).map(sorted)
    positions = []
    for _ in range(draw(st.integers(1, 4))):
        chosen = draw(bounds)
        for lower, upper in pairwise(chosen):
            if draw(st.booleans()):
                positions.append((lower * spacing, upper * spacing, draw(magnitudes(1, 2**110))))
    if draw(st.booleans()):
        positions.append((-edge * spacing, edge * spacing, draw(magnitudes(1, 2**110))))
    pool = v3_pool(positions, fee_pips=fee, sqrt_price_x96=draw(_prices_near(centre * spacing)))
    on_tick = sqrt_ratio_at_tick(pool.tick) == pool.sqrt_price_x96
    if on_tick and pool.tick > -MAX_TICK and draw(st.booleans()):  # it came there from above
        below = pool.tick - 1
        return pool.with_price(pool.sqrt_price_x96, below, pool.ticks.liquidity_at(below))
    return pool


@st.composite
def _prices_near(draw: DrawFn, tick: int) -> int:
    """Square-root prices around ``tick``, every other one exactly on a tick."""
    low, high = max(tick - 5_000, -MAX_TICK + 1), min(tick + 5_000, MAX_TICK - 1)
    base = sqrt_ratio_at_tick(draw(st.one_of(st.just(min(max(tick, low), high)), st.integers(low, high))))
    price = base if draw(st.booleans()) else base + draw(magnitudes(1, max(base // 20_000, 1)))
    return min(max(price, MIN_SQRT_RATIO + 2), MAX_SQRT_RATIO - 3)
