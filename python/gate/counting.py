"""Reads from a test runner's output how many tests passed, failed and were skipped."""

from __future__ import annotations

import re
from dataclasses import dataclass

_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# pytest closes with "=== 2 failed, 41 passed, 3 skipped in 1.52s ==="
_PYTEST_LINE = re.compile(r"^=* ?(?=\d+ \w+)(.*) in [\d.]+s.*$")
_PYTEST_WORDS = {
    "passed": "passed",
    "xfailed": "passed",
    "failed": "failed",
    "error": "failed",
    "errors": "failed",
    "xpassed": "failed",
    "skipped": "skipped",
}
# forge closes with "Ran 2 test suites in 3ms (2ms CPU time): 5 tests passed, 1 failed, 0 skipped (...)"
_FORGE_LINE = re.compile(r"^Ran \d+ test suites? .*: (\d+) tests? passed, (\d+) failed, (\d+) skipped")


@dataclass
class Counts:
    """How many tests ended how."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other: Counts) -> None:
        """Add the other's numbers to these."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


def counts_in(line: str) -> Counts | None:
    """The numbers of a runner's closing line; None for any other line."""
    text = _COLOUR.sub("", line).strip()
    forge = _FORGE_LINE.match(text)
    if forge is not None:
        passed, failed, skipped = (int(number) for number in forge.groups())
        return Counts(passed, failed, skipped)
    pytest = _PYTEST_LINE.match(text)
    if pytest is None:
        return None
    found = Counts()
    for number, word in re.findall(r"(\d+) (\w+)", pytest.group(1)):
        kind = _PYTEST_WORDS.get(word)
        if kind is not None:
            setattr(found, kind, getattr(found, kind) + int(number))
    return found
