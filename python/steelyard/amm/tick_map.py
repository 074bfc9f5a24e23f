"""The initialised ticks of a concentrated-liquidity pool: immutable, sorted, shared between pool states."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Self

from steelyard.amm.slots import setters
from steelyard.amm.tick_math import MAX_TICK, MIN_TICK
from steelyard.exceptions import QuoteError


@dataclass(frozen=True, slots=True, kw_only=True)
class TickMap:
    """Which ticks are initialised, and what crossing each does to the liquidity in range.

    A tick is initialised while its gross liquidity is positive, even where the net is zero (one position
    ends where an equal one begins): the pool's swap stops there all the same, and rounds. So both are kept.

    Attributes:
        indices: initialised ticks, strictly ascending.
        liquidity_net: added to the liquidity in range when the price crosses the tick upwards.
        liquidity_gross: total liquidity of the positions that begin or end at the tick.
    """

    indices: tuple[int, ...]
    liquidity_net: tuple[int, ...]
    liquidity_gross: tuple[int, ...]
    _in_range: tuple[int, ...] = field(init=False, repr=False, compare=False)
    """Liquidity in range from each tick up to the next."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_in_range", tuple(accumulate(self.liquidity_net)))
        if not len(self.indices) == len(self.liquidity_net) == len(self.liquidity_gross):
            raise QuoteError("a tick map needs as many net and gross liquidities as ticks")
        if any(low >= high for low, high in pairwise(self.indices)):
            raise QuoteError("ticks must be strictly ascending")
        for tick, net, gross in zip(self.indices, self.liquidity_net, self.liquidity_gross, strict=True):
            _check_tick(tick, net, gross)

    @classmethod
    def of(cls, ticks: Mapping[int, tuple[int, int]]) -> Self:
        """Build a map from ``tick -> (liquidity_gross, liquidity_net)``, the order of ``pool.ticks()``.

        Ticks whose gross liquidity is zero are not initialised and are left out.
        """
        kept = sorted((tick, net, gross) for tick, (gross, net) in ticks.items() if gross)
        return cls(
            indices=tuple(tick for tick, _, _ in kept),
            liquidity_net=tuple(net for _, net, _ in kept),
            liquidity_gross=tuple(gross for _, _, gross in kept),
        )

    def updated(self, tick: int, *, net_delta: int, gross_delta: int) -> Self:
        """Return a map in which one tick's liquidities have changed; initialise or clear it as the pool does.

        Source: ``Tick.update`` of Uniswap v3-core. Raises QuoteError where the gross liquidity would turn
        negative or no longer cover the net, or the tick is out of range.
        """
        at = bisect_left(self.indices, tick)
        known = at < len(self.indices) and self.indices[at] == tick
        net = (self.liquidity_net[at] if known else 0) + net_delta
        gross = (self.liquidity_gross[at] if known else 0) + gross_delta
        if gross < 0:
            raise QuoteError(f"tick {tick}: cannot take {-gross_delta} from its gross liquidity")
        if gross:
            _check_tick(tick, net, gross)
        entry = ((tick,), (net,), (gross,)) if gross else ((), (), ())
        after = at + 1 if known else at
        # The other ticks were checked when they came; checking all again would cost more than the rest.
        return self._unchecked(
            self.indices[:at] + entry[0] + self.indices[after:],
            self.liquidity_net[:at] + entry[1] + self.liquidity_net[after:],
            self.liquidity_gross[:at] + entry[2] + self.liquidity_gross[after:],
        )

    @classmethod
    def _unchecked(cls, indices: tuple[int, ...], net: tuple[int, ...], gross: tuple[int, ...]) -> Self:
        made = object.__new__(cls)
        _SET_INDICES(made, indices)
        _SET_NET(made, net)
        _SET_GROSS(made, gross)
        _SET_IN_RANGE(made, tuple(accumulate(net)))
        return made

    def with_position(self, tick_lower: int, tick_upper: int, liquidity_delta: int) -> Self:
        """Return the map after a Mint (positive delta) or Burn (negative) of that range.

        Raises QuoteError where the range is empty or the burn takes more than is there.
        """
        if tick_lower >= tick_upper:
            raise QuoteError(f"a position needs tick_lower < tick_upper, not {tick_lower} and {tick_upper}")
        if liquidity_delta == 0:  # a burn of nothing collects fees and changes no tick
            return self
        lower = self.updated(tick_lower, net_delta=liquidity_delta, gross_delta=liquidity_delta)
        return lower.updated(tick_upper, net_delta=-liquidity_delta, gross_delta=liquidity_delta)

    def at_or_below(self, tick: int) -> int:
        """Return the position in ``indices`` of the greatest initialised tick <= ``tick``, or -1."""
        return bisect_right(self.indices, tick) - 1

    def liquidity_at(self, tick: int) -> int:
        """Return the liquidity in range while the pool's current tick is ``tick``."""
        at = bisect_right(self.indices, tick) - 1
        return self._in_range[at] if at >= 0 else 0


def _check_tick(tick: int, net: int, gross: int) -> None:
    if not MIN_TICK <= tick <= MAX_TICK:
        raise QuoteError(f"tick {tick} must be in {MIN_TICK}..{MAX_TICK}")
    if gross <= 0 or abs(net) > gross:
        raise QuoteError(f"tick {tick}: gross liquidity {gross} must be positive and cover net {net}")


_SET_INDICES, _SET_NET, _SET_GROSS, _SET_IN_RANGE = setters(TickMap)
