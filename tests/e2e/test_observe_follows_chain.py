"""Cold equals warm: what the follower knows from logs is what a cold read of the chain finds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from steelyard.amm.uniswap_v3 import UniswapV3Pool
from steelyard.connect.hexes import checksum
from steelyard.exceptions import RpcInconsistent
from steelyard.model import MarketSnapshot
from steelyard.observe.discovery import pool_address
from steelyard.sandbox.abi import encode_call
from steelyard.sandbox.replica import PoolKind, Replica
from steelyard.units import Q96
from tests.support.market_scene import (
    LENDERS,
    VENUES,
    LivelyScene,
    Scene,
    assert_same_market,
    running_replica,
)
from tests.support.watched import watched_pools

pytestmark = pytest.mark.e2e

UNISWAP_V2, _, UNISWAP_V3 = VENUES


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with running_replica() as replica:
        yield replica


@pytest.fixture
def scene(replica: Replica) -> Iterator[LivelyScene]:
    """Each test starts from the market as it was built."""
    rpc = replica.connect()
    before = rpc.call("evm_snapshot")
    yield LivelyScene(replica)
    rpc.call("evm_revert", before)


def test_first_snapshot_holds_every_pool_token_and_lender(scene: LivelyScene) -> None:
    snapshot = scene.cold()
    manifest = scene.replica.manifest
    assert set(snapshot.pools) == {pool.address for pool in watched_pools(manifest)} == snapshot.touched
    assert {token.symbol: token.decimals for token in snapshot.tokens.values()} == {
        token.symbol: token.decimals for token in manifest.tokens
    }
    assert {terms.kind for terms in snapshot.lenders} == LENDERS.keys()
    assert snapshot.unusable == {}


def test_twenty_lively_blocks_by_logs_equal_a_cold_read_of_each(scene: LivelyScene) -> None:
    follower = scene.follower()
    follower.poll()
    ticks_moved = 0
    for _ in range(20):
        before = scene.cold()
        scene.turn()
        warm, cold = follower.poll(), scene.cold()
        assert_same_market(warm, cold)
        assert warm is not None
        differing = {address for address in cold.pools if cold.pools[address] != before.pools[address]}
        assert warm.touched == differing
        ticks_moved += sum(ticks_of(cold, a) != ticks_of(before, a) for a in differing)
    assert ticks_moved >= 15
    assert follower.repairs == follower.reorgs == 0


def ticks_of(snapshot: MarketSnapshot, address: object) -> object:
    pool = {str(key): pool for key, pool in snapshot.pools.items()}[str(address)]
    return pool.ticks if isinstance(pool, UniswapV3Pool) else None


def test_unchanged_pools_are_shared_and_old_snapshots_stay_as_they_were(scene: LivelyScene) -> None:
    follower = scene.follower()
    first = follower.poll()
    assert first is not None
    copied = dict(first.pools)
    scene.turn()
    second = follower.poll()
    assert second is not None
    assert first.pools == copied
    for address, pool in second.pools.items():
        assert (pool is first.pools[address]) == (address not in second.touched)


def test_event_that_changes_nothing_touches_nothing(scene: LivelyScene) -> None:
    follower = scene.follower()
    first = follower.poll()
    assert first is not None
    pair = next(pool for pool in scene.replica.manifest.pools if pool.kind is not PoolKind.UNISWAP_V3)
    synced = scene.send(pair.address, encode_call("sync()"))
    scene.mine()
    scene.must_succeed(synced)
    second = follower.poll()
    assert second is not None
    assert second.touched == frozenset()
    assert second.pools == first.pools


def test_no_new_block_is_no_snapshot(scene: LivelyScene) -> None:
    follower = scene.follower()
    assert follower.poll() is not None
    assert follower.poll() is None


def test_missed_blocks_are_caught_up_in_one_snapshot(scene: LivelyScene) -> None:
    follower = scene.follower()
    follower.poll()
    for _ in range(6):
        scene.turn()
    assert_same_market(follower.poll(), scene.cold())
    assert follower.repairs == 0


def test_longer_gap_than_is_worth_following_is_read_anew(
    scene: LivelyScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steelyard.observe.heads.MAX_GAP_BLOCKS", 3)
    follower = scene.follower()
    follower.poll()
    for _ in range(6):
        scene.turn()
    assert_same_market(follower.poll(), scene.cold())
    assert follower.repairs == 0


@pytest.mark.parametrize("depth", [1, 3])
def test_reorg_is_counted_and_leaves_the_state_of_the_new_chain(scene: LivelyScene, depth: int) -> None:
    follower = scene.follower()
    follower.poll()
    for _ in range(4):
        scene.turn()
        follower.poll()
    scene.rpc.call("anvil_reorg", depth, [])
    after = follower.poll()
    assert_same_market(after, scene.cold())
    assert after is not None
    assert after.reorgs == 1
    assert after.touched
    scene.turn()
    assert_same_market(follower.poll(), scene.cold())
    assert follower.repairs == 0


def test_reorg_to_a_longer_chain_is_followed(scene: LivelyScene) -> None:
    follower = scene.follower()
    for _ in range(3):
        scene.turn()
        follower.poll()
    scene.rpc.call("anvil_reorg", 2, [])
    for _ in range(3):
        scene.turn()
    after = follower.poll()
    assert_same_market(after, scene.cold())
    assert after is not None
    assert after.reorgs == 1
    assert follower.repairs == 0


def test_reorg_deeper_than_memory_reads_everything_anew(scene: LivelyScene) -> None:
    follower = scene.follower(history_blocks=2)
    follower.poll()
    for _ in range(5):
        scene.turn()
        follower.poll()
    scene.rpc.call("anvil_reorg", 4, [])
    after = follower.poll()
    assert_same_market(after, scene.cold())
    assert after is not None
    assert after.reorgs == 1


def test_head_that_went_back_is_doubted_once_and_then_believed(scene: LivelyScene) -> None:
    follower = scene.follower()
    scene.turn()
    old = follower.poll()
    assert old is not None
    before = scene.rpc.call("evm_snapshot")
    scene.turn()
    follower.poll()
    scene.rpc.call("evm_revert", before)
    with pytest.raises(RpcInconsistent, match="went back"):
        follower.poll()
    back = follower.poll()
    assert_same_market(back, scene.cold())
    assert back is not None
    assert back.block == old.block
    assert back.reorgs == 1


def untraded_pair(scene: Scene) -> tuple[str, str]:
    """Two tokens of the market without a pool of their own."""
    manifest = scene.replica.manifest
    tokens = manifest.token("CRV").address, manifest.token("LDO").address
    token0, token1 = sorted(tokens, key=str.lower)
    return token0, token1


def test_new_pools_are_found_by_the_factories_logs(scene: LivelyScene) -> None:
    follower = scene.follower()
    follower.poll()
    token0, token1 = (checksum(token) for token in untraded_pair(scene))
    v2 = pool_address(UNISWAP_V2, token0, token1, 3000)
    v3 = pool_address(UNISWAP_V3, token0, token1, 3000)

    created = [scene.create_pair(token0, token1), scene.create_v3(token0, token1, 3000, None)]
    scene.mine()
    for transaction in created:
        scene.must_succeed(transaction)
    empty = follower.poll()
    assert_same_market(empty, scene.cold())
    assert empty is not None
    assert "no reserves" in empty.unusable[v2]
    assert "not initialised" in empty.unusable[v3]

    filled = [scene.fill_pair(token0, token1), scene.create_v3(token0, token1, 3000, Q96)]
    scene.mine()
    filled.append(scene.provide_between(token0, token1, 3000, -600, 600))
    scene.mine()
    for transaction in filled:
        scene.must_succeed(transaction)
    full = follower.poll()
    assert_same_market(full, scene.cold())
    assert full is not None
    assert {v2, v3} <= full.touched
    assert {v2, v3} <= full.pools.keys()
    assert follower.repairs == 0


def test_position_over_the_whole_range_of_prices_is_found_at_both_ends(scene: LivelyScene) -> None:
    follower = scene.follower()
    follower.poll()
    outermost = {500: 887_270, 3_000: 887_220, 10_000: 887_200}
    pools = {pool.fee_pips: pool for pool in scene.v3_pools() if pool.fee_pips in outermost}
    minted = [
        scene.provide_between(pool.token0, pool.token1, fee, -outermost[fee], outermost[fee])
        for fee, pool in pools.items()
    ]
    scene.mine()
    for transaction in minted:
        scene.must_succeed(transaction)
    cold = scene.cold()
    assert_same_market(follower.poll(), cold)
    for fee, record in pools.items():
        pool = cold.pools[record.address]
        assert isinstance(pool, UniswapV3Pool)
        assert (pool.ticks.indices[0], pool.ticks.indices[-1]) == (-outermost[fee], outermost[fee])


def test_pool_born_in_an_orphaned_block_is_forgotten(scene: LivelyScene) -> None:
    follower = scene.follower()
    scene.turn()
    follower.poll()
    token0, token1 = (checksum(token) for token in untraded_pair(scene))
    v3 = pool_address(UNISWAP_V3, token0, token1, 500)
    scene.create_v3(token0, token1, 500, Q96)
    scene.mine()
    scene.provide_between(token0, token1, 500, -600, 600)
    scene.mine()
    born = follower.poll()
    assert born is not None
    assert v3 in born.pools
    scene.rpc.call("anvil_reorg", 2, [])
    after = follower.poll()
    assert_same_market(after, scene.cold())
    assert after is not None
    assert v3 not in after.pools
    assert v3 in after.touched
    assert follower.repairs == 0


def test_pool_read_late_in_a_catch_up_survives_a_reorg_into_its_middle(scene: LivelyScene) -> None:
    follower = scene.follower()
    scene.turn()
    follower.poll()
    token0, token1 = (checksum(token) for token in untraded_pair(scene))
    v3 = pool_address(UNISWAP_V3, token0, token1, 500)
    scene.create_v3(token0, token1, 500, Q96)
    scene.mine()
    scene.provide_between(token0, token1, 500, -600, 600)
    scene.mine(2)
    scene.provide_between(token0, token1, 500, -300, 300)
    scene.mine()
    follower.poll()
    scene.rpc.call("anvil_reorg", 2, [])
    after = follower.poll()
    assert_same_market(after, scene.cold())
    assert after is not None
    assert v3 in after.pools
    assert follower.repairs == 0


def test_token_without_decimals_is_left_out_with_a_reason_and_so_are_its_pools(scene: LivelyScene) -> None:
    link = scene.replica.manifest.token("LINK").address
    nobody = checksum("0x" + "0d" * 20)
    scene.rpc.call("anvil_setCode", link, "0x5f5ffd")
    scene.mine()
    snapshot = scene.cold(watch=scene.watch(tokens=(*scene.tokens, nobody)))
    assert "reverts" in snapshot.unusable[link]
    assert "is there a token" in snapshot.unusable[nobody]
    assert link not in snapshot.tokens
    assert len(snapshot.tokens) == len(scene.tokens) - 1
    assert all(link not in (pool.token0, pool.token1) for pool in snapshot.pools.values())
    assert snapshot.pools
