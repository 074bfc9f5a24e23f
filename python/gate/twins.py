"""``make twins``: shows that each attack of ``tests/forge/incidents`` succeeds once its guard is missing.

``python -m gate.twins [name ...]``. ``forge test`` runs the attacks against the contracts, where all must
come to nothing. Here each runs against the twin that lacks one guard (:mod:`gate.twin_list`): an attack
that fails even there proves nothing, and is red. The twins stand beside the contracts in a copy of the tree
under ``.build/twins``, which is kept: what has not changed is not compiled again. That build uses neither the
IR pipeline nor the optimizer, and takes in every contract: none may need either.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gate.stages import ROOT, VENV_BIN
from gate.twin import Patch, Twin
from gate.twin_list import TWINS

TREE = ROOT / ".build" / "twins"
CONTRACTS = "contracts"
COPIED = ("foundry.toml", CONTRACTS, "tests/forge/support", "tests/forge/incidents")
LINKED = (".venv", "node_modules")
# Twenty twins are for the tests alone: without the optimizer they compile in a fifth of the time.
SETTINGS = {
    "FOUNDRY_PROFILE": "quick",
    "FOUNDRY_OPTIMIZER": "false",
    "FOUNDRY_DYNAMIC_TEST_LINKING": "false",
    "FOUNDRY_OUT": "out",
    "FOUNDRY_CACHE_PATH": "cache",
}
BATCH = 17
VARIABLE = "STEELYARD_TWIN"
ALL = "all"
PASSED = "Success"
_IMPORT = re.compile(r'^(?:import|\}).*?"(\.[^"]+)";', re.MULTILINE)
_TEST = re.compile(r"^test_([A-Z]\w*?)_")


class PatchDoesNotFit(Exception):
    """The contract has changed: the text of a patch is not in it exactly once."""


@dataclass(frozen=True)
class Attack:
    """What became of one test: the twin that it is for, its name, and whether the attack succeeded."""

    twin: str
    test: str
    succeeded: bool
    reason: str


def main(arguments: Sequence[str]) -> int:
    """Write and build the twins and attack them; return 0 if every attack on every twin succeeds."""
    parser = argparse.ArgumentParser(prog="make twins", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="which twins; all if none is named")
    twins = _named(parser.parse_args(arguments).names)
    started = time.monotonic()
    try:
        lay_out(TREE, ROOT, TWINS)
    except PatchDoesNotFit as error:
        print(error, file=sys.stderr)
        return 1
    _build(TREE)
    attacks = _attack(TREE, twins)
    faults = faults_of(twins, attacks) + [f"{name} was not built" for name in unbuilt(TREE)]
    for attack in sorted(attacks, key=lambda attack: attack.twin):
        print(f"{'falls ' if attack.succeeded else 'STANDS'}  {attack.twin:<17} {attack.test}")
    print(f"{len(twins)} twins, {len(attacks)} attacks, {time.monotonic() - started:.0f} s")
    print("\n".join(faults), file=sys.stderr, end="\n" if faults else "")
    return 1 if faults else 0


def _named(names: Sequence[str]) -> tuple[Twin, ...]:
    unknown = set(names) - {twin.name for twin in TWINS}
    if unknown:
        raise SystemExit(f"no such twin: {', '.join(sorted(unknown))}")
    return tuple(twin for twin in TWINS if not names or twin.name in names)


def lay_out(tree: Path, root: Path, twins: Sequence[Twin]) -> None:
    """Copy what the attacks need of `root` to `tree`, the twins beside the contracts.

    Raises:
        PatchDoesNotFit: a patch's text is not found exactly once.
    """
    for name in COPIED:
        source, target = root / name, tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("replica", ".cache"))
        else:
            shutil.copy(source, target)
    for name in LINKED:
        if not (tree / name).exists():
            (tree / name).symlink_to(root / name)
    for twin in twins:
        copy = tree / CONTRACTS / "twins" / twin.name
        for name in _needed(root / CONTRACTS, twin.contract):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / CONTRACTS / name, copy / name)
        for patch in (*twin.patches, _naming(twin)):
            apply(patch, copy, twin.name)


def _needed(contracts: Path, contract: str) -> set[str]:
    """The contract and everything of ours that it imports: more would be compiled once for each twin."""
    found: set[str] = set()
    ahead = [contracts / contract]
    while ahead:
        path = ahead.pop()
        name = path.relative_to(contracts).as_posix()
        if name not in found:
            found.add(name)
            ahead += [(path.parent / one).resolve() for one in _IMPORT.findall(path.read_text("utf-8"))]
    return found


def _naming(twin: Twin) -> Patch:
    """So that tests find each twin's code by a name of its own."""
    name = Path(twin.contract).stem
    return Patch(twin.contract, f"\ncontract {name} ", f"\ncontract {twin.name}Twin ")


