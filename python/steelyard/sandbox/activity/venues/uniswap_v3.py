"""Pools of Uniswap V3, through its SwapRouter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.activity.pools import PoolView, Swap, view_in_range
from steelyard.sandbox.activity.venues.venue import FOREVER, Call, Venue, pair_of
from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.sandbox.replica.protocols import uniswap_v3
from steelyard.units import Address

_SLOT0: Final = "(uint160,int24,uint16,uint16,uint16,uint8,bool)"
_SWAP: Final = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"


def _reads(record: PoolRecord) -> list[Call]:
    return [Call(to=record.address, data=encode_call(name)) for name in ("slot0()", "liquidity()")]


def _views(record: PoolRecord, answers: Sequence[bytes]) -> list[PoolView]:
    sqrt_price_x96 = decode_result(_SLOT0, answers[0])[0]
    (liquidity,) = decode_result("(uint128)", answers[1])
    return [view_in_range(record, sqrt_price_x96, liquidity)]


def _swap(who: Address, view: PoolView, swap: Swap) -> Call:
    token_in, token_out = pair_of(view, swap)
    fee_pips, limit = view.record.fee_pips, swap.sqrt_price_limit_x96
    data = encode_call(_SWAP, (token_in, token_out, fee_pips, who, FOREVER, swap.amount, 0, limit))
    return Call(to=uniswap_v3.SWAP_ROUTER, data=data)


VENUE: Final = Venue(
    kind=PoolKind.UNISWAP_V3,
    spenders=(uniswap_v3.SWAP_ROUTER,),
    reads=_reads,
    views=_views,
    swap=_swap,
)
