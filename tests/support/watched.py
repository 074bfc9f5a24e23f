"""Which of the replica's pools the keeper can read: a market holds more kinds than it watches."""

from __future__ import annotations

from steelyard.sandbox.replica import Manifest, PoolKind, PoolRecord

WATCHED_KINDS = (PoolKind.UNISWAP_V2, PoolKind.SUSHISWAP_V2, PoolKind.UNISWAP_V3)


def watched_pools(manifest: Manifest) -> tuple[PoolRecord, ...]:
    """The pools of the kinds that the keeper reads, in the manifest's order."""
    return manifest.pools_of(*WATCHED_KINDS)
