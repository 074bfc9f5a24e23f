"""What a plan is expected to use in gas, against what the executor uses on real bytecode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from steelyard.decide.arbitrage import GasModel
from steelyard.model import LenderKind, VenueKind
from steelyard.sandbox.mining import BLOCK_SECONDS
from tests.support.flash import Lender, prepare
from tests.support.fork_market import USDC, WETH, Hop, VenueId

if TYPE_CHECKING:
    from steelyard.units import Address
    from tests.support.fork_chain import ForkChain
    from tests.support.fork_market import ForkMarket

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

V2, SUSHI = Hop(VenueId.UNISWAP_V2), Hop(VenueId.SUSHISWAP_V2)
V3_LOW, V3_MIDDLE = Hop(VenueId.UNISWAP_V3, 500), Hop(VenueId.UNISWAP_V3, 3000)
ROUTES = {"v2_v2": (SUSHI, V2), "v3_v3": (V3_LOW, V3_MIDDLE), "v2_v3": (SUSHI, V3_LOW)}
MOST_SPARE_PERCENT = 20


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
    used = executor.execute(plan.argument, sender=keeper).gas_used
    kinds = [
        VenueKind.UNISWAP_V3 if hop.venue is VenueId.UNISWAP_V3 else VenueKind.UNISWAP_V2 for hop in hops
    ]
    expected = GasModel().units(LenderKind(lender), kinds)
    assert used <= expected <= used * (100 + MOST_SPARE_PERCENT) // 100, f"{used} used, {expected} expected"
