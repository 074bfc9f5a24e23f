"""Keeps two set-ups of one checkout from running at the same time."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import IO, Iterator

from bootstrap.console import say
from bootstrap.layout import STATE


@contextlib.contextmanager
def only_one_setup() -> Iterator[None]:
    """Hold the set-up's lock; wait politely for whoever has it. The system drops it when a holder dies."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "setup.lock").open("a+", encoding="utf-8") as lock:
        _wait_for(lock)
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _wait_for(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read() or "unknown"
        say(f"Another set-up of this checkout is at work (process {holder}); waiting for it.")
        fcntl.flock(lock, fcntl.LOCK_EX)
