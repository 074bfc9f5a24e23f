"""Environments apart from the product's, made on demand from locks with hashes.

For programs whose packages do not install beside ours.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

from bootstrap import stamps
from bootstrap.console import run
from bootstrap.layout import ROOT

STAMP = ".steelyard-packages"
INSTALL_SECONDS = 900.0
_FOREIGN = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_USER", "PIP_PREFIX"}


def ensure(folder: Path, lock: Path, *, find_python: Callable[[], Path], log: Path) -> None:
    """Make the environment where it is missing or its lock has changed.

    Raises:
        SetupError: the packages cannot be installed.
    """
    key = stamps.key_of([lock], str(ROOT))
    if stamps.is_current(folder / STAMP, key):
        return
    remedy = f"see {log.relative_to(ROOT)}"
    clean = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    make = [str(find_python()), "-m", "venv", "--clear", str(folder)]
    run(make, log=log, remedy=remedy, environment=clean)
    pip = [
        str(folder / "bin" / "python"),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
    ]
    run(
        [*pip, "--no-deps", "--require-hashes", "-r", str(lock)],
        log=log,
        remedy=remedy,
        environment=clean,
        timeout_seconds=INSTALL_SECONDS,
    )
    stamps.remember(folder / STAMP, key)
