"""Concentrated-liquidity pools of the Uniswap V3 family, exact to the wei.

Source of the formulas: ``UniswapV3Pool.swap`` and ``TickBitmap.nextInitializedTickWithinOneWord`` of v3-core
1.0.1. The contract's loop also stops where a word of its tick bitmap ends, and every stop rounds; so does
ours, or quotes would drift by a wei for each empty word crossed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, NamedTuple, Self

from steelyard.amm.pool import Quote
from steelyard.amm.side import Side
from steelyard.amm.slots import setters
from steelyard.amm.swap_math import SwapStep, step_exact_in, step_exact_out
from steelyard.amm.tick_map import TickMap
from steelyard.amm.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from steelyard.amm.tick_table import LIQUIDITY_MAX, WORD_BITS, WORD_LAST
from steelyard.amm.tick_tables import TickTables
from steelyard.amm.uniswap_v3_side import open_side
from steelyard.exceptions import QuoteError
from steelyard.units import PIPS, Q96, Address

AMOUNT_MAX: Final = (1 << 255) - 1
"""``swap`` takes an int256; its positive half sells, its negative half buys."""


class _Walk(NamedTuple):
    """Where a swap has got to."""

    sqrt_price_x96: int
    tick: int
    liquidity: int
    paid: int
    bought: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UniswapV3Pool:
    """A pool's state.

    Attributes:
        fee_pips: part of the input that liquidity providers (and the protocol) keep; also the fee tier.
        tick_spacing: only multiples of it can be initialised.
        sqrt_price_x96: square root of token1 per token0 in base units, Q64.96.
        tick: as ``slot0`` states it; one below the price's tick after a swap that ended exactly on a tick
            from above.
        liquidity: in range at ``tick``.
        ticks: all initialised ticks; one object is shared by every state between two mints or burns.
    """

    address: Address
    token0: Address
    token1: Address
    venue: str
    fee_pips: int
    tick_spacing: int
    sqrt_price_x96: int
    tick: int
    liquidity: int
    ticks: TickMap

    def __post_init__(self) -> None:
        if self.token0 == self.token1:
            raise QuoteError(f"pool {self.address}: token0 and token1 are both {self.token0}")
        if not 0 <= self.fee_pips < PIPS:
            raise QuoteError(f"pool {self.address}: fee_pips {self.fee_pips} must be in 0..{PIPS - 1}")
        if self.tick_spacing <= 0:
            raise QuoteError(f"pool {self.address}: tick_spacing must be positive, not {self.tick_spacing}")
        self._check_price(self.sqrt_price_x96, self.liquidity)

    def other(self, token: Address) -> Address:
        """Return the pool's other token. Raises QuoteError where ``token`` is not of this pool."""
        return self.token1 if self._zero_for_one(token) else self.token0

    def quote_exact_in(self, token_in: Address, amount_in: int) -> Quote:
        """Quote the sale of ``amount_in``, or of what the pool takes until its liquidity ends.

        Raises:
            QuoteError: the amount is not in 1..2**255-1, or no liquidity lies in this direction.
        """
        walk = self._sell(token_in, amount_in)
        return Quote(walk.paid, walk.bought)

    def quote_exact_out(self, token_in: Address, amount_out: int) -> Quote:
        """Quote the purchase of ``amount_out``: the input that the pool itself asks for it.

        Raises:
            QuoteError: the amount is not in 1..2**255-1, or the pool has less in this direction.
        """
        quote = self.fill_exact_out(token_in, amount_out)
        if quote.amount_out < amount_out:
            raise QuoteError(f"pool {self.address} can pay {quote.amount_out}, not {amount_out}")
        return quote

    def fill_exact_out(self, token_in: Address, amount_out: int) -> Quote:
        """Quote the purchase of ``amount_out`` or of all that lies in this direction, whichever is less.

        Raises QuoteError where the amount is not in 1..2**255-1.
        """
        self._check_amount(amount_out)
        walk = self._walk(self._zero_for_one(token_in), amount_out, exact_in=False)
        return Quote(walk.paid, walk.bought)

    def swap_exact_in(self, token_in: Address, amount_in: int) -> tuple[Quote, Self]:
        """Like ``quote_exact_in``, with the state after the swap."""
        walk = self._sell(token_in, amount_in)
        return Quote(walk.paid, walk.bought), self.with_price(walk.sqrt_price_x96, walk.tick, walk.liquidity)

    def marginal_rate(self, token_in: Address) -> Fraction:
        """Base units out for an infinitesimal unit in, after the fee; zero where no liquidity lies ahead.

        In a gap without liquidity the price moves for nothing, so the rate is that at the gap's far end.
        """
        zero_for_one = self._zero_for_one(token_in)
        sqrt_price_x96, liquidity = self._ahead(zero_for_one)
        if not liquidity:
            return Fraction(0)
        square, unit = sqrt_price_x96 * sqrt_price_x96, 1 << 192
        if zero_for_one:
            return Fraction((PIPS - self.fee_pips) * square, PIPS * unit)
        return Fraction((PIPS - self.fee_pips) * unit, PIPS * square)

    def virtual_reserves_q96(self, token_in: Address) -> tuple[int, int]:
        """Return the (in, out) reserves of the range ahead times 2**96; (0, 0) where there is none."""
        zero_for_one = self._zero_for_one(token_in)
        price, liquidity = self._ahead(zero_for_one)
        token0, token1 = (liquidity << 192) // price, liquidity * price  # down: a part in 2**32 at most
        return (token0, token1) if zero_for_one else (token1, token0)

    def screening_reserves(self) -> tuple[float, float, float, float]:
        """Return (in, out) of the range ahead for a sale of token0, then of token1; zeros where none is."""
        if self.liquidity:  # both directions begin in the range of the price
            price = self.sqrt_price_x96 / Q96
            reserve0, reserve1 = self.liquidity / price, self.liquidity * price
            return reserve0, reserve1, reserve1, reserve0
        in0, out0 = self.virtual_reserves_q96(self.token0)
        in1, out1 = self.virtual_reserves_q96(self.token1)
        return in0 / Q96, out0 / Q96, in1 / Q96, out1 / Q96

    def side(self, token_in: Address, tables: TickTables | None = None) -> Side:
        """Return this state's side that sells ``token_in``.

        Args:
            tables: where the tick map's table is kept; None makes one for this side alone.

        Raises:
            QuoteError: ``token_in`` is not of this pool.
        """
        return open_side(self, self._zero_for_one(token_in), tables)

    def with_price(self, sqrt_price_x96: int, tick: int, liquidity: int) -> Self:
        """Return the state after a Swap event, which carries these three; the ticks are shared.

        What the pool is was checked when it was first made.

        Raises:
            QuoteError: the price or the liquidity is none that a pool can have.
        """
        self._check_price(sqrt_price_x96, liquidity)
        after = object.__new__(type(self))
        _SET_ADDRESS(after, self.address)
        _SET_TOKEN0(after, self.token0)
        _SET_TOKEN1(after, self.token1)
        _SET_VENUE(after, self.venue)
        _SET_FEE_PIPS(after, self.fee_pips)
        _SET_TICK_SPACING(after, self.tick_spacing)
        _SET_SQRT_PRICE(after, sqrt_price_x96)
        _SET_TICK(after, tick)
        _SET_LIQUIDITY(after, liquidity)
        _SET_TICKS(after, self.ticks)
        return after

    def with_position(self, tick_lower: int, tick_upper: int, liquidity_delta: int) -> Self:
        """Return the state after a Mint (positive delta) or Burn (negative) of that range.

        Source: ``UniswapV3Pool._modifyPosition``. Raises QuoteError where the burn takes more than is there.
        """
        in_range = tick_lower <= self.tick < tick_upper
        return replace(
            self,
            ticks=self.ticks.with_position(tick_lower, tick_upper, liquidity_delta),
            liquidity=self.liquidity + (liquidity_delta if in_range else 0),
        )

    def _zero_for_one(self, token_in: Address) -> bool:
        if token_in == self.token0:
            return True
        if token_in == self.token1:
            return False
        raise QuoteError(f"pool {self.address} does not trade {token_in}")

    def _check_price(self, sqrt_price_x96: int, liquidity: int) -> None:
        if not MIN_SQRT_RATIO <= sqrt_price_x96 < MAX_SQRT_RATIO:
            raise QuoteError(
                f"pool {self.address}: square-root price {sqrt_price_x96} must be in"
                f" {MIN_SQRT_RATIO}..{MAX_SQRT_RATIO - 1}"
            )
        if not 0 <= liquidity <= LIQUIDITY_MAX:
            raise QuoteError(f"pool {self.address}: liquidity {liquidity} must be in 0..2**128-1")

    def _check_amount(self, amount: int) -> None:
        if not 0 < amount <= AMOUNT_MAX:
            raise QuoteError(f"pool {self.address}: the amount must be in 1..2**255-1, not {amount}")

    def _sell(self, token_in: Address, amount_in: int) -> _Walk:
        self._check_amount(amount_in)
        walk = self._walk(self._zero_for_one(token_in), amount_in, exact_in=True)
        if walk.paid == 0:
            raise QuoteError(f"pool {self.address} has no liquidity to sell {token_in} into")
        return walk

    def _walk(self, zero_for_one: bool, amount: int, *, exact_in: bool) -> _Walk:
        """Follow the contract's loop from the current price until the amount or the price range ends."""
        limit = MIN_SQRT_RATIO + 1 if zero_for_one else MAX_SQRT_RATIO - 1
        price, tick, liquidity = self.sqrt_price_x96, self.tick, self.liquidity
        if price <= limit if zero_for_one else price >= limit:
            raise QuoteError(f"pool {self.address} stands at the end of its price range")
        paid = bought = 0
        step_of = step_exact_in if exact_in else step_exact_out
        while (remaining := amount - (paid if exact_in else bought)) and price != limit:
            next_tick, at = self._next_tick(tick, zero_for_one, skip_words=not liquidity)
            next_price = sqrt_ratio_at_tick(next_tick)
            target = max(next_price, limit) if zero_for_one else min(next_price, limit)
            step: SwapStep = step_of(price, target, liquidity, remaining, self.fee_pips)
            before, price = price, step.sqrt_price_x96
            paid += step.amount_in + step.fee_amount
            bought += step.amount_out
            if price == next_price:
                if at >= 0:
                    net = self.ticks.liquidity_net[at]
                    liquidity += -net if zero_for_one else net
                tick = next_tick - 1 if zero_for_one else next_tick
            elif price != before:
                tick = tick_at_sqrt_ratio(price)
            if not 0 <= liquidity <= LIQUIDITY_MAX:
                raise QuoteError(
                    f"pool {self.address}: its tick map contradicts its liquidity at {next_tick}"
                )
        return _Walk(price, tick, liquidity, paid, bought)

    def _next_tick(self, tick: int, zero_for_one: bool, *, skip_words: bool) -> tuple[int, int]:
        """Return where the contract's loop stops next, and its position in ``ticks`` (-1: not initialised).

        With no liquidity in range a stop at a word's end changes nothing and is skipped.
        """
        indices, spacing = self.ticks.indices, self.tick_spacing
        at = self.ticks.at_or_below(tick)
        if zero_for_one:
            # Floor, also below zero: the contract corrects its truncating division in the same way.
            word_end = (tick // spacing >> WORD_BITS << WORD_BITS) * spacing
            end = MIN_TICK if skip_words else max(word_end, MIN_TICK)
            return (indices[at], at) if at >= 0 and indices[at] >= end else (end, -1)
        at += 1
        word_end = (tick // spacing + 1 >> WORD_BITS << WORD_BITS | WORD_LAST) * spacing
        end = MAX_TICK if skip_words else min(word_end, MAX_TICK)
        return (indices[at], at) if at < len(indices) and indices[at] <= end else (end, -1)

    def _ahead(self, zero_for_one: bool) -> tuple[int, int]:
        """Return price and liquidity where the next unit trades; liquidity 0 where none lies ahead."""
        price, tick, liquidity = self.sqrt_price_x96, self.tick, self.liquidity
        while not liquidity:
            tick, at = self._next_tick(tick, zero_for_one, skip_words=True)
            if at < 0:
                return price, 0
            price = sqrt_ratio_at_tick(tick)
            liquidity = -self.ticks.liquidity_net[at] if zero_for_one else self.ticks.liquidity_net[at]
            tick -= zero_for_one
        return price, liquidity


(
    _SET_ADDRESS,
    _SET_TOKEN0,
    _SET_TOKEN1,
    _SET_VENUE,
    _SET_FEE_PIPS,
    _SET_TICK_SPACING,
    _SET_SQRT_PRICE,
    _SET_TICK,
    _SET_LIQUIDITY,
    _SET_TICKS,
) = setters(UniswapV3Pool)
