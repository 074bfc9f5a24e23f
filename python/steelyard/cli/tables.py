"""Tables: boxes on a terminal that is wide enough, aligned lines elsewhere, never cut."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

GAP = "  "


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return one line a row, each column as wide as its widest cell; the last is left as it is."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        GAP.join([cell.ljust(width) for cell, width in zip(row, widths, strict=True)]).rstrip()
        for row in rows
    ]


def show_lines(console: Console, lines: Sequence[str], style: str | None = None) -> None:
    """Print lines as they are: nothing in them is markup, and none is cut at a pipe's imagined width."""
    for line in lines:
        console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)


def show_table(
    console: Console, rows: Sequence[Sequence[str]], *, title: str, headings: Sequence[str] = ()
) -> None:
    """Print a table as its reader needs it; nothing in a cell is markup."""
    table = Table(*headings, title=title, show_header=bool(headings))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    if console.is_terminal and _least_width(table, console) <= console.width:
        console.print(table)
    else:
        show_lines(console, [f"{title}:", *aligned([headings, *rows] if headings else rows)])


def _least_width(table: Table, console: Console) -> int:
    """In less, a word would be cut."""
    boundless = console.options.update(max_width=sys.maxsize)
    return console.measure(table, options=boundless).minimum
