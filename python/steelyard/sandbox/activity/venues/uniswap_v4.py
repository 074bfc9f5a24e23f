"""Pools of Uniswap V4: seen through the StateView, traded at through our model of a router."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.activity.pools import PoolView, Swap, view_in_range
from steelyard.sandbox.activity.venues.venue import Call, Venue, pair_of
from steelyard.sandbox.replica.manifest import NO_ADDRESS, PoolKind, PoolRecord
from steelyard.sandbox.replica.protocols import uniswap_v4
from steelyard.units import Address

_SWAP: Final = "swap((address,address,uint24,int24,address),bool,uint256,uint160,address)"


def _reads(record: PoolRecord) -> list[Call]:
    slot = bytes.fromhex(record.pool_id[2:])
    names = ("getSlot0(bytes32)", "getLiquidity(bytes32)")
    return [Call(to=uniswap_v4.STATE_VIEW, data=encode_call(name, slot)) for name in names]


def _views(record: PoolRecord, answers: Sequence[bytes]) -> list[PoolView]:
    sqrt_price_x96 = decode_result("(uint160,int24,uint24,uint24)", answers[0])[0]
    (liquidity,) = decode_result("(uint128)", answers[1])
    return [view_in_range(record, sqrt_price_x96, liquidity)]


def _swap(who: Address, view: PoolView, swap: Swap) -> Call:
    record = view.record
    key = (record.token0, record.token1, record.fee_pips, record.tick_spacing, record.hooks)
    data = encode_call(_SWAP, key, swap.zero_in, swap.amount, swap.sqrt_price_limit_x96, who)
    token_in, _ = pair_of(view, swap)
    value_wei = swap.amount if token_in == NO_ADDRESS else 0
    return Call(to=uniswap_v4.ROUTER, data=data, value_wei=value_wei)


VENUE: Final = Venue(
    kind=PoolKind.UNISWAP_V4,
    spenders=(uniswap_v4.ROUTER,),
    reads=_reads,
    views=_views,
    swap=_swap,
)
