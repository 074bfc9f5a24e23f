"""What a table is made of: a figure per side, ratios between them, and targets with met or not met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

Unit = Literal["us", "ms", "s"]
NANOSECONDS: dict[str, float] = {"us": 1e3, "ms": 1e6, "s": 1e9}
OURS = "steelyard"


@dataclass(frozen=True)
class Figure:
    """What one side took, or why there is no figure.

    Attributes:
        ns: the least of the repeats, what the work costs undisturbed; None where ``text`` says why.
        typical_ns: their median.
    """

    ns: float | None = None
    typical_ns: float | None = None
    text: str = ""

    @classmethod
    def of(cls, least: Sequence[float], typical: Sequence[float] = ()) -> Figure:
        """Return the figure of several turns: the least of the least, the median of the typical."""
        return cls(ns=min(least), typical_ns=median(typical or least))

    def __str__(self) -> str:
        return self.text if self.ns is None else duration(self.ns)


@dataclass(frozen=True)
class Verdict:
    """What was wanted, what came of it as a ratio, and whether that is enough."""

    wanted: str
    ratio: str
    is_met: bool

    def __str__(self) -> str:
        return f"{self.wanted}: {'met' if self.is_met else 'not met'} ({self.ratio})"


@dataclass(frozen=True)
class Target:
    """What the figure should be: at most so many nanoseconds, or at least so many times a peer's speed."""

    at_most_ns: float | None = None
    at_least_times: float | None = None
    peer: str = ""

    def verdict(self, row: Row) -> Verdict | None:
        """Say whether the row meets the target; None where a figure is missing."""
        ours = row.figures.get(OURS)
        if ours is None or ours.ns is None:
            return None
        if self.at_most_ns is not None:
            share = ours.ns / self.at_most_ns
            return Verdict(f"<= {duration(self.at_most_ns)}", f"{share:.2g} of it", share <= 1)
        times = row.times(self.peer)
        if times is None or self.at_least_times is None:
            return None
        wanted = f">= {self.at_least_times:g}x {self.peer}"
        return Verdict(wanted, multiple(times), times >= self.at_least_times)


@dataclass(frozen=True)
class Row:
    """One thing that was measured on every side that can do it."""

    name: str
    figures: Mapping[str, Figure]
    targets: tuple[Target, ...] = ()
    note: str = ""

    def times(self, side: str) -> float | None:
        """Return how many times as long as ours that side took."""
        ours, theirs = self.figures.get(OURS), self.figures.get(side)
        if ours is None or theirs is None or not ours.ns or theirs.ns is None:
            return None
        return theirs.ns / ours.ns

    def verdicts(self) -> list[Verdict]:
        """Return what is to be said of the row's targets."""
        found = (target.verdict(self) for target in self.targets)
        return [verdict for verdict in found if verdict is not None]


@dataclass(frozen=True)
class Table:
    """Rows under one heading; ``key`` names the place in the document.

    A table of ready cells (``head`` and ``cells``) stands for what is no comparison of durations.
    """

    key: str
    title: str
    sides: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    head: tuple[str, ...] = ()
    cells: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    raw: Any = field(default=None, repr=False)

    def heading(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return self.head or ("operation", *self.sides, "target", "note")

    def lines(self) -> list[tuple[str, ...]]:
        """Return the cells row by row: each peer's figure with its ratio to ours."""
        return list(self.cells) if self.head else [self._line(row) for row in self.rows]

    def _line(self, row: Row) -> tuple[str, ...]:
        targets = "; ".join(map(str, row.verdicts()))
        return (row.name, *(_cell(row, side) for side in self.sides), targets, row.note)


def _cell(row: Row, side: str) -> str:
    figure = row.figures.get(side)
    if figure is None:
        return "-"
    times = None if side == OURS else row.times(side)
    return f"{figure} ({multiple(times)})" if times is not None else str(figure)


def at_a_glance(tables: Iterable[Table]) -> Table:
    """Return all targets of the tables in one."""
    cells = [
        (
            row.name,
            str(row.figures[OURS]),
            verdict.wanted,
            verdict.ratio,
            "met" if verdict.is_met else "not met",
        )
        for table in tables
        for row in table.rows
        for verdict in row.verdicts()
    ]
    met = sum(cell[-1] == "met" for cell in cells)
    return Table(
        key="targets",
        title=f"Targets: {met} of {len(cells)} met",
        head=("what", "measured", "wanted", "that is", f"{met} of {len(cells)} met"),
        cells=tuple(cells),
    )


def multiple(times: float) -> str:
    """Return how many times as long, such as ``46.2x`` or ``1,890x``."""
    return f"{times:,.0f}x" if times >= 100 else f"{times:.3g}x"


def duration(ns: float) -> str:
    """Return a duration with three digits, in the unit that suits it."""
    for unit in ("s", "ms", "us"):
        if ns >= NANOSECONDS[unit] or unit == "us":
            return f"{ns / NANOSECONDS[unit]:#.3g} {unit}".replace(". ", " ")
    raise AssertionError("unreachable")


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that ``percent`` of the values do not exceed; the nearest one there is."""
    ranked = sorted(values)
    return ranked[min(len(ranked) * percent // 100, len(ranked) - 1)]
