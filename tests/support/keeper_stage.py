"""A replica with a market, the executor deployed by its script, and keepers that run on it as processes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from steelyard.cli.demo_stage import DemoStage, open_stage

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def keeper_stage(folder: Path, *, seed: int = 42, with_vault: bool = False) -> Iterator[DemoStage]:
    """Open what the demo plays on; the configuration file is ``folder / "steelyard.toml"``."""
    with open_stage(folder, seed, Console(file=io.StringIO()), with_vault=with_vault) as stage:
        yield stage


def run_steelyard(
    *arguments: str, environment: dict[str, str] | None = None, timeout_seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, from the project's root; both outputs as text."""
    return subprocess.run(
        _command(arguments),
        cwd=ROOT,
        env=os.environ | (environment or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
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
