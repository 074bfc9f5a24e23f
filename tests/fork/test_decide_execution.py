"""From the chain's state to the treasury: what is decided is what happens, to the wei."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from steelyard.connect.chain import ChainClient
from steelyard.connect.plan_codec import encode_execute
from steelyard.connect.rpc import RpcClient
from steelyard.decide.arbitrage import ArbitrageCache, ArbitrageSettings, decide
from steelyard.model import LenderKind, MarketSnapshot
from steelyard.observe.follower import MarketFollower
from steelyard.observe.watch import WatchList
from steelyard.sandbox.replica.protocols.maker_flash import DSS_FLASH
from steelyard.units import ETHER, GWEI, Address
from tests.support.fork_market import USDC, USDT, WETH, Hop, VenueId
from tests.support.market_scene import LENDERS, VENUES

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

if TYPE_CHECKING:
    from steelyard.model import Decision
    from tests.support.fork_chain import ForkChain
    from tests.support.fork_market import ForkMarket

DAI = "0x6B175474E89094C44Da98b954EedeAC495271d0F"
WATCHED = tuple(Address(token) for token in (WETH, USDC, USDT, DAI))
BENDS = {
    "v2": (Hop(VenueId.SUSHISWAP_V2), 4),
    "v3": (Hop(VenueId.UNISWAP_V3, 3_000), 12),
}


@pytest.fixture
def follower(chain: ForkChain) -> MarketFollower:
    client = ChainClient(RpcClient(chain.rpc.url, timeout_seconds=60))
    watch = WatchList(
        chain_id=1,
        tokens=WATCHED,
        venues=VENUES,
        lenders=LENDERS,
        listed_lenders={0: DSS_FLASH},
        bases=WATCHED,
    )
    return MarketFollower(client, watch, priority_fee_wei=GWEI, clock=lambda: 0)


def newest(follower: MarketFollower) -> MarketSnapshot:
    snapshot = follower.poll()
    assert snapshot is not None
    return snapshot


def decided(snapshot: MarketSnapshot, executor: Any, **changes: Any) -> Decision:
    settings = ArbitrageSettings(
        executor=Address(executor.address),
        wrapped_native=Address(WETH),
        min_net_profit_wei=1,
        max_trade_wei=10_000 * ETHER,
        deadline_seconds=3_600,
        **changes,
    )
    return decide(snapshot, settings, VENUES, ArbitrageCache())


@pytest.mark.parametrize("kind", LenderKind, ids=lambda kind: kind.name.lower())
@pytest.mark.parametrize("name", BENDS)
def test_every_plan_of_a_block_brings_what_it_promised_in_the_order_of_sending(
    chain: ForkChain,
    market: ForkMarket,
    executor: Any,
    owner: Any,
    keeper: Any,
    treasury: Address,
    follower: MarketFollower,
    kind: LenderKind,
    name: str,
) -> None:
    if kind is LenderKind.ERC3156:
        chain.send(owner.address, executor.address, "listLender(address)", DSS_FLASH)
    hop, percent = BENDS[name]
    market.bend(hop, USDC, WETH, percent)
    seen = newest(follower)
    lenders = tuple(terms for terms in seen.lenders if terms.kind is kind)
    decision = decided(replace(seen, lenders=lenders), executor, max_plans=5)
    if not decision.plans:
        pytest.skip(f"{kind.name} has too little to lend on this chain: {decision.verdicts[0].reason}")
    for plan in decision.plans:
        before = chain.balance(plan.asset, treasury)
        assert chain.send_data(keeper.address, executor.address, "0x" + encode_execute(plan).hex())
        assert chain.balance(plan.asset, treasury) - before == plan.expected_profit


def test_what_was_taken_is_no_opportunity_any_more(
    chain: ForkChain, market: ForkMarket, executor: Any, keeper: Any, follower: MarketFollower
) -> None:
    market.bend(BENDS["v2"][0], USDC, WETH, 4)
    first = decided(newest(follower), executor).plans
    for plan in first:
        assert chain.send_data(keeper.address, executor.address, "0x" + encode_execute(plan).hex())
    then = decided(newest(follower), executor).plans
    assert sum(plan.expected_net_wei for plan in then) < sum(plan.expected_net_wei for plan in first) // 2


def test_a_plan_reverts_where_its_profit_is_gone(
    chain: ForkChain,
    market: ForkMarket,
    executor: Any,
    keeper: Any,
    treasury: Address,
    follower: MarketFollower,
) -> None:
    market.bend(BENDS["v2"][0], USDC, WETH, 4)
    plan = decided(newest(follower), executor).plans[0]
    data = "0x" + encode_execute(plan).hex()
    assert chain.send_data(keeper.address, executor.address, data)
    before = chain.balance(plan.asset, treasury)
    assert not chain.send_data(keeper.address, executor.address, data)
    assert chain.balance(plan.asset, treasury) == before
