"""Where things are in the checkout."""

from __future__ import annotations

import platform
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VENV_BIN = VENV / "bin"
VENV_PYTHON = VENV_BIN / "python"
NODE_MODULES = ROOT / "node_modules"
COMPILER_FOLDER = VENV / "solcx"
STATE = ROOT / ".steelyard"
PACKAGES = STATE / "packages"
LOG = STATE / "setup.log"

PYTHON_LOCK = ROOT / "requirements.lock"
NODE_LOCK = ROOT / "package-lock.json"
REPLICA_LOCK = ROOT / "replica-packages.lock"

FOUNDRY_TOOLS = ("anvil", "forge", "cast")
FOUNDRY_VERSION = "1.7.1"
# Locked in package-lock.json; elsewhere the user's own Foundry of the same version is taken.
FOUNDRY_PACKAGED_FOR = ("linux-amd64",)


def foundry_platform() -> str:
    """The suffix of Foundry's npm packages for this machine, such as ``linux-amd64``."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(machine, machine) }"


def packaged_foundry(tool: str) -> Path:
    """The native program inside npm's platform package, where there is one.

    npm's own launchers exit 0 whatever happens, and leave the process behind when they are killed.
    """
    return NODE_MODULES / "@foundry-rs" / f"{tool}-{foundry_platform()}" / "bin" / tool


def files_under(*folders: Path) -> list[Path]:
    """All files under some folders, sorted, caches of tools left out."""
    found = [path for folder in folders if folder.is_dir() for path in folder.rglob("*") if path.is_file()]
    return sorted(path for path in found if "__pycache__" not in path.parts and ".cache" not in path.parts)
