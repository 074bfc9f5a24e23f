"""A build that is older than a source is no build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ape.utils.basemodel import ManagerAccessMixin

SOURCES = "contracts"


def discard_stale_build() -> bool:
    """Forget the project's build where a source is newer, so that everything is compiled anew.

    Ape compiles the files that changed and not those that import them: after an edit of a base contract it
    would test, and deploy, the old code of every contract that inherits from it.

    Returns:
        Whether there was such a build.
    """
    project: Any = ManagerAccessMixin.local_project
    if not is_stale(project.manifest_path, project.path / SOURCES):
        return False
    project.clean()  # the file, and what Ape has already read of it
    return True


def is_stale(build: Path, sources: Path) -> bool:
    """Whether there is a build and some source is newer."""
    try:
        built = build.stat().st_mtime_ns
    except OSError:
        return False
    return any(source.stat().st_mtime_ns > built for source in sources.rglob("*.sol"))
