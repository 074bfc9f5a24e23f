"""A replica with a market, the executor deployed by its script, and keepers that run on it as processes."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from steelyard.cli.demo_stage import DemoStage, begin, deploy_executor, open_stage
from steelyard.sandbox.replica import Replica, ensure_replica, ensure_state
from steelyard.sandbox.replica.build import ReplicaState, dump_state
from tests.support.patience import PATIENCE_SECONDS

ROOT = Path(__file__).resolve().parents[2]
SEED = 42


@contextmanager
def keeper_stage(folder: Path, deployed: ReplicaState, *, seed: int = SEED) -> Iterator[DemoStage]:
    """Open what the demo plays on; the configuration file is ``folder / "steelyard.toml"``.

    Args:
        deployed: the chain with the executor on it, of :func:`deploy_once`.
    """
    deployment = folder / "deployment.json"
    shutil.copy(deployed.state_file.with_name("deployment.json"), deployment)
    with Replica(deployed, ROOT) as replica, replica.connect() as rpc:
        yield begin(replica, rpc, folder, seed, deployment)


@contextmanager
def fresh_stage(folder: Path, *, seed: int = SEED, with_vault: bool = False) -> Iterator[DemoStage]:
    """Open the same on a chain of its own, with deployments of its own."""
    with open_stage(folder, seed, Console(file=io.StringIO()), with_vault=with_vault) as stage:
        yield stage


def deploy_once(folder: Path) -> ReplicaState:
    """Deploy the executor by its script and keep the chain in ``folder``; later calls find it there.

    Tests in other processes may ask at the same time: one deploys, the others wait for it.
    """
    state = ReplicaState(state_file=folder / "state.json", manifest=ensure_state(ROOT).manifest)
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not state.state_file.exists():
            with ensure_replica() as replica, replica.connect() as rpc:
                deploy_executor(replica, folder)
                content = dump_state(rpc)
            state.state_file.write_bytes(content)
    return state


def run_steelyard(
    *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, from the project's root; both outputs as text."""
    return subprocess.run(
        _command(arguments),
        cwd=ROOT,
        env=os.environ | (environment or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def start_steelyard(
    *arguments: str,
    environment: dict[str, str] | None = None,
    before_start: Callable[[], None] | None = None,
) -> subprocess.Popen[str]:
    """Start the command and return its process; both outputs come as one text."""
    return subprocess.Popen(
        _command(arguments),
        cwd=ROOT,
        env=os.environ | (environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=before_start,
    )


def _command(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "steelyard.cli", *arguments]
