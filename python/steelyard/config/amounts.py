"""Amounts of the native coin as people write them: ``"0.05 ether"``, ``"30 gwei"``, ``1000`` (wei)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from steelyard.units import ETHER, GWEI

_UNITS = {"wei": 1, "gwei": GWEI, "ether": ETHER}


def parse_wei(value: object) -> int:
    """Return wei for an integer, or for a string of a number and a unit.

    Raises:
        ValueError: not such a value, or not a whole number of wei. Floats are refused: they cannot hold wei.
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f'write an amount as "0.05 ether", "30 gwei" or whole wei, not {value!r}')
    if isinstance(value, int):
        return value
    number, _, unit = value.strip().partition(" ")
    unit = unit.strip() or "wei"
    if unit not in _UNITS:
        raise ValueError(f"unknown unit {unit!r} in {value!r}; use wei, gwei or ether")
    try:
        wei = Decimal(number) * _UNITS[unit]
    except InvalidOperation:
        raise ValueError(f'{value!r} is not an amount; write "0.05 ether", "30 gwei" or whole wei') from None
    if not wei.is_finite() or wei != wei.to_integral_value():
        raise ValueError(f"{value!r} is not a whole number of wei")
    return int(wei)
