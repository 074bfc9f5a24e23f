"""Pools of Algebra V1, through the model of its router; what a pool charges is read with its price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.activity.pools import PoolView, view_in_range
from steelyard.sandbox.activity.venues.tick_pools import swap_through
from steelyard.sandbox.activity.venues.venue import Call, Venue
from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.sandbox.replica.pools.algebra import GLOBAL_STATE
from steelyard.sandbox.replica.protocols import algebra


def _reads(record: PoolRecord) -> list[Call]:
    return [Call(to=record.address, data=encode_call(name)) for name in ("globalState()", "liquidity()")]


def _views(record: PoolRecord, answers: Sequence[bytes]) -> list[PoolView]:
    sqrt_price_x96, _, fee_pips, *_ = decode_result(GLOBAL_STATE, answers[0])
    (liquidity,) = decode_result("(uint128)", answers[1])
    return [view_in_range(replace(record, fee_pips=fee_pips), sqrt_price_x96, liquidity)]


VENUE: Final = Venue(
    kind=PoolKind.ALGEBRA,
    spenders=(algebra.ROUTER,),
    reads=_reads,
    views=_views,
    swap=swap_through(algebra.ROUTER),
)
