"""One direction of a pair, prepared for many exact quotes. The formulas are those of ``uniswap_v2``."""

from __future__ import annotations

from math import isqrt

from steelyard.amm.curve import Curve
from steelyard.units import PIPS, div_up


class UniswapV2Side:
    """See ``Side``; total, and free of checks that a state passed when it was made.

    Args:
        reserve_in: base units of the token that is sold; positive.
        reserve_out: base units of the token that is bought; positive.
        fee_pips: part of the input that stays in the pair.
        capacity: what the pair's reserve can still take.
    """

    __slots__ = ("_depth", "_gain", "_kept", "_piece", "_reserve_out", "capacity")

    def __init__(self, reserve_in: int, reserve_out: int, fee_pips: int, capacity: int) -> None:
        self.capacity = capacity
        self._kept = PIPS - fee_pips
        self._gain = self._kept * reserve_out
        self._depth = PIPS * reserve_in
        self._reserve_out = reserve_out
        self._piece: Curve | None = None

    @property
    def floored_pips(self) -> int | None:
        """Return None: the K check takes the fee without rounding it."""
        return None

    def output(self, amount_in: int) -> int:
        """Return the most that the pair's K check lets out; 0 where it does not take the input."""
        if not 0 < amount_in <= self.capacity:
            return 0
        return amount_in * self._gain // (self._depth + amount_in * self._kept)  # down: the pair pays

    def least_input(self, amount_out: int) -> int | None:
        """Return the least input that the K check accepts for ``amount_out``; None where none does."""
        if not 0 < amount_out < self._reserve_out:
            return None
        # Up: we pay, and a fraction less would fail the K check.
        amount_in = div_up(self._depth * amount_out, self._gain - self._kept * amount_out)
        return amount_in if amount_in <= self.capacity else None

    def curve(self, amount_in: int) -> Curve | None:
        """Return the pair's only piece."""
        if self._piece is None:
            self._piece = Curve(self._gain, 0, self._kept, self._depth, 0, self.capacity)
        return self._piece

    def support(self, value_out: int, value_in: int) -> int:
        """Return an upper bound on ``value_out * output(x) - value_in * x``, 2 above the curve's at most.

        On the curve ``u * ro / (ri + u)``, with ``u`` the input after the fee, the greatest is
        ``(sqrt(value_out * ro) - sqrt(value_in * ri / (1 - fee)))**2``.
        """
        worth, cost = value_out * self._reserve_out, value_in * self._depth
        if worth * self._kept <= cost:
            return 0  # already the first unit costs more than it brings
        # Up, all of it: a bound may be too high, never too low.
        return worth + div_up(cost, self._kept) - isqrt(4 * worth * cost // self._kept)

    def crossings(self, amount_in: int) -> int:
        """Return 0: pairs have no ticks."""
        return 0
