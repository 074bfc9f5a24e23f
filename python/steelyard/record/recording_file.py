"""A file of JSON lines that is only ever appended to, each line a gzip member of its own.

``zcat`` and every gzip library show the lines. Beyond that, each member's header carries the member's length
(gzip's extra field, subfield ``SY``: the length and its complement), so that members are found without being
unpacked, and what a dying process left half-written is known for what it is: a member that the file ends in.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Self

from steelyard.exceptions import RecordingDamaged, RecordingUnknown, StoreUnavailable
from steelyard.record.lock import ProcessLock

_START: Final = b"\x1f\x8b\x08\x04" + bytes(4) + b"\x00\xff" + b"\x0c\x00" + b"SY\x08\x00"
"""RFC 1952: magic, deflate, FEXTRA, no time, no flags, unknown system; 12 bytes of extra field."""
_LENGTHS: Final = struct.Struct("<II")
_TRAILER: Final = struct.Struct("<II")
_HEADER_BYTES: Final = len(_START) + _LENGTHS.size
_LEAST_BYTES: Final = _HEADER_BYTES + _TRAILER.size
_UINT32: Final = 0xFFFF_FFFF
_RAW_DEFLATE: Final = -15
_LEVEL: Final = 6
_CHUNK_LIMIT: Final = 1 << 31
"""No line is longer: a length above it is damage, not a reason to ask for the memory."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file.

    Attributes:
        number: counted from 1.
        end: where its member ends in the file, in bytes.
    """

    number: int
    end: int
    text: bytes


class LineReader:
    """Reads the lines of a file that may still be written; a context manager.

    Attributes:
        size_bytes: of the file when it was opened.
        incomplete_bytes: what the file ends in after its last whole line, known when all lines are read.
    """

    def __init__(self, path: Path) -> None:
        """Open the file. Raises RecordingUnknown where there is none, or one of another kind."""
        self._path = path
        self.incomplete_bytes = 0
        try:
            self._file: BinaryIO = path.open("rb")
            self.size_bytes = os.fstat(self._file.fileno()).st_size
        except OSError as error:
            raise RecordingUnknown(f"recording {path} cannot be read ({error.strerror})") from None

    def __iter__(self) -> Iterator[Line]:
        """Yield the whole lines in their order.

        Raises:
            RecordingUnknown: it is no recording of ours.
            RecordingDamaged: a line that was once whole is not any more; those before it were yielded.
        """
        end = 0
        number = 1
        while header := self._file.read(_HEADER_BYTES):
            length = _length(header, self._path, number)
            rest = self._file.read(length - _HEADER_BYTES) if length else b""
            if not length or len(rest) < length - _HEADER_BYTES:
                self.incomplete_bytes = len(header) + len(rest)
                return
            end += length
            yield Line(number, end, _unpacked(rest, self._path, number))
            number += 1

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class LineWriter:
    """Appends lines; a context manager. One process at a time.

    A line is handed to the system whole, so a process that dies leaves it whole or as the file's incomplete
    end, which the next writer takes off. It is not forced to the disk: a power cut can cost the last seconds.

    Attributes:
        dropped_bytes: what an earlier writer had left half-written.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            AlreadyRunning: another process writes it.
            StoreUnavailable: it cannot be written.
            RecordingUnknown, RecordingDamaged: what is there is no recording, or a broken one; it stays.
        """
        self._path = path
        self._lock = ProcessLock(path.with_name(path.name + ".lock"), f"the recording {path}")
        try:
            self._end, self.dropped_bytes = _whole_end(path) if path.exists() else (0, 0)
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            os.ftruncate(self._descriptor, self._end)
        except OSError as error:
            self._lock.release()
            raise StoreUnavailable(f"recording {path} cannot be written ({error.strerror})") from None
        except BaseException:
            self._lock.release()
            raise

    def append(self, text: bytes) -> int:
        """Write one line (without its line feed) and return the bytes that it takes.

        Raises StoreUnavailable where it cannot be written; the file then ends as before.
        """
        member = memoryview(_member(text + b"\n"))
        try:
            written = 0
            while written < len(member):
                written += os.pwrite(self._descriptor, member[written:], self._end + written)
        except OSError as error:
            os.ftruncate(self._descriptor, self._end)
            raise StoreUnavailable(f"recording {self._path} cannot be written ({error.strerror})") from None
        self._end += len(member)
        return len(member)

    def close(self) -> None:
        os.close(self._descriptor)
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _member(text: bytes) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW_DEFLATE)
    packed = packer.compress(text) + packer.flush()
    length = _LEAST_BYTES + len(packed)
    lengths = _LENGTHS.pack(length, length ^ _UINT32)
    return _START + lengths + packed + _TRAILER.pack(zlib.crc32(text), len(text) & _UINT32)


def _length(header: bytes, path: Path, number: int) -> int:
    """Return the length of the member that begins so; 0 where even its header is incomplete."""
    if not _START.startswith(header[: len(_START)]):
        if number == 1:
            raise RecordingUnknown(f"{path} is no recording: `steelyard run --record FILE` makes one")
        raise RecordingDamaged(f"recording {path} is damaged after its line {number - 1}; {_REMEDY}")
    if len(header) < _HEADER_BYTES:
        return 0
    length, complement = _LENGTHS.unpack_from(header, len(_START))
    if length ^ complement != _UINT32 or not _LEAST_BYTES <= length < _CHUNK_LIMIT:
        raise RecordingDamaged(f"recording {path}: the header of line {number} is damaged; {_REMEDY}")
    return int(length)


_REMEDY: Final = "take it from a backup; the blocks before it can still be replayed with --to-block"


def _unpacked(rest: bytes, path: Path, number: int) -> bytes:
    check, size = _TRAILER.unpack_from(rest, len(rest) - _TRAILER.size)
    try:
        text = zlib.decompress(rest[: -_TRAILER.size], _RAW_DEFLATE)
    except zlib.error as error:
        raise RecordingDamaged(f"recording {path}: line {number} is damaged ({error}); {_REMEDY}") from None
    if zlib.crc32(text) != check or len(text) & _UINT32 != size:
        raise RecordingDamaged(
            f"recording {path}: line {number} is damaged (its checksum differs); {_REMEDY}"
        )
    return text


def _whole_end(path: Path) -> tuple[int, int]:
    """Return where the last whole member ends, and how many bytes lie behind it."""
    size = path.stat().st_size
    end, number = 0, 1
    with path.open("rb") as file:
        while header := file.read(_HEADER_BYTES):
            length = _length(header, path, number)
            if not length or end + length > size:
                break
            end, number = end + length, number + 1
            file.seek(end)
    return end, size - end
