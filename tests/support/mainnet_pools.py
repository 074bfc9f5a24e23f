"""Pools of mainnet as they were recorded near block 18,806,161, put on a replica at their real addresses.

The file is read where it is, never copied. V2 pairs get the recorded reserves; V3 pools one position of the
recorded liquidity over the whole range, at the recorded price, since what lay beyond the range of the moment
was not recorded. So the magnitudes are mainnet's; the market is not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from steelyard.connect.hexes import checksum
from steelyard.sandbox.replica import PoolKind
from steelyard.sandbox.rpc import SandboxRpc
from steelyard.sandbox.wholesale import (
    Order,
    PairOrder,
    Position,
    RangedOrder,
    Wholesaler,
    WholesaleToken,
    pool_of,
)
from steelyard.units import Address

RECORDED: Final = Path(__file__).parents[3] / "shared" / "data" / "mainnet_pools_18806161.json"
_V2_FEE: Final = "0.003"
_LARGEST_TICK: Final = 887_272
_SPACINGS: Final = {100: 1, 500: 10, 3_000: 60, 10_000: 200}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPool:
    """Where a pool stands on mainnet, what it takes to make it, and V3's recorded tick."""

    address: Address
    order: Order
    tick: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMarket:
    tokens: tuple[WholesaleToken, ...]
    pools: tuple[RecordedPool, ...]


def read_recorded_market() -> RecordedMarket:
    """Read the V2 and V3 pools and the tokens that they trade; skip the test where the file is not there."""
    if not RECORDED.is_file():
        pytest.skip(f"{RECORDED.name} with the recorded pools is not here: it is no part of the project")
    content: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
    pools = (*map(_pair, content["uniswap_v2"]), *map(_ranged, content["uniswap_v3"]))
    traded = {token for pool in pools for token in (pool.order.token0, pool.order.token1)}
    tokens = (
        WholesaleToken(address=checksum(address), symbol=row["symbol"], decimals=row["decimals"])
        for address, row in content["tokens"].items()
    )
    return RecordedMarket(tokens=tuple(token for token in tokens if token.address in traded), pools=pools)


def place_recorded_market(rpc: SandboxRpc, market: RecordedMarket) -> None:
    """Make all of it by the real factories, pools of the replica's own market at the same places anew."""
    orders = [pool.order for pool in market.pools]
    assert [pool_of(order) for order in orders] == [pool.address for pool in market.pools], (
        "a recorded pool does not stand where its factory puts it"
    )
    wholesaler = Wholesaler(rpc)
    wholesaler.place_tokens(market.tokens)
    wholesaler.vacate(orders)
    wholesaler.make_pools(orders)


def _pair(row: dict[str, Any]) -> RecordedPool:
    assert row["fee"] == _V2_FEE, row
    order = PairOrder(
        kind=PoolKind.UNISWAP_V2,
        token0=checksum(row["token0"]),
        token1=checksum(row["token1"]),
        reserve0=int(row["reserve0"]),
        reserve1=int(row["reserve1"]),
    )
    return RecordedPool(address=checksum(row["address"]), order=order)


def _ranged(row: dict[str, Any]) -> RecordedPool:
    spacing = _SPACINGS[row["fee_pips"]]
    edge = _LARGEST_TICK // spacing * spacing
    order = RangedOrder(
        token0=checksum(row["token0"]),
        token1=checksum(row["token1"]),
        fee_pips=row["fee_pips"],
        sqrt_price_x96=int(row["sqrt_price_x96"]),
        positions=(Position(tick_lower=-edge, tick_upper=edge, liquidity=int(row["liquidity"])),),
    )
    return RecordedPool(address=checksum(row["address"]), order=order, tick=row["tick"])
