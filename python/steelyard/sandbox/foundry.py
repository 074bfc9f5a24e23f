"""Where Foundry's native programs are: in npm's platform packages, never npm's launchers.

A launcher ends with code 0 whatever happened, and killing it orphans the real process.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from steelyard.exceptions import PrerequisiteMissing

_NPM_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def native_program(root: Path, tool: str) -> Path:
    """The native ``anvil``, ``forge`` or ``cast`` that npm installed under `root`.

    Raises:
        PrerequisiteMissing: it is not there; the message says how to get it.
    """
    machine = platform.machine().lower()
    package = f"{tool}-{sys.platform}-{_NPM_MACHINES.get(machine, machine)}"
    path = root / "node_modules/@foundry-rs" / package / "bin" / tool
    if not path.is_file():
        raise PrerequisiteMissing(f"{tool} is not at {path}; `make setup` in {root} installs it")
    return path
