"""Prefix tables of concentrated-liquidity pools, shared by the states of one tick map, bounded in bytes."""

from __future__ import annotations

from typing import Final

DEFAULT_MAX_BYTES: Final = 64 << 20


class TickTables:
    """Keeps the tables of many pools; the least recently used go first.

    Args:
        max_bytes: most memory that the tables may take, as ``sys.getsizeof`` counts it.
    """

    def __init__(self, *, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.max_bytes = max_bytes
