"""Pools of Uniswap V2 and its copies: two reserves, one fee, made and filled by the router in one call."""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.sandbox.replica.pools.plan import (
    PoolMaker,
    PoolPlan,
    PricedPlan,
    by_address,
    filled_already,
    record_of,
)
from steelyard.sandbox.replica.protocols import sushiswap_v2, uniswap_v2
from steelyard.sandbox.replica.tokens import (
    AAVE,
    CRV,
    DAI,
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
from steelyard.units import Address

V2_FEE_PIPS: Final = 3000
_FOREVER: Final = 2**40
_ADD: Final = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"


def _maker(
    kind: PoolKind,
    factory: Address,
    router: Address,
    pools: tuple[tuple[MarketToken, MarketToken, int], ...],
) -> PoolMaker:
    def create(bench: Workbench, priced: PricedPlan) -> None:
        token0, token1 = priced.plan.pair
        numerator, denominator = priced.price
        amount0 = token0.base_units(priced.plan.side_usd)
        # Rounds down by less than one base unit; the pair takes any ratio as its first price.
        amount1 = amount0 * numerator // denominator
        pair = (token0.address, token1.address)
        bench.send(router, _ADD, *pair, amount0, amount1, 0, 0, ARCHITECT, _FOREVER)

    def record(bench: Workbench, plan: PoolPlan) -> PoolRecord:
        token0, token1 = (token.address for token in plan.tokens)
        (pool,) = bench.read(factory, "getPair(address,address)", "(address)", token0, token1)
        return record_of(plan, pool)

    plans = tuple(
        PoolPlan(kind=kind, tokens=by_address(token_a, token_b), fee_pips=V2_FEE_PIPS, side_usd=side_usd)
        for token_a, token_b, side_usd in pools
    )
    return PoolMaker(
        kind=kind, plans=plans, spenders=(router,), create=create, record=record, fill=filled_already
    )


UNISWAP: Final = _maker(
    PoolKind.UNISWAP_V2,
    uniswap_v2.FACTORY,
    uniswap_v2.ROUTER,
    (
        (USDC, WETH, 52_000_000),
        (USDT, WETH, 48_000_000),
        (DAI, WETH, 9_000_000),
        (WBTC, WETH, 6_000_000),
        (LINK, WETH, 4_000_000),
        (UNI, WETH, 2_500_000),
        (AAVE, WETH, 1_500_000),
        (MKR, WETH, 3_000_000),
        (CRV, WETH, 1_000_000),
        (LDO, WETH, 1_200_000),
        (DAI, MKR, 12_000_000),
        (USDC, USDT, 2_500_000),
        (DAI, USDC, 3_000_000),
    ),
)

SUSHISWAP: Final = _maker(
    PoolKind.SUSHISWAP_V2,
    sushiswap_v2.FACTORY,
    sushiswap_v2.ROUTER,
    (
        (USDC, WETH, 5_000_000),
        (USDT, WETH, 5_500_000),
        (DAI, WETH, 4_000_000),
        (WBTC, WETH, 9_000_000),
        (LINK, WETH, 2_000_000),
        (UNI, WETH, 1_000_000),
        (AAVE, WETH, 1_300_000),
        (CRV, WETH, 1_100_000),
        (LDO, WETH, 2_200_000),
    ),
)
