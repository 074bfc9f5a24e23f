"""Pools of PancakeSwap V3: made by the real factory, filled through the model of its router."""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.sandbox.replica.pools.concentrated import fill_by_router
from steelyard.sandbox.replica.pools.plan import PoolMaker, PoolPlan, PricedPlan, by_address, record_of
from steelyard.sandbox.replica.protocols import pancakeswap_v3
from steelyard.sandbox.replica.tokens import LINK, USDC, USDT, WBTC, WETH, MarketToken
from steelyard.sandbox.replica.workbench import Workbench

SLOT0: Final = "(uint160,int24,uint16,uint16,uint16,uint32,bool)"
_SPACINGS: Final = {100: 1, 500: 10, 2500: 50}


def _pool(token_a: MarketToken, token_b: MarketToken, fee_pips: int, side_usd: int) -> PoolPlan:
    return PoolPlan(
        kind=PoolKind.PANCAKESWAP_V3,
        tokens=by_address(token_a, token_b),
        fee_pips=fee_pips,
        side_usd=side_usd,
        tick_spacing=_SPACINGS[fee_pips],
    )


_PLANS: Final = (
    _pool(USDC, WETH, 500, 7_000_000),
    _pool(USDT, WETH, 500, 5_000_000),
    _pool(WBTC, WETH, 2500, 3_000_000),
    _pool(LINK, WETH, 2500, 900_000),
    _pool(USDC, USDT, 100, 6_000_000),
)


def _create(bench: Workbench, priced: PricedPlan) -> None:
    token0, token1 = priced.plan.pair
    arguments = (token0.address, token1.address, priced.plan.fee_pips)
    bench.send(pancakeswap_v3.FACTORY, "createPool(address,address,uint24)", *arguments)


def _record(bench: Workbench, plan: PoolPlan) -> PoolRecord:
    token0, token1 = (token.address for token in plan.tokens)
    signature = "getPool(address,address,uint24)"
    (pool,) = bench.read(pancakeswap_v3.FACTORY, signature, "(address)", token0, token1, plan.fee_pips)
    return record_of(plan, pool)


def _fill(bench: Workbench, priced: PricedPlan, record: PoolRecord) -> None:
    fill_by_router(bench, pancakeswap_v3.ROUTER, priced, record, state=("slot0()", SLOT0))


POOLS: Final = PoolMaker(
    kind=PoolKind.PANCAKESWAP_V3,
    plans=_PLANS,
    spenders=(pancakeswap_v3.ROUTER,),
    create=_create,
    record=_record,
    fill=_fill,
)
