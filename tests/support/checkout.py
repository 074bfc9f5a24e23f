"""A copy of the tree in which tests may break things, on the same environment and packages."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.support.patience import PATIENCE_SECONDS

ROOT = Path(__file__).resolve().parents[2]
COPIED = (
    "Makefile",
    "pyproject.toml",
    "foundry.toml",
    "ape-config.yaml",
    "package-lock.json",
    "contracts/mocks/replica",
    "python",
    "tests/__init__.py",
    "tests/conftest.py",
    "tests/support/__init__.py",
    "tests/support/kinds.py",
    "tests/support/upstream.py",
)
SHARED = (".venv", "node_modules")
NOT_COPIED = shutil.ignore_patterns("*.pyc.*", "*.egg-info", ".cache")


def copy_checkout(folder: Path) -> Path:
    """Copy the tree without its contracts and tests, and return where it is."""
    for name in COPIED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=NOT_COPIED)
        else:
            shutil.copy(source, target)
    for name in SHARED:
        (folder / name).symlink_to(ROOT / name)
    for kind in ("unit", "property", "invariant"):
        (folder / "tests" / kind).mkdir()
    return folder


def run_in(
    checkout: Path, *command: str, text: str | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in the copy, on the copy's packages."""
    return subprocess.run(
        command,
        cwd=checkout,
        env={**environment_of(checkout), **variables},
        input=text,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def environment_of(checkout: Path) -> dict[str, str]:
    """The activated environment, free of what a surrounding pytest or make has set."""
    foreign = ("PYTEST_", "MAKE", "MFLAGS", "COV_", "STEELYARD_")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    variables["PATH"] = os.pathsep.join([str(checkout / ".venv/bin"), os.environ["PATH"]])
    # An Ape that a test kills stays on its list of nodes.
    variables["APE_DATA_FOLDER"] = str(checkout / ".ape")
    variables["PYTHONPATH"] = os.pathsep.join([str(checkout / "python"), str(checkout / "python/ape_plugin")])
    return variables


def write(path: Path, text: str) -> None:
    """Write a file, with the folders that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
