"""What a plan is expected to use in gas, against what the executor uses on real bytecode.

As on a live chain: every slot that the plan writes has been written before, so each plan runs twice and the
second counts; and the last trade was a block ago, so that pairs and reserves write their accumulators.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from steelyard.connect.chain import ChainClient
from steelyard.connect.rpc import RpcClient
from steelyard.decide.arbitrage import GasModel
from steelyard.model import LenderKind, VenueKind
from steelyard.observe.follower import MarketFollower
from steelyard.observe.watch import WatchList
from steelyard.sandbox.mining import BLOCK_SECONDS
from steelyard.sandbox.replica.protocols import maker_flash
from steelyard.units import GWEI, Address
from tests.support.flash import FlashPlan, Lender, prepare, round_trip
from tests.support.fork_market import USDC, USDT, WETH, Hop, VenueId
from tests.support.market_scene import LENDERS, VENUES

if TYPE_CHECKING:
    from tests.support.fork_chain import ForkChain
    from tests.support.fork_market import ForkMarket

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

DAI = "0x6B175474E89094C44Da98b954EedeAC495271d0F"
V2, SUSHI = Hop(VenueId.UNISWAP_V2), Hop(VenueId.SUSHISWAP_V2)
V3_LOW, V3_MIDDLE = Hop(VenueId.UNISWAP_V3, 500), Hop(VenueId.UNISWAP_V3, 3000)
ROUTES = {
    "v2_v2": (SUSHI, V2),
    "v3_v3": (V3_LOW, V3_MIDDLE),
    "v2_v3": (SUSHI, V3_LOW),
    "v3_v2": (V3_LOW, SUSHI),
}
MOST_SPARE_PERCENT = 20
KINDS = {VenueId.UNISWAP_V2: VenueKind.UNISWAP_V2, VenueId.SUSHISWAP_V2: VenueKind.UNISWAP_V2}


def params_of(kind: LenderKind) -> bytes:
    """The loan's own parameters: a pool of WETH and USDT, of which no route here passes."""
    other = bytes.fromhex(USDT[2:])
    if kind is LenderKind.UNISWAP_V2:
        return V2.venue.to_bytes(2) + other
    if kind is LenderKind.UNISWAP_V3:
        return V3_LOW.venue.to_bytes(2) + other + V3_LOW.fee_pips.to_bytes(3)
    return bytes(2) if kind is LenderKind.ERC3156 else b""


def gas_used(chain: ForkChain, executor: Any, keeper: Any, plan: FlashPlan) -> int:
    """Of the second execution, each a block after what was before."""
    for _ in range(2):
        chain.let_pass(BLOCK_SECONDS)
        used: int = executor.execute(plan.data, sender=keeper).gas_used
    return used


def hold(used: int, expected: int) -> None:
    assert used <= expected <= used * (100 + MOST_SPARE_PERCENT) // 100, f"{used} used, {expected} expected"


@pytest.mark.parametrize("lender", Lender, ids=lambda lender: lender.name.lower())
@pytest.mark.parametrize("name", ROUTES)
def test_the_gas_model_covers_what_is_used_without_much_to_spare(
    chain: ForkChain, market: ForkMarket, executor: Any, keeper: Any, lender: Lender, name: str
) -> None:
    hops = ROUTES[name]
    plan = prepare(market, executor, lender, WETH, USDC, hops)
    used = gas_used(chain, executor, keeper, plan)
    hold(used, GasModel().units(LenderKind(lender), kinds_of(hops)))


@pytest.mark.needs("replica")
@pytest.mark.parametrize("kind", list(LenderKind)[len(Lender) :], ids=lambda kind: kind.name.lower())
def test_the_gas_of_every_other_lender_is_covered(
    chain: ForkChain, market: ForkMarket, executor: Any, owner: Any, keeper: Any, kind: LenderKind
) -> None:
    chain.send(owner.address, executor.address, "listLender(address)", maker_flash.DSS_FLASH)
    is_dai = kind in (LenderKind.MAKER, LenderKind.ERC3156)
    asset, other = (DAI, WETH) if is_dai else (WETH, USDC)
    hops = ROUTES["v2_v3"]
    prepared = prepare(market, executor, Lender.BALANCER_V2, asset, other, hops)
    plan = replace(prepared, lender=kind, loan_params=params_of(kind))
    used = gas_used(chain, executor, keeper, plan)
    hold(used, GasModel().units(kind, kinds_of(hops)))


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
    for sold, bought in ((USDC, WETH), (WETH, USDC)):
        chain.let_pass(BLOCK_SECONDS)
        market.bend(V2, sold, bought, 1)
    amount = market.depth(V3_MIDDLE, WETH, USDC) // 5
    while market.quote(V2, USDC, WETH, market.quote(V3_MIDDLE, WETH, USDC, amount)) * 100 < amount * 101:
        market.bend(V3_MIDDLE, USDC, WETH, 10)
    crossed = crossings(chain, market, V3_MIDDLE, WETH, amount)
    if crossed < 2:
        pytest.skip(f"a fifth of this pool crosses {crossed} ticks, the test needs 2 at least")
    plan = round_trip(executor, Lender.BALANCER_V2, WETH, USDC, hops, amount)
    chain.let_pass(BLOCK_SECONDS)
    used = executor.execute(plan.data, sender=keeper).gas_used
    model, kinds = GasModel(), kinds_of(hops)
    assert model.units(LenderKind.BALANCER_V2, kinds) < used, "without its ticks it would not be covered"
    hold(used, model.units(LenderKind.BALANCER_V2, kinds, crossed))
