"""From older versions of the tables to this one, in the transaction that opens the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy.schema import CreateColumn

from steelyard.record.tables import SCHEMA_VERSION, ArbitrageRecord, SignedAttempt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Column, Connection, Table

OLDEST_VERSION: Final = 1

_NEW_COLUMNS: Final[Mapping[int, Mapping[Table, tuple[str, ...]]]] = {
    2: {
        SignedAttempt.metadata.tables[SignedAttempt.__tablename__]: (
            "door",
            "held_until_block",
            "access_list_gas_saved",
        ),
        ArbitrageRecord.metadata.tables[ArbitrageRecord.__tablename__]: ("builder_tip_wei",),
    }
}
"""By the version that brought them. Rows that are there already get the column's default, or NULL."""


def migrate(connection: Connection, found: int) -> None:
    """Bring tables of version ``found`` to ``SCHEMA_VERSION``; the caller notes the version and commits."""
    for version in range(found + 1, SCHEMA_VERSION + 1):
        for table, names in _NEW_COLUMNS[version].items():
            for name in names:
                _add_column(connection, table, table.columns[name])


def _add_column(connection: Connection, table: Table, column: Column[object]) -> None:
    definition = CreateColumn(column).compile(dialect=connection.dialect)
    connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {definition}")
