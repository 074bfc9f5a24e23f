"""Prices for a transaction that the node finds too cheap, or that waits too long.

Two names from the field's folklore meet here. The *market buffer* is put on the current price once. The
*replacement factor* compounds: a pool takes a second transaction with the same nonce only where both its fees
are at least a tenth above the first's (geth's ``pricebump``), whatever the market says.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from steelyard.act.gas import FeeBid
from steelyard.act.send_errors import SendVerdict, classify_send_error
from steelyard.exceptions import ConfigError, GasRetriesExhausted
from steelyard.units import div_up

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

T = TypeVar("T")

_BUMP_NUMERATOR: Final = 9
_BUMP_DENOMINATOR: Final = 8
DEFAULT_STRATEGY: Final = "balanced"


@dataclass(frozen=True, slots=True, kw_only=True)
class GasStrategy:
    """How hard a transaction is pushed.

    Attributes:
        buffer: factor on the market's price, at least 1.
        max_tries: prices offered in all.
        timeout_seconds: how long one price may wait for inclusion before the next is offered.
    """

    buffer: Decimal
    max_tries: int
    timeout_seconds: int

    def __post_init__(self) -> None:
        if not 1 <= self.buffer <= 10:
            raise ConfigError(f"a gas buffer must be in 1..10, not {self.buffer}")
        if self.max_tries < 1 or self.timeout_seconds < 1:
            raise ConfigError("a gas strategy needs at least one try and one second")


GAS_STRATEGIES: Final[Mapping[str, GasStrategy]] = {
    # The largest buffer is the conservative one: it means to be mined at the first price.
    "conservative": GasStrategy(buffer=Decimal("1.1"), max_tries=2, timeout_seconds=30),
    "aggressive": GasStrategy(buffer=Decimal("1.05"), max_tries=3, timeout_seconds=15),
    "balanced": GasStrategy(buffer=Decimal("1.08"), max_tries=2, timeout_seconds=20),
}


class GasOptimizer(Protocol):
    """Knows what gas costs now."""

    async def gas_price_wei(self) -> int:
        """Return the market's price per unit of gas."""
        ...


def bumped(price_wei: int) -> int:
    """Return a price that replaces ``price_wei``: an eighth more, rounded up, and at least 1 wei more."""
    return max(div_up(price_wei * _BUMP_NUMERATOR, _BUMP_DENOMINATOR), price_wei + 1)


def next_price_wei(market_wei: int, buffer: Decimal, last_wei: int | None) -> int:
    """Return what to offer: the buffered market, rounded up, or what replaces the last offer if more."""
    buffered = int((market_wei * buffer).to_integral_value(rounding=ROUND_CEILING))
    return buffered if last_wei is None else max(buffered, bumped(last_wei))


def replacement_bid(last: FeeBid, market: FeeBid) -> FeeBid:
    """Return a bid that every pool takes in place of ``last``: both fees are raised, or it is refused.

    Both stay at the market's where that is higher; the maximum fee is never below the priority fee.
    """
    priority_wei = max(market.max_priority_fee_per_gas_wei, bumped(last.max_priority_fee_per_gas_wei))
    max_fee_wei = max(market.max_fee_per_gas_wei, bumped(last.max_fee_per_gas_wei), priority_wei)
    return FeeBid(max_fee_per_gas_wei=max_fee_wei, max_priority_fee_per_gas_wei=priority_wei)


class GasOptimizedExecutor:
    """Offers a transaction at rising prices until it is taken or the strategy's tries are used up."""

    def __init__(self, gas_optimizer: GasOptimizer, config: Mapping[str, GasStrategy] | None = None) -> None:
        """Bind to a source of prices.

        Args:
            config: strategies that replace those of ``GAS_STRATEGIES`` with the same name, or add to them.
        """
        self.gas_strategies: dict[str, GasStrategy] = {**GAS_STRATEGIES, **(config or {})}
        self._gas_optimizer = gas_optimizer

    async def execute_with_gas_strategy(self, strategy: str, tx_func: Callable[[int], Awaitable[T]]) -> T:
        """Return what ``tx_func`` returns at the first price that goes through.

        ``tx_func(gas_price)`` signs with that price and **the same nonce each time**, sends, and returns once
        the transaction is mined: then at most one of the offers can be mined. It is cancelled when the
        strategy's timeout is over, and called again with a higher price.

        Args:
            strategy: an unknown name means "balanced".

        Raises:
            GasRetriesExhausted: every price was refused as too low, or waited too long.
            Exception: any other error of ``tx_func``, at once.
        """
        chosen = self.gas_strategies.get(strategy, self.gas_strategies[DEFAULT_STRATEGY])
        last_wei: int | None = None
        trouble = ""
        for _ in range(chosen.max_tries):
            market_wei = await self._gas_optimizer.gas_price_wei()
            last_wei = next_price_wei(market_wei, chosen.buffer, last_wei)
            try:
                return await asyncio.wait_for(tx_func(last_wei), chosen.timeout_seconds)
            except TimeoutError:
                trouble = f"not mined within {chosen.timeout_seconds} s"
            except Exception as error:
                if classify_send_error(str(error)) is not SendVerdict.UNDERPRICED:
                    raise
                trouble = str(error)
        raise GasRetriesExhausted(
            f"{chosen.max_tries} prices were offered, the last {last_wei} wei per gas: {trouble}"
        )
