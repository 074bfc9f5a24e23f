"""An operator at the keyboard: configuration files, commands, and a keeper that runs meanwhile."""

from __future__ import annotations

import ctypes
import json
import os
import queue
import resource
import signal
import sqlite3
import threading
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from steelyard.cli import main
from steelyard.cli.demo_stage import DemoStage
from tests.support.keeper_books import head
from tests.support.keeper_stage import start_steelyard
from tests.support.patience import PATIENCE_SECONDS

EXIT_STOP, EXIT_RETRY = 2, 75
SECRET = "s3cret-key-of-the-operator"
_PAUSE_SECONDS, _LONG_SILENCE_SECONDS = 0.1, 2.0
_PR_CAPBSET_DROP = 24
_FILE_POWERS = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""


def write_config(stage: DemoStage, folder: Path, **changes: dict[str, Any]) -> Path:
    """Write the stage's configuration into ``folder``, with a database of its own, and return the file.

    The node may take its time: where a slow one is not what a test is about, a busy machine is no trouble.

    Args:
        changes: by section, what differs; None leaves a key out.
    """
    stage_file = Path(str(stage.config.keeper.deployment)).with_name("steelyard.toml")
    values = tomllib.loads(stage_file.read_text(encoding="utf-8"))
    values["chain"] |= {"request_timeout_seconds": 60, "poll_interval_milliseconds": 50}
    values["keeper"] |= {"database_url": f"sqlite:///{database_of(folder)}", "kill_file": f"{folder}/STOP"}
    for section, entries in changes.items():
        values[section] = values.get(section, {}) | entries
    file = folder / "steelyard.toml"
    file.write_text("\n".join(_toml(name, entries) for name, entries in values.items()), encoding="utf-8")
    return file


def database_of(folder: Path) -> Path:
    return folder / "keeper.sqlite"


def _toml(name: str, entries: dict[str, Any]) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in entries.items() if value is not None]
    return "\n".join([f"[{name}]", *lines, ""])


@dataclass(frozen=True)
class Answer:
    """What a command that came to its end said."""

    exit_code: int
    output: str
    message: str


def ask(*arguments: object, environment: dict[str, str] | None = None) -> Answer:
    """Run the command in this process. An error that is not ours comes through with its traceback."""
    # A keeper that runs where it should refuse is stopped as an operator would.
    impatience = threading.Timer(PATIENCE_SECONDS, os.kill, (os.getpid(), signal.SIGINT))
    impatience.start()
    try:
        result = CliRunner(mix_stderr=False).invoke(
            main, [str(argument) for argument in arguments], env=environment
        )
    finally:
        impatience.cancel()
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Answer(result.exit_code, result.stdout, result.stderr)


def refusal(*arguments: object, exit_code: int = EXIT_STOP, environment: dict[str, str] | None = None) -> str:
    """Return the one message of a command that refuses, after the checks that hold for all of them."""
    answer = ask(*arguments, environment=environment)
    assert answer.exit_code == exit_code, answer
    assert answer.output == "", "a command that refuses prints no results"
    check_message(answer.message)
    return answer.message


def check_message(message: str) -> None:
    """One message, ours, without a traceback and without a secret."""
    assert message.count("steelyard: ") == 1, message
    assert message.startswith("steelyard: "), message
    assert "Traceback" not in message
    assert SECRET not in message


