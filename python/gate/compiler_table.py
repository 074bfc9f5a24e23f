"""Measures what the compiler's settings cost and give: the table of docs/decisions/compiler.md.

Builds into a temporary folder with every setting in turn, and reads the gas of ``execute`` from the report of
the tests that trade; takes some minutes. ``PYTHONPATH=python python -m gate.compiler_table``
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from gate.stages import ROOT, VENV_BIN

CONTRACT = "FlashLoanArbitrage"
TRADES = "tests/forge/Execute.t.sol"
RUNS = (200, 1_000, 10_000, 1_000_000)
# A row of the report has the least, mean, median and most gas, and the number of calls.
_GAS = re.compile(r"^\| execute +\| +\d+ +\| +(\d+) +\| +(\d+) ", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """What came of one setting."""

    seconds: float
    runtime_bytes: int
    mean_gas: int
    median_gas: int


def main() -> int:
    """Print the table; return 0."""
    print("| via_ir | runs | build, s | runtime, bytes | execute, mean gas | execute, median gas |")
    print("|---|---|---|---|---|---|")
    for via_ir in (False, True):
        for runs in RUNS:
            row = _measure(via_ir, runs)
            print(
                f"| {str(via_ir).lower()} | {runs:,} | {row.seconds:.1f} | {row.runtime_bytes:,} "
                f"| {row.mean_gas:,} | {row.median_gas:,} |",
                flush=True,
            )
    return 0


def _measure(via_ir: bool, runs: int) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        variables = {
            **os.environ,
            "FOUNDRY_VIA_IR": str(via_ir).lower(),
            "FOUNDRY_OPTIMIZER_RUNS": str(runs),
            "FOUNDRY_OUT": f"{folder}/out",
            "FOUNDRY_CACHE_PATH": f"{folder}/cache",
        }
        started = time.monotonic()
        _forge(variables, "build", "--skip", "test")
        seconds = time.monotonic() - started
        artifact = json.loads(Path(folder, "out", f"{CONTRACT}.sol", f"{CONTRACT}.json").read_text("utf-8"))
        report = _forge(variables, "test", "--match-path", TRADES, "--gas-report")
    gas = _GAS.search(report)
    if gas is None:
        raise SystemExit(f"no figures of execute in the gas report:\n{report}")
    runtime = (len(artifact["deployedBytecode"]["object"]) - 2) // 2
    return Row(seconds, runtime, int(gas.group(1)), int(gas.group(2)))


def _forge(variables: dict[str, str], *arguments: str) -> str:
    command = [str(VENV_BIN / "forge"), *arguments]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
