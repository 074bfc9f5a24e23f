"""The registry of the market's pools, in the order of the manifest.

A new kind comes last: first prices are drawn in this order, and those of the pools before it stay as they
are.
"""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.replica.pools import (
    algebra,
    balancer_v2,
    constant_product,
    curve,
    pancakeswap_v3,
    uniswap_v3,
    uniswap_v4,
)
from steelyard.sandbox.replica.pools.plan import PoolMaker, PoolPlan

POOL_MAKERS: Final[tuple[PoolMaker, ...]] = (
    constant_product.UNISWAP,
    constant_product.SUSHISWAP,
    uniswap_v3.POOLS,
    balancer_v2.WEIGHTED,
    balancer_v2.STABLE,
    curve.FILLED,
    uniswap_v4.POOLS,
    pancakeswap_v3.POOLS,
    algebra.POOLS,
)

POOL_PLANS: Final[tuple[PoolPlan, ...]] = tuple(plan for maker in POOL_MAKERS for plan in maker.plans)
