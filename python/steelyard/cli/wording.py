"""How amounts, routes and times are put for people. Rounding here is for the eye only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from steelyard.model import Address, Token
from steelyard.units import ETHER


def ether(wei: int, places: int = 6) -> str:
    """Return wei as ether with ``places`` decimals and its sign (rounded half to even)."""
    return f"{Decimal(wei) / ETHER:,.{places}f}"


def amount(value: int, token: Token | None) -> str:
    """Return base units as people write them, exactly; base units themselves where the token is unknown."""
    if token is None:
        return f"{value} base units"
    whole, part = divmod(abs(value), 10**token.decimals)
    decimals = f"{part:0{token.decimals}d}".rstrip("0") if token.decimals else ""
    return f"{'-' if value < 0 else ''}{whole:,}{'.' + decimals if decimals else ''}"


def symbol(address: str, tokens: Mapping[Address, Token]) -> str:
    """Return a token's symbol, or its shortened address where it is unknown."""
    token = tokens.get(Address(address))
    return token.symbol if token else short_address(address)


def short_address(address: str) -> str:
    """Return both ends of an address."""
    return f"{address[:6]}..{address[-4:]}"


def route(addresses: Sequence[str], tokens: Mapping[Address, Token]) -> str:
    """Return the symbols of a route's tokens in their order."""
    return " > ".join(symbol(address, tokens) for address in addresses)


def moment(seconds: int) -> str:
    """Return seconds since 1970 as a date and time in UTC."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def lasting(seconds: int) -> str:
    """Return a span of time in its two largest units, rounded down."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
