"""A market of any size on a served replica: for measuring what a first start, a restart and a block cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isqrt, log
from random import Random
from typing import Final

from eth_utils.address import to_checksum_address

from steelyard.sandbox.replica import Manifest, PoolKind
from steelyard.sandbox.wholesale import (
    Order,
    PairOrder,
    Position,
    RangedOrder,
    Wholesaler,
    WholesaleToken,
    pool_of,
)
from steelyard.units import Q96, Address

HUBS: Final = ("WETH", "USDC", "USDT", "DAI", "WBTC")
_TO_HUB: Final = 0.8
"""Part of the pools that have a hub on one side."""
_KINDS: Final = (PoolKind.UNISWAP_V2, PoolKind.UNISWAP_V2, PoolKind.SUSHISWAP_V2, PoolKind.UNISWAP_V3)
_SPACINGS: Final = {500: 10, 3_000: 60, 10_000: 200}
_TIERS: Final = (500, 3_000, 3_000, 10_000)
_LARGEST_TICK: Final = 887_272
_NARROW_POSITIONS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WholesaleMarket:
    """What was made; ``hubs`` are the first of ``tokens``, and stood before."""

    tokens: tuple[Address, ...]
    hubs: tuple[Address, ...]
    orders: tuple[Order, ...]

    @property
    def pools(self) -> tuple[Address, ...]:
        """Their addresses, in the order of ``orders``."""
        return tuple(pool_of(order) for order in self.orders)


def make_market(wholesaler: Wholesaler, manifest: Manifest, pools: int, *, seed: int = 1) -> WholesaleMarket:
    """Make ``pools`` pools over a tenth as many new tokens (twelve at least) and the replica's hubs.

    Half of the pools or so are V2 pairs; the others have a wide position and a few narrow ones. No two are in
    one place, and equal seeds are equal markets.
    """
    rng = Random(seed)
    made = [_token(rng, at) for at in range(max(pools // 10, 12))]
    hubs = [manifest.token(symbol) for symbol in HUBS]
    kept = [WholesaleToken(address=hub.address, symbol=hub.symbol, decimals=hub.decimals) for hub in hubs]
    wholesaler.place_tokens([*kept, *made])
    hub_addresses = tuple(hub.address for hub in hubs)
    market = WholesaleMarket(
        tokens=(*hub_addresses, *(token.address for token in made)),
        hubs=hub_addresses,
        orders=tuple(_orders(rng, [token.address for token in made], hub_addresses, pools)),
    )
    wholesaler.make_pools(market.orders)
    return market


def _token(rng: Random, at: int) -> WholesaleToken:
    address = Address(to_checksum_address(f"0x{rng.getrandbits(160):040x}"))
    return WholesaleToken(address=address, symbol=f"T{at}", decimals=rng.choice((6, 8, 18, 18)))


def _orders(rng: Random, tokens: Sequence[Address], hubs: Sequence[Address], count: int) -> Iterator[Order]:
    taken: set[Address] = set()
    while len(taken) < count:
        first = rng.choice(tokens)
        second = rng.choice(hubs if rng.random() < _TO_HUB else tokens)
        if first == second:
            continue
        token0, token1 = sorted((first, second), key=lambda address: int(address, 16))
        order = _order(rng, token0, token1)
        if pool_of(order) not in taken:
            taken.add(pool_of(order))
            yield order


def _order(rng: Random, token0: Address, token1: Address) -> Order:
    reserve0, reserve1 = (int(10 ** rng.uniform(9, 22)) for _ in range(2))
    kind = rng.choice(_KINDS) if rng.random() < 2 / 3 else PoolKind.UNISWAP_V3
    if kind is not PoolKind.UNISWAP_V3:
        return PairOrder(kind=kind, token0=token0, token1=token1, reserve0=reserve0, reserve1=reserve1)
    fee_pips = rng.choice(_TIERS)
    liquidity = isqrt(reserve0 * reserve1)
    return RangedOrder(
        token0=token0,
        token1=token1,
        fee_pips=fee_pips,
        # Down by less than one part in 2^96: any price will do.
        sqrt_price_x96=isqrt(reserve1 * Q96 * Q96 // reserve0),
        positions=tuple(_positions(rng, _SPACINGS[fee_pips], liquidity, reserve1 / reserve0)),
    )


def _positions(rng: Random, spacing: int, liquidity: int, price: float) -> Iterator[Position]:
    most = _LARGEST_TICK // spacing
    yield Position(tick_lower=-most * spacing, tick_upper=most * spacing, liquidity=liquidity)
    here = int(log(price, 1.0001)) // spacing
    for _ in range(_NARROW_POSITIONS):
        lower, upper = here - rng.randrange(1, 60), here + rng.randrange(1, 60)
        yield Position(
            tick_lower=lower * spacing,
            tick_upper=upper * spacing,
            liquidity=liquidity // rng.randrange(2, 9) + 1,
        )
