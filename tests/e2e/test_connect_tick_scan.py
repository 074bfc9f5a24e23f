"""The tick scan against the plain way: every word of a bitmap read by its own call."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from steelyard.connect.abi import TICK_BITMAP, word
from steelyard.connect.hexes import checksum
from steelyard.connect.multicall import Multicall, StaticCall
from steelyard.connect.pinned import MAX_INIT_CODE_BYTES, PinnedReader
from steelyard.connect.tick_scan import BitmapWord, ScanChunk, ScanRange, _split, scan_tick_bitmaps
from steelyard.exceptions import RpcInconsistent
from tests.support.market_scene import Scene, running_replica

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with running_replica() as replica:
        yield Scene(replica)


@pytest.fixture
def reader(scene: Scene) -> PinnedReader:
    return PinnedReader(scene.client)


def plainly(scene: Scene, ranges: list[ScanRange]) -> list[BitmapWord]:
    places = [
        (range_.pool, position)
        for range_ in ranges
        for position in range(range_.first, range_.first + range_.count)
    ]
    calls = [StaticCall(pool, TICK_BITMAP + word(position)) for pool, position in places]
    results = Multicall(scene.client).read(calls, scene.client.block())
    return [
        BitmapWord(pool, position, result.word())
        for (pool, position), result in zip(places, results, strict=True)
        if result.word()
    ]


def drawn_ranges(scene: Scene, seed: int, count: int) -> list[ScanRange]:
    random = Random(seed)
    pools = [pool.address for pool in scene.v3_pools()]
    return [
        ScanRange(random.choice(pools), random.randint(-400, 380), random.randint(0, 300))
        for _ in range(count)
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_scan_finds_what_reading_every_word_finds(scene: Scene, reader: PinnedReader, seed: int) -> None:
    ranges = drawn_ranges(scene, seed, 30)
    found = scan_tick_bitmaps(reader, ranges, scene.client.block())
    assert found == plainly(scene, ranges)
    assert any(entry.position < 0 for entry in found)
    assert any(entry.position > 0 for entry in found)


def test_scan_of_both_ends_of_the_bitmap(scene: Scene, reader: PinnedReader) -> None:
    pool = scene.v3_pools()[0].address
    ranges = [ScanRange(pool, -(2**15), 100), ScanRange(pool, 2**15 - 100, 100)]
    assert scan_tick_bitmaps(reader, ranges, scene.client.block()) == []


def test_more_words_than_one_call_may_hold_are_split(
    scene: Scene, reader: PinnedReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steelyard.connect.tick_scan._WORDS_PER_CHUNK", 97)
    monkeypatch.setattr("steelyard.connect.tick_scan._RANGES_PER_CHUNK", 2)
    ranges = drawn_ranges(scene, 4, 12)
    assert scan_tick_bitmaps(reader, ranges, scene.client.block()) == plainly(scene, ranges)


def test_chunk_that_needs_too_much_gas_is_halved_until_it_fits(scene: Scene, reader: PinnedReader) -> None:
    pool = scene.v3_pools()[0].address
    # 30,000 cold words cost far more than the 30 million gas of one call.
    chunk = ScanChunk((ScanRange(pool, -15_000, 30_000),))
    found = reader.run([chunk], scene.client.block())
    assert found == plainly(scene, [ScanRange(pool, -400, 800)])


def test_many_short_ranges_stay_within_the_bound_on_init_code(scene: Scene, reader: PinnedReader) -> None:
    pool = scene.v3_pools()[0].address
    ranges = [ScanRange(pool, position, 1) for position in range(-1_500, 1_500)]
    assert all(len(ScanChunk(part).init_code()) <= MAX_INIT_CODE_BYTES for part in _split(ranges, 4_096))
    assert scan_tick_bitmaps(reader, ranges, scene.client.block()) == plainly(scene, ranges)


def test_contract_that_is_no_pool_is_an_inconsistency(scene: Scene, reader: PinnedReader) -> None:
    nobody = checksum("0x" + "0e" * 20)
    with pytest.raises(RpcInconsistent, match="does not tell its tick bitmap"):
        scan_tick_bitmaps(reader, [ScanRange(nobody, 0, 3)], scene.client.block())


def test_answer_outside_of_what_was_asked_is_an_inconsistency() -> None:
    pool = checksum("0x" + "0f" * 20)
    chunk = ScanChunk((ScanRange(pool, -2, 3),))
    assert chunk.decode(bytes(2) + b"\xff\xff" + bytes(31) + b"\x09") == [BitmapWord(pool, -1, 9)]
    for wrong in (
        bytes(35),
        bytes(2) + (1).to_bytes(2) + bytes(32),
        bytes(2) + b"\xff\xfd" + bytes(32),
        b"\x00\x01" + bytes(34),
    ):
        with pytest.raises(RpcInconsistent):
            chunk.decode(wrong)
