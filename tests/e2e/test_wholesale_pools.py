"""Pools by wholesale: real pools of the real factories, with just what was ordered in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from steelyard.connect.hexes import checksum
from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.mining import read_block
from steelyard.sandbox.replica import PoolKind, Replica, ReplicaError, ensure_replica
from steelyard.sandbox.replica.protocols import sushiswap_v2, uniswap_v2, uniswap_v3
from steelyard.sandbox.rpc import SandboxRpc
from steelyard.sandbox.wholesale import PairOrder, Position, RangedOrder, Wholesaler, WholesaleToken, pool_of
from steelyard.units import Q96, Address

pytestmark = pytest.mark.e2e

LOW, HIGH = checksum("0x" + "01" * 20), checksum("0x" + "f1" * 20)
TOKENS = (
    WholesaleToken(address=LOW, symbol="LOW", decimals=6),
    WholesaleToken(address=HIGH, symbol="a symbol far longer than one word can hold", decimals=18),
)
PAIR = PairOrder(kind=PoolKind.UNISWAP_V2, token0=LOW, token1=HIGH, reserve0=12_345_678, reserve1=10**21 + 7)
EMPTY = PairOrder(kind=PoolKind.SUSHISWAP_V2, token0=LOW, token1=HIGH, reserve0=0, reserve1=0)
RANGED = RangedOrder(
    token0=LOW,
    token1=HIGH,
    fee_pips=3_000,
    sqrt_price_x96=3 * Q96 + 1,
    positions=(
        Position(tick_lower=-887_220, tick_upper=887_220, liquidity=123_456_789_012_345),
        Position(tick_lower=60, tick_upper=22_200, liquidity=777),
    ),
)


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with ensure_replica() as replica:
        yield replica


@pytest.fixture
def rpc(replica: Replica) -> Iterator[SandboxRpc]:
    with replica.connect() as rpc:
        before = rpc.call("evm_snapshot")
        yield rpc
        rpc.call("evm_revert", before)


@pytest.fixture
def wholesaler(rpc: SandboxRpc) -> Wholesaler:
    wholesaler = Wholesaler(rpc)
    wholesaler.place_tokens(TOKENS)
    return wholesaler


def read(rpc: SandboxRpc, to: Address, signature: str, returns: str, *arguments: Any) -> tuple[Any, ...]:
    data = "0x" + encode_call(signature, *arguments).hex()
    answer: str = rpc.call("eth_call", {"to": to, "data": data}, "latest")
    return decode_result(returns, bytes.fromhex(answer[2:]))


def test_tokens_stand_where_they_were_ordered(wholesaler: Wholesaler, rpc: SandboxRpc) -> None:
    for token in TOKENS:
        assert read(rpc, token.address, "decimals()", "(uint8)") == (token.decimals,)
        assert read(rpc, token.address, "symbol()", "(string)") == (token.symbol[:31],)


def test_pools_hold_what_was_ordered_at_the_factories_addresses(
    wholesaler: Wholesaler, rpc: SandboxRpc
) -> None:
    pair, empty, ranged = wholesaler.make_pools([PAIR, EMPTY, RANGED])
    get_pair, get_pool = "getPair(address,address)", "getPool(address,address,uint24)"
    assert read(rpc, uniswap_v2.FACTORY, get_pair, "(address)", HIGH, LOW) == (pair.lower(),)
    assert read(rpc, sushiswap_v2.FACTORY, get_pair, "(address)", LOW, HIGH) == (empty.lower(),)
    assert read(rpc, uniswap_v3.FACTORY, get_pool, "(address)", LOW, HIGH, 3_000) == (ranged.lower(),)
    reserves = "(uint112,uint112,uint32)"
    assert read(rpc, pair, "getReserves()", reserves)[:2] == (PAIR.reserve0, PAIR.reserve1)
    assert read(rpc, empty, "getReserves()", reserves) == (0, 0, 0)
    assert read(rpc, ranged, "slot0()", "(uint160,int24)")[0] == RANGED.sqrt_price_x96
    assert read(rpc, ranged, "liquidity()", "(uint128)") == (123_456_789_012_345 + 777,)
    assert read(rpc, ranged, "ticks(int24)", "(uint128,int128)", 22_200) == (777, -777)


def test_blocks_that_follow_have_mainnets_gas_limit(wholesaler: Wholesaler, rpc: SandboxRpc) -> None:
    before = read_block(rpc)
    wholesaler.make_pools([PAIR])
    assert read_block(rpc).gas_limit == before.gas_limit


def test_pools_that_stand_already_are_refused_with_the_chains_reason(wholesaler: Wholesaler) -> None:
    wholesaler.make_pools([PAIR])
    with pytest.raises(ReplicaError, match="PAIR_EXISTS"):
        wholesaler.make_pools([PAIR])


def test_order_with_its_tokens_reversed_is_refused(wholesaler: Wholesaler) -> None:
    reversed_ = PairOrder(kind=PAIR.kind, token0=HIGH, token1=LOW, reserve0=1, reserve1=1)
    with pytest.raises(ReplicaError, match="lower address"):
        wholesaler.make_pools([reversed_])


def test_pools_of_the_market_can_be_cleared_away_and_made_anew(
    replica: Replica, wholesaler: Wholesaler, rpc: SandboxRpc
) -> None:
    usdc, weth = (replica.manifest.token(symbol).address for symbol in ("USDC", "WETH"))
    wholesaler.place_tokens(
        WholesaleToken(address=address, symbol="", decimals=0) for address in (usdc, weth)
    )
    pair = PairOrder(kind=PoolKind.UNISWAP_V2, token0=usdc, token1=weth, reserve0=10**9, reserve1=10**18)
    wide = Position(tick_lower=-887_270, tick_upper=887_270, liquidity=10**15)
    ranged = RangedOrder(token0=usdc, token1=weth, fee_pips=500, sqrt_price_x96=Q96, positions=(wide,))
    standing = {pool.address for pool in replica.manifest.pools}
    assert {pool_of(pair), pool_of(ranged)} <= standing
    wholesaler.vacate([pair, ranged])
    wholesaler.make_pools([pair, ranged])
    assert read(rpc, pool_of(pair), "getReserves()", "(uint112,uint112)")[:2] == (10**9, 10**18)
    assert read(rpc, pool_of(ranged), "liquidity()", "(uint128)") == (10**15,)
    assert read(rpc, pool_of(ranged), "tickBitmap(int16)", "(uint256)", 76) == (0,)
