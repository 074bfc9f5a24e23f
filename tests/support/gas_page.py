"""The tables of gas that pages of docs/ show: held to the unit, or written anew."""

from __future__ import annotations

import os
from difflib import ndiff
from pathlib import Path
from typing import Final

_DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
GAS: Final = _DOCS / "gas.md"
VAULT: Final = _DOCS / "vault.md"
WRITE: Final = "STEELYARD_WRITE_GAS"


def hold(section: str, measured: str, *, page: Path = GAS) -> None:
    """Hold that the page's table ``section`` is what was measured; under `make bench-gas`, write it.

    Raises:
        AssertionError: the page says something else.
    """
    begin, end = f"<!-- {section}: measured -->\n", f"<!-- {section}: end -->\n"
    before, rest = page.read_text(encoding="utf-8").split(begin)
    held, after = rest.split(end)
    if os.environ.get(WRITE):
        page.write_text(before + begin + measured + end + after, encoding="utf-8")
    elif held != measured:
        moved = "".join(ndiff(held.splitlines(keepends=True), measured.splitlines(keepends=True)))
        raise AssertionError(f"gas has moved: `make bench-gas` writes docs/{page.name} anew\n{moved}")
