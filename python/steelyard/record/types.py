"""Column types: hashes, addresses, and 256-bit integers that stay whole in any database."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from sqlalchemy import CHAR, BigInteger, Dialect, Integer, Numeric, String
from sqlalchemy.types import TypeDecorator, TypeEngine

RowId: Final = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite only counts up by itself in a column of type INTEGER."""
HashText: Final = String(66)
AddressText: Final = String(42)

_DIGITS: Final = 78
"""Decimal digits of 2**256."""
_SPAN: Final = 10**_DIGITS


class WholeNumber(TypeDecorator[int]):
    """An integer of up to 78 digits, as decimal text where the database has no exact numeric of that size.

    SQLite would turn such a number into a float and lose its last digits; its text is what a person reads
    with any SQLite tool. It does not sort: see ``SortableNumber``.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type in the database at hand."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric(_DIGITS, 0))
        return dialect.type_descriptor(String(_DIGITS + 1))

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        """Return what the database stores. Raises TypeError for a float, ValueError for what is too long."""
        if value is None:
            return None
        _check(value)
        return Decimal(value) if dialect.name == "postgresql" else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """Return the integer that was stored."""
        return None if value is None else int(value)


class SortableNumber(TypeDecorator[int]):
    """Like ``WholeNumber``, in a text that sorts as the numbers do.

    A leading 1 and 78 digits for what is not negative; a leading 0 and the distance from -10**78 for what is.
    Digits only, so no database's collation changes the order.
    """

    impl = CHAR
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type in the database at hand."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric(_DIGITS, 0))
        return dialect.type_descriptor(CHAR(_DIGITS + 1))

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        """Return what the database stores. Raises TypeError for a float, ValueError for what is too long."""
        if value is None:
            return None
        _check(value)
        return Decimal(value) if dialect.name == "postgresql" else f"{value + _SPAN:0{_DIGITS + 1}d}"

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """Return the integer that was stored."""
        if value is None:
            return None
        return int(value) if dialect.name == "postgresql" else int(value) - _SPAN


def _check(value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"an amount must be an int, not {type(value).__name__}")
    if not -_SPAN < value < _SPAN:
        raise ValueError(f"an amount must have at most {_DIGITS} digits")
