"""What the first look at the market must show, before anything is decided on it."""

from __future__ import annotations

from steelyard.config import MarketConfig
from steelyard.exceptions import ConfigError
from steelyard.model import Address, MarketSnapshot


def check_market(snapshot: MarketSnapshot, market: MarketConfig) -> list[str]:
    """Return why configured tokens are left out.

    Raises:
        ConfigError: the wrapped native coin is one of them, so that no profit could be held against gas.
    """
    reason = snapshot.unusable.get(Address(market.wrapped_native))
    if reason is not None:
        raise ConfigError(
            f"market.wrapped_native must be this chain's wrapped native coin, in which profit is valued; "
            f"{reason}"
        )
    return [snapshot.unusable[Address(token)] for token in market.tokens if token in snapshot.unusable]
