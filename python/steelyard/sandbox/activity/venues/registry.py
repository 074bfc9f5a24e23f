"""The registry of the venues: adding a kind is one file and one entry here."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from steelyard.sandbox.activity.pools import PoolView
from steelyard.sandbox.activity.venues import (
    algebra,
    balancer_v2,
    constant_product,
    curve,
    pancakeswap_v3,
    uniswap_v3,
    uniswap_v4,
)
from steelyard.sandbox.activity.venues.venue import Venue
from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.sandbox.rpc import Request, SandboxRpc

_VENUES: Final[tuple[Venue, ...]] = (
    constant_product.UNISWAP,
    constant_product.SUSHISWAP,
    uniswap_v3.VENUE,
    balancer_v2.WEIGHTED,
    balancer_v2.STABLE,
    curve.VENUE,
    uniswap_v4.VENUE,
    pancakeswap_v3.VENUE,
    algebra.VENUE,
)

VENUES: Final[dict[PoolKind, Venue]] = {venue.kind: venue for venue in _VENUES}


def view_pools(rpc: SandboxRpc, records: Sequence[PoolRecord]) -> list[PoolView]:
    """Reads all pools at the latest block in one batch."""
    reads = [VENUES[record.kind].reads(record) for record in records]
    requests: list[Request] = [
        ("eth_call", [{"to": call.to, "data": "0x" + call.data.hex()}, "latest"])
        for calls in reads
        for call in calls
    ]
    answers = iter([bytes.fromhex(answer[2:]) for answer in rpc.batch(requests)])
    views: list[PoolView] = []
    for record, calls in zip(records, reads, strict=True):
        views.extend(VENUES[record.kind].views(record, list(islice(answers, len(calls)))))
    return views
