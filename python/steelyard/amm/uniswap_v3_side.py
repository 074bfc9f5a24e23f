"""One direction of a V3 pool, prepared for many exact quotes.

A quote is a partial step, or a look-up in the tick map's table and one final step, however many ticks lie
between. The formulas are those of ``sqrt_price_math`` and ``swap_math``, with fewer divisions: rounding twice
in the same sense is rounding once. ``test_amm_sides`` holds them equal to the stepwise walk.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from math import isqrt
from typing import TYPE_CHECKING, Final

from steelyard.amm.curve import Curve
from steelyard.amm.side import EMPTY_SIDE, Side
from steelyard.amm.swap_math import whole_step
from steelyard.amm.tick_math import MAX_SQRT_RATIO, tick_at_sqrt_ratio
from steelyard.amm.tick_table import Row, TickTable
from steelyard.units import PIPS, Q96, UINT256_MAX, div_up

if TYPE_CHECKING:
    from steelyard.amm.tick_tables import TickTables
    from steelyard.amm.uniswap_v3 import UniswapV3Pool

_MOST_STEPS_BACK: Final = 64
"""After so many stops a bound settles for a unit a stop."""


def open_side(pool: UniswapV3Pool, zero_for_one: bool, tables: TickTables | None) -> Side:
    """Return the side of this state that sells token0 (``zero_for_one``) or token1."""
    table = _table(pool, zero_for_one, tables, excess=0)
    key = -pool.sqrt_price_x96 if zero_for_one else pool.sqrt_price_x96
    if not table.cover(key):
        return EMPTY_SIDE
    at = bisect_right(table.keys, key)
    if table.rows[at - 1].liquidity != pool.liquidity:
        # Either the price is on a tick and has not crossed it yet, or the state contradicts its tick map.
        excess = pool.liquidity - pool.ticks.liquidity_at(pool.tick)
        if excess:
            table = _table(pool, zero_for_one, tables, excess=excess)
            if not table.cover(key):
                return EMPTY_SIDE
            at = bisect_right(table.keys, key)
    kind = _FallingSide if zero_for_one else _RisingSide
    return kind(table, at, pool)


def _table(pool: UniswapV3Pool, zero_for_one: bool, tables: TickTables | None, *, excess: int) -> TickTable:
    if tables is None:
        return TickTable(
            pool.ticks, pool.tick_spacing, pool.fee_pips, zero_for_one, tick=pool.tick, excess=excess
        )
    return tables.table(
        pool.ticks, pool.tick_spacing, pool.fee_pips, zero_for_one, tick=pool.tick, excess=excess
    )


class UniswapV3Side(ABC):
    """See ``Side``. Its amounts are the table's less what the table has before its price."""

    __slots__ = (
        "_begin",
        "_bought_before",
        "_first",
        "_first_bought",
        "_found",
        "_kept",
        "_key",
        "_liquidity",
        "_paid",
        "_paid_before",
        "_price",
        "_reach",
        "_rows",
        "_start",
        "_table",
        "_tick",
        "_waits",
    )

    def __init__(self, table: TickTable, at: int, pool: UniswapV3Pool) -> None:
        """Stand between the table's stops ``at - 1`` and ``at``, or on the former."""
        before, ahead, price = table.rows[at - 1], table.rows[at], pool.sqrt_price_x96
        self._table, self._rows, self._paid = table, table.rows, table.paid
        self._start = at - table.prepended
        self._key = -price if table.zero_for_one else price
        self._price, self._tick, self._liquidity = price, pool.tick, before.liquidity
        self._kept = PIPS - pool.fee_pips
        first, first_bought = whole_step(price, ahead.sqrt_price_x96, before.liquidity, pool.fee_pips)
        self._first, self._first_bought = first, first_bought
        self._paid_before = ahead.paid - first
        self._bought_before = ahead.bought - first_bought
        self._reach = table.paid[-1] - self._paid_before
        self._begin: Curve | None = None
        self._found: Curve | None = None
        self._waits: bool | None = None

    @property
    def floored_pips(self) -> int | None:
        """What the fee leaves of a million units; the contract rounds it down before it trades."""
        return self._kept

    @property
    def capacity(self) -> int:
        """The input that moves the price to the end of its range; builds the whole table once."""
        self._table.finish()
        return self._paid[-1] - self._paid_before

    @abstractmethod
    def output(self, amount_in: int) -> int:
        """Return what the pool pays; 0 where it does not take the input whole."""

    def least_input(self, amount_out: int) -> int | None:
        """Return the least input that buys ``amount_out`` or more; None where none does."""
        if amount_out <= 0:
            return None
        if amount_out <= self._first_bought:
            return min(self._least_in_step(self._price, self._liquidity, amount_out), self._first)
        table, total = self._table, amount_out + self._bought_before
        if table.bought[-1] < total:
            table.reach_bought(total)
        at = bisect_left(table.bought, total)
        if at == len(table.bought):
            return None
        paid, bought, price, liquidity = table.rows[at - 1]
        least = self._least_in_step(price, liquidity, total - bought)
        # Where the contract divides in its other order, a target may cost less than the formula says.
        return paid - self._paid_before + min(least, table.paid[at] - paid)

    def curve(self, amount_in: int) -> Curve | None:
        """Return the step, from stop to stop, in which a sale of ``amount_in`` ends.

        It begins where the rounded steps before it led, so none of their roundings is left in the piece.
        """
        if not amount_in:
            if self._begin is None:
                self._begin = self._piece_at(0)
            return self._begin
        found = self._found
        # Its end is left out: there the next step begins.
        if found is not None and found.high is not None and found.low <= amount_in < found.high:
            return found
        self._found = self._piece_at(amount_in)
        return self._found

    def _piece_at(self, amount_in: int) -> Curve | None:
        if amount_in < self._first:
            at = self._start + self._table.prepended - 1
            row = Row(self._paid_before, self._bought_before, self._price, self._liquidity)
        else:
            at = self._stop_before(amount_in)
            row = self._table.rows[at]
        paid, bought = row.paid - self._paid_before, row.bought - self._bought_before
        if row.liquidity:
            return self._piece(row, paid, bought, self._table.rows[at + 1].sqrt_price_x96)
        return Curve(0, bought, 0, 1, paid, None) if paid else None  # all there is has been bought

    def support(self, value_out: int, value_in: int) -> int:
        """Return an upper bound on ``value_out * output(x) - value_in * x``.

        The real curve earns most where its marginal rate is the values' ratio: in the step where the price
        gets there, for which there is a closed form. That step begins where the rounded steps before it led,
        so the bound does not lose a unit a stop; how far the steps before it can stand out, for the same
        reason, is bounded in ``_best_before``.
        """
        if not value_out:
            return 0
        bar = self._key_where_worth_ends(value_out, value_in)
        if self._key >= bar:
            return 0  # already the first unit costs more than it brings
        table = self._table
        table.reach_key(bar)
        at, start = bisect_left(table.keys, bar) - 1, self._start + table.prepended
        if at < start:
            return self._greatest_in_step(self._price, self._liquidity, value_out, value_in)
        row = table.rows[at]
        best = (
            value_out * (row.bought - self._bought_before)
            - value_in * (row.paid - self._paid_before)
            + self._greatest_in_step(row.sqrt_price_x96, row.liquidity, value_out, value_in)
        )
        return self._best_before(at, start, value_out, value_in, max(best, 0))

    def crossings(self, amount_in: int) -> int:
        """Return how many initialised ticks a sale of ``amount_in`` crosses, as the contract counts."""
        if amount_in <= 0:
            return 0
        waits = self._waits
        if waits is None:
            waits = self._waits = self._waits_on_its_tick()
        if amount_in < self._first:
            return int(waits)
        at, table = self._stop_before(amount_in), self._table
        total = amount_in + self._paid_before
        if table.paid[at] == total:  # the contract stops at the first of several that cost nothing more
            at = bisect_left(table.paid, total)
        return table.crossed[at] - table.crossed[self._start + table.prepended - 1] + waits

    def _stop_before(self, amount_in: int) -> int:
        total = amount_in + self._paid_before
        self._table.reach_paid(total)
        return bisect_right(self._paid, total) - 1

    def _output_beyond(self, amount_in: int) -> int:
        """Answer for amounts at or beyond the table's last stop: grow it, or say what its end pays."""
        self._table.reach_paid(amount_in + self._paid_before)
        self._reach = self._paid[-1] - self._paid_before
        if amount_in < self._reach:
            return self.output(amount_in)
        return self._rows[-1].bought - self._bought_before if amount_in == self._reach else 0

    def _waits_on_its_tick(self) -> bool:
        """Whether the price stands on an initialised tick that the next swap crosses first, for nothing."""
        table = self._table
        at = self._start + table.prepended - 1
        if table.keys[at] != self._key or (at and table.crossed[at] == table.crossed[at - 1]):
            return False
        on_tick = self._tick == tick_at_sqrt_ratio(self._price)
        return on_tick == table.zero_for_one

    def _best_before(self, at: int, start: int, value_out: int, value_in: int, best: int) -> int:
        """Return ``best``, or more where a sale that ends before the stop ``at`` may earn more.

        Each step before it gains on the real curve, and its rounding loses less than one unit bought and,
        paid, one unit of either rounding. So no sale ends ``n`` steps before a stop with ``n`` such losses
        more than what the stop itself has earned, and within the last step with one such loss more.
        """
        unit = value_out + value_in * (1 + div_up(PIPS, self._kept))
        for back in range(_MOST_STEPS_BACK):
            stop, steps = at - back, at - back - start + 1
            if steps <= 0:
                return best
            row = self._rows[stop]
            earned = value_out * (row.bought - self._bought_before) - value_in * (
                row.paid - self._paid_before
            )
            if earned + steps * unit <= best:
                return best
            best = max(best, earned + (unit if back < _MOST_STEPS_BACK - 1 else steps * unit))
        return best

    @abstractmethod
    def _least_in_step(self, price: int, liquidity: int, wanted: int) -> int:
        """Return the least input, fee included, that buys what the step can pay from this price on."""

    @abstractmethod
    def _piece(self, row: Row, paid: int, bought: int, end: int) -> Curve:
        """Return the piece that begins at the row, in amounts of this state."""

    @abstractmethod
    def _key_where_worth_ends(self, value_out: int, value_in: int) -> int:
        """Return the least key at which the next unit in costs as much as it brings, or more."""

    @abstractmethod
    def _greatest_in_step(self, price: int, liquidity: int, value_out: int, value_in: int) -> int:
        """Return, rounded up, the most that the real curve earns from this price on."""


