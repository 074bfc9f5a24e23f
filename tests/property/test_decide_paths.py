"""Every cycle that pays at the margin is found, no other, and remembering changes nothing."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, permutations, product
from math import prod
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import event, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from steelyard.decide.arbitrage import ArbitrageCache, PathOptimizer, Route, decide
from steelyard.decide.arbitrage.paths import PathSearch
from steelyard.decide.arbitrage.route import forward, pools_of
from steelyard.decide.arbitrage.selection import best_set
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.model import LenderKind, LenderTerms, MarketSnapshot, Token, VerdictCode
from steelyard.sandbox.synthetic_market import SyntheticMarket, synthetic_market
from steelyard.units import GWEI, WAD, Address
from tests.support.markets import (
    DAI,
    ODD,
    TOKENS,
    USDC,
    VENUES,
    WETH,
    address,
    lender,
    route,
    settings,
    snapshot,
)
from tests.support.pools import magnitudes, v2_pool, v3_pool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import DrawFn

    from steelyard.amm import Pool

pytestmark = pytest.mark.property

ALL = (WETH, USDC, DAI, ODD, *(Address(f"0x{digit * 40}") for digit in ("e", "f")))
KNOWN = TOKENS | {token: Token(address=token, symbol=token[:6], decimals=18) for token in ALL[4:]}
fewer = hypothesis_settings(max_examples=hypothesis_settings.default.max_examples // 2)
"""Each example is a history of several blocks, decided on twice."""

NAMES = [venue.name for venue in VENUES]


@st.composite
def pools(draw: DrawFn, number: int, between: Sequence[Address] = ()) -> Pool:
    """A pool between two tokens; many are parallel, some are empty, some have no fee."""
    any_two = st.lists(st.sampled_from(ALL), min_size=2, max_size=2, unique=True)
    token0, token1 = sorted(between or draw(any_two))
    place = {"address": address(number), "token0": token0, "token1": token1}
    if draw(st.booleans()):
        reserves = draw(magnitudes(100, 10**6)), draw(magnitudes(100, 10**6))
        empty = draw(st.integers(0, 9)) == 0
        fee = draw(st.sampled_from((0, 3_000, 10_000)))
        return v2_pool(0 if empty else reserves[0], reserves[1], fee_pips=fee, venue="sushiswap_v2", **place)
    tick = draw(st.integers(-300, 300)) * 60
    lower = tick + draw(st.integers(-20, 5)) * 60
    return v3_pool([(lower, lower + 1_200, draw(magnitudes(10**4, 10**8)))], tick=tick, **place)


@st.composite
def markets(draw: DrawFn) -> MarketSnapshot:
    return draw(listed([draw(pools(number)) for number in range(draw(st.integers(2, 9)))]))


@st.composite
def ringed_markets(draw: DrawFn) -> MarketSnapshot:
    """Pools in a ring of four to six tokens, and some across: chance alone seldom closes one."""
    ring = draw(st.permutations(ALL))[: draw(st.integers(4, 6))]
    made = [draw(pools(number, pair)) for number, pair in enumerate(pairwise((*ring, ring[0])))]
    made += [draw(pools(len(ring) + number)) for number in range(draw(st.integers(0, 3)))]
    return draw(listed(made))


@st.composite
def listed(draw: DrawFn, made: list[Pool]) -> MarketSnapshot:
    """A market of these pools, in which one to three tokens are lent."""
    assets = draw(st.lists(st.sampled_from(ALL), min_size=1, max_size=3, unique=True))
    fees = [draw(st.sampled_from((0, 5 * 10**14))) for _ in assets]
    kinds = {0: LenderKind.BALANCER_V2, 5 * 10**14: LenderKind.AAVE_V3}
    offers = [lender(kinds[fee], asset, fee_wad=fee) for asset, fee in zip(assets, fees, strict=True)]
    return replace(snapshot(made, lenders=offers), tokens=KNOWN)


def brute_force(market: MarketSnapshot, hops: int) -> dict[tuple[tuple[Address, Address], ...], Fraction]:
    """Every simple cycle from every borrowable asset, with what a unit becomes after all fees."""
    found = {}
    for terms in market.lenders:
        others = [token for token in ALL if token != terms.asset]
        for middle in permutations(others, hops - 1):
            tokens = (terms.asset, *middle, terms.asset)
            steps = list(pairwise(tokens))
            choices = [
                [pool for pool in market.pools.values() if {pool.token0, pool.token1} == set(step)]
                for step in steps
            ]
            for chosen in product(*choices):
                if len({pool.address for pool in chosen}) == hops:
                    rate = prod(
                        pool.marginal_rate(sold) for pool, (sold, _) in zip(chosen, steps, strict=True)
                    )
                    key = tuple((pool.address, sold) for pool, (sold, _) in zip(chosen, steps, strict=True))
                    found[key] = Fraction(rate) * WAD / (WAD + terms.fee_wad)
    return found


def searched(market: MarketSnapshot, path_length: int, **bounds: int) -> PathSearch:
    cache = ArbitrageCache()
    graph = cache.graph(market, NAMES)
    paths = PathOptimizer(path_length=path_length, max_candidates=10**6, **bounds)
    return paths.search(market, graph, cache, Valuer(graph, WETH))


def expected_of(
    market: MarketSnapshot, path_length: int
) -> dict[tuple[tuple[Address, Address], ...], Fraction]:
    expected: dict[tuple[tuple[Address, Address], ...], Fraction] = {}
    for hops in range(2, path_length + 1):
        expected |= brute_force(market, hops)
    return expected


def keys_of(routes: tuple[Route, ...]) -> list[tuple[tuple[Address, Address], ...]]:
    return [tuple((hop.pool.address, hop.token_in) for hop in way) for way in routes]


@given(st.one_of(markets(), ringed_markets()), st.integers(2, 6))
def test_the_cycles_found_are_those_that_brute_force_finds(market: MarketSnapshot, path_length: int) -> None:
    expected = expected_of(market, path_length)
    search = searched(market, path_length)
    found = keys_of(search.routes)
    surely = {key for key, rate in expected.items() if rate > 1}
    nearly = {key for key, rate in expected.items() if rate > 1 - Fraction(1, 10**8)}
    assert surely <= set(found) <= nearly
    assert len(set(found)) == len(found)
    assert search.limits == ()
    event(f"longest of {max(map(len, surely))} hops" if surely else "none")


@given(markets(), st.integers(3, 6), st.integers(1, 60), st.integers(1, 60))
def test_what_a_bound_on_work_keeps_from_being_found_is_said(
    market: MarketSnapshot, path_length: int, max_choices: int, max_steps: int
) -> None:
    search = searched(market, path_length, max_choices=max_choices, max_steps=max_steps)
    expected = expected_of(market, path_length)
    surely = {key for key, rate in expected.items() if rate > 1}
    found = set(keys_of(search.routes))
    assert found <= {key for key, rate in expected.items() if rate > 1 - Fraction(1, 10**8)}
    assert search.limits or surely <= found
    event("missing, and said" if surely - found else "found" if surely else "none")


@given(st.one_of(markets(), ringed_markets()), st.integers(2, 6))
def test_every_route_is_one_simple_cycle(market: MarketSnapshot, path_length: int) -> None:
    for way in searched(market, path_length).routes:
        sold = [hop.token_in for hop in way]
        assert [hop.token_out for hop in way] == [*sold[1:], sold[0]]
        assert len(set(sold)) == len(way) == len(pools_of(way))
        assert all(hop.pool.other(hop.token_in) == hop.token_out for hop in way)


@given(markets(), st.integers(2, 5), st.integers(1, 5))
def test_a_cut_at_the_most_promising_is_said_and_keeps_the_order(
    market: MarketSnapshot, path_length: int, most: int
) -> None:
    everything = keys_of(searched(market, path_length).routes)
    cache = ArbitrageCache()
    graph = cache.graph(market, NAMES)
    paths = PathOptimizer(path_length=path_length, max_candidates=most)
    search = paths.search(market, graph, cache, Valuer(graph, WETH))
    assert keys_of(search.routes) == everything[:most]
    left_out = max(len(everything) - most, 0)
    assert [limit.split()[0] for limit in search.limits] == ([str(left_out)] if left_out else [])


@given(markets())
def test_decisions_do_not_depend_on_the_order_in_which_pools_and_lenders_are_listed(
    market: MarketSnapshot,
) -> None:
    turned = replace(
        market,
        pools=dict(reversed(market.pools.items())),
        lenders=tuple(reversed(market.lenders)),
    )
    first = decide(market, settings(), VENUES, ArbitrageCache())
    assert decide(turned, settings(), reversed(VENUES), ArbitrageCache()).verdicts == first.verdicts


@given(markets())
def test_every_promise_is_kept_by_the_pools_when_plans_run_in_their_order(market: MarketSnapshot) -> None:
    decision = decide(market, settings(max_plans=5), VENUES, ArbitrageCache())
    pools = dict(market.pools)
    for verdict in decision.verdicts:
        assert verdict.reason
        assert (verdict.plan is not None) == (verdict.code is VerdictCode.ACCEPTED)
        if not verdict.amount:
            continue
        states = market.pools if verdict.plan is None else pools
        way = route(*((states[leg.pool], leg.token_in) for leg in verdict.route))
        amounts = forward(way, verdict.amount)
        assert amounts is not None
        terms = next(offer for offer in market.lenders if offer.asset == verdict.asset)
        assert verdict.profit == amounts[-1] - amounts[0] - terms.fee(amounts[0])
        if verdict.plan is not None:
            legs = verdict.plan.legs
            assert (verdict.plan.amount, *(leg.amount_out for leg in legs)) == amounts
            assert verdict.plan.expected_profit == verdict.profit
            assert verdict.net_wei is not None
            assert verdict.net_wei > 0
            for leg in legs:
                pools[leg.pool] = pools[leg.pool].swap_exact_in(leg.token_in, leg.amount_in)[1]
            event("behind another" if decision.built_on(verdict.plan) else "alone")


HAPPENINGS = ("block", "missed", "fork", "lost", "lenders", "dearer", "stale", "unknown")


class TestWarmEqualsCold:
    """A keeper's cache sees blocks, forks, missed blocks and vanishing pools; the answers stay the same."""

    @staticmethod
    def decisions_agree(market: SyntheticMarket, cache: ArbitrageCache, path_length: int) -> None:
        chosen = settings(
            wrapped_native=market.wrapped_native,
            path_length=path_length,
            min_net_profit_wei=GWEI,
            max_candidates=30,
            max_evaluations=16,
        )
        warm = decide(market.snapshot, chosen, market.venues, cache)
        assert warm == decide(market.snapshot, chosen, market.venues, ArbitrageCache())
        event("accepted" if warm.plans else "nothing accepted")

    @staticmethod
    def searches_agree(market: SyntheticMarket, cache: ArbitrageCache, path_length: int) -> None:
        """Compare what is found, and every number that screening works with."""
        seen, names = market.snapshot, [venue.name for venue in market.venues]
        paths = PathOptimizer(path_length=path_length, max_candidates=40, max_choices=3_000, max_steps=3_000)
        found = []
        for one in (cache, ArbitrageCache()):
            graph = one.graph(seen, names)
            search = paths.search(seen, graph, one, Valuer(graph, market.wrapped_native))
            arrays = [graph.rate, graph.slope, graph.log_rate, graph.best]
            found.append((search, graph.reasons(), [array.tolist() for array in arrays]))
        assert found[0] == found[1]
        event("limited" if len(found[0][0].limits) > 1 else "complete")

    @fewer
    @given(
        st.integers(0, 10**6),
        st.lists(st.sampled_from(HAPPENINGS), max_size=6),
        st.sampled_from((2, 3, 4, 6)),
    )
    def test_after_any_history(self, seed: int, history: list[str], path_length: int) -> None:
        cache, sizes = ArbitrageCache(), ArbitrageCache(max_sizings=20, max_sides=10)
        market = synthetic_market(24, seed=seed, drift=0.01)
        self.searches_agree(market, cache, path_length)
        self.decisions_agree(market, sizes, path_length)
        before = market
        for happening in history:
            parent = before if happening == "fork" else market
            before = market
            market, _ = parent.next_block(5)
            if happening == "missed":
                market, _ = market.next_block(5)
            market = changed(market, happening, Random(seed))
            self.searches_agree(market, cache, path_length)
            self.decisions_agree(market, sizes, path_length)


