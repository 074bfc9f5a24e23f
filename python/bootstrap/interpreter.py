"""Finds the Python that the environment is made of."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from bootstrap.console import SetupError

SUPPORTED = ((3, 11), (3, 12))
PROBE = "import sys; print(*sys.version_info[:2])"
PROBE_MODULES = "import venv, ensurepip, ssl, sqlite3"
PROBE_TIMEOUT_SECONDS = 20
VARIABLE = "STEELYARD_PYTHON"


def find_python() -> str:
    """Path of an interpreter that can make the environment.

    The one named by STEELYARD_PYTHON, else the running one, else python3.12 or python3.11 on the path or in
    the usual folders, even where ``python3`` is another version.

    Raises:
        SetupError: there is none, or it lacks a part that the distribution packs separately.
    """
    incomplete = None
    for candidate in _candidates():
        version = _ask(candidate, PROBE)
        if version is None or tuple(int(part) for part in version.split()) not in SUPPORTED:
            continue
        if _ask(candidate, PROBE_MODULES) is not None:
            return candidate
        incomplete = incomplete or (candidate, version.replace(" ", "."))
    if incomplete is not None:
        raise SetupError(
            f"{incomplete[0]} (Python {incomplete[1]}) cannot make virtual environments",
            f"install the part that Debian packs separately: sudo apt install python{incomplete[1]}-venv",
        )
    running = ".".join(str(part) for part in sys.version_info[:3])
    raise SetupError(
        f"neither Python 3.11 nor 3.12 is here (python3 is {running}; Ape's numpy has no wheels for others)",
        "install one of them, such as: sudo apt install python3.11 python3.11-venv; "
        f"or name it: {VARIABLE}=/path/to/python3.12 make setup",
    )


def _candidates() -> list[str]:
    named = os.environ.get(VARIABLE)
    if named:
        return [named]
    found = [getattr(sys, "_base_executable", sys.executable) or sys.executable]
    folders = [None, "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]
    for version in reversed(SUPPORTED):
        name = "python{}.{}".format(*version)
        found += [path for path in (shutil.which(name, path=folder) for folder in folders) if path]
    return list(dict.fromkeys(found))


def _ask(python: str, program: str) -> str | None:
    """What the program prints, or None where it fails: a version manager's shim may lead nowhere."""
    try:
        done = subprocess.run(
            [python, "-I", "-c", program],
            capture_output=True,
            text=True,
            timeout=PROBE_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
