"""Keeps the checkpoint on disk: read at the start, written now and then and at the end, off the hot path."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from steelyard.observe.checkpoint import (
    Checkpoint,
    CheckpointUnusable,
    RowCache,
    encode,
    read_file,
    write_file,
)
from steelyard.observe.progress import Notice
from steelyard.observe.watch import WatchList

EVERY_BLOCKS: Final = 32
"""A crash costs so many blocks of logs to catch up: less than a second's work."""
_ROWS_AT_ONCE: Final = 100
_PAUSE_SECONDS: Final = 0.001
"""Between some rows and the next: a decision that waits for the interpreter gets it."""


class Checkpointer:
    """One checkpoint file of one watch list. ``save`` and ``close`` belong to the follower's thread."""

    def __init__(
        self, path: Path, watch: WatchList, notice: Notice, *, every_blocks: int | None = EVERY_BLOCKS
    ) -> None:
        """Prepare; nothing is read or written yet.

        Args:
            notice: told why a file is not used, and once why none can be written.
            every_blocks: how often it is written; None never writes.
        """
        self._path = path
        self._watch = watch
        self._notice = notice
        self._every_blocks = every_blocks
        self._rows = RowCache()
        self._thread: ThreadPoolExecutor | None = None
        self._writing: Future[None] | None = None
        self._written_number: int | None = None
        self._failed = False

    def load(self) -> Checkpoint | None:
        """Return what was saved last, or None, with a notice where there is a file that cannot be used."""
        try:
            checkpoint = read_file(self._path, self._watch)
        except CheckpointUnusable as reason:
            self.refuse(str(reason))
            return None
        if checkpoint is not None:
            self._written_number = checkpoint.block.number
        return checkpoint

    def refuse(self, reason: str) -> None:
        """Say that what was loaded is not used."""
        self._written_number = None
        self._notice(f"checkpoint {self._path} is not used: {reason}; the market is read anew")

    def save(self, number: int, take: Callable[[], Checkpoint]) -> None:
        """Write what ``take`` returns, where it is time; ``number`` is its block's."""
        if self._every_blocks is None or not self._is_due(number, self._every_blocks):
            return
        self._start(take(), number)

    def close(self, number: int | None, take: Callable[[], Checkpoint]) -> None:
        """Finish what is being written, and write the last block's state, unless ``number`` is None."""
        if self._every_blocks is None:
            return
        self._finish()
        if number is not None and number != self._written_number:
            self._start(take(), number)
            self._finish()
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    def _is_due(self, number: int, every_blocks: int) -> bool:
        if self._writing is not None and not self._writing.done():
            return False
        # A number that fell belongs to another branch, or to a chain that was reset.
        return self._written_number is None or not 0 <= number - self._written_number < every_blocks

    def _start(self, checkpoint: Checkpoint, number: int) -> None:
        self._finish()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="checkpoint")
        self._written_number = number
        self._writing = self._thread.submit(self._write, checkpoint)

    def _finish(self) -> None:
        """Wait for the write under way; say once where it failed: the keeper does not need it to go on."""
        if self._writing is None:
            return
        try:
            self._writing.result()
        except OSError as error:
            if not self._failed:
                self._failed = True
                reason = error.strerror or type(error).__name__
                self._notice(
                    f"checkpoint {self._path} cannot be written: {reason}; the next start is a cold one"
                )
        self._writing = None

    def _write(self, checkpoint: Checkpoint) -> None:
        rows = []
        for row in self._rows.rows(checkpoint):
            rows.append(row)
            if len(rows) % _ROWS_AT_ONCE == 0:
                time.sleep(_PAUSE_SECONDS)
        write_file(self._path, encode(checkpoint, self._watch, rows))
