"""The peers' environments: made on demand from locks with hashes, apart from the product's.

A peer whose interpreter is not on this machine is left out, with the reason; nothing is downloaded for it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bootstrap import apart
from bootstrap.layout import STATE

FOLDER = STATE / "peers"
LOG = FOLDER / "setup.log"
LOCKS = Path(__file__).resolve().parent / "locks"
ASK_SECONDS = 20
_PROBE = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"


class NotHere(Exception):
    """The environment cannot be made on this machine; the message says why and what would be right."""


@dataclass(frozen=True)
class Environment:
    """Packages of one lock under one version of CPython.

    Attributes:
        name: of the lock and of the folder.
        version: major and minor, such as ``3.12``.
    """

    name: str
    version: str

    @property
    def lock(self) -> Path:
        return LOCKS / f"{self.name}.lock"

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def home(self) -> Path:
        """Where its programs believe to be at home: what they write on import stays here."""
        return self.folder / "home"

    def ensure(self) -> None:
        """Make the environment where it is missing or its lock has changed.

        Raises:
            NotHere: this machine has no such interpreter.
            SetupError: the packages cannot be installed.
        """
        apart.ensure(self.folder, self.lock, find_python=lambda: find_python(self.version), log=LOG)
        self.home.mkdir(exist_ok=True)


METHODS = Environment("methods-and-degenbot-0.5.0", "3.12")
ALPHA = Environment("degenbot-0.6.0a17", "3.13")


def find_python(version: str) -> Path:
    """Return an interpreter of that version: named by the environment, on the path, or a version manager's.

    Raises:
        NotHere: there is none.
    """
    variable = f"STEELYARD_PEER_PYTHON_{version.replace('.', '_')}"
    for candidate in _candidates(version, os.environ.get(variable)):
        if _version_of(candidate) == version:
            return candidate
    raise NotHere(f"no CPython {version} here: install python{version} with venv, or name it by {variable}")


def _candidates(version: str, named: str | None) -> Iterator[Path]:
    if named:
        yield Path(named)
        return
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        yield Path(folder) / f"python{version}"
    # Version managers' own folders: their shims on the path may lead nowhere.
    yield from sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"), reverse=True)
    yield from sorted(Path.home().glob(f".local/share/uv/python/cpython-{version}.*/bin/python{version}"))


def _version_of(python: Path) -> str | None:
    if not python.is_file():
        return None
    try:
        done = subprocess.run(
            [str(python), "-I", "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=ASK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
