"""Runs stages and prints what came out: one after the other, some of them beside those that follow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from gate.counting import Counts, counts_in
from gate.stages import ROOT, VENV_BIN, Stage

PYTEST_INTERNAL_ERROR = 3
REPORTS = ROOT / ".build" / "gate"


@dataclass(frozen=True)
class Outcome:
    """How a stage ended."""

    stage: Stage
    exit_code: int
    seconds: float
    counts: Counts

    @property
    def is_green(self) -> bool:
        """True if the stage's command said so by its exit code."""
        return self.exit_code == 0


class Voice:
    """Where a stage's output goes: to the terminal, or kept until the stage's turn has come."""

    def __init__(self, *, is_heard: bool) -> None:
        self._is_heard = is_heard
        self._kept: list[str] = []
        self._turn = threading.Lock()

    def say(self, text: str) -> None:
        """Print `text`, or keep it."""
        with self._turn:
            self._kept.append(text)
            if self._is_heard:
                self._print_kept()

    def be_heard(self) -> None:
        """Print what was kept; from now on nothing is."""
        with self._turn:
            self._is_heard = True
            self._print_kept()

    def _print_kept(self) -> None:
        sys.stdout.write("".join(self._kept))
        sys.stdout.flush()
        self._kept.clear()


def run_suite(suite: str, stages: Sequence[Stage]) -> int:
    """Run all stages, the later ones even if an earlier one fails; return 0 if all are green."""
    outcomes = _run_all(stages)
    total = _total(suite, outcomes)
    _summarize(suite, outcomes, total)
    _write_report(suite, total)
    return 0 if all(outcome.is_green for outcome in outcomes) else 1


def _run_all(stages: Sequence[Stage]) -> list[Outcome]:
    """The outcomes in the order of the stages; what runs beside others is printed after them."""
    aside = []
    done = {}
    with ThreadPoolExecutor(max_workers=len(stages) or 1) as threads:
        for stage in stages:
            if stage.is_beside and stage is not stages[-1]:
                voice = Voice(is_heard=False)
                print(f"\n--- {stage.name}: begun; it runs beside the next stages, and is shown after them")
                aside.append((stage.name, voice, threads.submit(_run_to_its_tests, stage, voice)))
            else:
                done[stage.name] = _run_to_its_tests(stage, Voice(is_heard=True))
        for name, voice, running in aside:
            voice.be_heard()
            done[name] = running.result()
    return [done[stage.name] for stage in stages]


def _run_to_its_tests(stage: Stage, voice: Voice) -> Outcome:
    outcome = _run(stage, voice)
    died_before_its_tests = outcome.exit_code == PYTEST_INTERNAL_ERROR and outcome.counts == Counts()
    if not (stage.starts_a_node and died_before_its_tests):
        return outcome
    voice.say(f"\n--- {stage.name}: ended before its first test; its node did not start. Once more.\n")
    return _run(stage, voice)


def _run(stage: Stage, voice: Voice) -> Outcome:
    voice.say(f"\n--- {stage.name}: {stage.meaning}\n")
    started = time.monotonic()
    counts = Counts()
    process = subprocess.Popen(
        stage.command,
        cwd=ROOT,
        env={**_environment(), **dict(stage.variables)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None  # asked for by PIPE
    for line in process.stdout:
        voice.say(line)
        found = counts_in(line)
        if found is not None:
            counts = found
    return Outcome(stage, process.wait(), time.monotonic() - started, counts)


def _environment() -> dict[str, str]:
    """The activated environment, with this checkout's packages before the installed ones.

    Some hundred processes are started: without byte code that is kept, each would compile its sources anew.
    Ape's accounts, deployments and list of nodes are not the user's own: each killed Ape stays on that list,
    and every later one goes through it at its end.
    """
    path = os.pathsep.join([str(VENV_BIN), os.environ.get("PATH", os.defpath)])
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **inherited,
        "PATH": path,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "python"), str(ROOT / "python" / "ape_plugin")]),
        "VIRTUAL_ENV": str(VENV_BIN.parent),
        "APE_DATA_FOLDER": str(ROOT / ".build" / "ape"),
    }


def _total(suite: str, outcomes: Sequence[Outcome]) -> Counts:
    """All tests; of what counts none, such as a linter, the stages."""
    total = Counts()
    for outcome in outcomes:
        is_counted = _is_counted(suite, outcome)
        if is_counted:
            total.add(outcome.counts)
        if not is_counted or (not outcome.is_green and outcome.counts.failed == 0):
            # A runner that dies before it counts is one failure, never none.
            total.add(Counts(passed=int(outcome.is_green), failed=int(not outcome.is_green)))
    return total


def _is_counted(suite: str, outcome: Outcome) -> bool:
    return suite == "test" or (suite != "lint" and outcome.counts != Counts())


def _summarize(suite: str, outcomes: Sequence[Outcome], total: Counts) -> None:
    print(f"\n--- make {suite}")
    for outcome in outcomes:
        verdict = "ok" if outcome.is_green else f"FAILED (exit code {outcome.exit_code})"
        numbers = _in_words(outcome.counts) if _is_counted(suite, outcome) else outcome.stage.meaning
        print(f"    {outcome.stage.name:<15}{outcome.seconds:7.1f} s  {numbers:<52}{verdict}")
    print(_in_words(total), flush=True)


def _in_words(counts: Counts) -> str:
    skipped = f", {counts.skipped} skipped" if counts.skipped else ""
    return f"{counts.passed} passed, {counts.failed} failed{skipped}"


def _write_report(suite: str, total: Counts) -> None:
    REPORTS.mkdir(parents=True, exist_ok=True)
    (REPORTS / f"{suite}.json").write_text(json.dumps(asdict(total)), encoding="utf-8")
