"""What the executor costs beside the same thing done otherwise, on real bytecode, in one run.

The figures stand in docs/gas.md, and this holds them there to the unit; `make bench-gas` writes them anew.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import ape
import pytest

from steelyard.model import LenderKind
from tests.support.flash import FlashPlan, Lender, prepare
from tests.support.fork_market import BALANCER_VAULT, MORPHO, USDC, USDT, WETH, ForkMarket, Hop, VenueId
from tests.support.gas_page import hold
from tests.support.gas_scene import FAR_DEADLINE, MOST_LEGS, V2, V3, GasScene, gas_of_second

if TYPE_CHECKING:
    from tests.support.fork_chain import ForkChain

pytestmark = [pytest.mark.fork, pytest.mark.needs("replica")]

POOL_MANAGER: Final = "0x000000000004444c5dc75cB358380D2e3dE08A90"
LENDERS: Final = {
    "Balancer V2": (LenderKind.BALANCER_V2, BALANCER_VAULT),
    "Morpho Blue": (LenderKind.MORPHO_BLUE, MORPHO),
    "Uniswap V4": (LenderKind.UNISWAP_V4, POOL_MANAGER),
}
DAI: Final = "0x6B175474E89094C44Da98b954EedeAC495271d0F"
LOANS: Final = {WETH: 10**18, USDC: 10**9}
MOST_OVER: Final = {WETH: 10_000, USDC: 12_000}
"""The goal. USDC is a proxy: each of the two balances that the executor looks at costs more."""
MOST_OVER_WITH_FEE: Final = 15_000
COSTLIER: Final = {
    LenderKind.AAVE_V3: ("Aave V3", WETH),
    LenderKind.AAVE_V2: ("Aave V2", WETH),
    LenderKind.MAKER: ("Maker", DAI),
    LenderKind.UNISWAP_V2: ("Uniswap V2", WETH),
    LenderKind.UNISWAP_V3: ("Uniswap V3", WETH),
}
TWO_LEGS: Final = (Hop(VenueId.SUSHISWAP_V2), Hop(VenueId.UNISWAP_V2))
LENDING_TIER: Final = 500
LOANS_HEAD: Final = """\
| lender | bare, WETH | executor | more | bare, USDC | executor | more |
|---|---|---|---|---|---|---|
"""
COSTLIER_HEAD: Final = """\
| lender | asset | bare, fee paid | executor | more |
|---|---|---|---|---|
"""
ROUTES_HEAD: Final = """\
| legs | before the last | executor | straight at the pools | ours more | by the routers | ours less |
|---|---|---|---|---|---|---|
"""


def empty_route(chain: ForkChain, executor: Any, keeper: Any, lender: str, asset: str) -> tuple[int, int]:
    """Gas of the bare loan and of the executor's, each the second time, when every slot has been written."""
    kind, address = LENDERS[lender]
    bare = keeper.deploy(ape.project.BareBorrower, address, asset)
    for borrower in (bare, executor):
        chain.give(asset, borrower.address, 1)
    plan = FlashPlan(
        executor=executor.address,
        lender=kind,
        asset=asset,
        amount=LOANS[asset],
        legs=[],
        deadline=FAR_DEADLINE,
        max_loan_fee=0,
        min_profit=0,
    )
    for _ in range(2):
        ours = executor.execute(plan.data, sender=keeper).gas_used
        theirs = bare.borrow(kind, LOANS[asset], sender=keeper).gas_used
    return theirs, ours


def test_empty_routes__over_the_bare_loan__are_within_the_goal_and_as_the_page_says(
    chain: ForkChain, executor: Any, keeper: Any
) -> None:
    measured = LOANS_HEAD
    for lender in LENDERS:
        cells = [lender]
        for asset, most in MOST_OVER.items():
            bare, ours = empty_route(chain, executor, keeper, lender, asset)
            assert 0 < ours - bare <= most, (lender, asset, bare, ours)
            cells += [f"{bare:,}", f"{ours:,}", f"{ours - bare:,}"]
        measured += f"| {' | '.join(cells)} |\n"
    hold("loans", measured)


