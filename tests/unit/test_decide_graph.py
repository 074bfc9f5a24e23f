"""The graph of a market: what is an edge and what is not, and why; what its memory keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from steelyard.amm import Pool
from steelyard.amm.tick_tables import TickTables
from steelyard.decide.arbitrage import ArbitrageCache, PathOptimizer
from steelyard.decide.arbitrage.graph import MarketGraph
from steelyard.decide.arbitrage.paths import PathSearch, _ranked
from steelyard.decide.arbitrage.screening import Base, ShortCycles
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.exceptions import ConfigError
from steelyard.model import MarketSnapshot
from steelyard.units import ETHER, PIPS, Address
from tests.support.markets import (
    DAI,
    ODD,
    TOKENS,
    USDC,
    VENUES,
    WETH,
    address,
    block,
    decided,
    drifted,
    pair,
    snapshot,
)
from tests.support.pools import v3_pool

pytestmark = pytest.mark.unit

NAMES = [venue.name for venue in VENUES]


NINTH = address(9)


@dataclass(frozen=True)
class TakesAll:
    """A pool of a kind that may keep all that is sold to it."""

    address: Address = NINTH
    token0: Address = WETH
    token1: Address = USDC
    venue: str = "uniswap_v2"
    fee_pips: int = PIPS

    def screening_reserves(self) -> tuple[float, float, float, float]:
        return 1.0, 1.0, 1.0, 1.0


def graph_of(market: MarketSnapshot, cache: ArbitrageCache | None = None) -> MarketGraph:
    return (cache or ArbitrageCache()).graph(market, NAMES)


class TestEdgesThatDoNotExist:
    def test_pool_without_reserves(self) -> None:
        graph = graph_of(snapshot([pair(1, WETH, USDC, 0, 5)]))
        assert graph.reasons() == {address(1): f"pool {address(1)} has no liquidity to sell {WETH} into"}
        assert np.all(graph.best_by_pair() == -np.inf)

    def test_one_direction_of_a_pool_whose_liquidity_lies_on_one_side(self) -> None:
        above = v3_pool([(60, 120, 10**18)], tick=0, address=address(1), token0=WETH, token1=USDC)
        graph = graph_of(snapshot([above]))
        assert "sell " + WETH in graph.reasons()[address(1)]
        assert np.isfinite(graph.log_rate[1])

    def test_pool_that_keeps_all_as_its_fee(self) -> None:
        graph = MarketGraph({NINTH: TakesAll()})  # type: ignore[dict-item]
        assert "as its fee" in graph.reasons()[NINTH]
        assert np.all(graph.rate[:2] == 0)

    def test_pool_of_a_token_whose_decimals_are_unknown(self) -> None:
        tokens = {at: token for at, token in TOKENS.items() if at != USDC}
        market = replace(snapshot([pair(1, WETH, USDC, 5, 5), pair(2, WETH, DAI, 5, 5)]), tokens=tokens)
        graph = graph_of(market)
        assert set(graph.reasons()) == {address(1)}
        assert USDC in graph.reasons()[address(1)]
        assert "decimals" in graph.reasons()[address(1)]
        assert graph.pools_between(USDC, WETH) == []
        assert len(graph.pools_between(DAI, WETH)) == 1

    def test_stale_pool_and_every_pool_of_a_doubtful_token_until_they_are_trusted_again(self) -> None:
        market = snapshot([pair(1, WETH, USDC, 5, 5), pair(2, WETH, DAI, 5, 5), pair(3, DAI, ODD, 5, 5)])
        cache = ArbitrageCache()
        assert graph_of(market, cache).reasons() == {}
        doubted = {address(1): "pool was not read at this block", ODD: "token lies about transfers"}
        after = replace(market, block=block(101), unusable=doubted, touched=frozenset())
        assert graph_of(after, cache).reasons() == {address(1): doubted[address(1)], address(3): doubted[ODD]}
        later = replace(after, block=block(102), unusable={})
        graph = graph_of(later, cache)
        assert graph.reasons() == {}
        assert np.array_equal(graph.best, graph_of(market).best)

    def test_no_cycle_goes_through_them(self) -> None:
        market = snapshot(drifted())
        assert decided(market).plans
        assert not decided(replace(market, unusable={address(1): "stale"})).verdicts
        assert not decided(replace(market, tokens={WETH: TOKENS[WETH]})).verdicts


def test_only_the_pairs_of_changed_pools_are_looked_at_anew() -> None:
    market = snapshot([pair(1, WETH, USDC, 5, 5), pair(2, WETH, USDC, 5, 6), pair(3, WETH, DAI, 5, 5)])
    cache = ArbitrageCache()
    graph = graph_of(market, cache)
    at = graph.pair_index[graph.token_index[WETH], graph.token_index[USDC]]
    best, version = graph.best[at], graph.version
    moved = dict(market.pools) | {address(2): pair(2, WETH, USDC, 5, 5)}
    graph_of(replace(market, block=block(101), pools=moved, touched=frozenset({address(2)})), cache)
    assert graph.best[at] < best
    assert [int(changed) > version for changed in graph.changed].count(True) == 2


def test_hops_are_shared_until_their_pool_changes() -> None:
    market = snapshot(drifted())
    cache = ArbitrageCache()
    graph = graph_of(market, cache)
    first, other = graph.hop(0), graph.hop(2)
    moved = dict(market.pools) | {address(1): pair(1, WETH, USDC, 5, 5)}
    graph_of(replace(market, block=block(101), pools=moved, touched=frozenset({address(1)})), cache)
    assert graph.hop(0).pool is moved[address(1)]
    assert graph.hop(0) is not first
    assert graph.hop(2) is other


def test_choices_of_pools_are_weighed_again_only_where_a_pool_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lonely = [pair(5, WETH, DAI, 5 * ETHER, 5 * ETHER), pair(6, WETH, DAI, 5 * ETHER, 6 * ETHER)]
    market = snapshot([*drifted(), *lonely])
    cache = ArbitrageCache()
    graph = graph_of(market, cache)
    cycles, base = ShortCycles(graph, [graph.token_index[WETH]], 3), (Base(graph.token_index[WETH], 0.0),)
    asked: list[int] = []
    whole = ShortCycles._expanded
    monkeypatch.setattr(
        ShortCycles, "_expanded", lambda self, owner: (asked.append(len(owner)), whole(self, owner))[1]
    )
    everything = {tuple(row) for row in cycles.screen(base).choices.edges.tolist()}
    assert len(everything) == 2
    moved = dict(market.pools) | {address(5): pair(5, WETH, DAI, 5 * ETHER, 5 * ETHER + 1)}
    graph_of(replace(market, block=block(101), pools=moved, touched=frozenset({address(5)})), cache)
    assert {tuple(row) for row in cycles.screen(base).choices.edges.tolist()} == everything
    cycles.screen(base)
    assert asked == [2, 1]


def test_cycles_whose_loan_is_estimated_too_small_come_behind_all_others_and_are_not_left_out() -> None:
    small = [pair(1, WETH, USDC, ETHER, 10**9), pair(2, WETH, USDC, ETHER, 4 * 10**9)]
    large = [pair(3, WETH, DAI, 100 * ETHER, 100 * ETHER), pair(4, WETH, DAI, 100 * ETHER, 103 * ETHER)]
    cache, market = ArbitrageCache(), snapshot([*small, *large])
    graph = graph_of(market, cache)
    valuer = Valuer(graph, WETH)

    def ranked(limit: int) -> list[set[Address]]:
        search = PathOptimizer(min_trading_limit=limit).search(market, graph, cache, valuer)
        assert search.limits == ()
        return [{hop.pool.address for hop in route} for route in search.routes]

    first, second = {address(1), address(2)}, {address(3), address(4)}
    assert ranked(0) == [first, second]
    assert ranked(ETHER // 2) == [second, first]
    assert ranked(10 * ETHER) == [first, second]


class TestSides:
    def test_side_is_remembered_for_the_very_state(self) -> None:
        cache, pool = ArbitrageCache(), pair(1, WETH, USDC, 10**6, 10**6)
        side = cache.side(pool, WETH)
        assert cache.side(pool, WETH) is side
        assert cache.side(pool, USDC) is not side
        assert side.output(1_000) == pool.side(WETH).output(1_000)
        assert cache.side(replace(pool, reserve0=2 * 10**6), WETH).output(1_000) != side.output(1_000)

    def test_oldest_side_goes_first_where_there_are_too_many(self) -> None:
        cache = ArbitrageCache(max_sides=2)
        pools = [pair(number, WETH, USDC, 10**6, 10**6) for number in range(3)]
        first, second = (cache.side(pool, WETH) for pool in pools[:2])
        assert cache.side(pools[0], WETH) is first
        cache.side(pools[2], WETH)
        assert cache.side(pools[0], WETH) is first
        assert cache.side(pools[1], WETH) is not second

    def test_tables_outlive_the_states(self) -> None:
        tables = TickTables()
        cache = ArbitrageCache(tables=tables)
        pool = v3_pool([(-600, 600, 10**18)], address=address(1), token0=WETH, token1=USDC)
        cache.side(pool, WETH).output(10**15)
        (table,) = tables
        moved = pool.swap_exact_in(WETH, 10**15)[1]
        cache.side(moved, WETH).output(10**15)
        assert list(tables) == [table]


class TestBoundsOnTheSearch:
    """A ring of four tokens that pays in one direction."""

    RING = tuple(
        pair(number, *sorted(ends), *((100, 110) if ends[0] < ends[1] else (110, 100)))
        for number, ends in enumerate(((WETH, USDC), (USDC, DAI), (DAI, ODD), (ODD, WETH)))
    )

    @staticmethod
    def found(*more: Pool, **bounds: int) -> PathSearch:
        market, cache = snapshot([*TestBoundsOnTheSearch.RING, *more]), ArbitrageCache()
        graph = graph_of(market, cache)
        return PathOptimizer(path_length=5, **bounds).search(market, graph, cache, Valuer(graph, WETH))

    def test_search_that_ends_by_itself_has_none(self) -> None:
        search = self.found()
        assert [[hop.token_in for hop in route] for route in search.routes] == [[WETH, USDC, DAI, ODD]]
        assert search.limits == ()

    def test_search_that_is_cut_short_says_so(self) -> None:
        search = self.found(max_steps=3)
        assert not search.routes
        (limit,) = search.limits
        assert "4 to 5 hops through 1 of 1 assets may be missing" in limit
        assert "3 steps" in limit

    def test_too_many_choices_of_pools_are_not_weighed_and_counted(self) -> None:
        parallel = [pair(number, WETH, USDC, 100, 109) for number in range(10, 30)]
        (limit,) = self.found(*parallel, max_steps=20).limits
        assert limit.startswith("1 cycles of 4 to 5 tokens pay")
        assert "20 choices" in limit
        assert self.found(*parallel, max_steps=21).limits == ()

    def test_bounds_must_make_sense(self) -> None:
        for wrong in ({"max_steps": 0}, {"max_choices": 0}):
            with pytest.raises(ConfigError, match=next(iter(wrong))):
                PathOptimizer(**wrong)


def test_only_equals_are_ordered_by_their_edges() -> None:
    edges = np.array([[4, 1], [2, 9], [2, 3], [8, 0], [6, 5]])
    value = np.array([1.0, 7.0, 7.0, 9.0, 1.0])
    assert _ranked(edges, value, 5) == [[8, 0], [2, 3], [2, 9], [4, 1], [6, 5]]
    assert _ranked(edges, value, 4) == [[8, 0], [2, 3], [2, 9], [4, 1]]
    assert _ranked(edges, value, 2) == [[8, 0], [2, 3]]
    assert _ranked(edges[2:4], value[2:4], 2) == [[8, 0], [2, 3]]
    assert _ranked(edges[:0], value[:0], 2) == []
