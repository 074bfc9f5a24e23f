"""Packages that are only read: downloaded by hash, never installed, never imported."""

from __future__ import annotations

import hashlib
import re

from bootstrap import environment
from bootstrap.console import SetupError
from bootstrap.layout import PACKAGES, REPLICA_LOCK


def are_current() -> bool:
    """True if every file of the lock is there, whole."""
    return _locked_hashes() <= _hashes_here()


def download() -> str:
    """Fetch the locked files.

    Raises:
        SetupError: a file cannot be had, or is not the locked one.
    """
    PACKAGES.mkdir(parents=True, exist_ok=True)
    environment.pip(
        "download", "--no-deps", "--only-binary", ":all:", "--require-hashes",
        "--dest", str(PACKAGES), "-r", str(REPLICA_LOCK),
    )  # fmt: skip
    missing = _locked_hashes() - _hashes_here()
    if missing:
        raise SetupError(
            f"no file in {PACKAGES} has the sha256 {', '.join(sorted(missing))}",
            f"remove {PACKAGES} and run the same command again",
        )
    return "downloaded"


def _locked_hashes() -> set[str]:
    return set(re.findall(r"--hash=sha256:([0-9a-f]{64})", REPLICA_LOCK.read_text(encoding="utf-8")))


def _hashes_here() -> set[str]:
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in PACKAGES.glob("*.whl")}
