"""The market's pools as a trader sees them: two reserves and a fee.

For a V3 pool the reserves are the virtual ones of the liquidity in range: good for trades that move the price
by a per cent or so, and nobody here needs more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Any, Final

from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.sandbox.rpc import Request, SandboxRpc
from steelyard.units import PIPS, Q96

_ROOT_SCALE: Final = 10**9
_RESERVES: Final = "(uint112,uint112,uint32)"
_SLOT0: Final = "(uint160,int24,uint16,uint16,uint16,uint8,bool)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """An exact-in swap at one pool.

    Attributes:
        zero_in: whether token0 goes in.
        amount: base units that go in.
        sqrt_price_limit_x96: where a V3 pool stops; zero on V2.
    """

    zero_in: bool
    amount: int
    sqrt_price_limit_x96: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolView:
    """A pool at one block; `sqrt_price_x96` is zero on V2."""

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
        top. On V3 liquidity may be thinner a few ticks on: the price limit stops the swap at twice the move.
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


def _root(move_ppm: int) -> int:
    """Square root of one and `move_ppm` millionths, times `_ROOT_SCALE`; rounds down."""
    return isqrt((PIPS + move_ppm) * _ROOT_SCALE**2 // PIPS)


def view_pools(rpc: SandboxRpc, records: Sequence[PoolRecord]) -> list[PoolView]:
    """Reads all pools at the latest block in one batch."""
    requests: list[Request] = []
    for record in records:
        requests.extend(_reads_of(record))
    answers = iter(rpc.batch(requests))
    return [_view(record, answers) for record in records]


def _reads_of(record: PoolRecord) -> list[Request]:
    names = ["slot0()", "liquidity()"] if record.kind is PoolKind.UNISWAP_V3 else ["getReserves()"]
    return [
        ("eth_call", [{"to": record.address, "data": "0x" + encode_call(name).hex()}, "latest"])
        for name in names
    ]


def _view(record: PoolRecord, answers: Any) -> PoolView:
    first = bytes.fromhex(next(answers)[2:])
    if record.kind is not PoolKind.UNISWAP_V3:
        reserve0, reserve1, _ = decode_result(_RESERVES, first)
        return PoolView(record=record, reserve0=reserve0, reserve1=reserve1)
    sqrt_price_x96 = decode_result(_SLOT0, first)[0]
    liquidity = int(next(answers), 16)
    return PoolView(
        record=record,
        reserve0=liquidity * Q96 // sqrt_price_x96,
        reserve1=liquidity * sqrt_price_x96 // Q96,
        sqrt_price_x96=sqrt_price_x96,
    )
