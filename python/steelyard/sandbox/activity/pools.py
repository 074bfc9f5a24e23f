"""The market's pools as a trader sees them: two reserves and a fee.

Where a pool's curve is not that of two reserves, they are virtual: those of the constant product that has
the pool's price, and its slope where it stands. Good for trades that move the price by a per cent or so, and
nobody here needs more. How each kind of pool is read and traded at is in ``venues``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import Final

from steelyard.sandbox.replica.manifest import PoolRecord
from steelyard.units import PIPS, Q96

_ROOT_SCALE: Final = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """An exact-in swap at one pool.

    Attributes:
        zero_in: whether token0 goes in.
        amount: base units that go in.
        sqrt_price_limit_x96: where a pool with ticks stops; zero elsewhere.
    """

    zero_in: bool
    amount: int
    sqrt_price_limit_x96: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolView:
    """Two tokens of a pool at one block.

    Attributes:
        record: the manifest's; `token0` and `token1` are the two, and `fee_pips` is what is charged now.
        sqrt_price_x96: zero for pools without ticks.
    """

    record: PoolRecord
    reserve0: int
    reserve1: int
    sqrt_price_x96: int = 0

    @property
    def empty(self) -> bool:
        """Whether nothing can be traded here now."""
        return self.reserve0 == 0 or self.reserve1 == 0

    def gap_ppm(self, fair0_usd_e8: int, fair1_usd_e8: int, scale0: int, scale1: int) -> int:
        """How far the price of token0 would have to rise to be fair, in millionths; negative if to fall.

        `scale0` and `scale1` are the base units of one whole token. Rounds down.
        """
        fair_numerator = fair0_usd_e8 * scale1 * self.reserve0
        fair_denominator = fair1_usd_e8 * scale0 * self.reserve1
        return fair_numerator * PIPS // fair_denominator - PIPS

    def swap_to_move(self, move_ppm: int) -> Swap:
        """The swap that moves token0's price by `move_ppm` (negative: down).

        From constant product: the price moves with the square of a reserve. Rounds down; the fee is added on
        top. With ticks, liquidity may be thinner a few on: the price limit stops the swap at twice the move.
        """
        root = _root(move_ppm)
        if move_ppm < 0:
            amount = self.reserve0 * (_ROOT_SCALE - root) // root
        else:
            amount = self.reserve1 * (root - _ROOT_SCALE) // _ROOT_SCALE
        return Swap(
            zero_in=move_ppm < 0,
            amount=max(1, amount * PIPS // (PIPS - self.record.fee_pips)),
            sqrt_price_limit_x96=self.sqrt_price_x96 * _root(2 * move_ppm) // _ROOT_SCALE,
        )


def view_in_range(record: PoolRecord, sqrt_price_x96: int, liquidity: int) -> PoolView:
    """A pool with ticks: the virtual reserves of the liquidity in range. Rounds both down."""
    return PoolView(
        record=record,
        reserve0=liquidity * Q96 // sqrt_price_x96,
        reserve1=liquidity * sqrt_price_x96 // Q96,
        sqrt_price_x96=sqrt_price_x96,
    )


def _root(move_ppm: int) -> int:
    """Square root of one and `move_ppm` millionths, times `_ROOT_SCALE`; rounds down."""
    return isqrt((PIPS + move_ppm) * _ROOT_SCALE**2 // PIPS)
