"""Prefix tables of concentrated-liquidity pools, shared by the states of one tick map, bounded in bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

from steelyard.amm.tick_map import TickMap
from steelyard.amm.tick_table import TickTable

DEFAULT_MAX_BYTES: Final = 64 << 20


class TickTables:
    """Keeps the tables of many pools; the least recently used go first.

    A table that goes while a side still stands on it lives on with that side, and is no longer counted here.

    Args:
        max_bytes: most memory that the tables may take, as ``TickTable.size_bytes`` counts it.
    """

    def __init__(self, *, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self.size_bytes = 0
        self._tables: OrderedDict[tuple[int, int, int, bool, int], TickTable] = OrderedDict()

    def __iter__(self) -> Iterator[TickTable]:
        """The tables that are kept, the one that goes next first."""
        return iter(self._tables.values())

    def table(
        self,
        ticks: TickMap,
        tick_spacing: int,
        fee_pips: int,
        zero_for_one: bool,
        *,
        tick: int,
        excess: int = 0,
    ) -> TickTable:
        """Return the table of this tick map and direction; a new one begins at ``tick``.

        Args:
            ticks: found again by its identity; a kept table holds it, so that no other can take that.
            tick: where the price is.
            excess: by how much the state's liquidity differs from what the tick map says is in range; states
                that lie share nothing with those that do not.
        """
        key = (id(ticks), tick_spacing, fee_pips, zero_for_one, excess)
        table = self._tables.get(key)
        if table is not None:
            self._tables.move_to_end(key)
            return table
        table = TickTable(
            ticks,
            tick_spacing,
            fee_pips,
            zero_for_one,
            tick=tick,
            excess=excess,
            on_growth=self._grown,
        )
        self._tables[key] = table
        self._grown(table.size_bytes)
        return table

    def _grown(self, more_bytes: int) -> None:
        self.size_bytes += more_bytes
        while self.size_bytes > self.max_bytes and self._tables:
            _, oldest = self._tables.popitem(last=False)
            oldest.detach()
            self.size_bytes -= oldest.size_bytes
