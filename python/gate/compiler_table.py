"""Measures what the compiler's settings cost and give: the table of docs/decisions/compiler.md.

Builds into a temporary folder with every setting in turn and runs the gas tests; takes some minutes.
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
GAS_TEST = "tests/forge/Gas.t.sol"
RUNS = (200, 1_000, 10_000, 1_000_000)
_GAS = re.compile(r"\[PASS\] (test\w+)\(\).*?\(gas: (\d+)\)")


@dataclass(frozen=True)
class Row:
    """One setting and what came of it."""

    via_ir: bool
    runs: int
    seconds: float
    runtime_bytes: int
    gas: dict[str, int]


def main() -> int:
    """Print the table; return 0."""
    rows = [_measure(via_ir, runs) for via_ir in (False, True) for runs in RUNS]
    names = sorted(rows[0].gas)
    print(" | ".join(["via_ir", "runs", "build s", "runtime bytes", *names]))
    for row in rows:
        gas = [f"{row.gas[name]:,}" for name in names]
        cells = [
            str(row.via_ir).lower(),
            f"{row.runs:,}",
            f"{row.seconds:.1f}",
            f"{row.runtime_bytes:,}",
            *gas,
        ]
        print(" | ".join(cells), flush=True)
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
        gas = {name: int(used) for name, used in _GAS.findall(_forge(variables, "test", "--mp", GAS_TEST))}
    runtime = (len(artifact["deployedBytecode"]["object"]) - 2) // 2
    return Row(via_ir, runs, seconds, runtime, gas)


def _forge(variables: dict[str, str], *arguments: str) -> str:
    command = [str(VENV_BIN / "forge"), *arguments]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
