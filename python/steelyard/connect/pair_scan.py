"""Which pools factories have for many pairs of tokens, asked in few calls.

A thousand tokens are half a million pairs, and each factory and fee tier answers for itself: three million
questions of a hundred bytes each. The program in ``pair_program.py`` asks them in the EVM, every token of a
table's rows with every token of its columns, and returns only the pools that there are: a table of 64 by 64
tokens is 4,096 questions in less than 3 kB.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from steelyard.connect.abi import word
from steelyard.connect.hexes import checksum
from steelyard.connect.pair_program import PROGRAM, TABLES_AT
from steelyard.connect.pinned import MAX_INIT_CODE_BYTES, PinnedReader
from steelyard.exceptions import RpcInconsistent
from steelyard.model.chain import BlockRef
from steelyard.units import Address

_SIDE: Final = 64
"""Tokens to a side of a square table."""
_QUESTIONS_PER_CHUNK: Final = _SIDE * _SIDE
"""At some 3,000 gas each well under half of what nodes grant a call."""
_MOST_COLUMNS: Final = 2_000
"""At 20 bytes each a table of one row keeps well under the bound on init code."""
_RECORD_BYTES: Final = 24
_TABLE_HEAD_BYTES: Final = 64
_TOKEN_BYTES: Final = 20
_CALLDATA_BYTES: Final = {False: 68, True: 100}
"""Selector and two tokens, or a fee tier as well."""


@dataclass(frozen=True, slots=True)
class PairTable:
    """Every pair of a token of ``rows`` with one of ``columns``, to be asked of one factory.

    Attributes:
        selector: of ``getPair(address,address)``, or of ``getPool(address,address,uint24)``.
        fee_pips: the fee tier; None where the factory is asked for the pair alone.
    """

    factory: Address
    selector: bytes
    fee_pips: int | None
    rows: tuple[Address, ...] = ()
    columns: tuple[Address, ...] = ()

    @property
    def questions(self) -> int:
        """How many pairs are asked."""
        return len(self.rows) * len(self.columns)

    @property
    def encoded_bytes(self) -> int:
        """Length of ``encode``."""
        return _TABLE_HEAD_BYTES + _TOKEN_BYTES * (len(self.rows) + len(self.columns))

    def encode(self) -> bytes:
        """Return the table as the program reads it."""
        return b"".join(
            (
                len(self.rows).to_bytes(2),
                len(self.columns).to_bytes(2),
                self.selector,
                _CALLDATA_BYTES[self.fee_pips is not None].to_bytes(4),
                bytes.fromhex(self.factory[2:]),
                word(self.fee_pips or 0),
                bytes.fromhex("".join(token[2:] for token in self.rows + self.columns)),
            )
        )

    def halves(self) -> list[PairTable]:
        """Return two tables of half the questions each; none where there is one question only."""
        if len(self.columns) > 1:
            middle = len(self.columns) // 2
            return [
                replace(self, columns=self.columns[:middle]),
                replace(self, columns=self.columns[middle:]),
            ]
        middle = len(self.rows) // 2
        return (
            [replace(self, rows=self.rows[:middle]), replace(self, rows=self.rows[middle:])] if middle else []
        )


class FoundPool(NamedTuple):
    """A pool that a factory names for one question of a table."""

    table: PairTable
    row: Address
    column: Address
    pool: Address


@dataclass(frozen=True, slots=True)
class PairChunk:
    """Tables that go into one ``eth_call``."""

    tables: tuple[PairTable, ...]

    def init_code(self) -> bytes:
        """Return the program and its tables."""
        return PROGRAM + b"".join(table.encode() for table in self.tables)

    def decode(self, output: bytes) -> list[FoundPool]:
        """Return the pools. Raises RpcInconsistent where they are of no question that was asked."""
        if len(output) % _RECORD_BYTES:
            raise RpcInconsistent("the node's answer to a scan of token pairs has a wrong length")
        places = list(self._places())
        return [
            _found(places, output[at : at + _RECORD_BYTES]) for at in range(0, len(output), _RECORD_BYTES)
        ]

    def halves(self) -> list[PairChunk]:
        """Return two chunks of half the tables each, or of the only table's halves; none for one question."""
        if len(self.tables) == 1:
            return [PairChunk((half,)) for half in self.tables[0].halves()]
        middle = len(self.tables) // 2
        return [PairChunk(self.tables[:middle]), PairChunk(self.tables[middle:])]

    def unreadable(self) -> list[FoundPool]:
        """Raise RpcInconsistent: a listed factory always answers."""
        raise RpcInconsistent(f"factory {self.tables[0].factory} does not say what pools it has")

    def _places(self) -> Iterator[_Place]:
        at = TABLES_AT
        for table in self.tables:
            rows = at + _TABLE_HEAD_BYTES
            columns = rows + _TOKEN_BYTES * len(table.rows)
            at = columns + _TOKEN_BYTES * len(table.columns)
            yield _Place(table, rows, columns, at)


