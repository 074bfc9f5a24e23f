"""What observation knows at one block, as a file: from it a restart goes on in a second instead of a minute.

One line names the format and the SHA-256 of the rest; the rest is JSON: data and not code, and nothing in it
can be half right. A pool is a row, and the row's length says of which kind.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final

from steelyard.amm.tick_map import TickMap
from steelyard.amm.uniswap_v2 import UniswapV2Pool
from steelyard.exceptions import SkipError, SteelyardError
from steelyard.model.chain import BlockRef, Token
from steelyard.observe.discovery import PoolIdentity
from steelyard.observe.pools import Known, v2_pool, v3_pool
from steelyard.observe.watch import WatchList
from steelyard.units import Address

FORMAT: Final = 1
_MAGIC: Final = "steelyard-checkpoint"
_IDENTITY_CELLS: Final = 6
_PAIR_CELLS: Final = 8
_BLOCK_FIELDS: Final = (
    "number",
    "hash",
    "parent_hash",
    "timestamp_seconds",
    "base_fee_wei",
    "gas_used",
    "gas_limit",
)


class CheckpointUnusable(SkipError):
    """A checkpoint is damaged, or of another market, format or chain; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """All that following the market from ``block`` on needs to know.

    Attributes:
        unusable: tokens and pools that are left out for good, with the reason.
        identities: every pool, by its address in lower case.
        known: what is known of each of them at ``block``.
    """

    block: BlockRef
    tokens: Mapping[Address, Token]
    unusable: Mapping[Address, str]
    identities: Mapping[str, PoolIdentity]
    known: Mapping[str, Known]


class RowCache:
    """The text of each pool's row, kept while its state is the same object: most are, from block to block."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[Known, str]] = {}

    def rows(self, checkpoint: Checkpoint) -> Iterator[str]:
        """Return the rows of all pools in order, making only those anew whose state has changed."""
        places = {address: at for at, address in enumerate(checkpoint.tokens)}
        before, self._rows = self._rows, {}
        for address, known in checkpoint.known.items():
            kept = before.get(address)
            if kept is None or kept[0] is not known:
                kept = known, json.dumps(_row(checkpoint.identities[address], known, places))
            self._rows[address] = kept
            yield kept[1]


def encode(checkpoint: Checkpoint, watch: WatchList, rows: Sequence[str]) -> bytes:
    """Return the file's content; ``rows`` are those of ``RowCache.rows``."""
    head = {
        "watch": watch.fingerprint(),
        "block": astuple(checkpoint.block),
        "tokens": [[token.address, token.symbol, token.decimals] for token in checkpoint.tokens.values()],
        "unusable": dict(checkpoint.unusable),
    }
    body = f'{json.dumps(head)[:-1]}, "pools": [{", ".join(rows)}]}}'.encode()
    return f"{_MAGIC} {FORMAT} {hashlib.sha256(body).hexdigest()}\n".encode() + body


def decode(content: bytes, watch: WatchList) -> Checkpoint:
    """Return what ``encode`` was given.

    Raises:
        CheckpointUnusable: it is damaged, of another format, or of another watch list.
    """
    line, _, body = content.partition(b"\n")
    named = line.decode("ascii", errors="replace").split(" ")
    if len(named) != len(("magic", "format", "digest")) or named[0] != _MAGIC:
        raise CheckpointUnusable("it is no checkpoint of ours")
    if named[1] != str(FORMAT):
        raise CheckpointUnusable(f"it has format {named[1][:20]}, and this version reads format {FORMAT}")
    if named[2] != hashlib.sha256(body).hexdigest():
        raise CheckpointUnusable("it is damaged: its content does not match its checksum")
    try:
        raw = json.loads(body)
        if raw["watch"] != watch.fingerprint():
            raise CheckpointUnusable("it is of other tokens, venues or another chain than configured")
        return _checkpoint(raw, watch)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointUnusable(f"it cannot be read: {type(error).__name__}") from None
    except CheckpointUnusable:
        raise
    except SteelyardError as error:
        raise CheckpointUnusable(f"it holds an impossible pool: {error}") from None


def read_file(path: Path, watch: WatchList) -> Checkpoint | None:
    """Return the checkpoint in ``path``, or None where there is no file. Raises CheckpointUnusable."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CheckpointUnusable(f"it cannot be opened: {error.strerror}") from None
    return decode(content, watch)


def write_file(path: Path, content: bytes) -> None:
    """Replace ``path`` in one step: whoever reads it, whenever power fails, finds the old or the new whole.

    Raises:
        OSError: the folder cannot be written, or the disk is full; the old file is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    finally:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the rename too must outlive a power cut
    finally:
        os.close(folder)


def _row(identity: PoolIdentity, known: Known, places: Mapping[Address, int]) -> list[object]:
    tokens = places[identity.token0], places[identity.token1]
    row: list[object] = [identity.address, identity.venue.venue_id, *tokens, identity.fee_pips]
    row.append(identity.tick_spacing)
    if isinstance(known, PoolIdentity):
        return row
    if isinstance(known, UniswapV2Pool):
        return [*row, known.reserve0, known.reserve1]
    ticks = known.ticks
    row += [known.sqrt_price_x96, known.tick, known.liquidity]
    return [*row, ticks.indices, ticks.liquidity_net, ticks.liquidity_gross]


def _checkpoint(raw: Mapping[str, Any], watch: WatchList) -> Checkpoint:
    tokens = [Token(address=row[0], symbol=row[1], decimals=row[2]) for row in raw["tokens"]]
    names = [token.address for token in tokens]
    venues = {venue.venue_id: venue for venue in watch.venues}
    identities: dict[str, PoolIdentity] = {}
    known: dict[str, Known] = {}
    for row in raw["pools"]:
        address, venue_id, token0, token1, fee_pips, tick_spacing = row[:_IDENTITY_CELLS]
        identity = PoolIdentity(
            address=address,
            venue=venues[venue_id],
            token0=names[token0],
            token1=names[token1],
            fee_pips=fee_pips,
            tick_spacing=tick_spacing,
        )
        key = address.lower()
        identities[key] = identity
        known[key] = _known(identity, row)
    return Checkpoint(
        block=BlockRef(**dict(zip(_BLOCK_FIELDS, raw["block"], strict=True))),
        tokens={token.address: token for token in tokens},
        unusable=raw["unusable"],
        identities=identities,
        known=known,
    )


def _known(identity: PoolIdentity, row: Sequence[Any]) -> Known:
    if len(row) == _IDENTITY_CELLS:
        return identity
    if len(row) == _PAIR_CELLS:
        return v2_pool(identity, row[6], row[7])
    price, tick, liquidity, indices, net, gross = row[_IDENTITY_CELLS:]
    ticks = TickMap(indices=tuple(indices), liquidity_net=tuple(net), liquidity_gross=tuple(gross))
    return v3_pool(identity, price, tick, liquidity, ticks)
