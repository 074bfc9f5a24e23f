"""Amounts for people, as they appear in reasons."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from steelyard.model import Token
from steelyard.units import ETHER, GWEI, Address

_DIGITS = 6


def token_text(amount: int, token: Token) -> str:
    """Return ``amount`` in whole tokens with the symbol, six significant digits."""
    return f"{_short(Decimal(amount).scaleb(-token.decimals))} {token.symbol}"


def amount_text(amount: int, asset: Address, tokens: Mapping[Address, Token]) -> str:
    """Return ``amount`` in whole tokens with the symbol, or in base units where the token is not known."""
    token = tokens.get(asset)
    if token is None:
        return f"{amount} base units of {asset}"
    return token_text(amount, token)


def ether_text(amount_wei: int) -> str:
    """Return wei as ether with six significant digits."""
    return f"{_short(Decimal(amount_wei) / ETHER)} ETH"


def gwei_text(amount_wei: int) -> str:
    """Return wei as gwei with six significant digits."""
    return f"{_short(Decimal(amount_wei) / GWEI)} gwei"


def _short(value: Decimal) -> str:
    if value == 0:
        return "0"
    rounded = value.quantize(Decimal(1).scaleb(value.adjusted() - _DIGITS + 1)) if value else value
    return f"{rounded.normalize():f}" if abs(value) < 10**_DIGITS else f"{value:.0f}"