def changed(market: SyntheticMarket, happening: str, rng: Random) -> SyntheticMarket:
    """Take a pool away, or the trust in one, or a token's decimals; or let lenders have less or ask more."""
    seen = market.snapshot
    if happening == "lost":
        gone = rng.choice(sorted(seen.pools))
        left = {at: pool for at, pool in seen.pools.items() if at != gone}
        return replace(market, snapshot=replace(seen, pools=left, touched=seen.touched - {gone}))
    if happening == "stale":
        doubted = rng.sample(sorted(seen.pools), 2)
        return replace(market, snapshot=replace(seen, unusable={at: f"pool {at} is stale" for at in doubted}))
    if happening == "unknown":
        left = {at: token for at, token in seen.tokens.items() if at != rng.choice(sorted(seen.tokens))}
        return replace(market, snapshot=replace(seen, tokens=left))
    if happening == "dearer":
        dearer = tuple(replace(terms, fee_wad=rng.choice((0, 10**14, 10**16))) for terms in seen.lenders)
        return replace(market, snapshot=replace(seen, lenders=dearer))
    if happening == "lenders":
        poorer = tuple(_with_less(terms, rng) for terms in seen.lenders)
        return replace(market, snapshot=replace(seen, lenders=poorer))
    return market


def _with_less(terms: LenderTerms, rng: Random) -> LenderTerms:
    return LenderTerms(
        kind=terms.kind,
        asset=terms.asset,
        available=terms.available // rng.choice((1, 10**3, 10**6, 10**30)),
        fee_wad=terms.fee_wad,
    )


