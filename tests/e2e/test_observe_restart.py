"""Warm equals cold: a follower that takes up a checkpoint knows what one knows that reads everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from steelyard.connect.hexes import checksum
from steelyard.exceptions import RpcUnavailable
from steelyard.model import MarketSnapshot
from steelyard.observe.checkpoint import Checkpoint, RowCache, encode, read_file, write_file
from steelyard.observe.checkpointer import Checkpointer
from steelyard.observe.discovery import pool_address
from steelyard.observe.follower import MarketFollower
from steelyard.observe.pools import v2_pool
from steelyard.observe.watch import Discovery
from steelyard.sandbox.faulty_rpc import Drop, FaultyRpc
from steelyard.sandbox.replica import Replica
from steelyard.sandbox.wholesale import Wholesaler
from steelyard.sandbox.wholesale_market import make_market
from steelyard.units import Q96
from tests.support.market_scene import (
    VENUES,
    LivelyScene,
    assert_same_market,
    running_replica,
)
from tests.support.watched import watched_pools

pytestmark = pytest.mark.e2e

UNISWAP_V3 = VENUES[2]


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with running_replica() as replica:
        yield replica


class Desk:
    """Keepers of one market that come and go, with one checkpoint between them."""

    def __init__(self, scene: LivelyScene, path: Path) -> None:
        self.scene = scene
        self.path = path
        self.said: list[str] = []

    def open(self, **options: Any) -> MarketFollower:
        watch = options.setdefault("watch", self.scene.watch())
        every_blocks = options.pop("every_blocks", 1_000)
        checkpointer = Checkpointer(self.path, watch, self.said.append, every_blocks=every_blocks)
        return self.scene.follower(checkpointer=checkpointer, notice=self.said.append, **options)

    def work(self, blocks: int, **options: Any) -> None:
        """Follow some blocks, then stop cleanly."""
        follower = self.open(**options)
        follower.poll()
        for _ in range(blocks):
            self.scene.turn()
            follower.poll()
        follower.close()
        self.said.clear()

    def saved(self) -> Checkpoint:
        found = read_file(self.path, self.scene.watch())
        assert found is not None
        return found

    def put(self, checkpoint: Checkpoint) -> None:
        rows = list(RowCache().rows(checkpoint))
        write_file(self.path, encode(checkpoint, self.scene.watch(), rows))

    def was_warm(self) -> bool:
        assert len(self.said) == 1, self.said
        return self.said[0].startswith("market taken up from the checkpoint of block ")

    def was_refused(self, words: str) -> bool:
        """Tell whether a checkpoint was refused for this, once, and everything read anew."""
        refused = [sentence for sentence in self.said if " is not used: " in sentence]
        assert len(refused) == 1, self.said
        anew = [sentence for sentence in self.said if sentence.startswith("market read anew at block ")]
        assert len(anew) == 1, self.said
        return re.search(words, refused[0]) is not None


@pytest.fixture
def scene(replica: Replica) -> Iterator[LivelyScene]:
    rpc = replica.connect()
    before = rpc.call("evm_snapshot")
    yield LivelyScene(replica)
    rpc.call("evm_revert", before)


@pytest.fixture
def desk(scene: LivelyScene, tmp_path: Path) -> Desk:
    return Desk(scene, tmp_path / "market")


def first(follower: MarketFollower) -> MarketSnapshot:
    snapshot = follower.poll()
    assert snapshot is not None
    return snapshot


@pytest.mark.parametrize("gap", [0, 1, 8, 20])
def test_restart_after_some_blocks_equals_a_cold_read(desk: Desk, scene: LivelyScene, gap: int) -> None:
    desk.work(3)
    for _ in range(gap):
        scene.turn()
    follower = desk.open()
    warm = first(follower)
    assert_same_market(warm, scene.cold())
    assert desk.was_warm()
    assert warm.touched == frozenset(warm.pools)
    assert follower.repairs == follower.reorgs == 0
    for _ in range(2):
        scene.turn()
        assert_same_market(follower.poll(), scene.cold())


def test_restart_reads_less_than_a_cold_start(desk: Desk, scene: LivelyScene) -> None:
    desk.work(1)
    scene.turn()
    with FaultyRpc(scene.replica.rpc_url) as node:
        first(desk.open(url=node.url))
        warm = node.calls["eth_call"]
        scene.cold(url=node.url)
        assert warm < node.calls["eth_call"] - warm


def test_pools_created_while_nobody_looked_are_found(desk: Desk, scene: LivelyScene) -> None:
    desk.work(2)
    low, high = sorted((scene.tokens[9], scene.tokens[10]), key=str.lower)
    token0, token1 = checksum(low), checksum(high)
    born = pool_address(UNISWAP_V3, token0, token1, 500)
    scene.create_v3(token0, token1, 500, Q96)
    scene.create_pair(token0, token1)
    scene.mine()
    scene.provide_between(token0, token1, 500, -600, 600)
    scene.fill_pair(token0, token1)
    scene.mine()
    scene.turn()
    warm = first(desk.open())
    assert_same_market(warm, scene.cold())
    assert desk.was_warm()
    assert born in warm.pools


def test_pool_that_a_reorg_destroys_after_the_restart_is_forgotten(desk: Desk, scene: LivelyScene) -> None:
    desk.work(2)
    low, high = sorted((scene.tokens[9], scene.tokens[10]), key=str.lower)
    token0, token1 = checksum(low), checksum(high)
    born = pool_address(UNISWAP_V3, token0, token1, 500)
    scene.create_v3(token0, token1, 500, Q96)
    scene.mine()
    scene.provide_between(token0, token1, 500, -600, 600)
    scene.mine()
    follower = desk.open()
    assert born in first(follower).pools
    scene.rpc.call("anvil_reorg", 2, [])
    after = follower.poll()
    assert_same_market(after, scene.cold())
    assert after is not None
    assert born not in after.pools
    assert (follower.reorgs, follower.repairs) == (1, 0)


def test_pools_that_were_not_initialised_stay_known(desk: Desk, scene: LivelyScene) -> None:
    low, high = sorted((scene.tokens[9], scene.tokens[10]), key=str.lower)
    token0, token1 = checksum(low), checksum(high)
    scene.create_v3(token0, token1, 500, None)
    scene.create_pair(token0, token1)
    scene.mine()
    desk.work(1)
    scene.create_v3(token0, token1, 500, Q96)
    scene.fill_pair(token0, token1)
    scene.mine()
    scene.provide_between(token0, token1, 500, -600, 600)
    scene.mine()
    warm = first(desk.open())
    assert_same_market(warm, scene.cold())
    assert desk.was_warm()
    assert pool_address(UNISWAP_V3, token0, token1, 500) in warm.pools


def test_reorg_of_the_blocks_that_nobody_saw_is_no_trouble(desk: Desk, scene: LivelyScene) -> None:
    desk.work(2)
    for _ in range(4):
        scene.turn()
    scene.rpc.call("anvil_reorg", 3, [])
    scene.turn()
    follower = desk.open()
    assert_same_market(follower.poll(), scene.cold())
    assert desk.was_warm()


def test_checkpoint_of_an_orphaned_block_is_refused_and_everything_read_anew(
    desk: Desk, scene: LivelyScene
) -> None:
    scene.turn()
    desk.work(3)
    scene.rpc.call("anvil_reorg", 2, [])
    scene.turn()
    follower = desk.open()
    assert_same_market(follower.poll(), scene.cold())
    assert desk.was_refused("is not of the node's chain")


def test_chain_that_ends_before_the_checkpoint_is_read_anew(desk: Desk, scene: LivelyScene) -> None:
    before = scene.rpc.call("evm_snapshot")
    desk.work(3)
    scene.rpc.call("evm_revert", before)
    assert_same_market(first(desk.open()), scene.cold())
    assert desk.was_refused("is not of the node's chain")


def test_reorg_deeper_than_the_checkpoint_after_a_restart_is_read_anew_and_counted(
    desk: Desk, scene: LivelyScene
) -> None:
    for _ in range(3):
        scene.turn()
    desk.work(1)
    scene.turn()
    follower = desk.open()
    first(follower)
    scene.rpc.call("anvil_reorg", 4, [])
    assert_same_market(follower.poll(), scene.cold())
    assert follower.reorgs == 1


def test_too_old_checkpoint_is_refused(
    desk: Desk, scene: LivelyScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steelyard.observe.heads.MAX_GAP_BLOCKS", 3)
    desk.work(1)
    for _ in range(5):
        scene.turn()
    assert_same_market(first(desk.open()), scene.cold())
    assert desk.was_refused("5 blocks old")


def test_state_that_the_chain_contradicts_is_read_anew(desk: Desk, scene: LivelyScene) -> None:
    """Wrong with a right checksum: what a bug of an earlier version would leave behind."""
    desk.work(1)
    saved = desk.saved()
    pair = next(key for key, known in saved.known.items() if type(known).__name__ == "UniswapV2Pool")
    wrong = v2_pool(saved.identities[pair], 1, 2)
    desk.put(replace(saved, known=dict(saved.known) | {pair: wrong}))
    follower = desk.open()
    assert_same_market(follower.poll(), scene.cold())
    assert desk.was_refused("the chain's own pools contradict it")
    assert follower.repairs == 1


def test_market_with_another_token_is_read_anew(desk: Desk, scene: LivelyScene) -> None:
    few = scene.watch(tokens=scene.tokens[:-1])
    desk.work(1, watch=few)
    assert_same_market(first(desk.open()), scene.cold())
    assert desk.was_refused("other tokens")


def test_token_that_came_to_life_is_not_left_out(desk: Desk, scene: LivelyScene) -> None:
    unborn = checksum("0x" + "0d" * 20)
    watch = scene.watch(tokens=(*scene.tokens, unborn))
    desk.work(1, watch=watch)
    follower = desk.open(watch=watch)
    assert unborn in first(follower).unusable
    assert desk.was_warm()
    follower.close()
    desk.said.clear()
    code = scene.rpc.call("eth_getCode", scene.replica.manifest.token("UNI").address, "latest")
    scene.rpc.call("anvil_setCode", unborn, code)
    scene.mine()
    warm = first(desk.open(watch=watch))
    assert_same_market(warm, scene.cold(watch=watch))
    assert unborn in warm.tokens
    assert desk.was_refused("can be traded now")


@pytest.mark.parametrize("damage", [b"", b"steelyard-checkpoint 1 00\n{}", b"\x80\x04K\x01."])
def test_damaged_file_is_refused_and_mended(desk: Desk, scene: LivelyScene, damage: bytes) -> None:
    desk.path.write_bytes(damage)
    follower = desk.open()
    assert_same_market(follower.poll(), scene.cold())
    assert desk.was_refused("no checkpoint of ours|does not match")
    follower.close()
    desk.said.clear()
    assert_same_market(first(desk.open()), scene.cold())
    assert desk.was_warm()


def test_keeper_that_was_killed_leaves_a_checkpoint_of_a_few_blocks_ago(
    desk: Desk, scene: LivelyScene
) -> None:
    follower = desk.open(every_blocks=3)
    follower.poll()
    numbers = []
    for _ in range(7):
        scene.turn()
        numbers.append(first(follower).block.number)
        assert follower._checkpointer is not None
        follower._checkpointer._finish()
    # No close: it is killed here.
    assert desk.saved().block.number == numbers[-2]
    desk.said.clear()
    assert_same_market(first(desk.open()), scene.cold())
    assert desk.was_warm()


def test_saved_state_is_that_of_its_block_however_long_writing_takes(
    desk: Desk, scene: LivelyScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steelyard.observe.checkpointer._ROWS_AT_ONCE", 1)
    monkeypatch.setattr("steelyard.observe.checkpointer._PAUSE_SECONDS", 0.02)
    follower = desk.open(every_blocks=1)
    before = first(follower)
    for _ in range(2):
        scene.turn()
        follower.poll()
    assert follower._checkpointer is not None
    follower._checkpointer._finish()
    saved = desk.saved()
    assert saved.block == before.block
    assert {known.address: known for known in saved.known.values()} == before.pools


def test_node_that_falls_silent_during_the_restart_is_tried_again(desk: Desk, scene: LivelyScene) -> None:
    desk.work(2)
    for _ in range(2):
        scene.turn()
    with FaultyRpc(scene.replica.rpc_url) as node:
        follower = desk.open(url=node.url)
        node.fault("eth_getLogs", Drop())
        with pytest.raises(RpcUnavailable):
            follower.poll()
        node.clear()
        warm = first(follower)
    assert_same_market(warm, scene.cold())
    assert desk.was_warm()
    assert warm.touched == frozenset(warm.pools)


def test_hubs_take_up_new_pools_of_bases_only_as_a_cold_read_does(desk: Desk, scene: LivelyScene) -> None:
    base = scene.tokens[0]
    watch = scene.watch(discovery=Discovery.HUBS, bases=(base,))
    desk.work(1, watch=watch)
    follower = desk.open(watch=watch)
    first(follower)
    low, high = sorted((scene.tokens[9], scene.tokens[10]), key=str.lower)
    scene.create_pair(checksum(low), checksum(high))
    of_base = sorted((scene.tokens[10], base), key=str.lower)
    scene.create_v3(checksum(of_base[0]), checksum(of_base[1]), 500, None)
    scene.mine()
    after = first(follower)
    assert_same_market(after, scene.cold(watch=watch))
    assert pool_address(UNISWAP_V3, checksum(of_base[0]), checksum(of_base[1]), 500) in after.unusable
    assert follower.repairs == 0


def test_restart_on_hundreds_of_pools_equals_a_cold_read(desk: Desk, scene: LivelyScene) -> None:
    wholesaler = Wholesaler(scene.rpc)
    market = make_market(wholesaler, scene.replica.manifest, 300)
    watch = scene.watch(tokens=tuple(dict.fromkeys((*scene.tokens, *market.tokens))))
    cold = desk.open(watch=watch)
    assert len(first(cold).pools) == 300 + len(watched_pools(scene.replica.manifest))
    cold.close()
    desk.said.clear()
    for at in range(3):
        wholesaler.touch(market.orders[at::7])
    warm = first(desk.open(watch=watch))
    assert_same_market(warm, scene.cold(watch=watch))
    assert desk.was_warm()


def test_follower_that_never_started_saves_nothing(desk: Desk) -> None:
    desk.open().close()
    assert not desk.path.exists()
