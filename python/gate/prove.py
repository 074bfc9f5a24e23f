"""``make prove``: the proofs in tests/halmos, by halmos: for every value, not for drawn ones.

``python -m gate.prove [part of a name]``. halmos runs from an environment of its own, since it does not
install beside Ape's packages. A proof is red if it finds a counterexample, does not close in time, or assumes
what cannot be.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bootstrap import apart
from bootstrap.console import SetupError
from bootstrap.layout import STATE, VENV_PYTHON
from gate.stages import ROOT, VENV_BIN

FOLDER = STATE / "tools" / "halmos"
LOG = STATE / "tools" / "setup.log"
LOCK = Path(__file__).resolve().parent / "locks" / "halmos.lock"
PROFILE = "prove"
# For one query; the slowest took 4 minutes on a machine with five times more to do than it could.
SOLVER_SECONDS = 1_800
_LEFT_OUT = "have not been fully explored"


def main(arguments: list[str]) -> int:
    """Prove what is asked for, or everything; return 1 if something is not proven."""
    try:
        apart.ensure(FOLDER, LOCK, find_python=lambda: VENV_PYTHON, log=LOG)
    except SetupError as error:
        print(f"{error.what}\n  Remedy: {error.remedy}", file=sys.stderr)
        return 1
    # Foundry from ours, the solver from the prover's; without it halmos would ask to download one.
    path = os.pathsep.join([str(VENV_BIN), str(FOLDER / "bin"), os.environ.get("PATH", os.defpath)])
    # Wide, so that no line of halmos's is broken in two.
    environment = {**os.environ, "FOUNDRY_PROFILE": PROFILE, "PATH": path, "COLUMNS": "400"}
    return watch(command(arguments), environment)


def watch(asked: list[str], environment: dict[str, str]) -> int:
    """Run a command and show what it says; 1 if it fails, or says that it left paths out.

    halmos calls a proof passed although a loop ran on beyond its bound.
    """
    with subprocess.Popen(
        asked, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None  # asked for by PIPE
        is_whole = True
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            is_whole = is_whole and _LEFT_OUT not in line
    if not is_whole:
        print("a proof left paths out: give it a higher bound (@custom:halmos --loop N)")
    return 0 if process.returncode == 0 and is_whole else 1


def command(names: list[str]) -> list[str]:
    """The call of halmos that proves all, or what has one of these parts in its name."""
    wanted = "|".join(names)
    return [
        str(FOLDER / "bin" / "halmos"),
        "--forge-build-out",
        f".build/{PROFILE}/out",
        "--solver-timeout-assertion",
        f"{SOLVER_SECONDS}s",
        "--match-test",
        f"^check_.*({wanted})",
        "--no-status",
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
