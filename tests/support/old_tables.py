"""Databases as the programs of older versions of the tables left them."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

VERSION_2: Final = """
CREATE TABLE arbitrage_records (
    id INTEGER NOT NULL, plan_id VARCHAR(66) NOT NULL, timestamp_seconds BIGINT NOT NULL,
    closed_seconds BIGINT, closing BIGINT, status VARCHAR(16) NOT NULL, mode VARCHAR(16) NOT NULL,
    lender VARCHAR(32) NOT NULL, asset VARCHAR(42) NOT NULL, amount VARCHAR(79) NOT NULL,
    route_json TEXT NOT NULL, solution_json TEXT NOT NULL, decided_block BIGINT NOT NULL,
    estimated_profit VARCHAR(79) NOT NULL, estimated_gas_cost_wei VARCHAR(79) NOT NULL,
    estimated_net_wei CHAR(79) NOT NULL, realised_profit VARCHAR(79), gas_used BIGINT,
    gas_cost_wei VARCHAR(79), net_wei CHAR(79), builder_tip_wei VARCHAR(79), mined_block BIGINT,
    transaction_hash VARCHAR(66), reason TEXT NOT NULL, PRIMARY KEY (id), UNIQUE (plan_id)
);
CREATE INDEX ix_arbitrage_records_status ON arbitrage_records (status);
CREATE INDEX ix_arbitrage_records_timestamp ON arbitrage_records (timestamp_seconds);
CREATE INDEX ix_arbitrage_records_closing ON arbitrage_records (closing);
CREATE INDEX ix_arbitrage_records_closed ON arbitrage_records (closed_seconds);
CREATE TABLE signed_attempts (
    id INTEGER NOT NULL, plan_id VARCHAR(66) NOT NULL, attempt INTEGER NOT NULL, hash VARCHAR(66) NOT NULL,
    sender VARCHAR(42) NOT NULL, nonce BIGINT NOT NULL, raw BLOB NOT NULL, gas_limit BIGINT NOT NULL,
    max_fee_per_gas_wei VARCHAR(79) NOT NULL, max_priority_fee_per_gas_wei VARCHAR(79) NOT NULL,
    deadline_seconds BIGINT NOT NULL, signed_seconds BIGINT NOT NULL, sent_seconds BIGINT,
    door VARCHAR(16) DEFAULT 'public' NOT NULL, held_until_block BIGINT, access_list_gas_saved BIGINT,
    PRIMARY KEY (id), UNIQUE (plan_id, attempt),
    FOREIGN KEY(plan_id) REFERENCES arbitrage_records (plan_id), UNIQUE (hash)
);
CREATE INDEX ix_signed_attempts_sender_nonce ON signed_attempts (sender, nonce);
"""
"""The tables of version 2 that version 3 changes, as its program made them."""

_LATER_TABLES: Final = ("intents", "vault_rebalances", "vault_states", "vault_verdicts")
_CHANGED: Final = ("signed_attempts", "arbitrage_records")
_COLUMNS_OF_2: Final = {
    "signed_attempts": ("door", "held_until_block", "access_list_gas_saved"),
    "arbitrage_records": ("builder_tip_wei",),
}


def make_old(path: Path, version: int) -> None:
    """Turn a database of this program's tables, with arbitrage alone in it, into one of an older version."""
    with sqlite3.connect(path) as connection:
        rows = {name: _rows(connection, name) for name in _CHANGED}
        for name in (*_CHANGED, *_LATER_TABLES):
            connection.execute(f"DROP TABLE {name}")
        connection.executescript(VERSION_2)
        for name in reversed(_CHANGED):
            for row in rows[name]:
                places = ", ".join("?" for _ in row)
                columns = ", ".join(row)
                connection.execute(f"INSERT INTO {name} ({columns}) VALUES ({places})", tuple(row.values()))
        if version == 1:
            for name, columns_of_2 in _COLUMNS_OF_2.items():
                for column in columns_of_2:
                    connection.execute(f"ALTER TABLE {name} DROP COLUMN {column}")
        connection.execute("UPDATE schema_info SET version = ?", (version,))


def _rows(connection: sqlite3.Connection, table: str) -> list[dict[str, object]]:
    cursor = connection.execute(f"SELECT * FROM {table} ORDER BY id")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
