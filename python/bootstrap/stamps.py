"""Remembers what a step was done for; a step whose stamp is missing or different is done again.

The stamp is written last, and lies inside what the step makes: it goes when that goes, and a step that was
broken off leaves none.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Iterable

from bootstrap.layout import ROOT


def key_of(files: Iterable[Path], *facts: str) -> str:
    """Hash over the names and contents of files, and further facts that the result depends on."""
    digest = hashlib.sha256()
    for fact in facts:
        digest.update(f"{fact}\0".encode())
    for path in files:
        name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        digest.update(f"{name}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b"missing")
    return digest.hexdigest()


def is_current(stamp: Path, key: str) -> bool:
    """True if the step behind the stamp was finished for this very key."""
    try:
        return stamp.read_text(encoding="utf-8").strip() == key
    except OSError:
        return False


def forget(stamp: Path) -> None:
    """Remove the stamp, before the step starts to change anything."""
    if stamp.exists():
        stamp.unlink()


def remember(stamp: Path, key: str) -> None:
    """Write the stamp, after the step's last action; atomic, so that it is there whole or not at all."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    draft = stamp.with_name(f"{stamp.name}.new")
    draft.write_text(f"{key}\n", encoding="utf-8")
    draft.replace(stamp)
