"""The peers' environments: made on demand from locks with hashes, apart from the product's.

A peer whose interpreter is not on this machine is left out, with the reason; nothing is downloaded for it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bootstrap import stamps
from bootstrap.console import run
from bootstrap.layout import ROOT, STATE

FOLDER = STATE / "peers"
LOG = FOLDER / "setup.log"
LOCKS = Path(__file__).resolve().parent / "locks"
STAMP = ".steelyard-packages"
ASK_SECONDS = 20
INSTALL_SECONDS = 900.0
_PROBE = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
_FOREIGN = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_USER", "PIP_PREFIX"}


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
        key = stamps.key_of([self.lock], str(ROOT))
        if stamps.is_current(self.folder / STAMP, key):
            return
        remedy = f"see {LOG.relative_to(ROOT)}"
        clean = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
        make = [str(find_python(self.version)), "-m", "venv", "--clear", str(self.folder)]
        run(make, log=LOG, remedy=remedy, environment=clean)
        install = [str(self.python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
        run(
            [*install, "--no-deps", "--require-hashes", "-r", str(self.lock)],
            log=LOG,
            remedy=remedy,
            environment=clean,
            timeout_seconds=INSTALL_SECONDS,
        )
        self.home.mkdir()
        stamps.remember(self.folder / STAMP, key)


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
