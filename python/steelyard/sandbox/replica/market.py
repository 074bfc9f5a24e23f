"""Makes the market: creates every pool of the plans at the fair price and fills it."""

from __future__ import annotations

from random import Random
from typing import Final

from steelyard.sandbox.replica.manifest import PoolRecord
from steelyard.sandbox.replica.pools.plan import PoolMaker, PricedPlan
from steelyard.sandbox.replica.pools.registry import POOL_MAKERS
from steelyard.sandbox.replica.tokens import MARKET_TOKENS
from steelyard.sandbox.replica.workbench import Workbench
from steelyard.units import UINT256_MAX

_SEED: Final = "first prices of the replica's pools"


def make_market(bench: Workbench) -> tuple[PoolRecord, ...]:
    """Creates and fills the pools; returns them in the order of the registry."""
    pools = _first_prices()
    _approve_all(bench)
    for maker, priced in pools:
        maker.create(bench, priced)
    bench.settle()
    records = [maker.record(bench, priced.plan) for maker, priced in pools]
    for (maker, priced), record in zip(pools, records, strict=True):
        maker.fill(bench, priced, record)
    bench.settle()
    return tuple(records)


def _first_prices() -> list[tuple[PoolMaker, PricedPlan]]:
    random = Random(_SEED)
    pools = []
    for maker in POOL_MAKERS:
        for plan in maker.plans:
            third = plan.fee_pips // 3
            offset_pips = random.randrange(-third, third + 1)
            pools.append((maker, PricedPlan(plan=plan, offset_pips=offset_pips)))
    return pools


def _approve_all(bench: Workbench) -> None:
    # A spender may serve several kinds; USDT refuses a second allowance over a first.
    spenders = dict.fromkeys(spender for maker in POOL_MAKERS for spender in maker.spenders)
    for token in MARKET_TOKENS:
        for spender in spenders:
            bench.send(token.address, "approve(address,uint256)", spender, UINT256_MAX)
    bench.settle()
