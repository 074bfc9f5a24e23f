"""A market of plain tokens in real pools, and three ways to run a cycle through it, to compare their gas."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import ape

from steelyard.sandbox.funding import fund_ether
from steelyard.sandbox.replica.protocols import uniswap_v2, uniswap_v3
from tests.support.flash import FlashPlan, Lender
from tests.support.fork_chain import ETHER, actor
from tests.support.fork_market import MORPHO, ForkMarket, Hop, VenueId

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.fork_chain import ForkChain

MOST_LEGS = 5
DEPTH = 1_000_000 * ETHER
LOAN = 1_000 * ETHER
FAVOUR_PERCENT = 20
"""By which the closing pool of each cycle pays too much: enough for the fees of five legs."""
BLOCK_SECONDS = 12
FAR_DEADLINE = 2**40 - 1
TIER = 3000
V2, SUSHI, V3 = Hop(VenueId.UNISWAP_V2), Hop(VenueId.SUSHISWAP_V2), Hop(VenueId.UNISWAP_V3, TIER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One swap of a cycle."""

    hop: Hop
    sold: str
    bought: str


class GasScene:
    """Tokens, pools, and the contracts that are compared."""

    def __init__(self, chain: ForkChain, market: ForkMarket, executor: Any, keeper: Any) -> None:
        """Open the pools: from each token to the next over Uniswap V2 and V3, and back to the first."""
        self.chain, self.market, self.executor, self.keeper = chain, market, executor, keeper
        maker = self._maker()
        made = [maker.deploy(ape.project.MockToken, f"T{index}", 18) for index in range(MOST_LEGS)]
        self.tokens = [str(token.address) for token in made]
        for token in made:
            # What is left at zero is dearer to fill: everybody who is compared has a unit of each.
            for holder in (market.trader, MORPHO, executor.address):
                token.mint(holder, 100 * DEPTH if holder == market.trader else DEPTH, sender=keeper)
        for one, other in pairwise(self.tokens):
            market.open_v2_pair(V2.venue, one, DEPTH, other, DEPTH)
            market.open_v3_pool(one, DEPTH, other, DEPTH)
        for last in self.tokens[1:]:
            venue = SUSHI.venue if last == self.tokens[1] else V2.venue
            rich = DEPTH * (100 + FAVOUR_PERCENT) // 100
            market.open_v2_pair(venue, last, DEPTH, self.tokens[0], rich)
        self.pools = maker.deploy(ape.project.PoolRoute, MORPHO)
        routers = (uniswap_v2.ROUTER, uniswap_v3.SWAP_ROUTER)
        self.routers = maker.deploy(ape.project.RouterRoute, MORPHO, *routers)
        for token in made:
            for holder in (self.pools.address, self.routers.address, executor.treasury()):
                token.mint(holder, ETHER, sender=keeper)

    def _maker(self) -> Any:
        """An account that has sent nothing yet: gas depends on which of two tokens has the lower address."""
        address = actor("maker of the tokens whose gas is compared")
        fund_ether(self.chain.rpc, address, 1_000 * ETHER)
        return ape.accounts.test_accounts.impersonate_account(address)

    def cycle(self, hop: Hop, legs: int) -> list[Leg]:
        """All legs over ``hop`` but the last, which closes over a V2 pair (of two legs, SushiSwap's)."""
        path = self.tokens[:legs]
        way = [Leg(hop=hop, sold=sold, bought=bought) for sold, bought in pairwise(path)]
        return [*way, Leg(hop=SUSHI if legs == 2 else V2, sold=path[-1], bought=path[0])]

    def ours(self, cycle: list[Leg]) -> int:
        """Gas of the executor, all its guards, its event and the payment to the treasury included."""
        plan = FlashPlan(
            executor=self.executor.address,
            lender=Lender.MORPHO_BLUE,
            asset=cycle[0].sold,
            amount=LOAN,
            legs=[(leg.hop.venue, leg.hop.fee_pips, leg.bought, 1) for leg in cycle],
            deadline=FAR_DEADLINE,
            max_loan_fee=0,
        )
        return gas_of_second(self.chain, lambda: self.executor.execute(plan.data, sender=self.keeper))

    def at_the_pools(self, cycle: list[Leg]) -> int:
        """Gas of the same swaps straight at the pools, with no check."""
        return gas_of_second(self.chain, lambda: self._bare(self.pools, cycle))

    def by_routers(self, cycle: list[Leg]) -> int | None:
        """Gas of the same swaps through the protocols' routers; None where a pool has no router here."""
        if any(leg.hop == SUSHI for leg in cycle):
            return None
        return gas_of_second(self.chain, lambda: self._bare(self.routers, cycle))

    def _bare(self, contract: Any, cycle: list[Leg]) -> Any:
        swaps = [
            (
                self.market.pool(leg.hop, leg.sold, leg.bought),
                leg.sold,
                leg.bought,
                leg.hop.fee_pips,
                leg.hop.venue is VenueId.UNISWAP_V3,
            )
            for leg in cycle
        ]
        return contract.run(cycle[0].sold, LOAN, swaps, sender=self.keeper)


def gas_of_second(chain: ForkChain, send: Callable[[], Any]) -> int:
    """Send twice, a block between, and return the second's gas; then the chain is as before.

    By then every slot has been written, and pools write their sums.
    """
    with ape.chain.isolate():
        for _ in range(2):
            chain.let_pass(BLOCK_SECONDS)
            used: int = send().gas_used
    return used
