"""Makes the market: creates every pool of the plan at the fair price and fills it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from random import Random
from typing import Any, Final

from eth_utils.address import to_checksum_address

from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.sandbox.replica.pools import POOL_PLANS, Band, PoolPlan, bands_of
from steelyard.sandbox.replica.protocols import sushiswap_v2, uniswap_v2, uniswap_v3
from steelyard.sandbox.replica.tokens import MARKET_TOKENS
from steelyard.sandbox.replica.workbench import ARCHITECT, Workbench
from steelyard.units import PIPS, Q96, UINT256_MAX, Address

_V2_PLACES: Final = {
    PoolKind.UNISWAP_V2: (uniswap_v2.FACTORY, uniswap_v2.ROUTER),
    PoolKind.SUSHISWAP_V2: (sushiswap_v2.FACTORY, sushiswap_v2.ROUTER),
}
_SPACINGS: Final = {100: 1, 500: 10, 3000: 60, 10000: 200}
_LARGEST_TICK: Final = 887_272
_SEED: Final = "first prices of the replica's pools"
_FOREVER: Final = 2**40
_MINT: Final = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"


@dataclass(frozen=True, slots=True)
class _Priced:
    """A plan with its first price: token1 per token0 in base units, as a fraction."""

    plan: PoolPlan
    numerator: int
    denominator: int


def make_market(bench: Workbench) -> tuple[PoolRecord, ...]:
    """Creates and fills the pools; returns them in the order of the plan."""
    priced = _first_prices()
    _approve_all(bench)
    for each in priced:
        _create(bench, each)
    bench.settle()
    records = [_record(bench, each.plan) for each in priced]
    for each, record in zip(priced, records, strict=True):
        if each.plan.kind is PoolKind.UNISWAP_V3:
            _fill_v3(bench, each.plan, record)
    bench.settle()
    return tuple(records)


def _first_prices() -> list[_Priced]:
    random = Random(_SEED)
    priced = []
    for plan in POOL_PLANS:
        token0, token1 = plan.tokens
        third = plan.fee_pips // 3
        offset_pips = random.randrange(-third, third + 1)
        numerator = token0.price_usd_e8 * 10**token1.decimals * (PIPS + offset_pips)
        denominator = token1.price_usd_e8 * 10**token0.decimals * PIPS
        priced.append(_Priced(plan, numerator, denominator))
    return priced


def _approve_all(bench: Workbench) -> None:
    spenders = (uniswap_v2.ROUTER, sushiswap_v2.ROUTER, uniswap_v3.POSITION_MANAGER)
    for token in MARKET_TOKENS:
        for spender in spenders:
            bench.send(token.address, "approve(address,uint256)", spender, UINT256_MAX)
    bench.settle()


def _create(bench: Workbench, priced: _Priced) -> None:
    plan = priced.plan
    token0, token1 = plan.tokens
    if plan.kind is PoolKind.UNISWAP_V3:
        # Rounds down: the first price may lie one part in 2^96 under the fraction.
        sqrt_price_x96 = isqrt(priced.numerator * Q96 * Q96 // priced.denominator)
        bench.send(
            uniswap_v3.POSITION_MANAGER,
            "createAndInitializePoolIfNecessary(address,address,uint24,uint160)",
            token0.address,
            token1.address,
            plan.fee_pips,
            sqrt_price_x96,
        )
    else:
        _create_v2(bench, priced)


def _create_v2(bench: Workbench, priced: _Priced) -> None:
    plan = priced.plan
    token0, token1 = plan.tokens
    _, router = _V2_PLACES[plan.kind]
    amount0 = token0.base_units(plan.side_usd)
    # Rounds down by less than one base unit; the pair takes any ratio as its first price.
    amount1 = amount0 * priced.numerator // priced.denominator
    bench.send(
        router,
        "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)",
        token0.address,
        token1.address,
        amount0,
        amount1,
        0,
        0,
        ARCHITECT,
        _FOREVER,
    )


def _record(bench: Workbench, plan: PoolPlan) -> PoolRecord:
    token0, token1 = (token.address for token in plan.tokens)
    if plan.kind is PoolKind.UNISWAP_V3:
        signature = "getPool(address,address,uint24)"
        arguments: tuple[Any, ...] = (token0, token1, plan.fee_pips)
        factory = uniswap_v3.FACTORY
    else:
        signature, arguments = "getPair(address,address)", (token0, token1)
        factory, _ = _V2_PLACES[plan.kind]
    (pool,) = bench.read(factory, signature, "(address)", *arguments)
    return PoolRecord(
        kind=plan.kind,
        address=Address(to_checksum_address(pool)),
        token0=token0,
        token1=token1,
        fee_pips=plan.fee_pips,
    )


def _fill_v3(bench: Workbench, plan: PoolPlan, record: PoolRecord) -> None:
    slot0 = "(uint160,int24,uint16,uint16,uint16,uint8,bool)"
    tick = bench.read(record.address, "slot0()", slot0)[1]
    token0, token1 = plan.tokens
    spacing = _SPACINGS[plan.fee_pips]
    for band in bands_of(plan):
        lower, upper = _edges(tick, band, spacing)
        side_usd = plan.side_usd * band.share_percent // 100
        bench.send(
            uniswap_v3.POSITION_MANAGER,
            _MINT,
            (
                token0.address,
                token1.address,
                plan.fee_pips,
                lower,
                upper,
                token0.base_units(side_usd),
                token1.base_units(side_usd),
                0,
                0,
                ARCHITECT,
                _FOREVER,
            ),
        )


def _edges(tick: int, band: Band, spacing: int) -> tuple[int, int]:
    """Edges of a band on the grid of `spacing`: outwards from the tick, so that no band is empty."""
    bound = _LARGEST_TICK // spacing * spacing
    lower = (tick - band.below_ticks) // spacing * spacing
    upper = -(-(tick + band.above_ticks) // spacing) * spacing
    return max(lower, -bound), min(max(upper, lower + spacing), bound)
