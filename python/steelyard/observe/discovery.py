"""Who a pool is, as its factory states it, and whether it stands where the executor looks for it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, Final

from eth_hash.auto import keccak

from steelyard.connect.abi import PAIR_CREATED, POOL_CREATED, address_word, word
from steelyard.connect.hexes import address_of_word, blob
from steelyard.exceptions import RpcInconsistent
from steelyard.model.plan import Venue, VenueKind
from steelyard.units import Address

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
    try:
        venue = venues.get(str(log["address"]).lower())
        if venue is None or log["topics"][0].lower() != _creation_topic(venue):
            return None
        topics = [blob(topic, "topic") for topic in log["topics"]]
        data = blob(log["data"], "log data")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise RpcInconsistent("a factory's log lacks its address, topics or data") from None
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
    return identity, misplacement(identity)


def misplacement(stated: PoolIdentity) -> str | None:
    """Say that a pool stands elsewhere than the executor would look for it, or return None."""
    derived = pool_address(stated.venue, stated.token0, stated.token1, stated.fee_pips)
    if stated.address == derived:
        return None
    return (
        f"factory {stated.venue.factory} names pool {stated.address}, where the init code hash of venue "
        f"{stated.venue.name} gives {derived}"
    )


def _creation_topic(venue: Venue) -> str:
    return PAIR_CREATED if venue.kind is VenueKind.UNISWAP_V2 else POOL_CREATED
