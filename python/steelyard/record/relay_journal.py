"""What was relayed, in a file that is only appended to: one JSON object a line, durable before it counts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from steelyard.exceptions import StoreUnavailable
from steelyard.model.relaying import RelayAttempt

_OPENED: Final = "opened"
_SIGNED: Final = "signed"
_CLOSED: Final = "closed"


class FileRelayJournal:
    """``model.relaying.RelayJournal`` over one file, for one process at a time."""

    def __init__(self, path: Path) -> None:
        """Bind the journal; the file is made with its first line.

        Args:
            path: kept between runs: what was signed and not yet mined is only here.
        """
        self._path = path

    def open(self, intent_id: str, request_ids: Sequence[str]) -> RelayAttempt | None:
        """Write the intent down; return what was signed for it and is not closed, if anything was.

        Raises:
            StoreUnavailable: the file cannot be read or written, or a line of it is no entry.
        """
        self._drop_cut_line()
        attempt: RelayAttempt | None = None
        for entry in self._entries():
            if entry["intent"] != intent_id:
                continue
            if entry["state"] == _SIGNED:
                raw = bytes.fromhex(entry["raw"][2:])
                attempt = RelayAttempt(hash=entry["hash"], nonce=entry["nonce"], raw=raw)
            elif entry["state"] == _CLOSED:
                attempt = None
        self._append(intent_id, _OPENED, requests=list(request_ids))
        return attempt

    def signed(self, intent_id: str, attempt: RelayAttempt) -> None:
        """Write down a signed transaction, before it is sent. Raises as ``open``."""
        self._append(intent_id, _SIGNED, hash=attempt.hash, nonce=attempt.nonce, raw="0x" + attempt.raw.hex())

    def close(self, intent_id: str, outcome: str) -> None:
        """Write down how it ended. Raises as ``open``."""
        self._append(intent_id, _CLOSED, outcome=outcome)

    def _append(self, intent_id: str, state: str, **values: Any) -> None:
        line = json.dumps({"intent": intent_id, "state": state} | values) + "\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreUnavailable(f"{self._path} cannot be written: {error}") from None

    def _drop_cut_line(self) -> None:
        """A crash may have cut the last line off: it never counted."""
        try:
            if self._path.exists():
                with self._path.open("rb+") as file:
                    file.truncate(file.read().rfind(b"\n") + 1)
        except OSError as error:
            raise StoreUnavailable(f"{self._path} cannot be written: {error}") from None

    def _entries(self) -> Iterator[dict[str, Any]]:
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else []
        except (OSError, ValueError) as error:
            raise StoreUnavailable(f"{self._path} cannot be read: {error}") from None
        for number, line in enumerate(lines, 1):
            try:
                entry: dict[str, Any] = json.loads(line)
                entry["intent"], entry["state"]
            except (ValueError, KeyError, TypeError):
                raise StoreUnavailable(f"{self._path}, line {number}: no entry of this journal") from None
            yield entry
