"""What the executor adds to a bare loan, on the lenders' real bytecode: the goals, held.

Both are whole transactions, the second time, when every slot has been written before. The bare borrower takes
the loan and gives it back, with no check of anything; the executor's route is empty, with all its guards and
its event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ape
import pytest

from steelyard.model import LenderKind
from tests.support.flash import FlashPlan
from tests.support.fork_market import BALANCER_VAULT, MORPHO, USDC, WETH

if TYPE_CHECKING:
    from tests.support.fork_chain import ForkChain

pytestmark = [pytest.mark.fork, pytest.mark.needs("replica")]

POOL_MANAGER = "0x000000000004444c5dc75cB358380D2e3dE08A90"
LENDERS = {
    LenderKind.BALANCER_V2: BALANCER_VAULT,
    LenderKind.MORPHO_BLUE: MORPHO,
    LenderKind.UNISWAP_V4: POOL_MANAGER,
}
LOANS = {WETH: 10**18, USDC: 10**9}
MOST_OVER = {WETH: 10_000, USDC: 12_000}
"""USDC is a proxy: each of the two balances that the executor looks at costs more."""


@pytest.mark.parametrize("asset", LOANS, ids=("weth", "usdc"))
@pytest.mark.parametrize("kind", LENDERS, ids=lambda kind: kind.name.lower())
def test_empty_route__over_the_bare_loan__stays_within_the_goal(
    chain: ForkChain, executor: Any, keeper: Any, kind: LenderKind, asset: str
) -> None:
    bare = keeper.deploy(ape.project.BareBorrower, LENDERS[kind], asset)
    amount = LOANS[asset]
    for borrower in (bare, executor):
        chain.give(asset, borrower.address, 1)
    plan = FlashPlan(
        executor=executor.address,
        lender=kind,
        asset=asset,
        amount=amount,
        legs=[],
        deadline=ape.chain.pending_timestamp + 600,
        max_loan_fee=0,
        min_profit=0,
    )
    for _ in range(2):
        ours = executor.execute(plan.data, sender=keeper).gas_used
        theirs = bare.borrow(kind, amount, sender=keeper).gas_used
    assert 0 < ours - theirs <= MOST_OVER[asset], (theirs, ours)
