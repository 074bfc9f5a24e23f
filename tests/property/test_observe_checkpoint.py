"""Whatever observation can know comes back from a checkpoint exactly as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.amm.tick_map import TickMap
from steelyard.amm.tick_math import MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK
from steelyard.connect.hexes import checksum
from steelyard.model import BlockRef, Token, Venue, VenueKind
from steelyard.observe.checkpoint import Checkpoint, RowCache, decode, encode
from steelyard.observe.discovery import PoolIdentity
from steelyard.observe.pools import Known, v2_pool, v3_pool
from steelyard.observe.watch import WatchList

pytestmark = pytest.mark.property

ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda raw: checksum("0x" + raw.hex()))
WORDS = st.integers(0, 2**256 - 1)
HASHES = WORDS.map(lambda value: f"0x{value:064x}")
RESERVES = st.integers(0, 2**112 - 1)
TICKS = st.dictionaries(
    st.integers(MIN_TICK, MAX_TICK),
    st.integers(1, 2**128 - 1).flatmap(
        lambda gross: st.tuples(st.just(gross), st.integers(-min(gross, 2**127), min(gross, 2**127 - 1)))
    ),
    max_size=8,
)
VENUES = tuple(
    Venue(
        venue_id=at,
        name=kind.name.lower(),
        kind=kind,
        factory=checksum(f"0x{at + 1:040x}"),
        init_code_hash=f"0x{at:064x}",
        fee_pips=3_000,
    )
    for at, kind in enumerate((VenueKind.UNISWAP_V2, VenueKind.UNISWAP_V3))
)


@st.composite
def markets(draw: st.DrawFn) -> tuple[Checkpoint, WatchList]:
    addresses = draw(st.lists(ADDRESSES, min_size=2, max_size=5, unique=True))
    tokens = {
        address: Token(address=address, symbol=draw(st.text(max_size=6)), decimals=draw(st.integers(0, 77)))
        for address in addresses
    }
    identities: dict[str, PoolIdentity] = {}
    known: dict[str, Known] = {}
    for pool in draw(st.lists(ADDRESSES, max_size=5, unique=True)):
        token0, token1 = draw(st.permutations(addresses))[:2]
        venue = draw(st.sampled_from(VENUES))
        v3 = venue.kind is VenueKind.UNISWAP_V3
        identity = PoolIdentity(
            address=pool,
            venue=venue,
            token0=token0,
            token1=token1,
            fee_pips=draw(st.integers(0, 999_999)),
            tick_spacing=draw(st.integers(1, 16_383)) if v3 else 0,
        )
        identities[pool.lower()] = identity
        known[pool.lower()] = draw(ranged(identity) if v3 else pairs(identity))
    numbers = [draw(WORDS) for _ in range(5)]
    block = BlockRef(
        number=numbers[0],
        hash=draw(HASHES),
        parent_hash=draw(HASHES),
        timestamp_seconds=numbers[1],
        base_fee_wei=numbers[2],
        gas_used=numbers[3],
        gas_limit=numbers[4],
    )
    unusable = draw(st.dictionaries(ADDRESSES, st.text(max_size=20), max_size=3))
    checkpoint = Checkpoint(block=block, tokens=tokens, unusable=unusable, identities=identities, known=known)
    return checkpoint, WatchList(chain_id=1, tokens=tuple(addresses), venues=VENUES, lenders={})


@st.composite
def pairs(draw: st.DrawFn, identity: PoolIdentity) -> Known:
    return v2_pool(identity, draw(RESERVES), draw(RESERVES))


@st.composite
def ranged(draw: st.DrawFn, identity: PoolIdentity) -> Known:
    if draw(st.booleans()):
        return identity
    return v3_pool(
        identity,
        draw(st.integers(MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1)),
        draw(st.integers(MIN_TICK, MAX_TICK)),
        draw(st.integers(0, 2**128 - 1)),
        TickMap.of(draw(TICKS)),
    )


@given(markets())
def test_checkpoint_comes_back_as_it_was_in_order_and_in_every_field(
    market: tuple[Checkpoint, WatchList],
) -> None:
    saved, watch = market
    loaded = decode(encode(saved, watch, list(RowCache().rows(saved))), watch)
    assert loaded == saved
    assert list(loaded.tokens) == list(saved.tokens)
    assert list(loaded.known) == list(saved.known)
    assert all(type(loaded.known[key]) is type(known) for key, known in saved.known.items())
