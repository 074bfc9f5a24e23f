"""The scan of token pairs against the plain way: every pair asked by its own call."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

import pytest

from steelyard.connect.abi import GET_PAIR, GET_POOL, address_word, word
from steelyard.connect.hexes import address_of_word, checksum
from steelyard.connect.multicall import Multicall, StaticCall
from steelyard.connect.pair_scan import (
    FoundPool,
    PairChunk,
    PairTable,
    pair_chunks,
    scan_pairs,
    tables_among,
    tables_between,
)
from steelyard.connect.pinned import MAX_INIT_CODE_BYTES, PinnedReader
from steelyard.exceptions import RpcInconsistent
from steelyard.sandbox.replica.protocols import sushiswap_v2, uniswap_v2, uniswap_v3
from steelyard.units import Address
from tests.support.market_scene import Scene, running_replica
from tests.support.watched import watched_pools

pytestmark = pytest.mark.e2e

PLACES = (
    PairTable(uniswap_v2.FACTORY, GET_PAIR, None),
    PairTable(sushiswap_v2.FACTORY, GET_PAIR, None),
    *(PairTable(uniswap_v3.FACTORY, GET_POOL, fee) for fee in (100, 500, 3_000, 10_000)),
)


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with running_replica() as replica:
        yield Scene(replica)


@pytest.fixture
def reader(scene: Scene) -> PinnedReader:
    return PinnedReader(scene.client)


def plainly(scene: Scene, tables: list[PairTable]) -> list[FoundPool]:
    questions = [(table, *pair) for table in tables for pair in product(table.rows, table.columns)]
    calls = []
    for table, row, column in questions:
        tier = b"" if table.fee_pips is None else word(table.fee_pips)
        calls.append(
            StaticCall(table.factory, table.selector + address_word(row) + address_word(column) + tier)
        )
    results = Multicall(scene.client).read(calls, scene.client.block())
    return [
        FoundPool(*question, address_of_word(result.data))
        for question, result in zip(questions, results, strict=True)
        if result.word()
    ]


def strangers(count: int, seed: int) -> list[Address]:
    random = Random(seed)
    return [checksum(f"0x{random.getrandbits(160):040x}") for _ in range(count)]


def test_scan_finds_what_asking_for_every_pair_finds(scene: Scene, reader: PinnedReader) -> None:
    tokens = [*scene.tokens, *strangers(5, 1)]
    tables = [table for place in PLACES for table in tables_among(place, tokens)]
    found = scan_pairs(reader, list(pair_chunks(tables)), scene.client.block())
    assert found == plainly(scene, tables)
    assert {entry.pool for entry in found} == {pool.address for pool in watched_pools(scene.replica.manifest)}


def test_tables_of_any_shape_ask_for_every_pair_once(scene: Scene, reader: PinnedReader) -> None:
    tokens = [*strangers(150, 2), *scene.tokens]
    bases = scene.tokens[:3]
    tables = list(tables_between(PLACES[2], bases, tokens))
    found = scan_pairs(reader, list(pair_chunks(tables)), scene.client.block())
    assert sum(table.questions for table in tables) == len(bases) * len(tokens)
    assert found == plainly(scene, tables)


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 200])
def test_all_pairs_of_any_number_of_tokens_are_among_the_tables(count: int) -> None:
    tokens = strangers(count, 3)
    asked = {
        frozenset(pair)
        for table in tables_among(PLACES[0], tokens)
        for pair in product(table.rows, table.columns)
    }
    assert asked >= {frozenset(pair) for pair in product(tokens, repeat=2)}


@pytest.mark.parametrize(("rows", "columns"), [(1, 9_000), (5, 3_000), (64, 64), (200, 300)])
def test_calls_keep_the_bounds_on_work_and_init_code(rows: int, columns: int) -> None:
    tables = list(tables_between(PLACES[0], strangers(rows, 4), strangers(columns, 5)))
    chunks = list(pair_chunks(tables))
    assert [table for chunk in chunks for table in chunk.tables] == tables
    for chunk in chunks:
        assert len(chunk.init_code()) <= MAX_INIT_CODE_BYTES
        assert sum(table.questions for table in chunk.tables) <= 4_096


def test_call_that_needs_too_much_gas_is_halved_until_it_fits(scene: Scene, reader: PinnedReader) -> None:
    tokens = (*scene.tokens, *strangers(140, 6))
    # 23,000 cold questions cost far more than the 30 million gas of one call.
    chunk = PairChunk((PairTable(uniswap_v2.FACTORY, GET_PAIR, None, tokens, tokens),))
    found = reader.run([chunk], scene.client.block())
    among = [PairTable(uniswap_v2.FACTORY, GET_PAIR, None, scene.tokens, scene.tokens)]
    expected = {(entry.row, entry.column, entry.pool) for entry in plainly(scene, among)}
    assert {(entry.row, entry.column, entry.pool) for entry in found} == expected


def test_contract_that_is_no_factory_is_an_inconsistency(scene: Scene, reader: PinnedReader) -> None:
    nobody = PairTable(checksum("0x" + "0e" * 20), GET_PAIR, None, scene.tokens, scene.tokens)
    with pytest.raises(RpcInconsistent, match="does not say what pools it has"):
        reader.run([PairChunk((nobody,))], scene.client.block())


def test_answer_about_a_pair_that_was_not_asked_is_an_inconsistency() -> None:
    tokens = tuple(strangers(3, 7))
    chunk = PairChunk((PairTable(uniswap_v2.FACTORY, GET_PAIR, None, tokens[:1], tokens[1:]),))
    row, column, pool = 0x150 + 64, 0x150 + 64 + 40, bytes(19) + b"\x07"
    good = row.to_bytes(2) + column.to_bytes(2) + pool
    assert chunk.decode(good) == [
        FoundPool(chunk.tables[0], tokens[0], tokens[2], checksum("0x" + pool.hex()))
    ]
    for wrong in (
        good[:-1],
        (row + 1).to_bytes(2) + good[2:],
        (row + 20).to_bytes(2) + good[2:],
        good[:2] + (column + 20).to_bytes(2) + pool,
        good[:2] + row.to_bytes(2) + pool,
        bytes(24),
    ):
        with pytest.raises(RpcInconsistent):
            chunk.decode(wrong)