@given(
    st.lists(
        st.tuples(st.integers(1, 100), st.frozensets(st.integers(0, 6), min_size=1, max_size=3)), max_size=8
    ),
    st.integers(1, 4),
)
def test_the_best_set_is_the_best_of_all_sets(drawn: list[tuple[int, frozenset[int]]], most: int) -> None:
    drawn.sort(key=lambda item: -item[0])
    values = [value for value, _ in drawn]
    held = [frozenset(address(number) for number in numbers) for _, numbers in drawn]
    chosen = best_set(values, held, most)
    best = 0
    for mask in range(1 << len(drawn)):
        picked = [at for at in range(len(drawn)) if mask >> at & 1]
        union = frozenset().union(*(held[at] for at in picked))
        if len(picked) <= most and len(union) == sum(len(held[at]) for at in picked):
            best = max(best, sum(values[at] for at in picked))
    assert sum(values[at] for at in chosen) == best
    assert len(chosen) <= most
    assert len(frozenset().union(*(held[at] for at in chosen))) == sum(len(held[at]) for at in chosen)


def test_a_route_never_uses_a_pool_twice() -> None:
    market = synthetic_market(60, seed=3, drift=0.02)
    cache = ArbitrageCache()
    graph = cache.graph(market.snapshot, [venue.name for venue in market.venues])
    paths = PathOptimizer(path_length=3, max_candidates=10**6)
    found = paths.find_arbitrage(market.snapshot, graph, cache, Valuer(graph, market.wrapped_native))
    assert found
    assert all(len(pools_of(way)) == len(way) for way in found)
