"""Pools of Algebra V1: made by the real factory, filled through the model of its router; their fees move."""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.sandbox.replica.pools.concentrated import fill_by_router
from steelyard.sandbox.replica.pools.plan import PoolMaker, PoolPlan, PricedPlan, by_address, record_of
from steelyard.sandbox.replica.protocols import algebra
from steelyard.sandbox.replica.tokens import USDC, USDT, WBTC, WETH, MarketToken
from steelyard.sandbox.replica.workbench import Workbench

GLOBAL_STATE: Final = "(uint160,int24,uint16,uint16,uint8,uint8,bool)"
_FIRST_FEE_PIPS: Final = 100
_TICK_SPACING: Final = 60


def _pool(token_a: MarketToken, token_b: MarketToken, side_usd: int) -> PoolPlan:
    return PoolPlan(
        kind=PoolKind.ALGEBRA,
        tokens=by_address(token_a, token_b),
        fee_pips=_FIRST_FEE_PIPS,
        side_usd=side_usd,
        tick_spacing=_TICK_SPACING,
    )


_PLANS: Final = (
    _pool(USDC, WETH, 4_000_000),
    _pool(USDT, WETH, 2_500_000),
    _pool(WBTC, WETH, 2_000_000),
)


def _create(bench: Workbench, priced: PricedPlan) -> None:
    token0, token1 = priced.plan.pair
    bench.send(algebra.FACTORY, "createPool(address,address)", token0.address, token1.address)


def _record(bench: Workbench, plan: PoolPlan) -> PoolRecord:
    token0, token1 = (token.address for token in plan.tokens)
    signature = "poolByPair(address,address)"
    (pool,) = bench.read(algebra.FACTORY, signature, "(address)", token0, token1)
    return record_of(plan, pool)


def _fill(bench: Workbench, priced: PricedPlan, record: PoolRecord) -> None:
    fill_by_router(bench, algebra.ROUTER, priced, record, state=("globalState()", GLOBAL_STATE))


POOLS: Final = PoolMaker(
    kind=PoolKind.ALGEBRA,
    plans=_PLANS,
    spenders=(algebra.ROUTER,),
    create=_create,
    record=_record,
    fill=_fill,
)
