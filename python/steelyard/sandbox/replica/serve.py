"""Serves a finished build: one anvil process, chain id 1, real code, no network."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from steelyard.sandbox.anvil import Anvil, AnvilFailed, native_anvil
from steelyard.sandbox.replica.build import (
    Progress,
    ReplicaState,
    ensure_state,
    project_root,
    serving_arguments,
)
from steelyard.sandbox.replica.errors import ReplicaError
from steelyard.sandbox.replica.manifest import Manifest
from steelyard.sandbox.rpc import SandboxRpc


class Replica:
    """A running replica; a context manager that stops it at the end.

    Nothing is mined until somebody asks for it (``evm_mine``, or a :class:`~steelyard.sandbox.mining.Miner`).
    State before the saved block cannot be read. The process ends with this one, however this one ends.

    Args:
        state: a finished build.
        root: the project's folder.
        port: a fixed port, or None for any free one.

    Raises:
        ReplicaError: anvil does not start; the message carries its words and the remedy.
    """

    def __init__(self, state: ReplicaState, root: Path, port: int | None = None) -> None:
        self.manifest: Manifest = state.manifest
        arguments = [
            *serving_arguments(state.manifest.block_timestamp_seconds),
            "--load-state",
            str(state.state_file),
        ]
        try:
            self._anvil = Anvil(native_anvil(root), arguments, port)
        except AnvilFailed as error:
            raise ReplicaError(f"the replica does not start: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    @property
    def rpc_url(self) -> str:
        """HTTP endpoint."""
        return self._anvil.rpc_url

    @property
    def ws_url(self) -> str:
        """Websocket endpoint."""
        return self._anvil.ws_url

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._anvil.running

    def connect(self) -> SandboxRpc:
        """A new client of this replica."""
        return SandboxRpc(self.rpc_url)

    def stop(self) -> None:
        """Stops the process; doing it twice is fine."""
        self._anvil.stop()


def ensure_replica(
    *, port: int | None = None, root: Path | None = None, progress: Progress | None = None
) -> Replica:
    """Starts the replica, building its state first if that is missing or out of date.

    Args:
        port: a fixed port, or None for any free one.
        root: the project's folder; found by itself if None.
        progress: told of each step of a build.

    Raises:
        ReplicaError: it cannot be built or started; the message says why and what would mend it.
    """
    folder = root or project_root()
    return Replica(ensure_state(folder, progress), folder, port)
