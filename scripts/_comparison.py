"""What is held against what, and how it is shown."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import click

from scripts._executor import Recorded
from steelyard.cli.tables import aligned

EXIT_DIFFERS: Final = 1


class Comparison(NamedTuple):
    """One thing: what it should be, and what the chain has."""

    what: str
    expected: Any
    found: Any

    @property
    def equal(self) -> bool:
        """Whether they agree."""
        return bool(self.expected == self.found)


def show_comparisons(deployed: Recorded, found: Sequence[Comparison]) -> None:
    """Show each; leave with exit code 1 where anything differs."""
    rows = [("ok" if one.equal else "DIFFERS", one.what, _shown(one)) for one in found]
    name = deployed.contract.contract_type.name
    click.echo(f"{name} at {deployed.contract.address}, written down in {deployed.path}:")
    click.echo("\n".join(aligned(rows)))
    if not all(one.equal for one in found):
        sys.exit(EXIT_DIFFERS)


def _shown(one: Comparison) -> str:
    return _text(one.found) if one.equal else f"expected {_text(one.expected)}, found {_text(one.found)}"


def _text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_text(part) for part in value)
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
