"""What a kind of pool offers to the traders: how it is seen, and how it is traded at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from steelyard.sandbox.activity.pools import PoolView, Swap
from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.units import Address

FOREVER: Final = 2**40
"""A deadline, in seconds, that never comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of a contract; `value_wei` is the ether that goes with it."""

    to: Address
    data: bytes
    value_wei: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """One kind of pool as the traders know it.

    Attributes:
        kind: the kind of pool.
        spenders: pull the traders' tokens, each from an unlimited allowance of every token.
        reads: the calls that show a pool.
        views: what they returned, read: one view for each two tokens of the pool that trade.
        swap: the trade of an account at one view, at whatever price.
    """

    kind: PoolKind
    spenders: tuple[Address, ...]
    reads: Callable[[PoolRecord], Sequence[Call]]
    views: Callable[[PoolRecord, Sequence[bytes]], Sequence[PoolView]]
    swap: Callable[[Address, PoolView, Swap], Call]


def pair_of(view: PoolView, swap: Swap) -> tuple[Address, Address]:
    """The token that goes in, and the one that comes out."""
    record = view.record
    return (record.token0, record.token1) if swap.zero_in else (record.token1, record.token0)
