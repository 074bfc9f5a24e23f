"""The whole steps of V3 swaps in one direction over one tick map, summed: a quote then costs one look-up.

Every step between two stops pays and buys the same whatever the price that the swap came from, because a
target that is reached is reached exactly. So the sums belong to the tick map alone and outlive every state
between two mints or burns. Stops are the initialised ticks and, where there is liquidity, the ends of the
words of the contract's tick bitmap, which rounds there as well (``uniswap_v3``).

A table grows from where it was first asked, in both directions and only as far as quotes reach: a full-range
pool of spacing 1 has 6,900 word ends, of which a market's quotes use a few.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import getsizeof
from typing import Final, NamedTuple

from steelyard.amm.swap_math import whole_step
from steelyard.amm.tick_map import TickMap
from steelyard.amm.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
)

LIQUIDITY_MAX: Final = (1 << 128) - 1
WORD_BITS: Final = 8
WORD_LAST: Final = (1 << WORD_BITS) - 1
BYTES_A_STOP: Final = 320
"""About what a stop takes: five cells of lists, a tuple, and its numbers, some of them shared."""


class Row(NamedTuple):
    """A stop: what was paid (fee included) and bought up to it, and what trades after it.

    Sums count from an arbitrary stop, the first that the table had; before it they are negative.
    """

    paid: int
    bought: int
    sqrt_price_x96: int
    liquidity: int


class TickTable:
    """Stops in the order of travel, as parallel lists that only ever grow, at both ends.

    Attributes:
        keys: square-root prices, negated where they fall, so that they always ascend.
        rows: the stops.
        paid: ``Row.paid`` of each, for searches.
        bought: ``Row.bought`` of each, for searches.
        crossed: initialised ticks crossed up to and including each stop, from the same origin.
        complete: whether the last stop ends the price range (or contradicts the liquidity); nothing trades
            beyond it.
        prepended: stops that were put in front since the table was made.
        size_bytes: about what the lists and their numbers take, see ``BYTES_A_STOP``.
    """

    __slots__ = (
        "_front_at",
        "_front_crossed",
        "_front_liquidity",
        "_front_tick",
        "_next_at",
        "_on_growth",
        "_phase",
        "_tick",
        "_word",
        "bought",
        "complete",
        "crossed",
        "fee_pips",
        "keys",
        "paid",
        "prepended",
        "rows",
        "size_bytes",
        "ticks",
        "zero_for_one",
    )

    def __init__(
        self,
        ticks: TickMap,
        tick_spacing: int,
        fee_pips: int,
        zero_for_one: bool,
        *,
        tick: int,
        excess: int = 0,
        on_growth: Callable[[int], None] | None = None,
    ) -> None:
        """Begin at the stop at or behind ``tick``, with ``excess`` more in range than the tick map says."""
        self.ticks, self.fee_pips, self.zero_for_one = ticks, fee_pips, zero_for_one
        self._word = tick_spacing << WORD_BITS
        # A falling price stops at a word's first tick, a rising one at its last.
        self._phase = 0 if zero_for_one else tick_spacing * WORD_LAST
        at, liquidity = ticks.at_or_below(tick), ticks.liquidity_at(tick) + excess
        behind, ahead = (at + 1, at) if zero_for_one else (at, at + 1)
        from_tick = tick if zero_for_one else tick + 1
        stop, initialised = self._stop(from_tick, behind, liquidity, up=zero_for_one)
        self._tick, self._next_at = stop, ahead
        self._front_at, self._front_liquidity = behind, liquidity
        self._stand_front(stop, initialised)
        price = sqrt_ratio_at_tick(stop)
        self.keys = [-price if zero_for_one else price]
        self.rows, self.paid, self.bought, self.crossed = [Row(0, 0, price, liquidity)], [0], [0], [0]
        self.complete, self.prepended = False, 0
        self._on_growth: Callable[[int], None] | None = None
        self.size_bytes = getsizeof(self) + 5 * getsizeof([])
        self._grown()
        self._on_growth = on_growth

    def detach(self) -> None:
        """Stop reporting growth: who keeps the table from now on is a side, as long as it lives."""
        self._on_growth = None

    def cover(self, key: int) -> bool:
        """Grow until ``key`` lies between two stops, or on the earlier; False where that is impossible."""
        while self.keys[0] > key:
            if not self._prepend():
                return False
        while self.keys[-1] <= key:
            if not self._append():
                return False
        return True

    def reach_key(self, key: int) -> None:
        """Grow until the last stop is at ``key`` or beyond, or complete."""
        while self.keys[-1] < key and self._append():
            pass

    def reach_paid(self, paid: int) -> None:
        """Grow until more than ``paid`` is paid at the last stop, or complete."""
        while self.paid[-1] <= paid and self._append():
            pass

    def reach_bought(self, bought: int) -> None:
        """Grow until ``bought`` or more is bought at the last stop, or complete."""
        while self.bought[-1] < bought and self._append():
            pass

    def finish(self) -> None:
        """Grow to the end of the price range."""
        while self._append():
            pass

    @property
    def _limit(self) -> int:
        return MIN_SQRT_RATIO + 1 if self.zero_for_one else MAX_SQRT_RATIO - 1

    def _stop(self, tick: int, at: int, liquidity: int, *, up: bool) -> tuple[int, bool]:
        """Return the first stop strictly above (``up``) or below ``tick``, and whether it is initialised.

        ``at`` is the position of the first initialised tick in that direction. Without liquidity a word's
        end changes nothing and is left out. The end of the price range counts as not initialised.
        """
        indices = self.ticks.indices
        initialised = 0 <= at < len(indices)
        stop = indices[at] if initialised else MAX_TICK if up else MIN_TICK
        if liquidity:  # floors, also below zero: the contract corrects its truncating division alike
            word = (tick - self._phase - (not up)) // self._word * self._word + self._phase
            word += self._word if up else 0
            if word < stop if up else word > stop:
                return word, False
        return stop, initialised and MIN_TICK < stop < MAX_TICK

    def _append(self) -> bool:
        """Add the next stop; False where there is none."""
        if self.complete:
            return False
        falls, (paid, bought, price, liquidity) = self.zero_for_one, self.rows[-1]
        stop, initialised = self._stop(self._tick, self._next_at, liquidity, up=not falls)
        self.complete = stop == (MIN_TICK if falls else MAX_TICK)
        target = self._limit if self.complete else sqrt_ratio_at_tick(stop)
        more_paid, more_bought = whole_step(price, target, liquidity, self.fee_pips)
        crossed = self.crossed[-1]
        if initialised:
            net = self.ticks.liquidity_net[self._next_at]
            liquidity += -net if falls else net
            self._next_at += -1 if falls else 1
            crossed += 1
            if not 0 <= liquidity <= LIQUIDITY_MAX:  # the map contradicts the liquidity: trade no further
                self.complete = True
        row = Row(paid + more_paid, bought + more_bought, target, 0 if self.complete else liquidity)
        self._tick = stop
        self.rows.append(row)
        self.keys.append(-target if falls else target)
        self.paid.append(row.paid)
        self.bought.append(row.bought)
        self.crossed.append(crossed)
        self._grown()
        return True

    def _prepend(self) -> bool:
        """Put the previous stop in front; False where there is none."""
        falls, liquidity, last = self.zero_for_one, self._front_liquidity, self._front_tick
        if last == (MAX_TICK if falls else MIN_TICK) or not 0 <= liquidity <= LIQUIDITY_MAX:
            return False
        stop, initialised = self._stop(last, self._front_at, liquidity, up=falls)
        price, first = sqrt_ratio_at_tick(stop), self.rows[0]
        more_paid, more_bought = whole_step(price, first.sqrt_price_x96, liquidity, self.fee_pips)
        crossed = self.crossed[0] - self._front_crossed
        row = Row(first.paid - more_paid, first.bought - more_bought, price, liquidity)
        self._stand_front(stop, initialised)
        self.rows.insert(0, row)
        self.keys.insert(0, -price if falls else price)
        self.paid.insert(0, row.paid)
        self.bought.insert(0, row.bought)
        self.crossed.insert(0, crossed)
        self.prepended += 1
        self._grown()
        return True

    def _stand_front(self, stop: int, initialised: bool) -> None:
        """Note that the first stop is this one: what was in range before it, and which tick comes before."""
        self._front_tick, self._front_crossed = stop, initialised
        if initialised:
            net = self.ticks.liquidity_net[self._front_at]
            self._front_liquidity += net if self.zero_for_one else -net
            self._front_at += 1 if self.zero_for_one else -1

    def _grown(self) -> None:
        """Count the bytes of a new stop."""
        self.size_bytes += BYTES_A_STOP
        if self._on_growth is not None:
            self._on_growth(BYTES_A_STOP)
