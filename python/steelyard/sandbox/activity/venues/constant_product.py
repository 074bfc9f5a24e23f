"""Pools of Uniswap V2 and its copies, through their routers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.activity.pools import PoolView, Swap
from steelyard.sandbox.activity.venues.venue import FOREVER, Call, Venue, pair_of
from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.sandbox.replica.protocols import sushiswap_v2, uniswap_v2
from steelyard.units import Address

_SWAP: Final = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"


def _reads(record: PoolRecord) -> list[Call]:
    return [Call(to=record.address, data=encode_call("getReserves()"))]


def _views(record: PoolRecord, answers: Sequence[bytes]) -> list[PoolView]:
    reserve0, reserve1, _ = decode_result("(uint112,uint112,uint32)", answers[0])
    return [PoolView(record=record, reserve0=reserve0, reserve1=reserve1)]


def _venue(kind: PoolKind, router: Address) -> Venue:
    def swap(who: Address, view: PoolView, swap: Swap) -> Call:
        data = encode_call(_SWAP, swap.amount, 0, list(pair_of(view, swap)), who, FOREVER)
        return Call(to=router, data=data)

    return Venue(kind=kind, spenders=(router,), reads=_reads, views=_views, swap=swap)


UNISWAP: Final = _venue(PoolKind.UNISWAP_V2, uniswap_v2.ROUTER)
SUSHISWAP: Final = _venue(PoolKind.SUSHISWAP_V2, sushiswap_v2.ROUTER)
