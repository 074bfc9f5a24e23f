"""Constant-product pairs of the Uniswap V2 family, exact to the wei for any fee.

Sources of the formulas: ``UniswapV2Pair.swap`` (the K check) of v2-core 1.0.1 and
``UniswapV2Library.getAmountOut`` of v2-periphery. The fee is in pips; a fraction such as 3/1000 and 3000 pips
are the same rational number, so one floor of it gives the same integer.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Self

from steelyard.amm.pool import Quote
from steelyard.amm.side import EMPTY_SIDE, Side
from steelyard.amm.slots import setters
from steelyard.amm.tick_tables import TickTables
from steelyard.amm.uniswap_v2_side import UniswapV2Side
from steelyard.exceptions import QuoteError
from steelyard.units import PIPS, Address, div_up

RESERVE_MAX: Final = (1 << 112) - 1
"""The pair keeps its reserves as uint112 and reverts ("UniswapV2: OVERFLOW") above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UniswapV2Pool:
    """A pair's state.

    Attributes:
        fee_pips: part of the input that stays in the pair, 3000 for Uniswap and SushiSwap.
        reserve0: base units of ``token0`` as ``getReserves`` states them.
        reserve1: base units of ``token1``.
    """

    address: Address
    token0: Address
    token1: Address
    venue: str
    fee_pips: int
    reserve0: int
    reserve1: int

    def __post_init__(self) -> None:
        if self.token0 == self.token1:
            raise QuoteError(f"pool {self.address}: token0 and token1 are both {self.token0}")
        if not 0 <= self.fee_pips < PIPS:
            raise QuoteError(f"pool {self.address}: fee_pips {self.fee_pips} must be in 0..{PIPS - 1}")
        self._check_reserves(self.reserve0, self.reserve1)

    def other(self, token: Address) -> Address:
        """Return the pool's other token. Raises QuoteError where ``token`` is not of this pool."""
        if token == self.token0:
            return self.token1
        if token == self.token1:
            return self.token0
        raise QuoteError(f"pool {self.address} does not trade {token}")

    def quote_exact_in(self, token_in: Address, amount_in: int) -> Quote:
        """Quote the sale of ``amount_in``: the most that the pair's K check lets out, as routers do.

        Raises:
            QuoteError: nothing is offered, a side is empty, or the reserve would leave uint112.
        """
        reserve_in, reserve_out = self._reserves(token_in)
        if amount_in <= 0:
            raise QuoteError(f"pool {self.address}: amount_in must be positive, not {amount_in}")
        if not reserve_in or not reserve_out:
            raise QuoteError(f"pool {self.address} is empty")
        if reserve_in + amount_in > RESERVE_MAX:
            raise QuoteError(f"pool {self.address}: {amount_in} more would overflow its reserve (uint112)")
        after_fee = amount_in * (PIPS - self.fee_pips)
        # Down: the pair pays whole units and keeps the fraction, or K would shrink.
        return Quote(amount_in, after_fee * reserve_out // (reserve_in * PIPS + after_fee))

    def quote_exact_out(self, token_in: Address, amount_out: int) -> Quote:
        """Quote the purchase of ``amount_out``: the least input that the pair's K check accepts.

        The router's ``getAmountIn`` asks one unit more where the division comes out even.

        Raises:
            QuoteError: nothing is asked, the pair has no more than that, or a reserve would overflow.
        """
        reserve_in, reserve_out = self._reserves(token_in)
        if amount_out <= 0:
            raise QuoteError(f"pool {self.address}: amount_out must be positive, not {amount_out}")
        if not reserve_in or amount_out >= reserve_out:
            raise QuoteError(f"pool {self.address} holds {reserve_out}, cannot pay {amount_out}")
        # Up: we pay, and a fraction less would fail the K check.
        amount_in = div_up(
            reserve_in * amount_out * PIPS, (reserve_out - amount_out) * (PIPS - self.fee_pips)
        )
        if reserve_in + amount_in > RESERVE_MAX:
            raise QuoteError(f"pool {self.address}: {amount_in} more would overflow its reserve (uint112)")
        return Quote(amount_in, amount_out)

    def swap_exact_in(self, token_in: Address, amount_in: int) -> tuple[Quote, Self]:
        """Like ``quote_exact_in``, with the state after the swap."""
        quote = self.quote_exact_in(token_in, amount_in)
        if token_in == self.token0:
            change0, change1 = quote.amount_in, -quote.amount_out
        else:
            change0, change1 = -quote.amount_out, quote.amount_in
        return quote, self.with_reserves(self.reserve0 + change0, self.reserve1 + change1)

    def marginal_rate(self, token_in: Address) -> Fraction:
        """Base units out for an infinitesimal unit in, after the fee; zero for an empty pool."""
        reserve_in, reserve_out = self._reserves(token_in)
        if not reserve_in or not reserve_out:
            return Fraction(0)
        return Fraction((PIPS - self.fee_pips) * reserve_out, PIPS * reserve_in)

    def virtual_reserves_q96(self, token_in: Address) -> tuple[int, int]:
        """Return the (in, out) reserves times 2**96; (0, 0) for an empty pool."""
        reserve_in, reserve_out = self._reserves(token_in)
        return (reserve_in << 96, reserve_out << 96) if reserve_in and reserve_out else (0, 0)

    def screening_reserves(self) -> tuple[float, float, float, float]:
        """Return (in, out) reserves for a sale of token0, then of token1; zeros for an empty pool."""
        if not self.reserve0 or not self.reserve1:
            return 0.0, 0.0, 0.0, 0.0
        reserve0, reserve1 = float(self.reserve0), float(self.reserve1)
        return reserve0, reserve1, reserve1, reserve0

    def side(self, token_in: Address, tables: TickTables | None = None) -> Side:
        """Return this state's side that sells ``token_in``. Raises QuoteError for a stranger."""
        reserve_in, reserve_out = self._reserves(token_in)
        if not reserve_in or not reserve_out:
            return EMPTY_SIDE
        return UniswapV2Side(reserve_in, reserve_out, self.fee_pips, RESERVE_MAX - reserve_in)

    def with_reserves(self, reserve0: int, reserve1: int) -> Self:
        """Return the state after a Sync event; what the pair is was checked when it was first made.

        Raises:
            QuoteError: a reserve is beyond uint112.
        """
        self._check_reserves(reserve0, reserve1)
        after = object.__new__(type(self))
        _SET_ADDRESS(after, self.address)
        _SET_TOKEN0(after, self.token0)
        _SET_TOKEN1(after, self.token1)
        _SET_VENUE(after, self.venue)
        _SET_FEE_PIPS(after, self.fee_pips)
        _SET_RESERVE0(after, reserve0)
        _SET_RESERVE1(after, reserve1)
        return after

    def _check_reserves(self, reserve0: int, reserve1: int) -> None:
        if not (0 <= reserve0 <= RESERVE_MAX and 0 <= reserve1 <= RESERVE_MAX):
            raise QuoteError(
                f"pool {self.address}: reserves {reserve0} and {reserve1} must be in 0..2**112-1"
            )

    def _reserves(self, token_in: Address) -> tuple[int, int]:
        if token_in == self.token0:
            return self.reserve0, self.reserve1
        if token_in == self.token1:
            return self.reserve1, self.reserve0
        raise QuoteError(f"pool {self.address} does not trade {token_in}")


_SET_ADDRESS, _SET_TOKEN0, _SET_TOKEN1, _SET_VENUE, _SET_FEE_PIPS, _SET_RESERVE0, _SET_RESERVE1 = setters(
    UniswapV2Pool
)
