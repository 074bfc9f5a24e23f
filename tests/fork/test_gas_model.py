"""What a plan is expected to use in gas, against what the executor uses on real bytecode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from steelyard.connect.chain import ChainClient
from steelyard.connect.rpc import RpcClient
from steelyard.decide.arbitrage import GasModel
from steelyard.model import LenderKind, VenueKind
from steelyard.observe.follower import MarketFollower
from steelyard.observe.watch import WatchList
from steelyard.sandbox.mining import BLOCK_SECONDS
from steelyard.units import GWEI, Address
from tests.support.flash import Lender, prepare, round_trip
from tests.support.fork_market import USDC, WETH, Hop, VenueId
from tests.support.market_scene import LENDERS, VENUES

if TYPE_CHECKING:
    from tests.support.fork_chain import ForkChain
    from tests.support.fork_market import ForkMarket

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

V2, SUSHI = Hop(VenueId.UNISWAP_V2), Hop(VenueId.SUSHISWAP_V2)
V3_LOW, V3_MIDDLE = Hop(VenueId.UNISWAP_V3, 500), Hop(VenueId.UNISWAP_V3, 3000)
ROUTES = {"v2_v2": (SUSHI, V2), "v3_v3": (V3_LOW, V3_MIDDLE), "v2_v3": (SUSHI, V3_LOW)}
MOST_SPARE_PERCENT = 20
KINDS = {VenueId.UNISWAP_V2: VenueKind.UNISWAP_V2, VenueId.SUSHISWAP_V2: VenueKind.UNISWAP_V2}


@pytest.mark.parametrize("lender", Lender, ids=lambda lender: lender.name.lower())
@pytest.mark.parametrize("name", ROUTES)
def test_the_gas_model_covers_what_is_used_without_much_to_spare(
    chain: ForkChain,
    market: ForkMarket,
    executor: Any,
    keeper: Any,
    treasury: Address,
    lender: Lender,
    name: str,
) -> None:
    hops = ROUTES[name]
    chain.give(WETH, treasury, 1)  # as from the second execution on: its balance is not zero
    plan = prepare(market, executor, lender, WETH, USDC, hops)
    # As on a live chain, a block later than the last swap: pairs and reserves then write accumulators.
    chain.rpc.call("evm_increaseTime", BLOCK_SECONDS)
    used = executor.execute(plan.data, sender=keeper).gas_used
    expected = GasModel().units(LenderKind(lender), kinds_of(hops))
    assert used <= expected <= used * (100 + MOST_SPARE_PERCENT) // 100, f"{used} used, {expected} expected"


def kinds_of(hops: tuple[Hop, ...]) -> list[VenueKind]:
    return [KINDS.get(hop.venue, VenueKind.UNISWAP_V3) for hop in hops]


def crossings(chain: ForkChain, market: ForkMarket, hop: Hop, token_in: str, amount: int) -> int:
    """How many initialised ticks our own pool says that the sale crosses."""
    client = ChainClient(RpcClient(chain.rpc.url, timeout_seconds=60))
    watch = WatchList(chain_id=1, tokens=(Address(WETH), Address(USDC)), venues=VENUES, lenders=LENDERS)
    snapshot = MarketFollower(client, watch, priority_fee_wei=GWEI, clock=lambda: 0).poll()
    assert snapshot is not None
    pool = snapshot.pools[Address(market.pool(hop, WETH, USDC))]
    return pool.side(Address(token_in)).crossings(amount)


def cross_all_ticks_both_ways(market: ForkMarket, hop: Hop) -> None:
    """As in any pool that has been traded: a tick's first crossing writes slots that were zero."""
    for sold, bought in ((USDC, WETH), (WETH, USDC), (WETH, USDC), (USDC, WETH)):
        market.bend(hop, sold, bought, 40)


def test_each_crossed_tick_costs_what_the_model_adds_for_it(
    chain: ForkChain, market: ForkMarket, executor: Any, keeper: Any, treasury: Address
) -> None:
    hops = (V3_MIDDLE, V2)
    chain.give(WETH, treasury, 1)
    cross_all_ticks_both_ways(market, V3_MIDDLE)
    amount = market.depth(V3_MIDDLE, WETH, USDC) // 5
    while market.quote(V2, USDC, WETH, market.quote(V3_MIDDLE, WETH, USDC, amount)) * 100 < amount * 101:
        market.bend(V3_MIDDLE, USDC, WETH, 10)
    crossed = crossings(chain, market, V3_MIDDLE, WETH, amount)
    if crossed < 2:
        pytest.skip(f"a fifth of this pool crosses {crossed} ticks, the test needs 2 at least")
    plan = round_trip(executor, Lender.BALANCER_V2, WETH, USDC, hops, amount)
    chain.rpc.call("evm_increaseTime", BLOCK_SECONDS)
    used = executor.execute(plan.data, sender=keeper).gas_used
    model, kinds = GasModel(), kinds_of(hops)
    assert model.units(LenderKind.BALANCER_V2, kinds) < used, "without its ticks it would not be covered"
    expected = model.units(LenderKind.BALANCER_V2, kinds, crossed)
    assert used <= expected <= used * (100 + MOST_SPARE_PERCENT) // 100, f"{used} used, {expected} expected"
