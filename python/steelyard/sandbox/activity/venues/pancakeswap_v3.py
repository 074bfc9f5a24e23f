"""Pools of PancakeSwap V3, through the model of its router."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.activity.pools import PoolView, view_in_range
from steelyard.sandbox.activity.venues.tick_pools import swap_through
from steelyard.sandbox.activity.venues.venue import Call, Venue
from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.sandbox.replica.pools.pancakeswap_v3 import SLOT0
from steelyard.sandbox.replica.protocols import pancakeswap_v3


def _reads(record: PoolRecord) -> list[Call]:
    return [Call(to=record.address, data=encode_call(name)) for name in ("slot0()", "liquidity()")]


def _views(record: PoolRecord, answers: Sequence[bytes]) -> list[PoolView]:
    sqrt_price_x96 = decode_result(SLOT0, answers[0])[0]
    (liquidity,) = decode_result("(uint128)", answers[1])
    return [view_in_range(record, sqrt_price_x96, liquidity)]


VENUE: Final = Venue(
    kind=PoolKind.PANCAKESWAP_V3,
    spenders=(pancakeswap_v3.ROUTER,),
    reads=_reads,
    views=_views,
    swap=swap_through(pancakeswap_v3.ROUTER),
)
