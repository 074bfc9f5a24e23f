"""The state of pools, read from the chain at one block: the cold start, and the measure of the warm state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from steelyard.amm.tick_map import TickMap
from steelyard.amm.tick_math import MAX_TICK
from steelyard.amm.uniswap_v2 import UniswapV2Pool
from steelyard.amm.uniswap_v3 import UniswapV3Pool
from steelyard.connect.abi import GET_RESERVES, LIQUIDITY, SLOT0, TICKS, word
from steelyard.connect.multicall import CallResult, Multicall, StaticCall
from steelyard.connect.tick_scan import BitmapWord, ScanRange, scan_tick_bitmaps
from steelyard.exceptions import QuoteError
from steelyard.model.chain import BlockRef
from steelyard.model.plan import VenueKind
from steelyard.observe.discovery import PoolIdentity
from steelyard.units import Address

PoolState = UniswapV2Pool | UniswapV3Pool
Known = PoolState | PoolIdentity
"""A pool's state, or its identity alone while it has none: a V3 pool before ``initialize``."""

_PAIR_WORDS: Final = 64
"""The first two words: reserves of ``getReserves``, price and tick of ``slot0``, both sums of ``ticks``."""
_WORD_BITS: Final = 256


def read_pools(
    multicall: Multicall, identities: Sequence[PoolIdentity], block: BlockRef
) -> tuple[dict[Address, Known], dict[Address, str]]:
    """Return the pools' states at ``block``, and why those that have none are left out.

    Three rounds, each of a few calls: heads; tick bitmaps of the V3 pools; their initialised ticks.

    Raises:
        RpcUnavailable, RpcInconsistent, RpcRejected: the node cannot say.
    """
    heads = read_heads(multicall, identities, block)
    living = [
        identity
        for identity, head in zip(identities, heads, strict=True)
        if identity.venue.kind is VenueKind.UNISWAP_V3 and head_problem(head) is None and head[0].word()
    ]
    ticks = _read_ticks(multicall, living, block)
    states: dict[Address, Known] = {}
    unusable: dict[Address, str] = {}
    for identity, head in zip(identities, heads, strict=True):
        problem = head_problem(head)
        try:
            if problem is None:
                states[identity.address] = _state(identity, head, ticks.get(identity.address))
        except QuoteError as error:
            problem = str(error)
        if problem is not None:
            unusable[identity.address] = f"pool {identity.address} {problem}"
    return states, unusable


def head_calls(identity: PoolIdentity) -> list[StaticCall]:
    """Return the reads of all that a swap changes."""
    if identity.venue.kind is VenueKind.UNISWAP_V2:
        return [StaticCall(identity.address, GET_RESERVES, _PAIR_WORDS)]
    return [StaticCall(identity.address, SLOT0, _PAIR_WORDS), StaticCall(identity.address, LIQUIDITY)]


def read_heads(
    multicall: Multicall, identities: Sequence[PoolIdentity], block: BlockRef
) -> list[list[CallResult]]:
    """Return the answers to ``head_calls`` of each pool."""
    calls = [head_calls(identity) for identity in identities]
    results = iter(multicall.read([call for group in calls for call in group], block))
    return [[next(results) for _ in group] for group in calls]


def head_problem(head: Sequence[CallResult]) -> str | None:
    """Say why the answers describe no pool, or return None."""
    return None if all(result.answered for result in head) else "does not answer like a pool"


def head_matches(known: Known, head: Sequence[CallResult]) -> bool:
    """Tell whether what the chain answers is what we believe."""
    if head_problem(head) is not None:
        return False
    if isinstance(known, PoolIdentity):
        return head[0].word() == 0
    if isinstance(known, UniswapV2Pool):
        return (known.reserve0, known.reserve1) == (head[0].word(0), head[0].word(1))
    stated = (head[0].word(0), head[0].signed_word(1), head[1].word())
    return (known.sqrt_price_x96, known.tick, known.liquidity) == stated


def emptiness(known: Known) -> str | None:
    """Say why nothing can be traded in a pool, or return None."""
    if isinstance(known, PoolIdentity):
        return f"pool {known.address} is not initialised"
    if isinstance(known, UniswapV2Pool):
        return None if known.reserve0 and known.reserve1 else f"pool {known.address} has no reserves"
    return None if known.ticks.indices else f"pool {known.address} has no liquidity at any price"


def v2_pool(identity: PoolIdentity, reserve0: int, reserve1: int) -> UniswapV2Pool:
    """Return a pair's state. Raises QuoteError where the values are none."""
    return UniswapV2Pool(
        address=identity.address,
        token0=identity.token0,
        token1=identity.token1,
        venue=identity.venue.name,
        fee_pips=identity.fee_pips,
        reserve0=reserve0,
        reserve1=reserve1,
    )


def v3_pool(
    identity: PoolIdentity, sqrt_price_x96: int, tick: int, liquidity: int, ticks: TickMap
) -> UniswapV3Pool:
    """Return a V3 pool's state. Raises QuoteError where the values are none."""
    return UniswapV3Pool(
        address=identity.address,
        token0=identity.token0,
        token1=identity.token1,
        venue=identity.venue.name,
        fee_pips=identity.fee_pips,
        tick_spacing=identity.tick_spacing,
        sqrt_price_x96=sqrt_price_x96,
        tick=tick,
        liquidity=liquidity,
        ticks=ticks,
    )


def _state(identity: PoolIdentity, head: Sequence[CallResult], ticks: TickMap | None) -> Known:
    if identity.venue.kind is VenueKind.UNISWAP_V2:
        return v2_pool(identity, head[0].word(0), head[0].word(1))
    if ticks is None:
        return identity
    return v3_pool(identity, head[0].word(0), head[0].signed_word(1), head[1].word(), ticks)


def _read_ticks(
    multicall: Multicall, identities: Sequence[PoolIdentity], block: BlockRef
) -> dict[Address, TickMap]:
    by_address = {identity.address: identity for identity in identities}
    words = scan_tick_bitmaps(multicall.reader, [_bitmap_range(identity) for identity in identities], block)
    asked = [(found.pool, tick) for found in words for tick in _ticks_of_word(by_address[found.pool], found)]
    calls = [StaticCall(address, TICKS + word(tick), _PAIR_WORDS) for address, tick in asked]
    found: dict[Address, dict[int, tuple[int, int]]] = {identity.address: {} for identity in identities}
    for (address, tick), result in zip(asked, multicall.read(calls, block), strict=True):
        found[address][tick] = (result.word(0), result.signed_word(1))
    return {address: TickMap.of(ticks) for address, ticks in found.items()}


def _bitmap_range(identity: PoolIdentity) -> ScanRange:
    """Return the bitmap's words that can hold a tick."""
    most = MAX_TICK // identity.tick_spacing
    first = -most // _WORD_BITS  # down: the word that holds the lowest tick
    return ScanRange(identity.address, first, most // _WORD_BITS - first + 1)


def _ticks_of_word(identity: PoolIdentity, found: BitmapWord) -> Iterator[int]:
    bits = found.bits
    while bits:
        lowest = bits & -bits
        yield (found.position * _WORD_BITS + lowest.bit_length() - 1) * identity.tick_spacing
        bits ^= lowest
