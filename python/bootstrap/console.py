"""Shows what the set-up is doing, and runs its commands."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Mapping

TAIL_LINES = 12
HEARTBEAT_SECONDS = 20.0


class SetupError(Exception):
    """The set-up cannot go on; the message says why and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


class Step:
    """One line on the terminal: number, title, running time, outcome."""

    def __init__(self, position: str, title: str) -> None:
        self._label = f"  {position:>5}  {title:<34}"
        self._live = sys.stderr.isatty()
        self._started = time.monotonic()
        self._done = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self.outcome = "done"

    def __enter__(self) -> Step:
        self._write(self._label, end="" if self._live else "\n")
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._ticker.join()
        outcome = self.outcome if kind is None else "failed"
        self._write(f"{self._start_of_line()}{self._label}{self._seconds():7.1f} s  {outcome}")

    def _tick(self) -> None:
        while not self._done.wait(0.2 if self._live else HEARTBEAT_SECONDS):
            if self._live:
                self._write(f"{self._start_of_line()}{self._label}{self._seconds():7.1f} s", end="")
            else:
                self._write(f"{self._label}{self._seconds():7.1f} s  ...")

    def _seconds(self) -> float:
        return time.monotonic() - self._started

    def _start_of_line(self) -> str:
        return "\r\033[K" if self._live else ""

    @staticmethod
    def _write(text: str, end: str = "\n") -> None:
        print(text, end=end, file=sys.stderr, flush=True)


def say(text: str = "") -> None:
    """Print a line for the user."""
    print(text, file=sys.stderr, flush=True)


def run(
    command: list[str],
    *,
    log: Path,
    remedy: str,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_seconds: float | None = None,
) -> None:
    """Run a command with its output in the log.

    Raises:
        SetupError: it cannot be started, takes too long or fails; with the last lines it printed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        output.write(f"\n$ {' '.join(command)}\n".encode())
        output.flush()
        start = output.tell()
        try:
            done = subprocess.run(
                command,
                cwd=cwd,
                env=dict(environment) if environment is not None else None,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=timeout_seconds,
                check=False,
            )
        except OSError as error:
            raise SetupError(f"{command[0]} cannot be started: {error}", remedy) from error
        except subprocess.TimeoutExpired as error:
            raise SetupError(f"{_name(command)} took more than {timeout_seconds} s", remedy) from error
    if done.returncode != 0:
        tail = "\n".join(f"      {line}" for line in _tail(log, start))
        raise SetupError(f"{_name(command)} failed with exit code {done.returncode}:\n{tail}", remedy)


def _name(command: list[str]) -> str:
    return " ".join([os.path.basename(command[0]), *command[1:4]])


def _tail(log: Path, start: int) -> list[str]:
    with log.open("rb") as written:
        written.seek(start)
        text = written.read().decode(errors="replace")
    return [line for line in text.splitlines() if line.strip()][-TAIL_LINES:]
