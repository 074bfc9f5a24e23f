"""The native anvil as a child process that says why it failed and leaves no orphan."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final, Self

import psutil

from steelyard.exceptions import PrerequisiteMissing, RpcRejected, RpcUnavailable
from steelyard.sandbox import _supervisor
from steelyard.sandbox.foundry import native_program
from steelyard.sandbox.rpc import SandboxRpc

HOST: Final = "127.0.0.1"
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.01
_PORT_ATTEMPTS: Final = 3
_PORT_TAKEN: Final = "Address already in use"


class AnvilFailed(PrerequisiteMissing):
    """Anvil did not start, or its port is taken; the message carries its own words."""


def native_anvil(root: Path) -> Path:
    """The native anvil of the npm platform package under `root`.

    Raises:
        PrerequisiteMissing: it is not installed.
    """
    return native_program(root, "anvil")


def free_port() -> int:
    """A TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Anvil:
    """One running anvil.

    Args:
        binary: the native anvil.
        arguments: its command line without host and port.
        port: a fixed port, or None for any free one.

    Raises:
        AnvilFailed: it did not start; the message names the cause and the remedy.
    """

    def __init__(self, binary: Path, arguments: Sequence[str], port: int | None = None) -> None:
        if port is not None:
            _require_free(port)
        self._log: IO[bytes]
        self._process: subprocess.Popen[bytes]
        # Between asking for a free port and taking it, another process may take it.
        for attempt in reversed(range(1 if port is not None else _PORT_ATTEMPTS)):
            self.port = free_port() if port is None else port
            self._start([str(binary), *arguments])
            try:
                self._wait_until_serving()
                return
            except BaseException as error:
                self.stop()
                if attempt == 0 or _PORT_TAKEN not in str(error):
                    raise

    def _start(self, command: list[str]) -> None:
        # Open as long as the process lives; `stop` closes it.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        listening = ["--host", HOST, "--port", str(self.port), "--silent"]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", _supervisor.__file__, *command, *listening],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    @property
    def rpc_url(self) -> str:
        """HTTP endpoint."""
        return f"http://{HOST}:{self.port}"

    @property
    def ws_url(self) -> str:
        """Websocket endpoint."""
        return f"ws://{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process.poll() is None

    def last_words(self) -> str:
        """The end of what anvil printed."""
        self._log.flush()
        size = self._log.seek(0, 2)
        self._log.seek(max(0, size - 2000))
        return self._log.read().decode(errors="replace").strip()

    def stop(self) -> None:
        """Stops the process and waits for its end; doing it twice is fine."""
        self._end()
        self._log.close()

    def _end(self) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_STOP_SECONDS)

    def _wait_until_serving(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if not self.running:
                raise AnvilFailed(
                    f"anvil ended at start with code {self._process.returncode}: "
                    f"{self.last_words() or 'it said nothing'}"
                )
            with (
                contextlib.suppress(RpcUnavailable, RpcRejected),
                SandboxRpc(self.rpc_url, 5.0) as rpc,
            ):
                rpc.call("eth_chainId")
                if self._listens():
                    return
            time.sleep(_POLL_SECONDS)
        raise AnvilFailed(f"anvil did not serve on port {self.port} within {_START_SECONDS:.0f} s")

    def _listens(self) -> bool:
        """Whether this anvil listens: on a busy machine another program may be quicker to take the port."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return any(
                socket_.status == psutil.CONN_LISTEN and socket_.laddr.port == self.port
                for child in psutil.Process(self._process.pid).children()
                for socket_ in child.net_connections("tcp4")
            )
        return False


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        # Without this a port in TIME_WAIT would look taken, though anvil could listen on it.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise AnvilFailed(
                f"port {port} on {HOST} cannot be used ({error.strerror}); "
                "stop the program that holds it, or choose another port"
            ) from error
