"""Plans for tests: complete, consistent, and different where a test says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from steelyard.connect.vault_calls import encode_rebalance
from steelyard.model import (
    Address,
    ArbitragePlan,
    LenderKind,
    Move,
    PlanLeg,
    RebalancePlan,
    VaultCall,
    VenueKind,
)

WETH = Address("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2")
USDC = Address("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48")
POOL_CHEAP = Address("0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc")
POOL_DEAR = Address("0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640")
EXECUTOR = Address("0x000000000000000000000000000000000000bEEF")
VAULT = Address("0x000000000000000000000000000000000000fA17")
LENDING = Address("0x0000000000000000000000000000000000001e4D")
RANGE = Address("0x0000000000000000000000000000000000004a4E")
KEEPER = Address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")


_BUY = PlanLeg(
    kind=VenueKind.UNISWAP_V2,
    venue_id=0,
    pool=POOL_CHEAP,
    fee_pips=0,
    token_in=WETH,
    token_out=USDC,
    amount_in=10**19,
    amount_out=30_000 * 10**6,
    min_amount_out=29_990 * 10**6,
)
_SELL = PlanLeg(
    kind=VenueKind.UNISWAP_V3,
    venue_id=1,
    pool=POOL_DEAR,
    fee_pips=500,
    token_in=USDC,
    token_out=WETH,
    amount_in=30_000 * 10**6,
    amount_out=10**19 + 10**16,
    min_amount_out=10**19 + 5 * 10**15,
)


def make_plan(**changes: Any) -> ArbitragePlan:
    """Return a plan that buys USDC where WETH is dear and sells it where it is cheap, with ``changes``."""
    plan = ArbitragePlan(
        chain_id=1,
        executor=EXECUTOR,
        deadline_seconds=2_000_000_000,
        lender=LenderKind.BALANCER_V2,
        asset=WETH,
        amount=10**19,
        loan_fee=0,
        max_loan_fee=0,
        min_profit=5 * 10**15,
        builder_share_bps=0,
        legs=(_BUY, _SELL),
        expected_profit=10**16,
        gas_units=300_000,
        gas_price_wei=10**10,
        gas_cost_wei=3 * 10**15,
        expected_net_wei=7 * 10**15,
        block_number=100,
        reason="cheap pool against dear pool",
    )
    return replace(plan, **changes)


def make_rebalance(**changes: Any) -> RebalancePlan:
    """Return a plan that moves USDC from a range to a lending pool of the vault's, with ``changes``."""
    plan = RebalancePlan(
        chain_id=1,
        vault=VAULT,
        asset=USDC,
        moves=(
            Move(strategy=RANGE, is_deploy=False, assets=5_000 * 10**6),
            Move(strategy=LENDING, is_deploy=True, assets=5_000 * 10**6),
        ),
        max_loss=30 * 10**6,
        deadline_seconds=2_000_000_000,
        is_urgent=False,
        drift=5_000 * 10**6,
        moved=10_000 * 10**6,
        expected_loss=20 * 10**6,
        gas_units=500_000,
        gas_price_wei=10**10,
        gas_cost_wei=5 * 10**15,
        cost=35 * 10**6,
        benefit=80 * 10**6,
        wei_per_asset_unit_wad=10**12 * 10**18 // 3_000,
        block_number=100,
        reason="the range holds too much",
    )
    return replace(plan, **changes)


def make_vault_call(**changes: Any) -> VaultCall:
    """Return the direct call that carries ``make_rebalance(**changes)``, by the keeper."""
    plan = make_rebalance(**changes)
    return VaultCall(plan=plan, to=plan.vault, data=encode_rebalance(plan), signer=KEEPER)
