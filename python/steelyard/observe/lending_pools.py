"""Which pools are worth asking for loans.

Any pool lends, at about the fee of a swap: dearer than the lenders that ask nothing, and there for tokens of
which those have too little. So only the tokens that most pools are traded against are borrowed from pools,
and of each kind and fee only from the deepest. A pool of the route cannot lend; that of another fee can.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from steelyard.amm import Pool
from steelyard.model.lending import LenderKind, LoanSource
from steelyard.model.plan import Venue, VenueKind
from steelyard.units import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingPool:
    """A pool as a lender of one of its tokens."""

    kind: LenderKind
    asset: Address
    source: LoanSource


_KINDS: Mapping[VenueKind, LenderKind] = {
    VenueKind.UNISWAP_V2: LenderKind.UNISWAP_V2,
    VenueKind.UNISWAP_V3: LenderKind.UNISWAP_V3,
}


def lending_pools(
    pools: Iterable[Pool], venues: Sequence[Venue], bases: Sequence[Address]
) -> list[LendingPool]:
    """Return the deepest pool of each kind of lender and fee, for each of ``bases``."""
    named = {venue.name: venue for venue in venues}
    wanted = frozenset(bases)
    deepest: dict[tuple[Address, LenderKind, int], tuple[int, Pool]] = {}
    for pool in pools:
        venue = named.get(pool.venue)
        kind = None if venue is None else _KINDS.get(venue.kind)
        if kind is None:
            continue
        for asset in wanted & {pool.token0, pool.token1}:
            depth = pool.virtual_reserves_q96(asset)[0]
            key = asset, kind, pool.fee_pips
            if key not in deepest or (depth, pool.address) > (deepest[key][0], deepest[key][1].address):
                deepest[key] = depth, pool
    return [
        LendingPool(kind=kind, asset=asset, source=_source(named[pool.venue], pool, asset))
        for (asset, kind, _), (_, pool) in sorted(deepest.items(), key=lambda found: found[0])
    ]


def _source(venue: Venue, pool: Pool, asset: Address) -> LoanSource:
    return LoanSource(
        listing_id=venue.venue_id,
        address=pool.address,
        other_token=pool.other(asset),
        fee_pips=pool.fee_pips,
    )