class _FallingSide(UniswapV3Side):
    """Token0 in, token1 out; the price falls."""

    __slots__ = ()

    def output(self, amount_in: int) -> int:
        if amount_in < self._first:
            if amount_in <= 0:
                return 0
            rest, bought, price, liquidity = amount_in, 0, self._price, self._liquidity
        elif amount_in < self._reach:
            if amount_in <= 0:
                return 0
            rest = amount_in + self._paid_before
            paid, bought, price, liquidity = self._rows[bisect_right(self._paid, rest) - 1]
            rest -= paid
            bought -= self._bought_before
        else:
            return self._output_beyond(amount_in) if amount_in > 0 else 0
        flow = rest * self._kept // PIPS * price  # down: the fee rounds up, for the pool
        whole = liquidity << 96
        if whole + flow > UINT256_MAX:  # the contract's way around an overflow rounds otherwise
            return bought + (liquidity * (price - div_up(whole, whole // price + flow // price)) >> 96)
        # Down, both: the price stops before what was paid for, and the pool pays.
        return bought + (liquidity * (flow * price // (whole + flow)) >> 96)

    def _least_in_step(self, price: int, liquidity: int, wanted: int) -> int:
        # Up, all: of this hundreds of thousands are asked, so the roundings are written out.
        fall = -(-(wanted << 96) // liquidity)  # the price must fall so far, or further
        end, whole = price - fall, liquidity << 96
        after_fee = -(-fall * whole // (price * end))
        if whole + after_fee * price > UINT256_MAX:  # then that order needs as much or more
            after_fee = div_up(whole, end) - whole // price
        return -(-after_fee * PIPS // self._kept)

    def _piece(self, row: Row, paid: int, bought: int, end: int) -> Curve:
        # X, Y = L*Q/P, L*P/Q, cleared of fractions; Q = 2**96.
        price, liquidity, kept = row.sqrt_price_x96, row.liquidity, self._kept
        gain, flow = kept * liquidity * price * price, kept * Q96 * price
        rest = PIPS * liquidity * Q96 * Q96 - flow * paid
        high = paid + whole_step(price, end, liquidity, PIPS - kept)[0]
        return Curve(gain + bought * flow, bought * rest - gain * paid, flow, rest, paid, high)

    def _key_where_worth_ends(self, value_out: int, value_in: int) -> int:
        # The rate is (1 - fee) * (P/Q)**2, so the price where it ends is exact as an integer comparison.
        return -isqrt((value_in * PIPS << 192) // (value_out * self._kept))

    def _greatest_in_step(self, price: int, liquidity: int, value_out: int, value_in: int) -> int:
        cost = value_in * PIPS * liquidity
        worth = value_out * liquidity
        root = isqrt(4 * worth * cost // self._kept)
        return -(-worth * price >> 96) + div_up(cost << 96, self._kept * price) - root


class _RisingSide(UniswapV3Side):
    """Token1 in, token0 out; the price rises."""

    __slots__ = ()

    def output(self, amount_in: int) -> int:
        if amount_in < self._first:
            if amount_in <= 0:
                return 0
            rest, bought, price, liquidity = amount_in, 0, self._price, self._liquidity
        elif amount_in < self._reach:
            if amount_in <= 0:
                return 0
            rest = amount_in + self._paid_before
            paid, bought, price, liquidity = self._rows[bisect_right(self._paid, rest) - 1]
            rest -= paid
            bought -= self._bought_before
        else:
            return self._output_beyond(amount_in) if amount_in > 0 else 0
        # Down, all: the fee rounds up for the pool, the price stops before what was paid for, the pool pays.
        rise = (rest * self._kept // PIPS << 96) // liquidity
        return bought + (liquidity << 96) * rise // ((price + rise) * price)

    def _least_in_step(self, price: int, liquidity: int, wanted: int) -> int:
        left, worth = (liquidity << 96) - wanted * price, wanted * price * price
        rise = -(-worth // left)  # the price must rise so far, or further
        return -((-rise * liquidity >> 96) * PIPS // self._kept)

    def _piece(self, row: Row, paid: int, bought: int, end: int) -> Curve:
        # X, Y = L*P/Q, L*Q/P, cleared of fractions; Q = 2**96.
        price, liquidity, kept = row.sqrt_price_x96, row.liquidity, self._kept
        gain, flow = kept * liquidity * Q96 * Q96, kept * Q96 * price
        rest = PIPS * liquidity * price * price - flow * paid
        high = paid + whole_step(price, end, liquidity, PIPS - kept)[0]
        return Curve(gain + bought * flow, bought * rest - gain * paid, flow, rest, paid, high)

    def _key_where_worth_ends(self, value_out: int, value_in: int) -> int:
        if not value_in:
            return MAX_SQRT_RATIO  # what costs nothing is worth it to the end
        # The rate is (1 - fee) * (Q/P)**2, so the price where it ends is exact as an integer comparison.
        return isqrt(div_up(value_out * self._kept << 192, value_in * PIPS) - 1) + 1

    def _greatest_in_step(self, price: int, liquidity: int, value_out: int, value_in: int) -> int:
        cost = value_in * PIPS * liquidity
        worth = value_out * liquidity
        root = isqrt(4 * worth * cost // self._kept)
        return div_up(worth << 96, price) + -(-cost * price // (self._kept << 96)) - root
