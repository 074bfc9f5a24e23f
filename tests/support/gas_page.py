"""The tables of docs/gas.md: held to the unit, or written anew."""

from __future__ import annotations

import os
from difflib import ndiff
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "gas.md"
WRITE: Final = "STEELYARD_WRITE_GAS"


def hold(section: str, measured: str) -> None:
    """Hold that the page's table ``section`` is what was measured; under `make bench-gas`, write it.

    Raises:
        AssertionError: the page says something else.
    """
    begin, end = f"<!-- {section}: measured -->\n", f"<!-- {section}: end -->\n"
    before, rest = PAGE.read_text(encoding="utf-8").split(begin)
    held, after = rest.split(end)
    if os.environ.get(WRITE):
        PAGE.write_text(before + begin + measured + end + after, encoding="utf-8")
    elif held != measured:
        moved = "".join(ndiff(held.splitlines(keepends=True), measured.splitlines(keepends=True)))
        raise AssertionError(f"gas has moved: `make bench-gas` writes docs/gas.md anew\n{moved}")
