"""Raw logs into new pool states: byte slices and integers only, for this is the hot path.

Everything that changes what a pool would pay is in its events: V2 ``Sync`` carries the reserves, V3 ``Swap``
the price, tick and liquidity after it, ``Mint`` and ``Burn`` move ticks. (Flash loans and collected fees
change neither price nor liquidity.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from steelyard.amm.tick_map import TickMap
from steelyard.amm.uniswap_v2 import UniswapV2Pool
from steelyard.amm.uniswap_v3 import UniswapV3Pool
from steelyard.connect.abi import BURN_V3, INITIALIZE, MINT_V3, PAIR_CREATED, POOL_CREATED, SWAP_V3, SYNC
from steelyard.exceptions import QuoteError, RpcInconsistent
from steelyard.observe.discovery import PoolIdentity
from steelyard.observe.pools import Known, v3_pool

WATCHED_TOPICS: Final = (SYNC, SWAP_V3, MINT_V3, BURN_V3, INITIALIZE, PAIR_CREATED, POOL_CREATED)
"""One query by topic brings all of a block; which contracts are ours is looked up here."""

_CREATIONS: Final = frozenset({PAIR_CREATED, POOL_CREATED})
_SIGN_BIT: Final = 1 << 255
_MODULUS: Final = 1 << 256
_NO_TICKS: Final = TickMap(indices=(), liquidity_net=(), liquidity_gross=())

# Where words begin in hexadecimal text after "0x".
_W1, _W2, _W3, _W4, _W5 = (2 + 64 * i for i in range(1, 6))


@dataclass(slots=True)
class BlockEffects:
    """What the logs of one block did.

    Attributes:
        before: what was known at the parent block of each pool that changed, by its address in lower case.
        after: what is known of the same pools at this block.
        stale: pools whose events contradict what was believed: they must be read anew.
        creations: the factories' raw logs.
    """

    before: dict[str, Known] = field(default_factory=dict)
    after: dict[str, Known] = field(default_factory=dict)
    stale: set[str] = field(default_factory=set)
    creations: list[Mapping[str, Any]] = field(default_factory=list)


def apply_logs(
    logs: Sequence[Mapping[str, Any]], block_hash: str, lookup: Callable[[str], Known | None]
) -> BlockEffects:
    """Work out what one block's raw logs did; nothing is changed in place.

    Args:
        lookup: what is known of a pool at the parent block, by its address in lower case; None for what is
            no pool of ours.

    Raises:
        RpcInconsistent: a log is of another block, out of order, marked as removed, or damaged.
    """
    effects = BlockEffects()
    last = -1
    try:
        for log in logs:
            index = int(log["logIndex"], 16)
            if log["blockHash"] != block_hash or index <= last or log.get("removed"):
                raise RpcInconsistent(f"the node's logs of block {block_hash} are of another block or order")
            last = index
            _apply_log(log, lookup, effects)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise RpcInconsistent(f"the node's logs of block {block_hash} are damaged") from None
    return effects


def _apply_log(log: Mapping[str, Any], lookup: Callable[[str], Known | None], effects: BlockEffects) -> None:
    kind = log["topics"][0].lower()
    if kind in _CREATIONS:
        effects.creations.append(log)
        return
    address = log["address"].lower()
    known = effects.after.get(address)
    first = known is None
    if known is None:
        known = lookup(address)
        if known is None:
            return
    try:
        after = _after(known, kind, log["topics"], log["data"])
    except QuoteError:
        effects.stale.add(address)
        return
    if after is not known:
        if first:
            effects.before[address] = known
        effects.after[address] = after


def _after(known: Known, kind: str, topics: Sequence[str], data: str) -> Known:
    """Return the state after one event. Raises QuoteError where the event cannot follow the state."""
    if isinstance(known, UniswapV2Pool):
        if kind != SYNC:
            return known
        _require_words(data, 2)
        return known.with_reserves(int(data[2:_W1], 16), int(data[_W1:_W2], 16))
    if isinstance(known, PoolIdentity):
        if kind != INITIALIZE:
            return known
        _require_words(data, 2)
        return v3_pool(known, int(data[2:_W1], 16), _signed(data[_W1:_W2]), 0, _NO_TICKS)
    if kind == SWAP_V3:
        _require_words(data, 5)
        liquidity, tick = int(data[_W3:_W4], 16), _signed(data[_W4:_W5])
        if known.ticks.liquidity_at(tick) != liquidity:  # a mint or burn was kept from us: where else, too?
            raise QuoteError(f"pool {known.address}: its ticks do not add up to its liquidity, {liquidity}")
        return known.with_price(int(data[_W2:_W3], 16), tick, liquidity)
    if kind == MINT_V3:
        _require_words(data, 4)
        return known.with_position(_signed(topics[2]), _signed(topics[3]), int(data[_W1:_W2], 16))
    if kind == BURN_V3:
        _require_words(data, 3)
        return _burned(known, _signed(topics[2]), _signed(topics[3]), int(data[2:_W1], 16))
    return known


def _burned(pool: UniswapV3Pool, tick_lower: int, tick_upper: int, liquidity: int) -> UniswapV3Pool:
    # A burn of nothing only collects fees: the very same state, so that the pool does not count as touched.
    return pool.with_position(tick_lower, tick_upper, -liquidity) if liquidity else pool


def _require_words(data: str, count: int) -> None:
    if len(data) != 2 + 64 * count:
        raise ValueError("a log's data has a wrong length")


def _signed(word: str) -> int:
    value = int(word, 16)
    return value - _MODULUS if value >= _SIGN_BIT else value
