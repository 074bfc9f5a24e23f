"""What a kind of pool offers to the registry: its plans, and how such pools come into being."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from eth_utils.address import to_checksum_address

from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.sandbox.replica.tokens import DAI, FRAX, USDC, USDT, MarketToken
from steelyard.sandbox.replica.workbench import Workbench
from steelyard.units import PIPS, Address


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPlan:
    """A pool to be made.

    Attributes:
        tokens: in the pool's own order: by address.
        fee_pips: fee in hundredths of a basis point.
        side_usd: worth of the liquidity on each side of the price, in whole USD; where there are more sides
            or weights, worth of the whole pool divided by the number of its tokens.
        tick_spacing: grid of the positions' edges; 0 for kinds without ticks.
        weights_percent: weight of each token; none for kinds without weights.
        amplification: of a stable pool's curve; 0 for other kinds.
    """

    kind: PoolKind
    tokens: tuple[MarketToken, ...]
    fee_pips: int
    side_usd: int
    tick_spacing: int = 0
    weights_percent: tuple[int, ...] = ()
    amplification: int = 0

    @property
    def pair(self) -> tuple[MarketToken, MarketToken]:
        """The two tokens of a pool that has two."""
        token0, token1 = self.tokens
        return token0, token1


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedPlan:
    """A plan with its first price.

    Attributes:
        offset_pips: how far the first price of token0 lies over the fair one, in millionths.
    """

    plan: PoolPlan
    offset_pips: int

    @property
    def price(self) -> tuple[int, int]:
        """Base units of token1 per base unit of token0, as a fraction: numerator and denominator."""
        token0, token1 = self.plan.pair
        numerator = token0.price_usd_e8 * 10**token1.decimals * (PIPS + self.offset_pips)
        return numerator, token1.price_usd_e8 * 10**token0.decimals * PIPS


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMaker:
    """How the pools of one kind come into being.

    The market queues :attr:`create` for every pool, settles, asks :attr:`record`, and queues :attr:`fill`.

    Attributes:
        plans: its pools, in the order of the manifest.
        spenders: contracts that pull the architect's tokens; each gets an unlimited allowance of every token.
        create: queues what makes the pool at its first price.
        record: reads what the manifest will tell of the pool.
        fill: queues what puts liquidity in, where creating did not.
    """

    kind: PoolKind
    plans: tuple[PoolPlan, ...]
    spenders: tuple[Address, ...]
    create: Callable[[Workbench, PricedPlan], None]
    record: Callable[[Workbench, PoolPlan], PoolRecord]
    fill: Callable[[Workbench, PricedPlan, PoolRecord], None]


STABLES: Final = frozenset({USDC, USDT, DAI, FRAX})


def by_address(*tokens: MarketToken) -> tuple[MarketToken, ...]:
    """The tokens in the order in which pools list them."""
    return tuple(sorted(tokens, key=lambda token: int(token.address, 16)))


def record_of(plan: PoolPlan, address: str) -> PoolRecord:
    """The manifest's record of a two-token pool that stands at an address of its own."""
    token0, token1 = plan.pair
    return PoolRecord(
        kind=plan.kind,
        address=Address(to_checksum_address(address)),
        token0=token0.address,
        token1=token1.address,
        fee_pips=plan.fee_pips,
        tick_spacing=plan.tick_spacing,
    )


def filled_already(_bench: Workbench, _priced: PricedPlan, _record: PoolRecord) -> None:
    """For kinds whose pools are created with their liquidity."""
