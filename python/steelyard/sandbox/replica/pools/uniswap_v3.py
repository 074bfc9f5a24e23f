"""Pools of Uniswap V3, made and filled by the position manager."""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.sandbox.replica.pools.concentrated import first_sqrt_price_x96, positions_of
from steelyard.sandbox.replica.pools.plan import PoolMaker, PoolPlan, PricedPlan, by_address, record_of
from steelyard.sandbox.replica.protocols import uniswap_v3
from steelyard.sandbox.replica.tokens import (
    AAVE,
    CRV,
    DAI,
    FRAX,
    LDO,
    LINK,
    MKR,
    UNI,
    USDC,
    USDT,
    WBTC,
    WETH,
    MarketToken,
)
from steelyard.sandbox.replica.workbench import ARCHITECT, Workbench

_SPACINGS: Final = {100: 1, 500: 10, 3000: 60, 10000: 200}
_FOREVER: Final = 2**40
_CREATE: Final = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
_MINT: Final = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
_SLOT0: Final = "(uint160,int24,uint16,uint16,uint16,uint8,bool)"


def _pool(token_a: MarketToken, token_b: MarketToken, fee_pips: int, side_usd: int) -> PoolPlan:
    return PoolPlan(
        kind=PoolKind.UNISWAP_V3,
        tokens=by_address(token_a, token_b),
        fee_pips=fee_pips,
        side_usd=side_usd,
        tick_spacing=_SPACINGS[fee_pips],
    )


_PLANS: Final = (
    _pool(USDC, WETH, 500, 27_000_000),
    _pool(USDC, WETH, 3000, 18_000_000),
    _pool(USDC, WETH, 10000, 1_500_000),
    _pool(USDT, WETH, 500, 8_000_000),
    _pool(USDT, WETH, 3000, 12_000_000),
    _pool(DAI, WETH, 500, 2_500_000),
    _pool(DAI, WETH, 3000, 6_000_000),
    _pool(WBTC, WETH, 500, 12_000_000),
    _pool(WBTC, WETH, 3000, 20_000_000),
    _pool(WBTC, USDC, 3000, 5_000_000),
    _pool(LINK, WETH, 3000, 4_000_000),
    _pool(UNI, WETH, 3000, 3_500_000),
    _pool(AAVE, WETH, 3000, 2_500_000),
    _pool(MKR, WETH, 3000, 3_000_000),
    _pool(CRV, WETH, 10000, 1_200_000),
    _pool(LDO, WETH, 3000, 2_500_000),
    _pool(USDC, USDT, 100, 9_000_000),
    _pool(DAI, USDC, 100, 20_000_000),
    _pool(DAI, USDC, 500, 4_000_000),
    _pool(FRAX, USDC, 100, 6_000_000),
    _pool(FRAX, USDC, 500, 3_000_000),
    _pool(FRAX, DAI, 500, 1_000_000),
)


def _create(bench: Workbench, priced: PricedPlan) -> None:
    token0, token1 = (token.address for token in priced.plan.tokens)
    root = first_sqrt_price_x96(priced)
    bench.send(uniswap_v3.POSITION_MANAGER, _CREATE, token0, token1, priced.plan.fee_pips, root)


def _record(bench: Workbench, plan: PoolPlan) -> PoolRecord:
    token0, token1 = (token.address for token in plan.tokens)
    signature = "getPool(address,address,uint24)"
    (pool,) = bench.read(uniswap_v3.FACTORY, signature, "(address)", token0, token1, plan.fee_pips)
    return record_of(plan, pool)


def _fill(bench: Workbench, priced: PricedPlan, record: PoolRecord) -> None:
    tick = bench.read(record.address, "slot0()", _SLOT0)[1]
    for position in positions_of(priced.plan, tick):
        arguments = (
            record.token0,
            record.token1,
            record.fee_pips,
            position.lower_tick,
            position.upper_tick,
            position.amount0,
            position.amount1,
            0,
            0,
            ARCHITECT,
            _FOREVER,
        )
        bench.send(uniswap_v3.POSITION_MANAGER, _MINT, arguments)


POOLS: Final = PoolMaker(
    kind=PoolKind.UNISWAP_V3,
    plans=_PLANS,
    spenders=(uniswap_v3.POSITION_MANAGER,),
    create=_create,
    record=_record,
    fill=_fill,
)
