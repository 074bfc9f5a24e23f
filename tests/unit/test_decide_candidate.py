"""What the validator is told about a sized route: its depth, its impact, prices, and stale pools."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steelyard.amm import Pool
from steelyard.decide.arbitrage.candidate import Candidate, shallowest_wei
from steelyard.decide.arbitrage.graph import MarketGraph
from steelyard.decide.arbitrage.route import Route, forward
from steelyard.decide.arbitrage.validation import PoolPrice
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.exceptions import QuoteError
from steelyard.model import MarketSnapshot
from steelyard.units import ETHER
from tests.support.markets import DAI, ODD, TOKENS, USDC, WETH, address, drifted, pair, route, snapshot

pytestmark = pytest.mark.unit

SHALLOW = pair(5, WETH, USDC, 2 * ETHER, 6_300 * 10**6, venue="sushiswap_v2")
DEEP = pair(6, WETH, USDC, 1_000 * ETHER, 3_000_000 * 10**6)


def candidate(way: Route, amount: int, market: MarketSnapshot | None = None) -> Candidate:
    amounts = forward(way, amount)
    assert amounts is not None
    seen = market or snapshot([hop.pool for hop in way])
    graph = MarketGraph(seen.pools, TOKENS, {})
    return Candidate(way, amounts, 7, 3, snapshot=seen, valuer=Valuer(graph, WETH))


def there_and_back(first: Pool, second: Pool) -> Route:
    return route((first, WETH), (second, USDC))


def test_the_shallowest_leg_stands_for_the_route_in_both_orders() -> None:
    for way in (there_and_back(SHALLOW, DEEP), there_and_back(DEEP, SHALLOW)):
        facts = candidate(way, ETHER // 100)
        assert facts.dex == "sushiswap_v2"
        assert set(facts.token_pair) == {WETH, USDC}
        # What it holds of the bought token, at the deepest pool's price: 2 WETH, or 6,300 USDC.
        assert shallowest_wei(facts) in (2 * ETHER, 6_300 * ETHER // 3_000)


def test_a_leg_whose_tokens_have_no_price_has_no_depth() -> None:
    odd = route(
        (pair(1, DAI, ODD, 10**20, 10**20), DAI),
        (pair(2, DAI, ODD, 10**20, 10**20), ODD),
    )
    with pytest.raises(QuoteError, match="no price for the tokens of the uniswap_v2 pool"):
        shallowest_wei(candidate(odd, 10**10))


def test_impact_is_that_of_the_leg_that_moves_its_pool_the_most_without_the_fee() -> None:
    small = candidate(there_and_back(*drifted()), ETHER // 1_000)
    assert small.price_impact_bps == 1, "fees are no impact; rounded up"
    for way in (there_and_back(SHALLOW, DEEP), there_and_back(DEEP, SHALLOW)):
        # About a tenth of a pool's reserve brings about 10/11 of what its price promises, fee aside.
        assert 850 <= candidate(way, ETHER // 5).price_impact_bps <= 960


def test_prices_are_those_of_the_pools_without_fees() -> None:
    facts = candidate(there_and_back(*drifted()), ETHER)
    assert facts.pool_prices == [
        PoolPrice(address(1), WETH, USDC, 100 * ETHER << 96, 300_000 * 10**6 << 96),
        PoolPrice(address(2), USDC, WETH, 315_000 * 10**6 << 96, 100 * ETHER << 96),
    ]
    assert facts.path == [WETH, USDC, WETH]
    assert facts.pools == [address(1), address(2)]
    assert facts.block_age_seconds == 1


def test_pools_that_observation_has_set_aside_or_never_published_are_stale() -> None:
    market = snapshot(drifted())
    way = there_and_back(*drifted())
    assert candidate(way, ETHER, market).stale_pools == []
    aside = replace(market, unusable={address(2): "its logs contradict it"})
    assert candidate(way, ETHER, aside).stale_pools == [address(2)]
    without = replace(market, pools={address(2): drifted()[1]})
    assert candidate(way, ETHER, without).stale_pools == [address(1)]
