"""What a protocol's file offers to the registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from steelyard.sandbox.replica.workbench import Workbench


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """One protocol of the replica.

    Attributes:
        name: as the manifest shows it.
        build: places the contracts and brings them to life. May rely on everything that the registry lists
            before.
    """

    name: str
    build: Callable[[Workbench], None]
