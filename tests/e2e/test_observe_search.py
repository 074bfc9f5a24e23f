"""Every way of finding pools finds the same, and a node that hides old logs never makes them fewer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from steelyard.connect.chain import ChainClient
from steelyard.connect.hexes import checksum
from steelyard.connect.multicall import Multicall
from steelyard.connect.rpc import RpcClient
from steelyard.exceptions import RpcUnavailable
from steelyard.observe.discovery import PoolIdentity
from steelyard.observe.progress import Progress
from steelyard.observe.search import PoolSearch
from steelyard.observe.watch import Discovery, WatchList
from steelyard.sandbox.faulty_rpc import Delay, ErrorAnswer, Fault, FaultyRpc, Lie, LogLimit
from steelyard.sandbox.replica import Replica
from steelyard.sandbox.wholesale import Wholesaler
from steelyard.sandbox.wholesale_market import WholesaleMarket, make_market
from tests.support.market_scene import QUICK, VENUES, Scene, running_replica
from tests.support.watched import watched_pools

pytestmark = pytest.mark.e2e

POOLS = 150
LOGS = "eth_getLogs"


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with running_replica() as replica:
        yield replica


@pytest.fixture(scope="module")
def market(replica: Replica) -> WholesaleMarket:
    with replica.connect() as rpc:
        return make_market(Wholesaler(rpc), replica.manifest, POOLS)


@pytest.fixture
def node(replica: Replica) -> Iterator[FaultyRpc]:
    with FaultyRpc(replica.rpc_url) as node:
        yield node


class Searcher:
    """Searches through a node that may misbehave, and remembers what was said."""

    def __init__(self, node: FaultyRpc, watch: WatchList, *, timeout_seconds: float = 60) -> None:
        rpc = RpcClient(node.url, timeout_seconds=timeout_seconds, retry=QUICK, sleep=lambda _: None)
        self.chain = ChainClient(rpc)
        self.watch = watch
        self.search = PoolSearch(self.chain, watch)
        self.said: list[str] = []

    def find(self) -> tuple[PoolIdentity, ...]:
        return self.found().identities

    def found(self) -> Any:
        progress = Progress(self.said.append, every_seconds=0)
        return self.search.find(Multicall(self.chain), self.watch.tokens, self.chain.block(), progress)


@pytest.fixture
def watch(replica: Replica, market: WholesaleMarket) -> WatchList:
    first = replica.manifest.block_number - 500
    scene_tokens = tuple(token.address for token in replica.manifest.tokens)
    tokens = tuple(dict.fromkeys((*scene_tokens, *market.tokens)))
    return WatchList(
        chain_id=1,
        tokens=tokens,
        venues=VENUES,
        lenders={},
        discovery=Discovery.PAIRS,
        bases=market.hubs,
        logs_from_block=first,
    )


def everything(replica: Replica, market: WholesaleMarket) -> set[str]:
    return {pool.address for pool in watched_pools(replica.manifest)} | set(market.pools)


def by_logs(node: FaultyRpc, watch: WatchList, **options: Any) -> Searcher:
    return Searcher(node, replace(watch, discovery=Discovery.LOGS), **options)


def test_pairs_find_every_pool_with_all_that_names_it(
    replica: Replica, market: WholesaleMarket, node: FaultyRpc, watch: WatchList
) -> None:
    identities = Searcher(node, watch).find()
    assert {identity.address for identity in identities} == everything(replica, market)
    ordered = dict(zip(market.pools, market.orders, strict=True))
    for identity in identities:
        order = ordered.get(identity.address)
        if order is not None:
            assert (identity.token0, identity.token1) == (order.token0, order.token1)
            assert identity.venue.name.replace("_", "-") == order.kind.value
            assert identity.fee_pips == getattr(order, "fee_pips", 3_000)


def test_creation_logs_find_what_pairs_find(node: FaultyRpc, watch: WatchList) -> None:
    searcher = by_logs(node, watch)
    assert searcher.find() == Searcher(node, watch).find()
    assert not any("cannot be used" in sentence for sentence in searcher.said)


def test_hubs_find_the_pools_of_bases_and_no_others(node: FaultyRpc, watch: WatchList) -> None:
    hubs = replace(watch, discovery=Discovery.HUBS)
    found, complete = Searcher(node, hubs).find(), Searcher(node, watch).find()
    expected = [each for each in complete if {each.token0, each.token1} & set(watch.bases)]
    assert list(found) == expected
    assert len(found) < len(complete)
    assert all(hubs.wants(each.token0, each.token1) == (each in found) for each in complete)


@pytest.mark.parametrize(
    "limit",
    [
        LogLimit(most_blocks=7),
        LogLimit(most_blocks=1),
        LogLimit(most_blocks=10**9, most_results=170),
        LogLimit(most_blocks=50, code=-32602, message="exceed maximum block range: 50"),
        LogLimit(most_blocks=50, code=-32600, message="Log response size exceeded"),
        LogLimit(most_blocks=50, code=-32614, message="eth_getLogs is limited to a 50 range"),
    ],
    ids=["blocks", "one block", "results", "geth", "size", "range"],
)
def test_ranges_shrink_to_what_a_node_grants(node: FaultyRpc, watch: WatchList, limit: LogLimit) -> None:
    complete = Searcher(node, watch).find()
    node.fault(LOGS, limit)
    searcher = by_logs(node, watch)
    assert searcher.find() == complete
    assert not any("cannot be used" in sentence for sentence in searcher.said)


def test_ranges_grow_again_after_a_refusal(node: FaultyRpc, watch: WatchList) -> None:
    node.fault(LOGS, LogLimit(most_blocks=2), times=12)
    searcher = by_logs(node, watch)
    searcher.find()
    blocks = searcher.chain.block().number - watch.logs_from_block
    # Refused down to two blocks; at that width there would be hundreds of queries.
    assert node.calls[LOGS] < blocks // 4


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (ErrorAnswer(4444, "pruned history unavailable"), "pruned history"),
        (ErrorAnswer(-32000, "logs are off"), "logs are off"),
        (Lie(lambda _params, _logs: []), "lack"),
        (Lie(lambda _params, logs: logs[: len(logs) // 2]), "lack"),
    ],
    ids=["pruned", "refused", "hidden", "halved"],
)
def test_node_without_old_logs_is_asked_for_every_pair_and_that_is_said(
    node: FaultyRpc, watch: WatchList, fault: Fault, words: str
) -> None:
    complete = Searcher(node, watch).find()
    node.fault(LOGS, fault)
    searcher = by_logs(node, watch)
    assert searcher.find() == complete
    assert [words in sentence for sentence in searcher.said if "cannot be used" in sentence] == [True]
    if words == "pruned history":
        assert node.calls[LOGS] == 1, "a node that says what it lacks is not asked again and again"


def test_search_that_broke_off_goes_on_where_it_was(node: FaultyRpc, watch: WatchList) -> None:
    complete = Searcher(node, watch).find()
    searcher = by_logs(node, watch)
    node.fault(LOGS, LogLimit(most_blocks=100), times=8)
    node.fault(LOGS, ErrorAnswer(-32005, "daily request count exceeded"))
    with pytest.raises(RpcUnavailable, match="daily request count"):
        searcher.find()
    node.clear()
    asked: list[int] = []
    node.fault(LOGS, Lie(lambda params, logs: asked.append(int(params[0]["fromBlock"], 16)) or logs))
    assert searcher.find() == complete
    # A little before the place where it broke off: a reorg may have changed what was there.
    assert watch.logs_from_block < min(asked)


def test_query_that_takes_too_long_is_tried_with_fewer_blocks(node: FaultyRpc, watch: WatchList) -> None:
    complete = Searcher(node, watch).find()
    node.fault(LOGS, Delay(60), times=2)
    searcher = by_logs(node, watch, timeout_seconds=2)
    assert searcher.find() == complete


def test_damaged_creation_log_is_an_inconsistency(node: FaultyRpc, watch: WatchList) -> None:
    node.fault(LOGS, Lie(lambda _params, logs: [{"topics": []} for _ in logs]))
    with pytest.raises(Exception, match="lacks its address"):
        by_logs(node, watch).find()


def test_factory_that_is_none_is_left_out_with_the_reason(node: FaultyRpc, watch: WatchList) -> None:
    nobody = checksum("0x" + "0d" * 20)
    broken = replace(VENUES[0], venue_id=9, name="nobody", factory=nobody)
    found = Searcher(node, replace(watch, venues=(*VENUES, broken))).found()
    assert found.identities == Searcher(node, watch).find()
    assert found.unusable == {nobody: f"factory {nobody} of venue nobody does not answer like one"}


def test_pools_that_stand_elsewhere_than_listed_are_left_out_with_the_reason(
    node: FaultyRpc, watch: WatchList
) -> None:
    wrong = replace(VENUES[0], init_code_hash="0x" + "12" * 32)
    found = Searcher(node, replace(watch, venues=(wrong, *VENUES[1:]))).found()
    complete = Searcher(node, watch).find()
    lost = {each.address for each in complete if each.venue is VENUES[0]}
    assert found.unusable.keys() == lost
    assert all("init code hash" in reason for reason in found.unusable.values())
    assert {each.address for each in found.identities} == {each.address for each in complete} - lost


@pytest.mark.parametrize(("tokens", "method"), [(2, "pairs"), (2_000, "pairs"), (2_001, "logs")])
def test_way_is_chosen_by_the_number_of_tokens(tokens: int, method: str) -> None:
    watch = WatchList(chain_id=1, tokens=(), venues=VENUES, lenders={})
    assert watch.method(tokens) == method


def test_few_tokens_need_no_search(node: FaultyRpc, watch: WatchList) -> None:
    assert Searcher(node, replace(watch, tokens=watch.tokens[:1])).find() == ()


def test_progress_is_told_on_the_way(node: FaultyRpc, watch: WatchList) -> None:
    searcher = by_logs(node, watch)
    searcher.find()
    assert any("asking the factories" in sentence for sentence in searcher.said)
    assert any("searching creation logs: block" in sentence for sentence in searcher.said)


def test_scene_of_other_tests_is_small_enough_for_pairs(replica: Replica) -> None:
    assert Scene(replica).watch().discovery is Discovery.AUTO
