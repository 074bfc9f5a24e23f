"""Pools of Uniswap V4: kept by the PoolManager, filled by the position manager, some of ether itself."""

from __future__ import annotations

from typing import Any, Final

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from steelyard.sandbox.replica.manifest import NO_ADDRESS, PoolKind, PoolRecord
from steelyard.sandbox.replica.pools.concentrated import first_sqrt_price_x96, liquidity_of, positions_of
from steelyard.sandbox.replica.pools.plan import PoolMaker, PoolPlan, PricedPlan, by_address
from steelyard.sandbox.replica.protocols import uniswap_v4
from steelyard.sandbox.replica.protocols.permit2 import PERMIT2
from steelyard.sandbox.replica.tokens import DAI, ETHER_ITSELF, LINK, USDC, USDT, WBTC, WETH, MarketToken
from steelyard.sandbox.replica.workbench import ARCHITECT, Workbench

_SPACINGS: Final = {10: 1, 100: 1, 500: 10, 3000: 60}
_KEY: Final = "(address,address,uint24,int24,address)"
_FOREVER: Final = 2**40
_UINT160_MAX: Final = 2**160 - 1
_UINT128_MAX: Final = 2**128 - 1
# Actions of the position manager: mint a position, pay for both tokens, send back what is left of one.
_MINT_POSITION: Final = 0x02
_SETTLE_PAIR: Final = 0x0D
_SWEEP: Final = 0x14


def _pool(token_a: MarketToken, token_b: MarketToken, fee_pips: int, side_usd: int) -> PoolPlan:
    return PoolPlan(
        kind=PoolKind.UNISWAP_V4,
        tokens=by_address(token_a, token_b),
        fee_pips=fee_pips,
        side_usd=side_usd,
        tick_spacing=_SPACINGS[fee_pips],
    )


_PLANS: Final = (
    _pool(ETHER_ITSELF, USDC, 500, 12_000_000),
    _pool(ETHER_ITSELF, USDC, 3000, 9_000_000),
    _pool(ETHER_ITSELF, USDT, 500, 6_000_000),
    _pool(ETHER_ITSELF, WBTC, 3000, 8_000_000),
    _pool(ETHER_ITSELF, LINK, 3000, 1_500_000),
    _pool(USDC, WETH, 500, 3_000_000),
    _pool(WBTC, USDC, 3000, 4_000_000),
    _pool(USDC, USDT, 10, 8_000_000),
    _pool(DAI, USDC, 100, 5_000_000),
)


def pool_key(plan: PoolPlan) -> tuple[str, str, int, int, str]:
    """The key that names the pool to the PoolManager; it has no hooks."""
    token0, token1 = plan.pair
    return token0.address, token1.address, plan.fee_pips, plan.tick_spacing, NO_ADDRESS


def pool_id(plan: PoolPlan) -> str:
    """Hash of the pool's key, by which the PoolManager keeps it."""
    return "0x" + keccak(encode([_KEY], [pool_key(plan)])).hex()


def _create(bench: Workbench, priced: PricedPlan) -> None:
    root = first_sqrt_price_x96(priced)
    bench.send(uniswap_v4.POOL_MANAGER, f"initialize({_KEY},uint160)", pool_key(priced.plan), root)


def _record(bench: Workbench, plan: PoolPlan) -> PoolRecord:
    token0, token1 = (token.address for token in plan.tokens)
    return PoolRecord(
        kind=PoolKind.UNISWAP_V4,
        address=uniswap_v4.POOL_MANAGER,
        token0=token0,
        token1=token1,
        fee_pips=plan.fee_pips,
        pool_id=pool_id(plan),
        tick_spacing=plan.tick_spacing,
    )


def _fill(bench: Workbench, priced: PricedPlan, record: PoolRecord) -> None:
    _permit(bench, priced.plan)
    returns = "(uint160,int24,uint24,uint24)"
    slot = bytes.fromhex(record.pool_id[2:])
    sqrt_price_x96, tick, _, _ = bench.read(uniswap_v4.STATE_VIEW, "getSlot0(bytes32)", returns, slot)
    for position in positions_of(priced.plan, tick):
        minted = (position.lower_tick, position.upper_tick, liquidity_of(position, sqrt_price_x96))
        bench.send(
            uniswap_v4.POSITION_MANAGER,
            "modifyLiquidities(bytes,uint256)",
            _mint_and_pay(priced.plan, minted),
            _FOREVER,
            # What is not used comes back; one wei more, because the manager rounds up.
            value_wei=position.amount0 + 1 if record.token0 == NO_ADDRESS else 0,
        )


def _permit(bench: Workbench, plan: PoolPlan) -> None:
    """Lets the position manager pull through Permit2, which may pull from the architect already."""
    for token in plan.tokens:
        if token is not ETHER_ITSELF:
            arguments = (token.address, uniswap_v4.POSITION_MANAGER, _UINT160_MAX, _FOREVER)
            bench.send(PERMIT2, "approve(address,address,uint160,uint48)", *arguments)


def _mint_and_pay(plan: PoolPlan, minted: tuple[int, int, int]) -> bytes:
    """Orders to the position manager: `minted` is the edges and the liquidity."""
    token0, token1 = (token.address for token in plan.tokens)
    types = [_KEY, "int24", "int24", "uint256", "uint128", "uint128", "address", "bytes"]
    values: list[Any] = [pool_key(plan), *minted, _UINT128_MAX, _UINT128_MAX, ARCHITECT, b""]
    actions = bytes([_MINT_POSITION, _SETTLE_PAIR, _SWEEP])
    parameters = [
        encode(types, values),
        encode(["address", "address"], [token0, token1]),
        encode(["address", "address"], [token0, ARCHITECT]),
    ]
    return encode(["bytes", "bytes[]"], [actions, parameters])


POOLS: Final = PoolMaker(
    kind=PoolKind.UNISWAP_V4,
    plans=_PLANS,
    spenders=(PERMIT2,),
    create=_create,
    record=_record,
    fill=_fill,
)