class _Place(NamedTuple):
    """Where a table's rows and columns begin in the program's memory, and where they end."""

    table: PairTable
    rows: int
    columns: int
    end: int


def scan_pairs(reader: PinnedReader, chunks: Sequence[PairChunk], block: BlockRef) -> list[FoundPool]:
    """Return all pools that the factories have for the chunks' questions.

    Raises:
        RpcInconsistent: the node does not know the block, answers nonsense, or a factory is none.
        RpcUnavailable, RpcRejected: the node cannot say.
    """
    return reader.run(chunks, block)


def tables_between(
    table: PairTable, rows: Sequence[Address], columns: Sequence[Address]
) -> Iterator[PairTable]:
    """Cut all pairs of a row's with a column's token into tables like ``table`` that fit into a call."""
    for some_rows in _cut(rows, _SIDE):
        # Few rows leave room for more columns.
        size = min(_QUESTIONS_PER_CHUNK // len(some_rows), _MOST_COLUMNS)
        for some_columns in _cut(columns, size):
            yield replace(table, rows=some_rows, columns=some_columns)


def tables_among(table: PairTable, tokens: Sequence[Address]) -> Iterator[PairTable]:
    """Cut all pairs of ``tokens`` into tables like ``table``; squares on the diagonal ask for each twice."""
    parts = list(_cut(tokens, _SIDE))
    for at, rows in enumerate(parts):
        for columns in parts[at:]:
            yield replace(table, rows=rows, columns=columns)


def pair_chunks(tables: Iterable[PairTable]) -> Iterator[PairChunk]:
    """Put tables into calls, in order, each within the bounds on work and on init code."""
    current: list[PairTable] = []
    questions = size = 0
    for table in tables:
        more = table.encoded_bytes
        full = len(PROGRAM) + size + more > MAX_INIT_CODE_BYTES
        if current and (full or questions + table.questions > _QUESTIONS_PER_CHUNK):
            yield PairChunk(tuple(current))
            current, questions, size = [], 0, 0
        current.append(table)
        questions += table.questions
        size += more
    if current:
        yield PairChunk(tuple(current))


def _cut(tokens: Sequence[Address], size: int) -> Iterator[tuple[Address, ...]]:
    for start in range(0, len(tokens), size):
        yield tuple(tokens[start : start + size])


def _found(places: Sequence[_Place], record: bytes) -> FoundPool:
    row_at, column_at = int.from_bytes(record[:2]), int.from_bytes(record[2:4])
    for table, rows, columns, end in places:
        if rows <= row_at < columns <= column_at < end:
            row, row_rest = divmod(row_at - rows, _TOKEN_BYTES)
            column, column_rest = divmod(column_at - columns, _TOKEN_BYTES)
            if not row_rest and not column_rest:
                pool = checksum("0x" + record[4:].hex())
                return FoundPool(table, table.rows[row], table.columns[column], pool)
    raise RpcInconsistent("the node's answer to a scan of token pairs names a pair that was not asked")