def apply(patch: Patch, contracts: Path, twin: str) -> None:
    """Put `patch` into the copy at `contracts`.

    Raises:
        PatchDoesNotFit: its text is not found exactly once.
    """
    path = contracts / patch.path
    text = path.read_text(encoding="utf-8")
    if text.count(patch.old) != 1:
        times = text.count(patch.old)
        raise PatchDoesNotFit(f"twin {twin}: found {times} times in {patch.path}, not once:\n{patch.old}")
    path.write_text(text.replace(patch.old, patch.new), encoding="utf-8")


def _build(tree: Path) -> None:
    """As many at a time as the compiler's memory holds: each batch warms a compiler up anew."""
    batches = [TWINS[first : first + BATCH] for first in range(0, len(TWINS), BATCH)]
    for batch in batches:
        done = _forge(tree, "build", *(f"{CONTRACTS}/twins/{twin.name}/{twin.contract}" for twin in batch))
        if done.returncode:
            raise SystemExit(f"twins do not compile:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")


def _attack(tree: Path, twins: Sequence[Twin]) -> list[Attack]:
    pattern = f"test_({'|'.join(twin.name for twin in twins)})_"
    # With several named, all are faced: the pattern holds the others back.
    asked = twins[0].name if len(twins) == 1 else ALL
    done = _forge(tree, "test", "--json", "--match-test", pattern, **{VARIABLE: asked})
    return attacks_in(done.stdout, done.stderr)


def _forge(tree: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("FOUNDRY_", "DAPP_"))}
    path = os.pathsep.join([str(VENV_BIN), os.environ.get("PATH", os.defpath)])
    return subprocess.run(
        [str(VENV_BIN / "forge"), *arguments],
        cwd=tree,
        env={**inherited, **SETTINGS, "PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def unbuilt(tree: Path) -> list[str]:
    """The sources of the contracts themselves that the build in `tree` has left out."""
    sources = {
        path.name
        for path in (tree / CONTRACTS).rglob("*.sol")
        if "twins" not in path.parts[len(tree.parts) :]
    }
    return sorted(name for name in sources if not (tree / SETTINGS["FOUNDRY_OUT"] / name).is_dir())


def attacks_in(report: str, complaints: str) -> list[Attack]:
    """The attacks of forge's JSON report.

    Raises:
        SystemExit: there is no report; `complaints` say why.
    """
    begin = report.find('{"')
    if begin < 0:
        raise SystemExit(f"forge has tested nothing:\n{report[-4000:]}{complaints[-4000:]}")
    attacks = []
    for suite in json.loads(report[begin:]).values():
        for test, result in suite["test_results"].items():
            named = _TEST.match(test)
            if named and result["status"] != "Skipped":
                succeeded = result["status"] == PASSED
                attacks.append(Attack(named[1], test, succeeded, result.get("reason") or ""))
    return attacks


def faults_of(twins: Sequence[Twin], attacks: Sequence[Attack]) -> list[str]:
    """What is wrong, in words: a twin that nobody attacks, an attack that fails, an attack on no twin."""
    faults = [
        f"twin {twin.name} ({twin.lacks}): no attack on it"
        for twin in twins
        if twin.name not in {attack.twin for attack in attacks}
    ]
    for attack in attacks:
        if attack.twin not in {twin.name for twin in twins}:
            faults.append(f"{attack.test}: there is no twin {attack.twin}")
        elif not attack.succeeded:
            faults.append(f"{attack.test}: {attack.reason}")
    return faults


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
