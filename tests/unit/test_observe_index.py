"""The index of pools: blocks taken and taken back, and what is remembered of them."""

from __future__ import annotations

from typing import Any

import pytest

from steelyard.amm.uniswap_v2 import UniswapV2Pool
from steelyard.connect import abi
from steelyard.exceptions import RpcInconsistent
from steelyard.model import BlockRef, Venue, VenueKind
from steelyard.observe.discovery import PoolIdentity
from steelyard.observe.index import PoolIndex
from steelyard.units import Address

pytestmark = pytest.mark.unit

TOKEN0, TOKEN1 = Address("0x" + "11" * 20), Address("0x" + "22" * 20)
PAIR = Address("0x" + "33" * 20)
NEWCOMER = Address("0x" + "44" * 20)
VENUE = Venue(
    venue_id=0,
    name="uniswap_v2",
    kind=VenueKind.UNISWAP_V2,
    factory=Address("0x" + "55" * 20),
    init_code_hash="0x" + "00" * 32,
    fee_pips=3000,
)


def block(name: str, number: int) -> BlockRef:
    return BlockRef(
        number=number,
        hash=name,
        parent_hash="",
        timestamp_seconds=0,
        base_fee_wei=0,
        gas_used=0,
        gas_limit=0,
    )


def identity(address: Address) -> PoolIdentity:
    return PoolIdentity(address=address, venue=VENUE, token0=TOKEN0, token1=TOKEN1, fee_pips=3000)


def pair(reserve0: int, address: Address = PAIR) -> UniswapV2Pool:
    return UniswapV2Pool(
        address=address,
        token0=TOKEN0,
        token1=TOKEN1,
        venue=VENUE.name,
        fee_pips=3000,
        reserve0=reserve0,
        reserve1=1_000,
    )


def sync(of: BlockRef, reserve0: int) -> list[dict[str, Any]]:
    data = "0x" + (abi.word(reserve0) + abi.word(1_000)).hex()
    return [{"address": PAIR, "topics": [abi.SYNC], "data": data, "blockHash": of.hash, "logIndex": "0x0"}]


@pytest.fixture
def index() -> PoolIndex:
    index = PoolIndex(history_blocks=3)
    touched = index.reset(block("a0", 0), [identity(PAIR)], {PAIR: pair(10)})
    assert touched == {PAIR}
    return index


def take(index: PoolIndex, fork: str, *steps: tuple[str, int]) -> frozenset[Address]:
    """Go from ``fork`` over blocks that each set the pair's first reserve."""
    start = index.blocks[fork]
    draft = index.draft(start)
    for at, (name, reserve0) in enumerate(steps, start.number + 1):
        draft.apply(block(name, at), sync(block(name, at), reserve0))
    return index.commit(start, draft)


def reserve(index: PoolIndex) -> int:
    pool = index.pools()[PAIR]
    assert isinstance(pool, UniswapV2Pool)
    return pool.reserve0


def test_dropped_draft_changes_nothing(index: PoolIndex) -> None:
    draft = index.draft(index.tip)
    draft.apply(block("a1", 1), sync(block("a1", 1), 11))
    assert reserve(index) == 10
    assert index.tip.hash == "a0"


def test_chain_that_comes_back_after_a_reorg_is_taken_as_new(index: PoolIndex) -> None:
    take(index, "a0", ("a1", 11))
    assert take(index, "a0", ("b1", 21)) == {PAIR}
    assert list(index.blocks) == ["a0", "b1"]
    assert take(index, "a0", ("a1", 11), ("a2", 12)) == {PAIR}
    assert list(index.blocks) == ["a0", "a1", "a2"]
    assert reserve(index) == 12


def test_going_back_restores_every_state_and_touches_what_differs(index: PoolIndex) -> None:
    take(index, "a0", ("a1", 11), ("a2", 12))
    assert take(index, "a1") == {PAIR}
    assert (reserve(index), index.tip.hash) == (11, "a1")
    assert take(index, "a0") == {PAIR}
    assert reserve(index) == 10


def test_reorg_that_ends_in_the_same_state_touches_nothing(index: PoolIndex) -> None:
    take(index, "a0", ("a1", 11))
    assert take(index, "a0", ("b1", 11)) == frozenset()


def test_memory_is_bounded_and_what_is_forgotten_cannot_be_gone_back_to(index: PoolIndex) -> None:
    old = index.tip
    for number in range(1, 5):
        take(index, index.tip.hash, (f"a{number}", 10 + number))
    assert list(index.blocks) == ["a2", "a3", "a4"]
    with pytest.raises(RpcInconsistent, match="not among those remembered"):
        index.draft(old)


def test_pool_that_was_read_and_not_followed_is_read_again_after_going_back(index: PoolIndex) -> None:
    start = index.tip
    draft = index.draft(start)
    draft.apply(block("a1", 1), [])
    draft.apply(block("a2", 2), [])
    draft.identities[NEWCOMER] = identity(NEWCOMER)
    draft.put({NEWCOMER: pair(5, NEWCOMER)})
    assert index.commit(start, draft) == {NEWCOMER}
    back = index.draft(index.blocks["a1"])
    assert back.stale == back.dropped == {NEWCOMER}
    back.put({NEWCOMER: None})
    assert index.commit(index.blocks["a1"], back) == {NEWCOMER}
    assert NEWCOMER not in index.identities


def test_pool_without_reserves_is_listed_apart_until_it_has_some(index: PoolIndex) -> None:
    assert take(index, "a0", ("a1", 0)) == {PAIR}
    assert index.pools() == {}
    assert "has no reserves" in index.empty()[PAIR]
    assert take(index, "a1", ("a2", 7)) == {PAIR}
    assert index.empty() == {}
    assert reserve(index) == 7


def test_pools_are_copied_once_for_each_state_of_the_index() -> None:
    start, following = block("a", 1), block("b", 2)
    index = PoolIndex(8)
    index.reset(start, [identity(PAIR)], {PAIR: pair(1_000)})
    before = index.pools()
    assert index.pools() is before
    draft = index.draft(start)
    draft.apply(following, sync(following, 2_000))
    index.commit(start, draft)
    assert index.pools() == {PAIR: pair(2_000)}
    assert before == {PAIR: pair(1_000)}
    index.reset(start, [identity(PAIR)], {PAIR: pair(3_000)})
    assert index.pools() == {PAIR: pair(3_000)}
