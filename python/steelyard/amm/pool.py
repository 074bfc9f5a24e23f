"""What every kind of pool can be asked. A new kind is one file beside this one and one test."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, Self, runtime_checkable

from steelyard.amm.side import Side
from steelyard.amm.tick_tables import TickTables
from steelyard.units import Address


@dataclass(frozen=True, slots=True)
class Quote:
    """The exact result of one swap.

    Attributes:
        amount_in: base units that the pool takes; below the amount asked for where liquidity ends first.
        amount_out: base units that the pool pays.
    """

    amount_in: int
    amount_out: int


@runtime_checkable
class Pool(Protocol):
    """A frozen pool state that quotes exactly what the contract on chain would do."""

    @property
    def address(self) -> Address: ...
    @property
    def token0(self) -> Address: ...
    @property
    def token1(self) -> Address: ...
    @property
    def fee_pips(self) -> int: ...
    @property
    def venue(self) -> str:
        """Name of the listed venue (factory) the pool is a child of, such as ``uniswap_v3``."""
        ...

    def other(self, token: Address) -> Address:
        """Return the pool's other token. Raises QuoteError where ``token`` is not of this pool."""
        ...

    def quote_exact_in(self, token_in: Address, amount_in: int) -> Quote:
        """Quote the sale of ``amount_in`` base units, to the wei. Raises QuoteError where there is none."""
        ...

    def quote_exact_out(self, token_in: Address, amount_out: int) -> Quote:
        """Quote the purchase of ``amount_out`` base units. Raises QuoteError where the pool has less."""
        ...

    def swap_exact_in(self, token_in: Address, amount_in: int) -> tuple[Quote, Self]:
        """Like ``quote_exact_in``, with the state after the swap."""
        ...

    def marginal_rate(self, token_in: Address) -> Fraction:
        """Base units out for an infinitesimal unit in, after the fee; zero for an empty pool."""
        ...

    def virtual_reserves_q96(self, token_in: Address) -> tuple[int, int]:
        """Return the (in, out) reserves of the constant-product curve that the next unit trades on.

        In base units times 2**96: a thin range can hold less than one unit. (0, 0) where nothing trades.
        For ranking and valuation; amounts come from the quotes.
        """
        ...

    def screening_reserves(self) -> tuple[float, float, float, float]:
        """Return (in, out) of ``virtual_reserves_q96`` for a sale of token0, then for one of token1.

        In base units and as floats: for screening, where a block asks hundreds of pools at once.
        """
        ...

    def side(self, token_in: Address, tables: TickTables | None = None) -> Side:
        """Return this state's side that sells ``token_in``: quotes without checks, for searches.

        Args:
            tables: where tables that outlive a state are kept; None makes the side keep its own.

        Raises:
            QuoteError: ``token_in`` is not of this pool.
        """
        ...
