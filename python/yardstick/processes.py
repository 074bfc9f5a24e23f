"""The driver's half of the conversation with a worker; one that takes too long is ended."""

from __future__ import annotations

import json
import os
import select
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PYTHON_FOLDER = Path(__file__).resolve().parents[1]
SETUP_SECONDS = 180.0


class TooSlow(Exception):
    """The worker did not answer in time and was ended."""


class Failed(Exception):
    """The worker answered with an error, or not at all."""


@dataclass(frozen=True)
class Reply:
    """One turn of a side.

    Attributes:
        least_ns, typical_ns: nanoseconds of one call, the least and the median of the turn.
        answer: what the call returned.
    """

    least_ns: float
    typical_ns: float
    answer: Any


class Worker:
    """A side of the comparison, in its own process and environment.

    Args:
        module: what the process runs, such as ``yardstick.workers.ours``.
        log: where its error stream goes.
        environment: variables besides our own, such as the peer's home.
    """

    def __init__(
        self, name: str, python: Path, module: str, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._log = log
        self._command = [str(python), "-m", module]
        self._environment = {**os.environ, **(environment or {}), "PYTHONPATH": str(PYTHON_FOLDER)}
        self._process: subprocess.Popen[bytes] | None = None
        self._loads: list[tuple[str, dict[str, Any]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def load(self, task: str, **arguments: Any) -> None:
        """Give the worker what it works on; remembered, and given again to its successor."""
        self._loads = [known for known in self._loads if known[0] != task]
        self._loads.append((task, arguments))
        self._send(task, arguments, 0.0, SETUP_SECONDS)

    def ask(
        self, task: str, *, milliseconds: float = 20.0, limit_seconds: float = 60.0, **arguments: Any
    ) -> Reply:
        """Have the task measured.

        Raises:
            TooSlow: no answer within the limit; the process is gone, the next question starts another.
            Failed: the task raised, or the process died.
        """
        if self._process is None:
            for known, loaded in self._loads:
                self._send(known, loaded, 0.0, SETUP_SECONDS)
        return self._send(task, arguments, milliseconds, limit_seconds)

    def stop(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()
            self._process = None

    def _send(self, task: str, arguments: dict[str, Any], milliseconds: float, limit_seconds: float) -> Reply:
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        request = {"task": task, "arguments": arguments, "milliseconds": milliseconds}
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            # One line is one answer, and nothing is ever left in the buffer between two.
            ready, _, _ = select.select([process.stdout], [], [], limit_seconds)
            line = process.stdout.readline() if ready else None
        except BrokenPipeError:
            line = b""
        if line is None:
            self.stop()
            raise TooSlow(f"{self.name}: {task} took more than {limit_seconds:g} s")
        if not line:
            self.stop()
            raise Failed(f"{self.name} died at {task}; see {self._log}")
        return self._reply(task, json.loads(line))

    def _reply(self, task: str, answer: dict[str, Any]) -> Reply:
        if "error" in answer:
            raise Failed(f"{self.name}: {task}: {answer['error']}")
        return Reply(answer["samples"][0], answer["samples"][1], answer["answer"])

    def _start(self) -> subprocess.Popen[bytes]:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        return self._process
