"""Builds and tests mutants, one after the other, in a copy of the tree."""

from __future__ import annotations

import contextlib
import enum
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from gate.mutate_operators import Mutant
from gate.solidity import FOLDER, MOCKS
from gate.stages import ROOT, VENV_BIN

COPIED = ("foundry.toml", "contracts", "tests/forge")
LINKED = (".venv", "node_modules")
PROFILE = "quick"
OUT = ".build/quick/out"
# Compiling is most of the work, and without the optimizer a third of it.
FAST = {"FOUNDRY_OPTIMIZER": "false"}
FAILURES = ".build/quick/failures"
# Most faults are caught by the first draws: the rest of the fuzzing is for those that are not.
LIGHT = {**FAST, "FOUNDRY_FUZZ_RUNS": "16", "FOUNDRY_INVARIANT_RUNS": "2", "FOUNDRY_INVARIANT_DEPTH": "16"}
# What the optimizer makes of two writings of the same.
CODE_OUT = ".build/code/out"
CODE = {"FOUNDRY_OUT": CODE_OUT, "FOUNDRY_CACHE_PATH": ".build/code/cache"}
# Where survivors are tried once more, built whole.
CONFIRMED = {
    "FOUNDRY_DYNAMIC_TEST_LINKING": "false",
    "FOUNDRY_OUT": ".build/whole/out",
    "FOUNDRY_CACHE_PATH": ".build/whole/cache",
}
BUILD_SECONDS = 600.0
# A mutant that loops for ever must not be mistaken for a slow machine.
PATIENCE = 6.0
LEAST_SECONDS = 30.0
TIMED_OUT = -1


class TreeIsRed(Exception):
    """The tests fail without any fault: nothing can be learned from mutants."""


class Verdict(enum.Enum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMED_OUT = "killed (time)"
    SURVIVED = "SURVIVED"
    NOT_COMPILED = "not compiled"
    SAME_CODE = "same code"


@dataclass(frozen=True)
class Trial:
    """A mutant's verdict and the seconds that it took."""

    mutant: Mutant
    verdict: Verdict
    seconds: float


class Workshop:
    """A copy of the contracts and their tests; the context ends with its removal.

    The copy is built without IR pipeline and optimizer and with tests that deploy from artifacts, so that a
    changed contract is rebuilt in seconds. A test may then keep old code unnoticed, which can only spare a
    mutant: what survives is therefore built whole and tested once more, unless the optimizer makes the same
    code of it as of the original.
    """

    def __init__(self, folder: Path, *, root: Path = ROOT) -> None:
        self._tree = folder / "steelyard"
        self._root = root
        self._patience_seconds = BUILD_SECONDS
        self._code: dict[str, str] = {}

    def __enter__(self) -> Workshop:
        for name in COPIED:
            source, target = self._root / name, self._tree / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns(".cache"))
            else:
                shutil.copy(source, target)
        for name in LINKED:
            (self._tree / name).symlink_to(self._root / name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._tree, ignore_errors=True)

    def prove_green(self) -> float:
        """Build and test the copy as it is; return the seconds of its tests.

        Raises:
            TreeIsRed: a test fails, or the sources do not compile.
        """
        self._forge_or_red("build", **FAST)
        self._forge_or_red("build", "--skip", "test", **CODE)
        self._code = {out: self._bytecode(out) for out in (OUT, CODE_OUT)}
        self._forge_or_red("test", **LIGHT)
        started = time.monotonic()
        self._forge_or_red("test", **FAST)
        seconds = time.monotonic() - started
        self._patience_seconds = max(LEAST_SECONDS, PATIENCE * seconds)
        return seconds

    def _forge_or_red(self, *command: str, **variables: str) -> None:
        code, output = self._forge(*command, seconds=BUILD_SECONDS, **variables)
        if code != 0:
            raise TreeIsRed(f"forge {' '.join(command)} fails in an unchanged copy:\n{output[-4000:]}")

    def judge(self, mutant: Mutant) -> Trial:
        """Put the fault in, see what the tests say, and take it out again."""
        started = time.monotonic()
        path = self._tree / mutant.path
        whole = path.read_bytes()
        path.write_bytes(mutant.apply(whole))
        try:
            verdict = self._verdict()
        finally:
            path.write_bytes(whole)
            # Else the next mutant would be tried with what this one failed at.
            shutil.rmtree(self._tree / FAILURES, ignore_errors=True)
            (self._tree / "cache" / "test-failures").unlink(missing_ok=True)
        return Trial(mutant, verdict, time.monotonic() - started)

    def _verdict(self) -> Verdict:
        code, _ = self._forge("build", seconds=BUILD_SECONDS, **FAST)
        if code != 0:
            return Verdict.NOT_COMPILED
        if self._is_same(OUT):
            return Verdict.SAME_CODE
        for variables in (LIGHT, FAST):
            killed = self._death(variables)
            if killed is not None:
                return killed
        code, _ = self._forge("build", "--skip", "test", seconds=BUILD_SECONDS, **CODE)
        if code != 0:
            return Verdict.NOT_COMPILED
        if self._is_same(CODE_OUT):
            return Verdict.SAME_CODE
        self._forge("build", seconds=BUILD_SECONDS, **CONFIRMED)
        return self._death(CONFIRMED) or Verdict.SURVIVED

    def _death(self, variables: Mapping[str, str]) -> Verdict | None:
        code, _ = self._forge("test", "--fail-fast", seconds=self._patience_seconds, **variables)
        if code == 0:
            return None
        return Verdict.TIMED_OUT if code == TIMED_OUT else Verdict.KILLED

    def _is_same(self, out: str) -> bool:
        return self._bytecode(out) == self._code[out]

    def _bytecode(self, out: str) -> str:
        """Hash over the code of everything that our contracts' files define."""
        digest = hashlib.sha256()
        names = {path.name for path in (self._tree / FOLDER).rglob("*.sol")}
        mocks = {path.name for path in (self._tree / MOCKS).rglob("*.sol")}
        for name in sorted(names - mocks):
            for artifact in sorted((self._tree / out / name).glob("*.json")):
                build = json.loads(artifact.read_text(encoding="utf-8"))
                digest.update(build["bytecode"]["object"].encode())
        return digest.hexdigest()

    def _forge(self, *arguments: str, seconds: float, **variables: str) -> tuple[int, str]:
        """(exit code, output); the code is `TIMED_OUT` where forge had to be stopped."""
        path = os.pathsep.join([str(VENV_BIN), os.environ.get("PATH", os.defpath)])
        process = subprocess.Popen(
            [str(VENV_BIN / "forge"), *arguments],
            cwd=self._tree,
            env={**_clean_environment(), "FOUNDRY_PROFILE": PROFILE, "PATH": path, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=seconds)
        except BaseException as error:
            _stop(process)
            if isinstance(error, subprocess.TimeoutExpired):
                return TIMED_OUT, ""
            raise
        return process.returncode, output


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("FOUNDRY_", "DAPP_"))}


def _stop(process: subprocess.Popen[str]) -> None:
    """With its compiler: both are in a session of their own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def score(trials: Sequence[Trial]) -> tuple[int, int]:
    """(killed, killed and survived): what does not compile or leaves the code as it was proves nothing."""
    killed = sum(trial.verdict in (Verdict.KILLED, Verdict.TIMED_OUT) for trial in trials)
    return killed, killed + sum(trial.verdict is Verdict.SURVIVED for trial in trials)
