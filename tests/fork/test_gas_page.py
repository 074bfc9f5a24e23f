"""What the executor costs beside the same thing done otherwise, on real bytecode, in one run.

The figures stand in docs/gas.md, and this holds them there to the unit; `make bench-gas` writes them anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ape
import pytest

from steelyard.model import LenderKind
from tests.support.flash import FlashPlan
from tests.support.fork_market import BALANCER_VAULT, MORPHO, USDC, WETH, ForkMarket, Hop
from tests.support.gas_page import hold
from tests.support.gas_scene import FAR_DEADLINE, MOST_LEGS, V2, V3, GasScene

if TYPE_CHECKING:
    from tests.support.fork_chain import ForkChain

pytestmark = [pytest.mark.fork, pytest.mark.needs("replica")]

POOL_MANAGER: Final = "0x000000000004444c5dc75cB358380D2e3dE08A90"
LENDERS: Final = {
    "Balancer V2": (LenderKind.BALANCER_V2, BALANCER_VAULT),
    "Morpho Blue": (LenderKind.MORPHO_BLUE, MORPHO),
    "Uniswap V4": (LenderKind.UNISWAP_V4, POOL_MANAGER),
}
LOANS: Final = {WETH: 10**18, USDC: 10**9}
MOST_OVER: Final = {WETH: 10_000, USDC: 12_000}
"""The goal. USDC is a proxy: each of the two balances that the executor looks at costs more."""
LOANS_HEAD: Final = """\
| lender | bare, WETH | executor | more | bare, USDC | executor | more |
|---|---|---|---|---|---|---|
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
