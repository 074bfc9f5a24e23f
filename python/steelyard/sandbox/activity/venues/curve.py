"""Curve-type stable pools, which take the trade themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from steelyard.sandbox.abi import encode_call
from steelyard.sandbox.activity.pools import PoolView, Swap
from steelyard.sandbox.activity.venues.stable import stable_views
from steelyard.sandbox.activity.venues.venue import Call, Venue, pair_of
from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.sandbox.replica.protocols.curve import POOLS
from steelyard.units import Address


def _reads(record: PoolRecord) -> list[Call]:
    questions = [encode_call("A()")]
    questions += [encode_call("balances(uint256)", index) for index in range(len(record.tokens))]
    return [Call(to=record.address, data=data) for data in questions]


def _views(record: PoolRecord, answers: Sequence[bytes]) -> list[PoolView]:
    leverage, *balances = (int.from_bytes(answer, "big") for answer in answers)
    return stable_views(record, balances, leverage)


def _swap(_who: Address, view: PoolView, swap: Swap) -> Call:
    sold, bought = (view.record.tokens.index(token) for token in pair_of(view, swap))
    data = encode_call("exchange(int128,int128,uint256,uint256)", sold, bought, swap.amount, 0)
    return Call(to=view.record.address, data=data)


VENUE: Final = Venue(
    kind=PoolKind.CURVE_STABLE,
    spenders=tuple(pool.address for pool in POOLS),
    reads=_reads,
    views=_views,
    swap=_swap,
)
