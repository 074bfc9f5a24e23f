"""Which pools there are at a first start: asked of the listed factories, or found in their old logs.

Asking needs no old logs (a pruned node has none), and half a million pairs cost a few hundred calls. Pools
that appear later are found by the factories' events while following.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from steelyard.connect.abi import FEE_AMOUNT_TICK_SPACING, GET_PAIR, GET_POOL, word
from steelyard.connect.chain import ChainClient
from steelyard.connect.multicall import Multicall, StaticCall
from steelyard.connect.pair_scan import (
    FoundPool,
    PairTable,
    pair_chunks,
    scan_pairs,
    tables_among,
    tables_between,
)
from steelyard.model.chain import BlockRef
from steelyard.model.plan import Venue, VenueKind
from steelyard.observe.creation_logs import CreationLogs, OldLogsMissing
from steelyard.observe.discovery import PoolIdentity, created_pool, misplacement
from steelyard.observe.progress import Progress
from steelyard.observe.watch import Discovery, WatchList
from steelyard.units import Address

_CHUNKS_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search came to.

    Attributes:
        identities: the pools, each once, in the order of their addresses.
        unusable: pools and factories that are left out, with the reason.
    """

    identities: tuple[PoolIdentity, ...]
    unusable: dict[Address, str]


@dataclass(frozen=True, slots=True)
class _Place:
    """One factory and fee tier, where any pair of tokens can have one pool."""

    venue: Venue
    fee_pips: int
    tick_spacing: int

    @property
    def table(self) -> PairTable:
        """The place as a scan asks for it, without tokens."""
        if self.venue.kind is VenueKind.UNISWAP_V2:
            return PairTable(self.venue.factory, GET_PAIR, None)
        return PairTable(self.venue.factory, GET_POOL, self.fee_pips)


class PoolSearch:
    """Finds the pools of a watch list. A search of old logs that broke off goes on at the next call."""

    def __init__(self, chain: ChainClient, watch: WatchList) -> None:
        self._chain = chain
        self._watch = watch
        self._venues = {venue.factory.lower(): venue for venue in watch.venues}
        self._logs: CreationLogs | None = None

    def find(
        self, multicall: Multicall, tokens: Iterable[Address], block: BlockRef, progress: Progress
    ) -> Found:
        """Return every watched pool that the venues have at ``block``.

        Raises:
            RpcUnavailable, RpcInconsistent, RpcRejected: the node cannot say.
        """
        listed = sorted(set(tokens), key=str.lower)
        places, unusable = _places(multicall, self._watch, listed, block)
        method = self._watch.method(len(listed))
        if method is Discovery.LOGS:
            found = self._by_logs(multicall, listed, places, block, progress)
        else:
            bases = self._watch.bases if method is Discovery.HUBS else None
            found = _by_scan(multicall, listed, bases, places, block, progress)
        identities: dict[Address, PoolIdentity] = {}
        for identity in found:
            problem = misplacement(identity)
            if problem is None:
                identities[identity.address] = identity
            else:
                unusable[identity.address] = problem
        ordered = tuple(identities[address] for address in sorted(identities))
        return Found(identities=ordered, unusable=unusable)

    def _by_logs(
        self,
        multicall: Multicall,
        tokens: Sequence[Address],
        places: Sequence[_Place],
        block: BlockRef,
        progress: Progress,
    ) -> list[PoolIdentity]:
        """Search the creation logs; where they prove incomplete, ask for every pair and say so."""
        known = _by_scan(multicall, tokens, self._watch.bases or tokens[:1], places, block, progress)
        try:
            announced = self._announced(tokens, block, progress)
            missing = {identity.address for identity in known} - {pool.address for pool in announced}
            if missing:
                raise OldLogsMissing(f"they lack {len(missing)} pools that are there, such as {min(missing)}")
        except OldLogsMissing as reason:
            progress.tell(
                f"old logs cannot be used ({reason}); every pair is asked for at the factories instead"
            )
            return _by_scan(multicall, tokens, None, places, block, progress)
        return announced

    def _announced(
        self, tokens: Sequence[Address], block: BlockRef, progress: Progress
    ) -> list[PoolIdentity]:
        if self._logs is None:
            factories = [venue.factory for venue in self._watch.venues]
            self._logs = CreationLogs(self._chain, factories, tokens, self._watch.logs_from_block)
        wanted = frozenset(tokens)
        logs = self._logs.run(block.number, progress)
        created = [created_pool(log, self._venues, wanted) for log in logs]
        return [entry[0] for entry in created if entry is not None]


def _places(
    multicall: Multicall, watch: WatchList, tokens: Sequence[Address], block: BlockRef
) -> tuple[list[_Place], dict[Address, str]]:
    """Return where pools can be, and the factories that do not answer like one."""
    v2 = [venue for venue in watch.venues if venue.kind is VenueKind.UNISWAP_V2]
    v3 = [venue for venue in watch.venues if venue.kind is VenueKind.UNISWAP_V3]
    tiers = [(venue, tier) for venue in v3 for tier in watch.fee_tiers]
    nobody = bytes(64)
    calls = [StaticCall(venue.factory, GET_PAIR + nobody) for venue in v2]
    calls += [StaticCall(venue.factory, FEE_AMOUNT_TICK_SPACING + word(tier)) for venue, tier in tiers]
    results = multicall.read(calls, block)
    places: list[_Place] = []
    silent: dict[Address, str] = {}
    asked = [(venue, venue.fee_pips) for venue in v2] + tiers
    for (venue, fee_pips), result in zip(asked, results, strict=True):
        if not result.answered:
            silent[venue.factory] = f"factory {venue.factory} of venue {venue.name} does not answer like one"
        elif venue.kind is VenueKind.UNISWAP_V2:
            places.append(_Place(venue, fee_pips, 0))
        elif result.signed_word() > 0:  # a tier that the factory has enabled
            places.append(_Place(venue, fee_pips, result.signed_word()))
    return places, silent


def _by_scan(
    multicall: Multicall,
    tokens: Sequence[Address],
    bases: Sequence[Address] | None,
    places: Sequence[_Place],
    block: BlockRef,
    progress: Progress,
) -> list[PoolIdentity]:
    """Ask the factories for the pairs of all tokens with ``bases``, or with each other where that is None."""
    by_place = {(place.table.factory, place.table.fee_pips): place for place in places}
    chunks = pair_chunks(_tables(tokens, bases, places))
    identities: list[PoolIdentity] = []
    asked = 0
    while part := list(islice(chunks, _CHUNKS_AT_ONCE)):
        for found in scan_pairs(multicall.reader, part, block):
            identities.append(_identity(by_place[found.table.factory, found.table.fee_pips], found))
        asked += sum(table.questions for chunk in part for table in chunk.tables)
        progress.step(f"asking the factories: {asked:,} questions, {len(identities):,} answers so far")
    return identities


def _tables(
    tokens: Sequence[Address], bases: Sequence[Address] | None, places: Sequence[_Place]
) -> Iterator[PairTable]:
    for place in places:
        if bases is None:
            yield from tables_among(place.table, tokens)
        else:
            yield from tables_between(place.table, bases, tokens)


def _identity(place: _Place, found: FoundPool) -> PoolIdentity:
    token0, token1 = sorted((found.row, found.column), key=str.lower)
    return PoolIdentity(
        address=found.pool,
        venue=place.venue,
        token0=token0,
        token1=token1,
        fee_pips=place.fee_pips,
        tick_spacing=place.tick_spacing,
    )
