"""The virtual environment and what is installed in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bootstrap import stamps
from bootstrap.console import SetupError, run
from bootstrap.layout import LOG, NODE_MODULES, PYTHON_LOCK, ROOT, VENV, VENV_PYTHON

PACKAGES_STAMP = VENV / ".steelyard-packages"
PROJECT_STAMP = VENV / ".steelyard-project"
DISTRIBUTIONS = (ROOT, ROOT / "python" / "ape_plugin")
NETWORK_REMEDY = (
    "see that the package index answers (pip's own settings apply), and run the same command again"
)


def see_that_it_is_ours() -> None:
    """See that what is about to be emptied and filled belongs to this checkout.

    Raises:
        SetupError: the environment, or a part of it, or npm's folder is a link to somewhere else.
    """
    for path in (VENV, VENV / "bin", VENV / "lib", VENV / "pyvenv.cfg", NODE_MODULES):
        if path.is_symlink():
            name = path.relative_to(ROOT)
            raise SetupError(
                f"{name} is a link to {path.resolve()}: the set-up would empty what belongs to somebody else",
                f"remove the link (rm {name}) and run the same command again: then it makes one of its own",
            )


def packages_are_current() -> bool:
    """True if the environment runs and holds what was installed by the present lock."""
    return stamps.is_current(PACKAGES_STAMP, _packages_key()) and _runs() and _was_made_here()


def install_packages() -> str:
    """Make the environment where it is missing or broken, and install the locked packages by hash.

    Raises:
        SetupError: the environment cannot be made, or a package not be had.
    """
    # Without a stamp an earlier run was broken off: what it left cannot be trusted.
    if not (PACKAGES_STAMP.exists() and _runs() and _was_made_here()):
        run(
            [sys.executable, "-m", "venv", "--clear", str(VENV)],
            log=LOG,
            environment=_clean_environment(),
            remedy="sudo apt install python3-venv, or remove .venv and try again",
        )
    stamps.forget(PACKAGES_STAMP)
    stamps.forget(PROJECT_STAMP)
    # One package comes as source only; it is built with the locked setuptools instead of whatever is newest.
    with tempfile.TemporaryDirectory() as folder:
        builder = Path(folder) / "setuptools.lock"
        builder.write_text(_lock_entry("setuptools"), encoding="utf-8")
        pip("install", "--no-deps", "--require-hashes", "-r", str(builder))
    pip("install", "--no-deps", "--require-hashes", "--no-build-isolation", "-r", str(PYTHON_LOCK))
    stamps.remember(PACKAGES_STAMP, _packages_key())
    return "installed"


def project_is_current() -> bool:
    """True if `steelyard` and the Ape plugin are installed as their pyproject files say."""
    return stamps.is_current(PROJECT_STAMP, _project_key())


def install_project() -> str:
    """Install the package and the Ape plugin, editable; nothing is downloaded."""
    stamps.forget(PROJECT_STAMP)
    editable = [argument for folder in DISTRIBUTIONS for argument in ("-e", str(folder))]
    pip("install", "--no-deps", "--no-index", "--no-build-isolation", *editable)
    stamps.remember(PROJECT_STAMP, _project_key())
    return "installed"


def pip(*arguments: str) -> None:
    """Run the environment's pip with its output in the log.

    Raises:
        SetupError: pip failed.
    """
    run(
        [str(VENV_PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments],
        log=LOG,
        cwd=ROOT,
        environment=_clean_environment(),
        remedy=NETWORK_REMEDY,
    )


def site_packages() -> Path:
    """The environment's folder of packages."""
    return next((VENV / "lib").glob("python3.*")) / "site-packages"


def _packages_key() -> str:
    return stamps.key_of([PYTHON_LOCK], str(ROOT), *_installed())


def _installed() -> list[str]:
    """Names and versions of the installed distributions, ours apart."""
    if not (VENV / "lib").is_dir():
        return []
    found = (path.name for path in site_packages().glob("*.dist-info"))
    return sorted(name for name in found if "steelyard" not in name)


def _was_made_here() -> bool:
    """An environment carries its path in its scripts: one in a checkout that was moved is of no use."""
    configuration = VENV / "pyvenv.cfg"
    return configuration.is_file() and str(VENV) in configuration.read_text(encoding="utf-8")


def _project_key() -> str:
    return stamps.key_of([folder / "pyproject.toml" for folder in DISTRIBUTIONS], str(ROOT))


def _runs() -> bool:
    try:
        done = subprocess.run(
            [str(VENV_PYTHON), "-c", "import sys; print(sys.prefix)"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and Path(done.stdout.strip()) == VENV


def _lock_entry(name: str) -> str:
    entry = re.search(rf"^{name}==.*(?:\n[ \t]+.*)*", PYTHON_LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    if entry is None:
        raise SetupError(f"{PYTHON_LOCK.name} does not name {name}", "lock it: make lock")
    return f"{entry.group(0)}\n"


def _clean_environment() -> dict[str, str]:
    """The caller's variables without those that would install elsewhere or from other places."""
    foreign = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_USER", "PIP_PREFIX"}
    return {name: value for name, value in os.environ.items() if name not in foreign}
