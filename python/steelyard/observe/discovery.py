"""Which pools there are: asked of the listed factories for an allowlist of tokens.

Asking ``getPair`` and ``getPool`` needs no old logs (a pruned node has none). Pools that appear later are
found by the factories' events while following.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final

from eth_hash.auto import keccak

from steelyard.connect.abi import (
    FEE_AMOUNT_TICK_SPACING,
    GET_PAIR,
    GET_POOL,
    PAIR_CREATED,
    POOL_CREATED,
    address_word,
    word,
)
from steelyard.connect.hexes import address_of_word, blob, checksum
from steelyard.connect.multicall import Multicall, StaticCall
from steelyard.exceptions import RpcInconsistent
from steelyard.model.chain import BlockRef
from steelyard.model.plan import Venue, VenueKind
from steelyard.units import Address

V3_FEE_TIERS: Final = (100, 500, 3_000, 10_000)
"""Tiers that mainnet's factory has enabled, in pips."""

_WORD: Final = 32
_CREATION_TOPICS: Final = {VenueKind.UNISWAP_V2: 3, VenueKind.UNISWAP_V3: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolIdentity:
    """What never changes about a pool.

    Attributes:
        fee_pips: of the venue (V2) or of the tier (V3).
        tick_spacing: 0 for a V2 pair.
    """

    address: Address
    venue: Venue
    token0: Address
    token1: Address
    fee_pips: int
    tick_spacing: int = 0


def pool_address(venue: Venue, token0: Address, token1: Address, fee_pips: int) -> Address:
    """Return where the venue's factory puts the pool of a pair: CREATE2, EIP-1014.

    The executor derives pools in the same way (``PoolAddressLib``). ``token0`` must be the lower address.
    """
    if venue.kind is VenueKind.UNISWAP_V2:
        salt = keccak(bytes.fromhex(token0[2:]) + bytes.fromhex(token1[2:]))
    else:
        salt = keccak(address_word(token0) + address_word(token1) + word(fee_pips))
    seed = b"\xff" + bytes.fromhex(venue.factory[2:]) + salt + bytes.fromhex(venue.init_code_hash[2:])
    return address_of_word(keccak(seed))


def discover_pools(
    multicall: Multicall,
    venues: Sequence[Venue],
    tokens: Iterable[Address],
    block: BlockRef,
    fee_tiers: Sequence[int] = V3_FEE_TIERS,
) -> tuple[list[PoolIdentity], dict[Address, str]]:
    """Return every pool between two of ``tokens`` that the venues have at ``block``.

    Costs one read for each pair and venue (V3: and fee tier).

    Returns:
        The pools, and those left out with the reason (a factory that puts its pools elsewhere than listed).

    Raises:
        RpcUnavailable, RpcInconsistent, RpcRejected: the node cannot say.
    """
    spacings = _tick_spacings(multicall, venues, fee_tiers, block)
    places = list(_places(venues, sorted(set(tokens), key=str.lower), spacings))
    results = multicall.read([_question(place) for place in places], block)
    found: list[PoolIdentity] = []
    unusable: dict[Address, str] = {}
    for place, result in zip(places, results, strict=True):
        if not result.answered or result.word() == 0:
            continue
        stated = replace(place, address=address_of_word(result.data))
        problem = _misplacement(stated, place.address)
        if problem is None:
            found.append(stated)
        else:
            unusable[stated.address] = problem
    return found, unusable


def created_pool(
    log: Mapping[str, Any], venues: Mapping[str, Venue], tokens: Container[Address]
) -> tuple[PoolIdentity, str | None] | None:
    """Return the pool that a factory's raw log announces, or None where it is none of ours.

    Beside the pool comes the reason why it cannot be used: it stands elsewhere than the executor would look.

    Args:
        venues: by the factory's address in lower case.
        tokens: the allowlist.

    Raises:
        RpcInconsistent: the log is damaged.
    """
    venue = venues.get(str(log["address"]).lower())
    if venue is None or log["topics"][0].lower() != _creation_topic(venue):
        return None
    topics = [blob(topic, "topic") for topic in log["topics"]]
    data = blob(log["data"], "log data")
    if len(topics) != _CREATION_TOPICS[venue.kind] or len(data) != 2 * _WORD:
        raise RpcInconsistent(f"factory {venue.factory} announces a pool in a log of the wrong size")
    token0, token1 = address_of_word(topics[1]), address_of_word(topics[2])
    if token0 not in tokens or token1 not in tokens:
        return None
    v3 = venue.kind is VenueKind.UNISWAP_V3
    fee_pips = int.from_bytes(topics[3]) if v3 else venue.fee_pips
    identity = PoolIdentity(
        address=address_of_word(data[_WORD:] if v3 else data[:_WORD]),
        venue=venue,
        token0=token0,
        token1=token1,
        fee_pips=fee_pips,
        tick_spacing=int.from_bytes(data[:_WORD], signed=True) if v3 else 0,
    )
    return identity, _misplacement(identity, pool_address(venue, token0, token1, fee_pips))


def _misplacement(stated: PoolIdentity, derived: Address) -> str | None:
    if stated.address == derived:
        return None
    return (
        f"factory {stated.venue.factory} names pool {stated.address}, where the init code hash of venue "
        f"{stated.venue.name} gives {derived}"
    )


def _creation_topic(venue: Venue) -> str:
    return PAIR_CREATED if venue.kind is VenueKind.UNISWAP_V2 else POOL_CREATED


def _tick_spacings(
    multicall: Multicall, venues: Sequence[Venue], fee_tiers: Sequence[int], block: BlockRef
) -> dict[tuple[int, int], int]:
    """Return the tick spacing by (venue id, tier) of every tier that a V3 factory has enabled."""
    asked = [(venue, tier) for venue in venues if venue.kind is VenueKind.UNISWAP_V3 for tier in fee_tiers]
    calls = [StaticCall(venue.factory, FEE_AMOUNT_TICK_SPACING + word(tier)) for venue, tier in asked]
    return {
        (venue.venue_id, tier): result.signed_word()
        for (venue, tier), result in zip(asked, multicall.read(calls, block), strict=True)
        if result.answered and result.signed_word() > 0
    }


def _places(
    venues: Sequence[Venue], tokens: Sequence[Address], spacings: Mapping[tuple[int, int], int]
) -> Iterator[PoolIdentity]:
    """Name every pool that could exist."""
    for token0, token1 in combinations(tokens, 2):
        for venue in venues:
            if venue.kind is VenueKind.UNISWAP_V2:
                tiers = {venue.fee_pips: 0}
            else:
                tiers = {tier: spacing for (id_, tier), spacing in spacings.items() if id_ == venue.venue_id}
            for fee_pips, spacing in tiers.items():
                yield PoolIdentity(
                    address=pool_address(venue, token0, token1, fee_pips),
                    venue=venue,
                    token0=checksum(token0),
                    token1=checksum(token1),
                    fee_pips=fee_pips,
                    tick_spacing=spacing,
                )


def _question(place: PoolIdentity) -> StaticCall:
    pair = address_word(place.token0) + address_word(place.token1)
    if place.venue.kind is VenueKind.UNISWAP_V2:
        return StaticCall(place.venue.factory, GET_PAIR + pair)
    return StaticCall(place.venue.factory, GET_POOL + pair + word(place.fee_pips))
