"""What an arbitrageur could have taken from the replica: an oracle that shares no code with the keeper.

Candidates come from constant-product arithmetic in floating point, with the liquidity in range taken as
reserves; what counts is what the chain's own routers and quoter answer for a few sizes of the best of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from steelyard.exceptions import RpcRejected
from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.activity import FairPrices
from steelyard.sandbox.activity.pools import PoolView
from steelyard.sandbox.activity.venues.registry import view_pools
from steelyard.sandbox.replica import Manifest, PoolKind, PoolRecord
from steelyard.sandbox.replica.protocols import sushiswap_v2, uniswap_v2, uniswap_v3
from steelyard.sandbox.replica.tokens import BORROWABLE, MarketToken
from steelyard.sandbox.rpc import SandboxRpc
from tests.support.watched import watched_pools

_ROUTERS = {PoolKind.UNISWAP_V2: uniswap_v2.ROUTER, PoolKind.SUSHISWAP_V2: sushiswap_v2.ROUTER}
_LOAN_GAS = 250_000
_LEG_GAS = 120_000
_CANDIDATES = 10
_SIZES = (1.0, 0.5, 0.2)


@dataclass(frozen=True)
class Leg:
    """A swap through one pool, with the reserves it starts from."""

    pool: PoolRecord
    token_out: str
    reserve_in: float
    reserve_out: float

    @property
    def keep(self) -> float:
        return 1 - self.pool.fee_pips / 10**6


@dataclass(frozen=True)
class Cycle:
    """A round trip and the size at which the candidates' arithmetic finds it best."""

    token: MarketToken
    legs: tuple[Leg, ...]
    amount: float
    profit: float


def best_profit_usd(rpc: SandboxRpc, manifest: Manifest, prices: FairPrices, gas_price_wei: int) -> float:
    """The best profit net of gas, in USD at the fair prices, of any cycle of two or three legs."""
    legs = _legs(view_pools(rpc, watched_pools(manifest)))
    usd = {token.symbol: prices[token.symbol] / 10**8 / 10**token.decimals for token in BORROWABLE}
    cycles = sorted(_cycles(legs), key=lambda cycle: -cycle.profit * usd[cycle.token.symbol])
    ether_usd = prices["WETH"] / 10**8
    best = 0.0
    for cycle in cycles[:_CANDIDATES]:
        gas_usd = (_LOAN_GAS + _LEG_GAS * len(cycle.legs)) * gas_price_wei / 10**18 * ether_usd
        for size in _SIZES:
            profit = _quoted_profit(rpc, cycle, int(cycle.amount * size))
            best = max(best, profit * usd[cycle.token.symbol] - gas_usd)
    return best


def _legs(views: list[PoolView]) -> dict[str, list[Leg]]:
    legs: dict[str, list[Leg]] = {}
    for view in views:
        pool = view.record
        forward = Leg(pool, pool.token1, view.reserve0, view.reserve1)
        backward = Leg(pool, pool.token0, view.reserve1, view.reserve0)
        legs.setdefault(pool.token0, []).append(forward)
        legs.setdefault(pool.token1, []).append(backward)
    return legs


def _cycles(legs: dict[str, list[Leg]]) -> Iterator[Cycle]:
    for token in BORROWABLE:
        for path in _paths(legs, token.address):
            amount, profit = _best_size(path)
            if profit > 0:
                yield Cycle(token, path, amount, profit)


def _paths(legs: dict[str, list[Leg]], start: str) -> Iterator[tuple[Leg, ...]]:
    for first in legs[start]:
        for second in legs[first.token_out]:
            if second.pool is first.pool:
                continue
            if second.token_out == start:
                yield first, second
                continue
            for third in legs[second.token_out]:
                if third.token_out == start and third.pool not in (first.pool, second.pool):
                    yield first, second, third


def _best_size(path: tuple[Leg, ...]) -> tuple[float, float]:
    # Swaps in a row are again out = numerator * x / (1 + slope * x).
    numerator, slope = 1.0, 0.0
    for leg in path:
        rate = leg.keep * leg.reserve_out / leg.reserve_in
        slope += leg.keep / leg.reserve_in * numerator
        numerator *= rate
    if numerator <= 1:
        return 0.0, 0.0
    amount = (math.sqrt(numerator) - 1) / slope
    return amount, numerator * amount / (1 + slope * amount) - amount


def _quoted_profit(rpc: SandboxRpc, cycle: Cycle, amount: int) -> int:
    token_in, running = cycle.token.address, amount
    for leg in cycle.legs:
        try:
            running = _quote(rpc, leg.pool, token_in, leg.token_out, running)
        except RpcRejected:
            return 0
        token_in = leg.token_out
    return running - amount


def _quote(rpc: SandboxRpc, pool: PoolRecord, token_in: str, token_out: str, amount: int) -> int:
    arguments: tuple[Any, ...]
    if pool.kind is PoolKind.UNISWAP_V3:
        to: str = uniswap_v3.QUOTER_V2
        signature = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
        arguments = ((token_in, token_out, amount, pool.fee_pips, 0),)
        returns = "(uint256,uint160,uint32,uint256)"
    else:
        to = _ROUTERS[pool.kind]
        signature, arguments = "getAmountsOut(uint256,address[])", (amount, [token_in, token_out])
        returns = "(uint256[])"
    data = "0x" + encode_call(signature, *arguments).hex()
    answer = bytes.fromhex(rpc.call("eth_call", {"to": to, "data": data}, "latest")[2:])
    values = decode_result(returns, answer)
    return int(values[0] if pool.kind is PoolKind.UNISWAP_V3 else values[0][-1])
