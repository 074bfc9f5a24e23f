"""Fair prices that wander: a seeded random walk in integers, the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from steelyard.units import PIPS

_STABLE_BAND_USD_E8: Final = 2_000_000
"""A price within two cents of a dollar is a stable coin's."""
_USD_E8: Final = 10**8


@dataclass(frozen=True, slots=True, kw_only=True)
class Wander:
    """How far a price may go in one block, in millionths.

    Attributes:
        common_ppm: part that follows the step of the whole market.
        own_ppm: largest step of its own.
    """

    common_ppm: int
    own_ppm: int


_MARKET_STEP_PPM: Final = 1_000
_MAJOR: Final = Wander(common_ppm=1_000_000, own_ppm=350)
_OTHER: Final = Wander(common_ppm=1_200_000, own_ppm=1_400)
_STABLE_STEP_PPM: Final = 60
_MAJORS: Final = frozenset({"WETH", "WBTC"})


class FairPrices:
    """What each token is worth to the informed traders, in USD with 8 decimals.

    A step of the whole market moves all but the stable coins; each has a step of its own besides. Stable
    coins are drawn back to where they started.

    Args:
        start_usd_e8: first price of each token, by symbol.
        seed: of the walk.
    """

    def __init__(self, start_usd_e8: dict[str, int], seed: int) -> None:
        self._start = dict(start_usd_e8)
        self._now = dict(start_usd_e8)
        self._random = Random(f"fair prices {seed}")

    def __getitem__(self, symbol: str) -> int:
        """The token's price now."""
        return self._now[symbol]

    def step(self) -> None:
        """Moves all prices on by one block."""
        market_ppm = self._bell(_MARKET_STEP_PPM)
        # In the order of the symbols, so that the walk does not depend on how the tokens were listed.
        for symbol in sorted(self._now):
            price = self._now[symbol]
            if self._is_stable(symbol):
                self._now[symbol] = self._stable_step(symbol, price)
                continue
            wander = _MAJOR if symbol in _MAJORS else _OTHER
            # Rounds down: a millionth of a step less, for rises and falls alike.
            step_ppm = market_ppm * wander.common_ppm // PIPS + self._bell(wander.own_ppm)
            self._now[symbol] = max(1, price * (PIPS + step_ppm) // PIPS)

    def _stable_step(self, symbol: str, price: int) -> int:
        home = (self._start[symbol] - price) // 8
        return price + home + price * self._bell(_STABLE_STEP_PPM) // PIPS

    def _is_stable(self, symbol: str) -> bool:
        return abs(self._start[symbol] - _USD_E8) < _STABLE_BAND_USD_E8

    def _bell(self, largest: int) -> int:
        """A step between minus and plus `largest`, small ones likelier: the mean of three dice."""
        return sum(self._random.randrange(-largest, largest + 1) for _ in range(3)) // 3