@dataclass
class RunningKeeper:
    """``steelyard run`` as a process; its lines as they come."""

    process: Any
    lines: list[str] = field(default_factory=list)
    _fresh: queue.Queue[str | None] = field(default_factory=queue.Queue)

    def read_lines(self) -> None:
        for line in self.process.stdout:
            self._fresh.put(line.rstrip("\n"))
        self._fresh.put(None)

    def wait_for(self, words: str, stage: DemoStage | None = None) -> str:
        """Return the next line with ``words`` in it, mining block after block on ``stage`` until it comes.

        In lock-step, so that a keeper on a busy machine does not fall behind: the next block comes when the
        last one was shown, or when the keeper has long been silent, as in trouble, where it shows none.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        silent_seconds = 0.0
        while time.monotonic() < deadline:
            try:
                line = self._fresh.get(timeout=_PAUSE_SECONDS)
            except queue.Empty:
                silent_seconds += _PAUSE_SECONDS
                if stage and (silent_seconds >= _LONG_SILENCE_SECONDS or self._has_shown(stage)):
                    stage.next_block()
                    silent_seconds = 0.0
                continue
            if line is None:
                break
            silent_seconds = 0.0
            self.lines.append(line)
            if words in line:
                return line
        raise AssertionError(f"the keeper never said {words!r}; it said:\n" + "\n".join(self.lines))

    def _has_shown(self, stage: DemoStage) -> bool:
        row = f"{head(stage)} "
        return any(line.lstrip().startswith(row) for line in self.lines)

    def idle(self) -> None:
        """Let a moment pass; what the keeper says in it is kept for ``wait_for``."""
        time.sleep(0.1)

    def count(self, words: str) -> int:
        """Return how many of the lines read so far have ``words`` in them."""
        return sum(words in line for line in self.lines)

    def fill_disk(self) -> None:
        """Let no file of the process grow beyond a few bytes any more, as on a full disk."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (64, 64))

    def stop(self) -> int:
        """Ask it to end as Ctrl-C does, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.end()

    def end(self) -> int:
        """Wait for its end and return its exit code; all its lines are read then."""
        code: int = self.process.wait(timeout=PATIENCE_SECONDS)
        while (line := self._fresh.get(timeout=PATIENCE_SECONDS)) is not None:
            self.lines.append(line)
        return code


@contextmanager
def running_keeper(
    config: Path,
    *options: str,
    command: Sequence[str] = ("run",),
    without_root: bool = False,
    environment: dict[str, str] | None = None,
) -> Iterator[RunningKeeper]:
    """Start ``steelyard run``; whatever the story does, its process is gone at the end.

    Args:
        command: of ``steelyard``, for another keeper.
        without_root: rights of files hold for it, as they do for everybody but root.
    """
    arguments = (*command, "--config", str(config), *options)
    before_start = _drop_file_powers if without_root and os.geteuid() == 0 else None
    keeper = RunningKeeper(start_steelyard(*arguments, environment=environment, before_start=before_start))
    reader = threading.Thread(target=keeper.read_lines, daemon=True)
    reader.start()
    try:
        yield keeper
    finally:
        if keeper.process.poll() is None:
            keeper.process.kill()
        keeper.process.wait()
        reader.join()
        keeper.process.stdout.close()


def assert_clean_state(folder: Path, *, may_be_open: bool = False) -> None:
    """The database is whole, nothing is half open, and the next keeper would get the locks.

    Args:
        may_be_open: transactions may be on their way, with their signed bytes in the journal.
    """
    half_open = "status = 'planned'" if may_be_open else "status IN ('planned', 'signed', 'sent')"
    with closing(sqlite3.connect(database_of(folder))) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        query = f"SELECT count(*) FROM arbitrage_records WHERE {half_open}"
        assert database.execute(query).fetchone() == (0,)
    assert status(folder)["running_process"] is None


def status(folder: Path) -> dict[str, Any]:
    """Return what ``steelyard status --json`` says."""
    answer = ask("status", "--config", folder / "steelyard.toml", "--json")
    assert answer.exit_code == 0, answer
    found: dict[str, Any] = json.loads(answer.output)
    return found


def events(folder: Path, kind: str) -> list[str]:
    """Return the messages of the recorded events of one kind, oldest first."""
    with closing(sqlite3.connect(database_of(folder))) as database:
        rows = database.execute("SELECT message FROM events WHERE kind = ? ORDER BY id", (kind,))
        return [message for (message,) in rows]


def _drop_file_powers() -> None:
    """In the new process: give up root's power to pass every file's rights."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in _FILE_POWERS:
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "the capability cannot be dropped")
