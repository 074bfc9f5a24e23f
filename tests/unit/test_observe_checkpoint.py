"""The checkpoint: what is read is what was written, or nothing is read at all."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from steelyard.amm.tick_map import TickMap
from steelyard.exceptions import SteelyardError
from steelyard.model import BlockRef, LenderKind, Token, Venue, VenueKind
from steelyard.observe.checkpoint import (
    FORMAT,
    Checkpoint,
    CheckpointUnusable,
    RowCache,
    decode,
    encode,
    read_file,
    write_file,
)
from steelyard.observe.checkpointer import Checkpointer
from steelyard.observe.discovery import PoolIdentity
from steelyard.observe.pools import Known, v2_pool, v3_pool
from steelyard.observe.watch import Discovery, WatchList
from steelyard.units import Q96, Address

pytestmark = pytest.mark.unit

LOW, HIGH, FORSAKEN = (Address("0x" + digit * 40) for digit in "1a9")
PAIR, RANGED, UNBORN = (Address("0x" + digit * 20) for digit in ("2B", "3C", "4D"))


def venue(venue_id: int, kind: VenueKind) -> Venue:
    return Venue(
        venue_id=venue_id,
        name=kind.name.lower(),
        kind=kind,
        factory=Address(f"0x{venue_id:040x}"),
        init_code_hash="0x" + "00" * 32,
        fee_pips=3_000,
    )


V2, V3 = venue(3, VenueKind.UNISWAP_V2), venue(7, VenueKind.UNISWAP_V3)
WATCH = WatchList(
    chain_id=1,
    tokens=(LOW, HIGH, FORSAKEN),
    venues=(V2, V3),
    lenders={LenderKind.AAVE_V3: Address("0x" + "77" * 20)},
)


def block(number: int) -> BlockRef:
    return BlockRef(
        number=number,
        hash=f"0x{number:064x}",
        parent_hash=f"0x{number - 1:064x}",
        timestamp_seconds=1_700_000_000,
        base_fee_wei=7,
        gas_used=15,
        gas_limit=30,
    )


def identity(address: Address, at: Venue, tick_spacing: int) -> PoolIdentity:
    return PoolIdentity(
        address=address, venue=at, token0=LOW, token1=HIGH, fee_pips=3_000, tick_spacing=tick_spacing
    )


def checkpoint(number: int = 100, reserve0: int = 2**112 - 1) -> Checkpoint:
    ticks = TickMap(
        indices=(-887_220, 0, 887_220), liquidity_net=(9, 2**127, -9), liquidity_gross=(9, 2**127, 9)
    )
    identities = [identity(PAIR, V2, 0), identity(RANGED, V3, 60), identity(UNBORN, V3, 60)]
    known: list[Known] = [
        v2_pool(identities[0], reserve0, 0),
        v3_pool(identities[1], 3 * Q96 + 1, -5, 9, ticks),
        identities[2],
    ]
    return Checkpoint(
        block=block(number),
        tokens={
            LOW: Token(address=LOW, symbol="Ł & ö", decimals=18),
            HIGH: Token(address=HIGH, symbol="H", decimals=6),
        },
        unusable={FORSAKEN: "token 0x99: decimals() reverts"},
        identities={each.address.lower(): each for each in identities},
        known={each.address.lower(): state for each, state in zip(identities, known, strict=True)},
    )


def content(of: Checkpoint) -> bytes:
    return encode(of, WATCH, list(RowCache().rows(of)))


def with_digest(body: bytes) -> bytes:
    return f"steelyard-checkpoint {FORMAT} {hashlib.sha256(body).hexdigest()}\n".encode() + body


def test_every_kind_of_pool_comes_back_as_it_was_saved() -> None:
    assert decode(content(checkpoint()), WATCH) == checkpoint()


def test_saved_again_it_is_the_same_file() -> None:
    saved = content(checkpoint())
    assert content(decode(saved, WATCH)) == saved


def test_rows_of_states_that_have_not_changed_are_kept_and_others_made_anew() -> None:
    cache, first = RowCache(), checkpoint()
    rows = list(cache.rows(first))
    moved = checkpoint(reserve0=17).known[PAIR.lower()]
    second = replace(first, known=dict(first.known) | {PAIR.lower(): moved})
    again = list(cache.rows(second))
    assert again[1] is rows[1]
    assert again[0] != rows[0]
    assert decode(encode(second, WATCH, again), WATCH) == second
    gone = replace(second, known={PAIR.lower(): moved})
    assert len(list(cache.rows(gone))) == 1


@pytest.mark.parametrize("at", [0.0, 0.3, 0.6, 0.9])
def test_one_byte_that_changed_is_noticed_wherever_it_is(at: float) -> None:
    saved = bytearray(content(checkpoint()))
    saved[int(len(saved) * at)] ^= 1
    with pytest.raises(CheckpointUnusable):
        decode(bytes(saved), WATCH)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda saved: b"", "no checkpoint of ours"),
        (lambda saved: b"\x80\x03 pickled", "no checkpoint of ours"),
        (lambda saved: saved[:-100], "does not match its checksum"),
        (lambda saved: saved + b" ", "does not match its checksum"),
        (lambda saved: saved.replace(b"checkpoint 1 ", b"checkpoint 2 ", 1), "has format 2"),
        (lambda saved: with_digest(b"[]"), "cannot be read: TypeError"),
        (lambda saved: with_digest(b"{"), "cannot be read: JSONDecodeError"),
        (
            lambda saved: with_digest(saved.partition(b"\n")[2].replace(b"-5, 9", b"-5, -9")),
            "impossible pool",
        ),
        (
            lambda saved: with_digest(saved.partition(b"\n")[2].replace(b", 7, 0, 1", b", 8, 0, 1")),
            "KeyError",
        ),
    ],
    ids=["empty", "other", "cut", "longer", "newer", "list", "no JSON", "impossible", "venue"],
)
def test_damaged_file_is_refused_with_the_reason(damage: Callable[[bytes], bytes], words: str) -> None:
    with pytest.raises(CheckpointUnusable, match=words):
        decode(damage(content(checkpoint())), WATCH)


@pytest.mark.parametrize(
    "changes",
    [
        {"chain_id": 10},
        {"tokens": (LOW, HIGH)},
        {"venues": (V2,)},
        {"venues": (V2, replace(V3, init_code_hash="0x" + "01" * 32))},
        {"fee_tiers": (100,)},
        {"discovery": Discovery.HUBS, "bases": (LOW,)},
    ],
)
def test_file_of_another_market_is_refused(changes: dict[str, object]) -> None:
    other = replace(WATCH, **changes)  # type: ignore[arg-type]
    with pytest.raises(CheckpointUnusable, match="other tokens, venues or another chain"):
        decode(content(checkpoint()), other)


def test_order_of_tokens_and_what_can_be_borrowed_make_no_other_market() -> None:
    other = replace(WATCH, tokens=WATCH.tokens[::-1], lenders={})
    assert decode(content(checkpoint()), other) == checkpoint()


def test_whole_file_is_replaced_or_none_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep" / "market"
    write_file(path, b"old")

    def no_room(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", no_room)
    with pytest.raises(OSError, match="No space"):
        write_file(path, b"new and longer")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


class Desk:
    """A checkpointer, what it says, and what it wrote."""

    def __init__(self, path: Path, every_blocks: int | None = 4) -> None:
        self.path = path
        self.said: list[str] = []
        self.checkpointer = Checkpointer(path, WATCH, self.said.append, every_blocks=every_blocks)

    def save(self, number: int) -> None:
        self.checkpointer.save(number, lambda: checkpoint(number))

    def close(self, number: int | None) -> None:
        self.checkpointer.close(number, lambda: checkpoint(number or 0))

    def written(self) -> int | None:
        found = read_file(self.path, WATCH)
        return None if found is None else found.block.number


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "market")


def test_first_block_is_saved_at_once_and_then_every_few(desk: Desk) -> None:
    seen = []
    for number in range(100, 110):
        desk.save(number)
        desk.checkpointer._finish()
        seen.append(desk.written())
    assert seen == [100, 100, 100, 100, 104, 104, 104, 104, 108, 108]


def test_last_block_is_saved_at_the_end(desk: Desk) -> None:
    desk.save(100)
    desk.close(102)
    assert desk.written() == 102


def test_keeper_that_never_saw_a_block_saves_nothing(desk: Desk) -> None:
    desk.close(None)
    assert desk.written() is None


def test_chain_that_was_reset_to_lower_blocks_is_saved_at_once(desk: Desk) -> None:
    desk.save(100)
    desk.checkpointer._finish()
    desk.save(7)
    desk.close(None)
    assert desk.written() == 7


def test_what_was_loaded_counts_as_saved(desk: Desk) -> None:
    desk.close(100)
    later = Desk(desk.path)
    assert later.checkpointer.load() == checkpoint(100)
    later.save(103)
    later.close(None)
    assert later.written() == 100


def test_one_who_only_looks_writes_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "market", every_blocks=None)
    desk.save(100)
    desk.close(101)
    assert not desk.path.exists()


def test_unusable_file_is_said_once_and_the_next_save_mends_it(desk: Desk) -> None:
    desk.path.write_bytes(b"steelyard-checkpoint 99 00\n")
    assert desk.checkpointer.load() is None
    assert desk.said == [
        f"checkpoint {desk.path} is not used: it has format 99, and this version reads format 1; "
        "the market is read anew"
    ]
    desk.close(100)
    assert desk.written() == 100


def test_no_file_is_nothing_to_say(desk: Desk) -> None:
    assert desk.checkpointer.load() is None
    assert desk.said == []


def test_disk_that_takes_no_file_is_said_once_and_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    desk = Desk(tmp_path / "file" / "market", every_blocks=1)
    for number in range(100, 104):
        desk.save(number)
        desk.checkpointer._writing.exception()  # type: ignore[union-attr]
    desk.close(104)
    assert len(desk.said) == 1
    assert "cannot be written" in desk.said[0]


def test_every_error_of_a_checkpoint_is_one_of_ours(desk: Desk) -> None:
    assert issubclass(CheckpointUnusable, SteelyardError)
    desk.path.mkdir()
    assert desk.checkpointer.load() is None
    assert "cannot be opened" in desk.said[0]


def test_content_is_json_that_any_program_can_read() -> None:
    body = json.loads(content(checkpoint()).partition(b"\n")[2])
    assert [len(row) for row in body["pools"]] == [8, 12, 6]
