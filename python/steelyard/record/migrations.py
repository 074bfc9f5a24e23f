"""From older versions of the tables to this one, in the transaction that opens the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, literal, select
from sqlalchemy.schema import AddConstraint, CreateColumn, CreateIndex, CreateTable

from steelyard.record.intent_rows import ARBITRAGE
from steelyard.record.tables import SCHEMA_VERSION, ArbitrageRecord, Base, Intent, SignedAttempt
from steelyard.record.vault_tables import VaultRebalance, VaultState, VaultVerdictRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy import Column, Connection, Dialect, Table

OLDEST_VERSION: Final = 1

_TABLES: Final = Base.metadata.tables
_ATTEMPTS: Final = _TABLES[SignedAttempt.__tablename__]
_NEW_COLUMNS: Final[Mapping[Table, tuple[str, ...]]] = {
    _ATTEMPTS: ("door", "held_until_block", "access_list_gas_saved"),
    _TABLES[ArbitrageRecord.__tablename__]: ("builder_tip_wei",),
}
"""Of version 2. Rows that are there already get the column's default, or NULL."""


def migrate(connection: Connection, found: int) -> None:
    """Bring tables of version ``found`` to ``SCHEMA_VERSION``; the caller notes the version and commits."""
    for version in range(found + 1, SCHEMA_VERSION + 1):
        _STEPS[version](connection)


def _to_doors(connection: Connection) -> None:
    for table, names in _NEW_COLUMNS.items():
        for name in names:
            _add_column(connection, table, table.columns[name])


def _to_several_kinds(connection: Connection) -> None:
    """What is there is arbitrage; attempts belong to the intents of all kinds from now on."""
    new = (Intent, VaultRebalance, VaultState, VaultVerdictRow)
    Base.metadata.create_all(connection, tables=[_TABLES[table.__tablename__] for table in new])
    known = select(ArbitrageRecord.plan_id, literal(ARBITRAGE))
    connection.execute(insert(Intent).from_select(["plan_id", "kind"], known))
    for statement in statements_of_attempts(connection.dialect):
        connection.exec_driver_sql(statement)


def statements_of_attempts(dialect: Dialect) -> Iterator[str]:
    """Yield what makes ``signed_attempts`` refer to ``intents``; SQLite changes no constraint of a table."""
    name = _ATTEMPTS.name
    if dialect.name != "sqlite":
        yield f"ALTER TABLE {name} DROP CONSTRAINT {name}_plan_id_fkey"
        for constraint in _ATTEMPTS.foreign_key_constraints:
            yield str(AddConstraint(constraint).compile(dialect=dialect))
        return
    for index in _ATTEMPTS.indexes:
        yield f"DROP INDEX {index.name}"
    yield f"ALTER TABLE {name} RENAME TO {name}_before"
    yield str(CreateTable(_ATTEMPTS).compile(dialect=dialect))
    columns = ", ".join(column.name for column in _ATTEMPTS.columns)
    yield f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {name}_before"
    yield f"DROP TABLE {name}_before"
    for index in _ATTEMPTS.indexes:
        yield str(CreateIndex(index).compile(dialect=dialect))


def _add_column(connection: Connection, table: Table, column: Column[object]) -> None:
    definition = CreateColumn(column).compile(dialect=connection.dialect)
    connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {definition}")


_STEPS: Final[Mapping[int, Callable[[Connection], None]]] = {2: _to_doors, 3: _to_several_kinds}
"""By the version that they lead to."""
