"""One keeper for one database and one key: a lock that the operating system releases when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING, Final

from steelyard.exceptions import AlreadyRunning, StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from steelyard.model import Address


_ATTEMPTS: Final = 3
_PAUSE_SECONDS: Final = 0.02


class ProcessLock:
    """Holds ``path`` locked for as long as this process lives, or until ``release``.

    The lock is the kernel's (``flock``), not the file's existence: after kill -9 nothing is left to clean up.
    The file stays and names the last holder's process id.
    """

    def __init__(self, path: Path, purpose: str) -> None:
        """Take the lock.

        Args:
            purpose: what is locked, for the message: "the database keeper.sqlite".

        Raises:
            AlreadyRunning: another process holds it.
            StoreUnavailable: the lock file cannot be made.
        """
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreUnavailable(f"lock file {path} cannot be opened ({error.strerror})") from None
        if not _take(self._descriptor):
            holder = _holder_in(self._descriptor)
            self.release()
            raise AlreadyRunning(
                f"another keeper (process {holder}) uses {purpose}; stop it first, or give this one its own"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let go of the lock. The file stays: removing it would let two processes lock different files."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> ProcessLock:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.release()


def lock_holder(path: Path) -> str | None:
    """Return the process id of who holds the lock, or None where nobody does.

    Asking takes a shared lock for a moment; ``ProcessLock`` is patient enough not to stumble over it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _holder_in(descriptor)
    finally:
        os.close(descriptor)
    return None


def database_lock_path(database: Path) -> Path:
    """Return the lock file that belongs to a database file, beside it."""
    return database.with_name(database.name + ".lock")


def key_lock_path(folder: Path, chain_id: int, address: Address) -> Path:
    """Return the lock file for a key on a chain: two keepers with one key would fight over its nonces."""
    return folder / f"keeper-{chain_id}-{address}.lock"


def _take(descriptor: int) -> bool:
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_PAUSE_SECONDS)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        return True
    return False


def _holder_in(descriptor: int) -> str:
    return os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
