"""Pools of Balancer V2, made by its real factories and joined through the Vault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.replica.errors import ReplicaError
from steelyard.sandbox.replica.manifest import NO_ADDRESS, PoolKind, PoolRecord
from steelyard.sandbox.replica.pools.plan import PoolMaker, PoolPlan, PricedPlan, by_address
from steelyard.sandbox.replica.pools.stable_swap import stable_amounts
from steelyard.sandbox.replica.protocols.balancer_v2 import VAULT
from steelyard.sandbox.replica.protocols.balancer_v2_pools import (
    STABLE_FACTORY,
    WEIGHTED_FACTORY,
    pool_address,
)
from steelyard.sandbox.replica.tokens import AAVE, DAI, USDC, USDT, WBTC, WETH, MarketToken
from steelyard.sandbox.replica.workbench import ARCHITECT, Workbench
from steelyard.units import PIPS, UINT256_MAX, WAD, Address

_JOIN: Final = "joinPool(bytes32,address,address,(address[],uint256[],bytes,bool))"
_POOL_TOKENS: Final = "(address[],uint256[],uint256)"
_FIRST_JOIN: Final = 0
_WAD_PER_PIP: Final = WAD // PIPS
_WAD_PER_PERCENT: Final = WAD // 100


def _weighted(tokens: tuple[tuple[MarketToken, int], ...], fee_pips: int, side_usd: int) -> PoolPlan:
    weights = dict(tokens)
    ordered = by_address(*weights)
    return PoolPlan(
        kind=PoolKind.BALANCER_WEIGHTED,
        tokens=ordered,
        fee_pips=fee_pips,
        side_usd=side_usd,
        weights_percent=tuple(weights[token] for token in ordered),
    )


_WEIGHTED_PLANS: Final = (
    _weighted(((USDC, 50), (WETH, 50)), 3000, 4_000_000),
    _weighted(((WBTC, 50), (WETH, 50)), 2500, 6_000_000),
    _weighted(((AAVE, 80), (WETH, 20)), 3000, 5_000_000),
)
_STABLE_PLANS: Final = (
    PoolPlan(
        kind=PoolKind.BALANCER_STABLE,
        tokens=by_address(DAI, USDC, USDT),
        fee_pips=100,
        side_usd=7_000_000,
        amplification=2000,
    ),
)


def _name(plan: PoolPlan) -> str:
    return "-".join(token.symbol for token in plan.tokens)


def _create_weighted(bench: Workbench, priced: PricedPlan) -> None:
    plan = priced.plan
    bench.send(
        WEIGHTED_FACTORY,
        "create(string,string,address[],uint256[],address[],uint256,address)",
        f"Balancer weighted {_name(plan)}",
        _name(plan),
        [token.address for token in plan.tokens],
        [percent * _WAD_PER_PERCENT for percent in plan.weights_percent],
        [NO_ADDRESS] * len(plan.tokens),
        plan.fee_pips * _WAD_PER_PIP,
        NO_ADDRESS,  # no owner: the fee stays
    )


def _create_stable(bench: Workbench, priced: PricedPlan) -> None:
    plan, count = priced.plan, len(priced.plan.tokens)
    bench.send(
        STABLE_FACTORY,
        "create(string,string,address[],uint256,address[],uint256[],bool[],uint256,address)",
        f"Balancer stable {_name(plan)}",
        _name(plan),
        [token.address for token in plan.tokens],
        plan.amplification,
        [NO_ADDRESS] * count,
        [0] * count,
        [False] * count,
        plan.fee_pips * _WAD_PER_PIP,
        NO_ADDRESS,
    )


def _record(bench: Workbench, plan: PoolPlan, factory: Address, index: int) -> PoolRecord:
    pool = pool_address(factory, index)
    (known,) = bench.read(factory, "isPoolFromFactory(address)", "(bool)", pool)
    if not known:
        raise ReplicaError(f"Balancer's factory at {factory} made its pool {index} elsewhere than at {pool}")
    (pool_id,) = bench.read(pool, "getPoolId()", "(bytes32)")
    tokens = tuple(token.address for token in plan.tokens)
    return PoolRecord(
        kind=plan.kind,
        address=pool,
        token0=tokens[0],
        token1=tokens[1],
        fee_pips=plan.fee_pips,
        pool_id="0x" + pool_id.hex(),
        tokens=tokens if len(tokens) > 2 else (),
    )


def _weighted_amounts(priced: PricedPlan) -> list[int]:
    """Base units of each token: its weight's part of the pool's worth. Rounds down by less than one each."""
    plan = priced.plan
    pool_usd = plan.side_usd * len(plan.tokens)
    amounts = [
        token.base_units(pool_usd * percent // 100)
        for token, percent in zip(plan.tokens, plan.weights_percent, strict=True)
    ]
    # Less of token0 is a higher price of it.
    amounts[0] = amounts[0] * PIPS // (PIPS + priced.offset_pips)
    return amounts


def _join(bench: Workbench, record: PoolRecord, amounts: dict[Address, int]) -> None:
    """The first join. A stable pool lists its own share among its tokens, and mints what it needs of it."""
    (listed, _, _) = bench.read(VAULT, "getPoolTokens(bytes32)", _POOL_TOKENS, _id_of(record))
    by_token = {token.lower(): amount for token, amount in amounts.items()}
    paid = [by_token.get(token.lower(), 0) for token in listed]
    most = [by_token.get(token.lower(), UINT256_MAX) for token in listed]
    data = encode_arguments("(uint256,uint256[])", _FIRST_JOIN, paid)
    bench.send(VAULT, _JOIN, _id_of(record), ARCHITECT, ARCHITECT, (listed, most, data, False))


def _id_of(record: PoolRecord) -> bytes:
    return bytes.fromhex(record.pool_id[2:])


def _maker(
    plans: tuple[PoolPlan, ...],
    factory: Address,
    create: Callable[[Workbench, PricedPlan], None],
    amounts: Callable[[PricedPlan], list[int]],
) -> PoolMaker:
    def record(bench: Workbench, plan: PoolPlan) -> PoolRecord:
        return _record(bench, plan, factory, plans.index(plan))

    def fill(bench: Workbench, priced: PricedPlan, record: PoolRecord) -> None:
        tokens = (token.address for token in priced.plan.tokens)
        _join(bench, record, dict(zip(tokens, amounts(priced), strict=True)))

    return PoolMaker(
        kind=plans[0].kind, plans=plans, spenders=(VAULT,), create=create, record=record, fill=fill
    )


WEIGHTED: Final = _maker(_WEIGHTED_PLANS, WEIGHTED_FACTORY, _create_weighted, _weighted_amounts)
STABLE: Final = _maker(_STABLE_PLANS, STABLE_FACTORY, _create_stable, stable_amounts)
