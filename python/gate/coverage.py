"""``make coverage``: which lines, functions and branches of the contracts the Solidity tests reach.

Red under the thresholds below. Mocks, tests and packages do not count. Measured without the IR pipeline and
the optimizer, since only such code can be led back to its source; tests of gas are therefore left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gate.solidity import contract_files
from gate.stages import ROOT, VENV_BIN

REPORT = ROOT / ".build" / "coverage" / "lcov.info"
SHOWN = 4_000
# In per cent, over all contracts together.
LEAST = {"lines": 100.0, "functions": 100.0, "branches": 98.0}


@dataclass
class Reached:
    """How many of something were run, and where those are that were not.

    Attributes:
        missed: lines, from 1, or a name with its line.
    """

    total: int = 0
    missed: list[str] = field(default_factory=list)

    @property
    def percent(self) -> float:
        """100 where there was nothing to reach."""
        return 100.0 * (self.total - len(self.missed)) / self.total if self.total else 100.0

    def __str__(self) -> str:
        return f"{self.percent:6.2f} % ({self.total - len(self.missed)}/{self.total})"


Coverage = dict[str, Reached]


def main() -> int:
    """Measure, print the table and what is missing; return 1 under a threshold."""
    if not _measure():
        return 1
    files = read(REPORT.read_text(encoding="utf-8").splitlines(), contract_files(ROOT))
    print("\n".join(table(files)))
    troubles = judge(files)
    print("\n".join(["", *troubles]) if troubles else "\nall thresholds held")
    return 1 if troubles else 0


def _measure() -> bool:
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join([str(VENV_BIN), os.environ.get("PATH", os.defpath)])
    command = [str(VENV_BIN / "forge"), "coverage", "--report", "lcov", "--report-file", str(REPORT)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "FOUNDRY_PROFILE": "coverage", "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        # From the failing tests on; what passed does not help.
        print(done.stdout[max(done.stdout.rfind("\nFailing tests:"), len(done.stdout) - SHOWN, 0) :])
    return done.returncode == 0


def read(lines: Iterable[str], wanted: Sequence[str]) -> dict[str, Coverage]:
    """By file: what an lcov report says of lines, functions and branches of the files that are wanted.

    A wanted file that the report does not name holds no code.
    """
    found: dict[str, Coverage] = {}
    current: Coverage | None = None
    for line in lines:
        tag, _, rest = line.strip().partition(":")
        if tag == "SF":
            current = {kind: Reached() for kind in LEAST} if rest in wanted else None
            if current is not None:
                found[rest] = current
        elif current is not None:
            _add(current, tag, rest.split(","))
    return dict(sorted(found.items()))


def _add(coverage: Coverage, tag: str, values: Sequence[str]) -> None:
    """Take one record in: DA is line,hits; FNDA hits,name; BRDA line,block,branch,hits (``-``: never)."""
    kind = {"DA": "lines", "FNDA": "functions", "BRDA": "branches"}.get(tag)
    if kind is None:
        return
    hits = values[0] if tag == "FNDA" else values[-1] if tag == "BRDA" else values[1]
    coverage[kind].total += 1
    if hits in ("0", "-"):
        coverage[kind].missed.append(values[1] if tag == "FNDA" else values[0])


def total(files: dict[str, Coverage]) -> Coverage:
    """All files together."""
    added = {kind: Reached() for kind in LEAST}
    for name, coverage in files.items():
        for kind, reached in coverage.items():
            added[kind].total += reached.total
            added[kind].missed += [f"{name}:{where}" for where in reached.missed]
    return added


def table(files: dict[str, Coverage]) -> list[str]:
    """One line for each file, and one for all."""
    rows = {**{name.removeprefix("contracts/"): one for name, one in files.items()}, "all": total(files)}
    width = max(len(name) for name in rows)
    heading = f"{'':<{width}}  " + "  ".join(f"{kind:<20}" for kind in LEAST)
    lines = [
        f"{name:<{width}}  " + "  ".join(f"{one[kind]!s:<20}" for kind in LEAST) for name, one in rows.items()
    ]
    return [heading, *lines]


def judge(files: dict[str, Coverage]) -> list[str]:
    """What is under a threshold, with every place that was not reached; a report without code is."""
    if not files:
        return ["the report names no contract"]
    troubles = []
    for kind, reached in total(files).items():
        if reached.percent < LEAST[kind]:
            missed = ", ".join(reached.missed)
            troubles.append(f"{kind}: {reached}, at least {LEAST[kind]:.0f} %; not reached: {missed}")
    return troubles


if __name__ == "__main__":
    sys.exit(main())
