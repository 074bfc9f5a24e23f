"""Curve-type stable pools: they stand already, and only want to be filled."""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.sandbox.replica.pools.plan import PoolMaker, PoolPlan, PricedPlan
from steelyard.sandbox.replica.pools.stable_swap import stable_amounts
from steelyard.sandbox.replica.protocols.curve import FEE_ONE, FRAX_USDC, POOLS, THREE_POOL, CurvePool
from steelyard.sandbox.replica.workbench import Workbench
from steelyard.units import PIPS

_E10_PER_PIP: Final = FEE_ONE // PIPS


def _plan(pool: CurvePool, side_usd: int) -> PoolPlan:
    return PoolPlan(
        kind=PoolKind.CURVE_STABLE,
        tokens=pool.coins,
        fee_pips=pool.fee_e10 // _E10_PER_PIP,
        side_usd=side_usd,
        amplification=pool.leverage,
    )


_PLANS: Final = (_plan(THREE_POOL, 55_000_000), _plan(FRAX_USDC, 18_000_000))


def _pool_of(plan: PoolPlan) -> CurvePool:
    (pool,) = (pool for pool in POOLS if pool.coins == plan.tokens)
    return pool


def _stands_already(_bench: Workbench, _priced: PricedPlan) -> None:
    """The protocol's file placed the pool: Curve's stand where no factory of the replica could make them."""


def _record(_bench: Workbench, plan: PoolPlan) -> PoolRecord:
    coins = tuple(coin.address for coin in plan.tokens)
    return PoolRecord(
        kind=PoolKind.CURVE_STABLE,
        address=_pool_of(plan).address,
        token0=coins[0],
        token1=coins[1],
        fee_pips=plan.fee_pips,
        tokens=coins,
    )


def _fill(bench: Workbench, priced: PricedPlan, record: PoolRecord) -> None:
    bench.send(record.address, "fill(uint256[])", stable_amounts(priced))


FILLED: Final = PoolMaker(
    kind=PoolKind.CURVE_STABLE,
    plans=_PLANS,
    spenders=tuple(pool.address for pool in POOLS),
    create=_stands_already,
    record=_record,
    fill=_fill,
)
