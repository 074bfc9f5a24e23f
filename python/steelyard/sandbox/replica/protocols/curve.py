"""Curve-type stable pools, as models of ours at mainnet's addresses: 3pool, and FRAX with USDC.

Real ones are written in Vyper and no package holds their code. What the models do and leave out stands in
their NatSpec (``contracts/mocks/replica/StableSwapBase.sol``). They are placed empty; the market fills them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.tokens import DAI, FRAX, USDC, USDT, MarketToken
from steelyard.sandbox.replica.workbench import Workbench
from steelyard.units import Address

FEE_ONE: Final = 10**10
_ADMIN_SHARE: Final = FEE_ONE // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePool:
    """A stable pool.

    Attributes:
        model: the contract that stands in for it.
        coins: in the pool's own order, which is not that of the addresses.
        leverage: the amplification `A` of mainnet's pool.
        fee_e10: of 10^10; `admin` half of it leaves the trading balances.
    """

    name: str
    address: Address
    model: str
    coins: tuple[MarketToken, ...]
    leverage: int
    fee_e10: int


THREE_POOL: Final = CurvePool(
    name="Curve 3pool",
    address=Address("0xbEbc44782C7dB0a1A60Cb6fe97d0b483032FF1C7"),
    model="ThreePoolModel",
    coins=(DAI, USDC, USDT),
    leverage=2000,
    fee_e10=1_000_000,
)
FRAX_USDC: Final = CurvePool(
    name="Curve FRAX/USDC",
    address=Address("0xDcEF968d416a41Cdac0ED8702fAC8128A64241A2"),
    model="StableSwapModel",
    coins=(FRAX, USDC),
    leverage=1500,
    fee_e10=1_000_000,
)
POOLS: Final = (THREE_POOL, FRAX_USDC)


def build(bench: Workbench) -> None:
    """Places the pools, empty."""
    for pool in POOLS:
        bench.place_model(
            pool.address,
            pool.model,
            encode_arguments(
                "(address[],uint256,uint256,uint256)",
                [coin.address for coin in pool.coins],
                pool.leverage,
                pool.fee_e10,
                _ADMIN_SHARE,
            ),
            name=pool.name,
            check="stands in for Curve's pool: its invariant, roundings and fee; no shares of liquidity",
        )


PROTOCOL: Final = Protocol(name="Curve", build=build)
