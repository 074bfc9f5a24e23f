"""Looks for what the set-up cannot install itself, and names the remedy for what is missing."""

from __future__ import annotations

import re
import shutil
import subprocess

from bootstrap.console import SetupError
from bootstrap.layout import FOUNDRY_PACKAGED_FOR, FOUNDRY_TOOLS, FOUNDRY_VERSION, ROOT, foundry_platform

NODE_MAJOR_MINIMUM = 20
FREE_BYTES_MINIMUM = 3 * 10**9
NODE_REMEDY = (
    f"install Node.js {NODE_MAJOR_MINIMUM} or newer with npm, such as: sudo apt install nodejs npm; "
    "where the distribution's is older: https://nodejs.org/en/download"
)


def check_for_downloads() -> None:
    """See that packages can be installed here.

    Raises:
        SetupError: names everything that is missing at once.
    """
    troubles = [trouble for trouble in (_foundry(), _node(), _npm(), _disk()) if trouble is not None]
    if troubles:
        raise SetupError(
            "; ".join(what for what, _ in troubles), "; ".join(dict.fromkeys(how for _, how in troubles))
        )


def _foundry() -> tuple[str, str] | None:
    if foundry_platform() in FOUNDRY_PACKAGED_FOR:
        return None
    missing = [tool for tool in FOUNDRY_TOOLS if own_foundry(tool) is None]
    if not missing:
        return None
    return (
        f"no package brings Foundry for {foundry_platform()}, and {', '.join(missing)} {FOUNDRY_VERSION} "
        "is not on the path",
        f"install it: https://getfoundry.sh, then foundryup --install v{FOUNDRY_VERSION}",
    )


def own_foundry(tool: str) -> str | None:
    """Path of the user's own program of Foundry, if it has the version that the project stands on."""
    version = _first_line_of(tool, "--version")
    return shutil.which(tool) if version is not None and f" {FOUNDRY_VERSION}" in version else None


def _node() -> tuple[str, str] | None:
    version = _first_line_of("node", "--version")
    if version is None:
        return "Node.js (node) is not installed", NODE_REMEDY
    major = re.match(r"v(\d+)\.", version)
    if major is None or int(major.group(1)) < NODE_MAJOR_MINIMUM:
        return f"Node.js is {version}, needed is {NODE_MAJOR_MINIMUM} or newer", NODE_REMEDY
    return None


def _npm() -> tuple[str, str] | None:
    if _first_line_of("npm", "--version") is None:
        return "npm is not installed", NODE_REMEDY
    return None


def _disk() -> tuple[str, str] | None:
    free = shutil.disk_usage(ROOT).free
    if free >= FREE_BYTES_MINIMUM:
        return None
    return (
        f"only {free / 1e9:.1f} GB are free where {ROOT} lies",
        f"free {FREE_BYTES_MINIMUM / 1e9:.0f} GB (packages need about half of it for good)",
    )


def _first_line_of(program: str, argument: str) -> str | None:
    path = shutil.which(program)
    if path is None:
        return None
    try:
        done = subprocess.run(
            [path, argument],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip().splitlines()[0] if done.returncode == 0 and done.stdout.strip() else None