class LendingScene:
    """Two legs that pay every fee, borrowed from one lender after the other: what part of it the loan is."""

    def __init__(self, chain: ForkChain, market: ForkMarket, executor: Any, keeper: Any, asset: str) -> None:
        self.chain, self.executor, self.keeper, self.asset = chain, executor, keeper, asset
        other = WETH if asset == DAI else USDC
        self.plan = prepare(market, executor, Lender.BALANCER_V2, asset, other, TWO_LEGS)
        self.plan.deadline = FAR_DEADLINE
        chain.give(asset, executor.address, 1)
        self.empty = replace(self.plan, legs=[], min_profit=0, max_loan_fee=0)
        self.legs_gas = self._second_of(self.plan) - self._second_of(self.empty)

    def ours(self, kind: LenderKind, params: bytes) -> int:
        """The executor's whole transaction without its legs; a free loan needs none."""
        if kind is LenderKind.MAKER:
            return self._second_of(replace(self.empty, lender=kind))
        return self._second_of(replace(self.plan, lender=kind, loan_params=params)) - self.legs_gas

    def bare(self, kind: LenderKind, lender: str, *, is_first: bool) -> int:
        """The same loan with no check, its fee paid out of what the borrower was given."""
        borrower = self.keeper.deploy(ape.project.BareFeeBorrower, lender, self.asset, is_first)
        self.chain.give(self.asset, borrower.address, self.plan.max_loan_fee)
        return gas_of_second(self.chain, lambda: borrower.borrow(kind, self.plan.amount, sender=self.keeper))

    def _second_of(self, plan: FlashPlan) -> int:
        return gas_of_second(self.chain, lambda: self.executor.execute(plan.data, sender=self.keeper))


def test_loans_with_a_fee__over_the_bare_loan__are_as_the_page_says(
    chain: ForkChain, market: ForkMarket, executor: Any, keeper: Any
) -> None:
    measured = COSTLIER_HEAD
    scenes = {asset: LendingScene(chain, market, executor, keeper, asset) for asset in (WETH, DAI)}
    for kind, (name, asset) in COSTLIER.items():
        scene, lender, params = scenes[asset], executor.lenderAddress(kind), b""
        if kind in (LenderKind.UNISWAP_V2, LenderKind.UNISWAP_V3):
            is_pair = kind is LenderKind.UNISWAP_V2
            venue, tier = (VenueId.UNISWAP_V2, 0) if is_pair else (VenueId.UNISWAP_V3, LENDING_TIER)
            lender = executor.poolFor(venue, asset, USDT, tier)
            params = venue.to_bytes(2) + bytes.fromhex(USDT[2:]) + (b"" if is_pair else tier.to_bytes(3))
        bare = scene.bare(kind, lender, is_first=int(asset, 16) < int(USDT, 16))
        ours = scene.ours(kind, params)
        assert 0 < ours - bare <= MOST_OVER_WITH_FEE, (name, bare, ours)
        measured += (
            f"| {name} | {'DAI' if asset == DAI else 'WETH'} | {bare:,} | {ours:,} | {ours - bare:,} |\n"
        )
    hold("loans with a fee", measured)


def test_routes__beside_pools_and_routers__are_as_the_page_says(
    chain: ForkChain, market: ForkMarket, executor: Any, keeper: Any
) -> None:
    scene = GasScene(chain, market, executor, keeper)
    measured = ROUTES_HEAD
    for hop, name in ((V2, "Uniswap V2"), (V3, "Uniswap V3")):
        for legs in range(2, MOST_LEGS + 1):
            measured += route_row(scene, legs, hop, name)
    hold("routes", measured)


def route_row(scene: GasScene, legs: int, hop: Hop, name: str) -> str:
    cycle = scene.cycle(hop, legs)
    ours, pools, routers = scene.ours(cycle), scene.at_the_pools(cycle), scene.by_routers(cycle)
    beside = "- | -"
    if routers is not None:
        assert ours < routers, f"{legs} legs over {name}: the routers would be cheaper"
        beside = f"{routers:,} | {routers - ours:,}"
    return f"| {legs} | {name} | {ours:,} | {pools:,} | {ours - pools:,} | {beside} |\n"
