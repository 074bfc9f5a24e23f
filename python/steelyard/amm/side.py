"""One direction of a frozen pool state, prepared for many exact quotes.

A pool answers one question with checks and errors; a search asks thousands. A side is built once for a state
and a direction, and its methods are total: where nothing trades they answer 0 or None and never raise.
"""

from __future__ import annotations

from typing import Final, Protocol

from steelyard.amm.curve import Curve


class Side(Protocol):
    """What selling one token to one pool state brings, to the wei, and what it can never exceed."""

    @property
    def capacity(self) -> int:
        """The greatest input, in base units, that the pool takes whole; 0 where it takes none.

        Asking a concentrated pool builds its table to the end of the price range (milliseconds, once, where
        liquidity is that wide); a search that only asks ``output`` builds as far as it goes.
        """
        ...

    @property
    def floored_pips(self) -> int | None:
        """Millionths of an input that trade after the fee, where the pool floors them to whole units first.

        None where it rounds only what it pays. The floor counts from where a ``curve``'s piece begins.
        """
        ...

    def output(self, amount_in: int) -> int:
        """Return what the pool pays for ``amount_in``, to the wei.

        0 where that buys not one unit, or where ``amount_in`` is not in ``1..capacity``.
        """
        ...

    def least_input(self, amount_out: int) -> int | None:
        """Return the least input whose sale pays ``amount_out`` (1 or more) or more; None where none does."""
        ...

    def curve(self, amount_in: int) -> Curve | None:
        """Return the piece of the real-valued curve on which a sale of ``amount_in`` (0 allowed) ends.

        None where nothing can be sold.
        """
        ...

    def support(self, value_out: int, value_in: int) -> int:
        """Return an upper bound on ``value_out * output(x) - value_in * x`` over all inputs ``x >= 0``.

        The bound is that of the pool's real-valued curve, which is concave and which no rounded quote
        exceeds, rounded up; it is at most a few units of ``value_out + value_in`` above it. Both values are
        positive and of any scale. Summed over the sides of a route, with each amount's value the same on both
        sides of it, it bounds what any loan can earn (weak duality): the proof of a size.
        """
        ...

    def crossings(self, amount_in: int) -> int:
        """Return how many initialised ticks a sale of ``amount_in`` crosses; each costs gas. 0 for pairs."""
        ...


class _EmptySide:
    """The side of a pool that trades nothing in this direction."""

    __slots__ = ()

    @property
    def capacity(self) -> int:
        return 0

    @property
    def floored_pips(self) -> int | None:
        return None

    def output(self, amount_in: int) -> int:
        return 0

    def least_input(self, amount_out: int) -> int | None:
        return None

    def curve(self, amount_in: int) -> Curve | None:
        return None

    def support(self, value_out: int, value_in: int) -> int:
        return 0

    def crossings(self, amount_in: int) -> int:
        return 0


EMPTY_SIDE: Final[Side] = _EmptySide()
"""Sells nothing for anything."""
