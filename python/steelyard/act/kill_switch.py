"""The kill file: while it exists nothing new is signed and nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steelyard.exceptions import KillSwitch

if TYPE_CHECKING:
    from pathlib import Path


def kill_reason(path: Path) -> str | None:
    """Return why nothing may be sent, or None where it may.

    A path that cannot even be looked at counts as a kill file: whoever took away the rights meant something.
    """
    try:
        path.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"the kill file {path} cannot be looked for ({error.strerror}), so it counts as there"
    return f"the kill file {path} is there; remove it to go on"


def check_kill_switch(path: Path) -> None:
    """Raise KillSwitch where the kill file is there."""
    reason = kill_reason(path)
    if reason is not None:
        raise KillSwitch(reason)
