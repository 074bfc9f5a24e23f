"""The scores and survivors in docs/mutation.md: written by the tool, explained by hand.

What stands between the markers is rewritten, except for the lines that begin with ``> ``: they are somebody's
explanation of the survivor above them, and stay with its name. A survivor that a later sample did not draw
stays listed as long as its lines are in the sources; a row of the scores, until the same contracts are tried
again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gate.mutate_operators import Mutant

BEGIN = "<!-- survivors: begin (make mutate) -->"
END = "<!-- survivors: end -->"
SCORES = """\
| contracts | tried | seed | killed | of these by time | survived | not compiled | same code | score |
|---|---|---|---|---|---|---|---|---|"""
_ROW = "| `"
_HEADING = re.compile(r"^### `([0-9a-f]{8})` ")


class NoMarkers(Exception):
    """The document has no place for the list."""


@dataclass(frozen=True)
class Entry:
    """A survivor as it stands in the document."""

    name: str
    explanation: tuple[str, ...]


def entries_of(document: str) -> list[Entry]:
    """The survivors that are listed.

    Raises:
        NoMarkers: a marker is missing.
    """
    found: list[Entry] = []
    for line in _parts(document)[1].splitlines():
        heading = _HEADING.match(line)
        if heading is not None:
            found.append(Entry(heading.group(1), ()))
        elif line.startswith(">") and found:
            last = found.pop()
            found.append(Entry(last.name, (*last.explanation, line)))
    return found


def rewritten(
    document: str, row: str, known: Sequence[Mutant], survived: Collection[str], tried: set[str]
) -> str:
    """The document with the list brought up to date.

    Args:
        document: as it is.
        row: this run's row of the scores; it takes the place of that with the same contracts.
        known: every mutant of the present sources.
        survived: names of those that survived this run.
        tried: names of all that this run drew.

    Raises:
        NoMarkers: a marker is missing.
    """
    explained = {entry.name: entry.explanation for entry in entries_of(document)}
    listed = [
        one for one in known if one.name in survived or (one.name in explained and one.name not in tried)
    ]
    sections = [_section(mutant, explained.get(mutant.name, ())) for mutant in listed]
    before, body, after = _parts(document)
    body = "\n\n".join([_scores(body, row), *sections])
    return f"{before}{BEGIN}\n{body}\n{END}{after}"


def _parts(document: str) -> tuple[str, str, str]:
    before, begin, rest = document.partition(BEGIN)
    body, end, after = rest.partition(END)
    if not begin or not end:
        raise NoMarkers(f"the list of survivors belongs between {BEGIN} and {END}")
    return before, body, after


def _scores(body: str, row: str) -> str:
    rows = {_contracts(line): line for line in body.splitlines() if line.startswith(_ROW)}
    rows[_contracts(row)] = row
    return "\n".join([SCORES, *rows.values()])


def _contracts(row: str) -> str:
    return row.split("|")[1]


def _section(mutant: Mutant, explanation: Sequence[str]) -> str:
    heading = f"### `{mutant.name}` {mutant.place or mutant.path}: {mutant.operator}"
    lines = [heading, f"`{mutant.path}`", "", "```diff"]
    lines += [f"-{line}" for line in mutant.before.splitlines()]
    lines += [f"+{line}" for line in mutant.after.splitlines()]
    return "\n".join([*lines, "```", *explanation])
