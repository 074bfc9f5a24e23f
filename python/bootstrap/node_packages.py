"""npm's packages: Foundry, the compiler, Solidity libraries and the artifacts of mainnet's contracts."""

from __future__ import annotations

import os
import shutil

from bootstrap import stamps
from bootstrap.console import SetupError, run
from bootstrap.layout import FOUNDRY_TOOLS, LOG, NODE_LOCK, NODE_MODULES, ROOT, VENV_BIN, foundry_binary

STAMP = NODE_MODULES / ".steelyard-packages"
REMEDY = "see that npm's registry answers (npm's own settings apply), then run the same command again"


def are_current() -> bool:
    """True if node_modules holds what the lock says."""
    return stamps.is_current(STAMP, _key()) and all(foundry_binary(tool).is_file() for tool in FOUNDRY_TOOLS)


def install() -> str:
    """Install the locked packages; npm checks each hash. No package's own script is run.

    Raises:
        SetupError: a package cannot be had.
    """
    npm = shutil.which("npm") or "npm"
    run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], log=LOG, cwd=ROOT, remedy=REMEDY)
    for tool in FOUNDRY_TOOLS:
        if not foundry_binary(tool).is_file():
            raise SetupError(
                f"npm did not install {foundry_binary(tool).relative_to(ROOT)}",
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
        target = VENV_BIN / tool
        if target.is_symlink() or target.exists():
            target.unlink()
        target.symlink_to(_relative(tool))
    return "linked"


def _link_is_right(tool: str) -> bool:
    target = VENV_BIN / tool
    return target.is_symlink() and os.readlink(target) == _relative(tool)


def _relative(tool: str) -> str:
    return os.path.relpath(foundry_binary(tool), VENV_BIN)


def _key() -> str:
    return stamps.key_of([NODE_LOCK, ROOT / "package.json"])
