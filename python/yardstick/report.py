"""Shows the tables, keeps them as JSON, and renews them in the document, each between its markers."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table as RichTable

from bootstrap.layout import ROOT
from yardstick.figures import Table

DOCUMENT = ROOT / "docs" / "benchmarks.md"
RESULT = ROOT / ".build" / "benchmarks" / "engine.json"
WIDTH = 200


class MarkerMissing(Exception):
    """The document has no place for a table."""


def show(console: Console, table: Table) -> None:
    """Print one table."""
    shown = RichTable(title=table.title, title_justify="left")
    for name in table.heading():
        shown.add_column(name, overflow="fold")
    for line in table.lines():
        shown.add_row(*line)
    console.print(shown)


def keep(path: Path, tables: Sequence[Table], conditions: dict[str, str]) -> None:
    """Write everything measured as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = {"conditions": conditions, "tables": [asdict(table) for table in tables]}
    path.write_text(json.dumps(written, indent=1, default=str) + "\n", encoding="utf-8")


def renew(document: Path, tables: Sequence[Table], conditions: dict[str, str]) -> None:
    """Put the tables into the document in place of the former ones; those not measured stay.

    Raises:
        MarkerMissing: a table has no place in it.
    """
    text = document.read_text(encoding="utf-8")
    facts = Table(key="conditions", title="", head=("of this run", ""), cells=tuple(conditions.items()))
    for table in (facts, *tables):
        text = _replaced(text, table)
    document.write_text(text, encoding="utf-8")


def markdown(table: Table) -> str:
    """Return the table as Markdown; a column that is empty throughout is left out."""
    rows = [table.heading(), *table.lines()]
    kept = [at for at in range(len(rows[0])) if any(row[at] for row in rows[1:])]
    head, *lines = [[row[at].replace("|", "/") for at in kept] for row in rows]
    return "\n".join(_line(row) for row in (head, ["---"] * len(kept), *lines))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _replaced(text: str, table: Table) -> str:
    begin, end = f"<!-- begin {table.key} -->", f"<!-- end {table.key} -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise MarkerMissing(f"the document needs {begin} and {end}")
    return f"{before}{begin}\n{markdown(table)}\n{end}{after}"


def conditions(absent: dict[str, str]) -> dict[str, str]:
    """Return under which circumstances this run measures."""
    facts = {
        "when": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / (1 << 30):.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "our interpreter": f"CPython {platform.python_version()}",
        "load when it began (1, 5, 15 min)": load(),
    }
    return facts | {f"absent: {name}": why for name, why in absent.items()}


def load() -> str:
    """Return how many programs wanted to run in the last 1, 5 and 15 minutes, ours among them."""
    return " ".join(f"{one:.2f}" for one in os.getloadavg())


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )
