"""What a follower observes beside the market: tokens are tried in turn, and oracles read with each block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from steelyard.connect.chain import ChainClient
from steelyard.connect.rpc import RpcClient
from steelyard.model import Address, BlockRef
from steelyard.observe.evidence import Evidence
from steelyard.observe.follower import MarketFollower
from steelyard.observe.oracles import OracleReader
from steelyard.observe.token_safety import TokenTrials
from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.faulty_rpc import FaultyRpc, Lie, Status
from steelyard.sandbox.funding import fund_ether
from steelyard.sandbox.replica import Replica
from steelyard.sandbox.replica.protocols.price_feeds import FEEDS, TRANSMITTER
from steelyard.sandbox.replica.tokens import USDC, WBTC, WETH
from steelyard.units import ETHER, GWEI, WAD
from tests.support.fork_chain import actor
from tests.support.market_scene import QUICK, Scene, running_replica

pytestmark = pytest.mark.e2e

RECEIVER, ORIGIN = actor("executor"), actor("keeper")
NATIVE_USD = FEEDS[0][2]
USD = {token.address: feed for token, _, feed in FEEDS if token is not WETH}
EVERY = 3


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with running_replica() as replica:
        yield replica


@pytest.fixture
def scene(replica: Replica) -> Iterator[Scene]:
    rpc = replica.connect()
    before = rpc.call("evm_snapshot")
    yield Scene(replica)
    rpc.call("evm_revert", before)


@pytest.fixture
def node(replica: Replica) -> Iterator[FaultyRpc]:
    with FaultyRpc(replica.rpc_url) as node:
        yield node


def watching(scene: Scene, url: str | None = None, **changes: Any) -> MarketFollower:
    """A follower with oracles and trials, through ``url``."""
    address = url or scene.replica.rpc_url
    chain = ChainClient(RpcClient(address, retry=QUICK, sleep=lambda _: None))
    trials = TokenTrials(chain, receiver=RECEIVER, origin=ORIGIN, every_blocks=EVERY, at_once=100)
    evidence = Evidence(changes.pop("oracles", OracleReader(NATIVE_USD, USD)), trials)
    return scene.follower(url, evidence=evidence, **changes)


def send_as(scene: Scene, sender: Address, to: Address, signature: str, *arguments: Any) -> None:
    """Send as somebody whose key nobody has, and mine it."""
    scene.rpc.call("anvil_impersonateAccount", sender)
    fund_ether(scene.rpc, sender, ETHER)
    fields = {
        "from": sender,
        "to": to,
        "data": "0x" + encode_call(signature, *arguments).hex(),
        "gas": hex(500_000),
        "maxFeePerGas": hex(200 * GWEI),
        "maxPriorityFeePerGas": hex(GWEI),
    }
    sent = scene.rpc.call("eth_sendTransaction", fields)
    scene.mine()
    scene.must_succeed(sent)


def blacklist_executor(scene: Scene, signature: str) -> None:
    raw = scene.client.eth_call(USDC.address, encode_call("blacklister()"))
    send_as(scene, Address(decode_result("(address)", raw)[0]), USDC.address, signature, RECEIVER)


def mined(scene: Scene, blocks: int) -> BlockRef:
    return scene.mine(blocks)


def test_first_snapshot_has_every_token_tried_and_every_oracles_price(scene: Scene) -> None:
    snapshot = watching(scene).poll()
    assert snapshot is not None
    assert {token: found.problem for token, found in snapshot.safety.items()} == dict.fromkeys(scene.tokens)
    assert {found.block_number for found in snapshot.safety.values()} == {snapshot.block.number}
    assert snapshot.oracles.keys() == USD.keys() & snapshot.tokens.keys()
    assert {price.updated_at_seconds for price in snapshot.oracles.values()} == {
        snapshot.block.timestamp_seconds
    }
    for token in (USDC, WBTC):
        dollars = snapshot.oracles[token.address].wei_per_unit_wad * 10**token.decimals
        assert dollars // WAD == token.price_usd_e8 * ETHER // WETH.price_usd_e8


def test_oracles_are_read_again_with_every_block_and_bad_answers_are_none(scene: Scene) -> None:
    follower = watching(scene)
    before = follower.poll()
    assert before is not None
    feed = USD[WBTC.address]
    send_as(scene, TRANSMITTER, feed, "post(int256)", WBTC.price_usd_e8 * 2)
    after = follower.poll()
    assert after is not None
    token = WBTC.address
    doubled = after.oracles[token].wei_per_unit_wad - 2 * before.oracles[token].wei_per_unit_wad
    assert doubled in (0, 1), "each is rounded down"
    assert before.oracles[token].updated_at_seconds == before.block.timestamp_seconds, "published is frozen"


def test_executor_that_is_blacklisted_meanwhile_is_found_and_so_is_its_pardon(scene: Scene) -> None:
    follower = watching(scene)
    follower.poll()
    blacklist_executor(scene, "blacklist(address)")
    following = follower.poll()
    assert following is not None
    assert following.safety[USDC.address].problem is None, "its turn has not come"
    mined(scene, EVERY)
    refused = follower.poll()
    assert refused is not None
    assert "account is blacklisted" in (refused.safety[USDC.address].problem or "")
    assert refused.safety[WETH.address].problem is None
    blacklist_executor(scene, "unBlacklist(address)")
    mined(scene, EVERY)
    pardoned = follower.poll()
    assert pardoned is not None
    assert pardoned.safety[USDC.address].problem is None


def test_while_the_node_is_idle_tokens_are_tried_and_the_next_snapshot_knows(scene: Scene) -> None:
    follower = watching(scene)
    follower.poll()
    mined(scene, EVERY - 1)
    early = follower.poll()
    assert early is not None
    mined(scene, 1)
    follower.poll()
    blacklist_executor(scene, "blacklist(address)")
    at = follower.poll()
    assert at is not None
    mined(scene, EVERY - 1)
    follower.poll()
    assert follower.poll() is None, "no new block: time for trials"
    mined(scene, 1)
    later = follower.poll()
    assert later is not None
    assert later.safety[USDC.address].problem is not None
    assert later.safety[USDC.address].block_number == later.block.number - 1


def test_node_that_ignores_overrides_tries_nothing_says_so_and_is_followed(
    scene: Scene, node: FaultyRpc
) -> None:
    node.fault("eth_call", Lie(lambda params, result: "0x" if len(params) > 2 else result))
    follower = watching(scene, node.url)
    snapshot = follower.poll()
    assert snapshot is not None
    assert snapshot.pools
    assert snapshot.safety == {}
    assert follower.evidence.warnings == (
        "tokens are not tried: the node answered a trial of transfers without running it",
    )
    node.clear()
    mined(scene, EVERY)
    mended = follower.poll()
    assert mended is not None
    assert mended.safety.keys() == set(scene.tokens)
    assert not list(follower.evidence.warnings)


def test_node_that_fails_during_trials_keeps_no_block_back(scene: Scene, node: FaultyRpc) -> None:
    follower = watching(scene, node.url)
    follower.poll()
    mined(scene, EVERY)
    follower.poll()
    mined(scene, EVERY)
    assert follower.poll() is not None
    mined(scene, EVERY - 1)
    follower.poll()
    node.fault("eth_call", Status(503))
    assert follower.poll() is None, "idle: what fails is tried another time"
    node.clear()
    mined(scene, 1)
    snapshot = follower.poll()
    assert snapshot is not None
    assert len(snapshot.safety) == len(scene.tokens)


def test_an_aggregator_that_is_none_is_named_and_the_others_are_read(scene: Scene) -> None:
    broken = dict(USD) | {WBTC.address: USDC.address, USDC.address: actor("nobody")}
    follower = watching(scene, oracles=OracleReader(NATIVE_USD, broken))
    snapshot = follower.poll()
    assert snapshot is not None
    assert snapshot.oracles.keys() == (USD.keys() & snapshot.tokens.keys()) - {WBTC.address, USDC.address}
    (warning,) = follower.evidence.warnings
    assert actor("nobody") in warning
