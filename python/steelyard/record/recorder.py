"""Writes a recording beside the keeper: handing a turn over costs a queue's append, and nothing waits."""

from __future__ import annotations

import logging
import threading
from collections import deque
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from steelyard.exceptions import SteelyardError
from steelyard.model import Decision
from steelyard.record.recording import DecisionInputs, LineEncoder, Session
from steelyard.record.recording_file import LineWriter

_log = logging.getLogger(__name__)
_CLOSING_SECONDS: Final = 30.0


class _Turn(NamedTuple):
    inputs: DecisionInputs
    decision: Decision
    decision_microseconds: int


class Recorder:
    """Appends one session to a recording, in a thread of its own; a context manager.

    A recording is for later study, so its trouble is no reason to stop trading: the first failure ends the
    session, and ``trouble`` says why. What is in the file by then can be replayed.
    """

    def __init__(self, path: Path, session: Session[Any], *, max_queued: int = 64) -> None:
        """Open the file, write the session's header, start the thread.

        Args:
            max_queued: turns that may wait; more are not recorded, which the next one that is says.

        Raises:
            AlreadyRunning: another process records into the file.
            StoreUnavailable: it cannot be written.
            RecordingUnknown, RecordingDamaged: there is a file that a session cannot be appended to.
        """
        self.path = path
        self._writer = LineWriter(path)
        self._encoder = LineEncoder()
        self._trouble: str | None = None
        self._turns: deque[_Turn] = deque()
        self._max_queued = max_queued
        self._skipped = 0
        self._closed = False
        self._changed = threading.Condition()
        try:
            self._writer.append(self._encoder.header(session))
        except BaseException:
            self._writer.close()
            raise
        self._thread = threading.Thread(target=self._work, name="steelyard-recorder", daemon=True)
        self._thread.start()

    @property
    def dropped_bytes(self) -> int:
        """What an earlier process had left half-written at the file's end, and was taken off."""
        return self._writer.dropped_bytes

    @property
    def trouble(self) -> str | None:
        """Why nothing more is recorded, or None while all is well."""
        return self._trouble

    def post(self, inputs: DecisionInputs, decision: Decision, *, decision_microseconds: int) -> None:
        """Hand a turn over and return at once."""
        with self._changed:
            if self._closed or self._trouble is not None:
                return
            if len(self._turns) >= self._max_queued:
                self._skipped += 1
                return
            self._turns.append(_Turn(inputs, decision, decision_microseconds))
            self._changed.notify()

    def close(self, timeout_seconds: float = _CLOSING_SECONDS) -> None:
        """Write what waits, then close the file."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout_seconds)
        if self._thread.is_alive():  # the file is still its; the end of the process closes it
            _log.error("recording %s: %d turns were not written in time", self.path, len(self._turns))
        else:
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._turns or self._closed)
                if not self._turns:
                    return
                turn = self._turns.popleft()
                skipped, self._skipped = self._skipped, 0
            try:
                self._write(turn, skipped)
            except Exception as error:  # noqa: BLE001 - whatever it is, it ends the recording and nothing else
                self._give_up(error)
                return

    def _write(self, turn: _Turn, skipped: int) -> None:
        line = self._encoder.turn(
            turn.inputs,
            turn.decision,
            decision_microseconds=turn.decision_microseconds,
            skipped=skipped,
        )
        self._writer.append(line)

    def _give_up(self, error: Exception) -> None:
        _log.error("recording %s ends: %s", self.path, error)
        with self._changed:
            self._trouble = str(error) if isinstance(error, SteelyardError) else repr(error)
            self._turns.clear()
