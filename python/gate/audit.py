"""Runs slither over a copy of the contracts and judges its findings.

A copy, because slither cleans Foundry's build where it runs. Red for any finding that slither.accepted.toml
does not explain, and for an explanation without a finding.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from gate.stages import ROOT, VENV_BIN

ACCEPTED = ROOT / "slither.accepted.toml"
CONFIG = "slither.config.json"
COPIED = ("contracts", "foundry.toml", CONFIG)
LINKED = (".venv", "node_modules")
REPORT = "slither.json"


def main() -> int:
    """Print what is to be looked at; return 1 if that is anything."""
    table = tomllib.loads(ACCEPTED.read_text(encoding="utf-8"))
    findings = _analyse(sorted(table["detectors"]))
    accepted = {(entry["check"], entry["where"]) for entry in table["accepted"]}
    found = {_place(finding) for finding in findings}
    for finding in findings:
        if _place(finding) not in accepted:
            print(f"\n{finding['impact']}: {' in '.join(_place(finding))}\n{finding['description'].rstrip()}")
    for check, where in sorted(accepted - found):
        print(f"\n{ACCEPTED.name} explains {check} in {where}, which slither does not find any more")
    print(
        f"\n{len(found)} places found, {len(found - accepted)} unexplained, {len(accepted - found)} outdated"
    )
    return 0 if found == accepted else 1


def _analyse(excluded: list[str]) -> list[dict[str, Any]]:
    """Slither's findings over a copy of the contracts.

    Raises:
        SystemExit: slither could not analyse them.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "steelyard"
        copy.mkdir()
        for name in COPIED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
        for name in LINKED:
            (copy / name).symlink_to(ROOT / name)
        path = os.pathsep.join([str(VENV_BIN), os.environ.get("PATH", os.defpath)])
        command = [str(VENV_BIN / "slither"), ".", "--config-file", CONFIG, "--json", REPORT]
        done = subprocess.run(
            [*command, "--exclude", ",".join(excluded)],
            cwd=copy,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        report = copy / REPORT
        answer: dict[str, Any] = json.loads(report.read_text(encoding="utf-8")) if report.is_file() else {}
    if not answer.get("success"):
        raise SystemExit(f"slither could not analyse the contracts:\n{done.stdout}{done.stderr}")
    findings: list[dict[str, Any]] = answer["results"].get("detectors", [])
    return findings


def _place(finding: dict[str, Any]) -> tuple[str, str]:
    """(detector, contract.function) of a finding."""
    element = next((one for one in finding["elements"] if one["type"] == "function"), finding["elements"][0])
    if element["type"] == "variable":
        element = element["type_specific_fields"]["parent"]
    contract = element.get("type_specific_fields", {}).get("parent", {}).get("name", "")
    return finding["check"], f"{contract}.{element['name']}".lstrip(".")


if __name__ == "__main__":
    sys.exit(main())
