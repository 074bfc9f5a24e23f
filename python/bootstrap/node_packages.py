"""npm's packages: Foundry, the compiler, Solidity libraries and the artifacts of mainnet's contracts."""

from __future__ import annotations

import json
import os
import shutil

from bootstrap import stamps
from bootstrap.console import SetupError, run
from bootstrap.layout import (
    FOUNDRY_PACKAGED_FOR,
    FOUNDRY_TOOLS,
    LOG,
    NODE_LOCK,
    NODE_MODULES,
    ROOT,
    VENV_BIN,
    foundry_platform,
    packaged_foundry,
)
from bootstrap.prerequisites import own_foundry

STAMP = NODE_MODULES / ".steelyard-packages"
REMEDY = "see that npm's registry answers (npm's own settings apply), then run the same command again"


def are_current() -> bool:
    """True if node_modules holds what the lock says."""
    return stamps.is_current(STAMP, _key()) and not _missing_packages() and not _missing_programs()


def install() -> str:
    """Install the locked packages; npm checks each hash. No package's own script is run.

    Raises:
        SetupError: a package cannot be had.
    """
    npm = shutil.which("npm") or "npm"
    run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], log=LOG, cwd=ROOT, remedy=REMEDY)
    if _missing_programs():
        raise SetupError(
            f"npm did not install {', '.join(_missing_programs())}",
            "allow optional packages (npm config delete omit), then run the same command again",
        )
    stamps.remember(STAMP, _key())
    return "installed"


def links_are_current() -> bool:
    """True if the environment's anvil, forge and cast are the native programs."""
    return all(_link_is_right(tool) for tool in FOUNDRY_TOOLS)


def link() -> str:
    """Put the native programs into the environment's bin, where Ape and the user's shell find them."""
    for tool in FOUNDRY_TOOLS:
        link_to = VENV_BIN / tool
        if link_to.is_symlink() or link_to.exists():
            link_to.unlink()
        link_to.symlink_to(_target(tool))
    return "linked"


def _link_is_right(tool: str) -> bool:
    link_to = VENV_BIN / tool
    if not link_to.is_symlink() or not link_to.exists():
        return False
    return not _is_packaged() or os.readlink(link_to) == _target(tool)


def _target(tool: str) -> str:
    if _is_packaged():
        return os.path.relpath(packaged_foundry(tool), VENV_BIN)
    own = own_foundry(tool)
    if own is None:
        raise SetupError(
            f"{tool} is not on the path any more", "install Foundry again: https://getfoundry.sh"
        )
    return own


def _is_packaged() -> bool:
    return foundry_platform() in FOUNDRY_PACKAGED_FOR


def _missing_packages() -> list[str]:
    locked = json.loads(NODE_LOCK.read_text(encoding="utf-8"))["packages"]
    wanted = [name for name, package in locked.items() if name and not package.get("optional")]
    return [name for name in wanted if not (ROOT / name / "package.json").is_file()]


def _missing_programs() -> list[str]:
    wanted = [packaged_foundry(tool) for tool in FOUNDRY_TOOLS] if _is_packaged() else []
    return [str(program.relative_to(ROOT)) for program in wanted if not program.is_file()]


def _key() -> str:
    return stamps.key_of([NODE_LOCK, ROOT / "package.json"])
