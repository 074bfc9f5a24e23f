"""A stage whose node did not start is begun once more; a stage whose tests fail never is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gate import runner
from gate.stages import DEEP_STAGES, DEEP_STORIES, ROOT, Stage

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "REPORTS", tmp_path / "reports")


def stage(log: Path, *, first_code: int, words: str, starts_a_node: bool = True) -> Stage:
    """A command that notes each run, says ``words``, and ends with ``first_code``, from then on with 0."""
    program = (
        f"import pathlib, sys; log = pathlib.Path({str(log)!r})\n"
        f"runs = log.read_text() if log.exists() else ''\n"
        f"log.write_text(runs + 'x'); print({words!r}); sys.exit(0 if runs else {first_code})"
    )
    return Stage("fork", (sys.executable, "-c", program), "a test's stage", starts_a_node=starts_a_node)


def test_session_that_died_before_its_first_test_is_begun_once_more(tmp_path: Path) -> None:
    log = tmp_path / "runs"
    assert runner.run_suite("test", [stage(log, first_code=3, words="INTERNALERROR")]) == 0
    assert log.read_text() == "xx"


@pytest.mark.parametrize(
    ("first_code", "words", "starts_a_node"),
    [
        (1, "=== 1 failed, 3 passed in 1.00s ===", True),
        (3, "=== 3 passed, 1 warning in 1.00s ===", True),
        (3, "INTERNALERROR", False),
        (5, "=== no tests ran in 0.10s ===", True),
    ],
)
def test_stage_that_failed_otherwise_stays_red(
    tmp_path: Path, first_code: int, words: str, starts_a_node: bool
) -> None:
    log = tmp_path / "runs"
    failing = stage(log, first_code=first_code, words=words, starts_a_node=starts_a_node)
    assert runner.run_suite("test", [failing]) == 1
    assert log.read_text() == "x"


def test_stage_sees_the_variables_that_it_names_and_no_other_stage_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HYPOTHESIS_PROFILE", raising=False)
    program = "import os; print(f'profile {os.environ.get(\"HYPOTHESIS_PROFILE\")}')"
    command = (sys.executable, "-c", program)
    deep = Stage("deep", command, "a deep stage", (("HYPOTHESIS_PROFILE", "deep"),))

    assert runner.run_suite("test-deep", [deep, Stage("plain", command, "a plain stage")]) == 0

    output = capsys.readouterr().out
    assert output.index("profile deep") < output.index("profile None")
    # Neither counts tests: each stage is one.
    assert output.strip().splitlines()[-1] == "2 passed, 0 failed"


def test_deep_suite_counts_tests_where_there_are_some_and_stages_where_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def saying(words: str, code: int) -> Stage:
        return Stage(words[:5], (sys.executable, "-c", f"print({words!r}); raise SystemExit({code})"), words)

    stages = [saying("=== 7 passed in 1.00s ===", 0), saying("all thresholds held", 0), saying("died", 1)]

    assert runner.run_suite("test-deep", stages) == 1
    assert capsys.readouterr().out.strip().splitlines()[-1] == "8 passed, 1 failed"


def running(name: str, program: str, *, is_beside: bool = False) -> Stage:
    return Stage(name, (sys.executable, "-c", program), f"stage {name}", is_beside=is_beside)


def test_stage_beside_others_runs_with_them_and_is_shown_after_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Each goes on only when it has seen the other: one after the other, the first would never end.
    meet = (
        "import pathlib, time; here = pathlib.Path({folder!r}); print('{name} speaks', flush=True)\n"
        "(here / '{name}').touch(); ends = time.monotonic() + 300\n"
        "while not (here / '{other}').exists() and time.monotonic() < ends: time.sleep(0.01)\n"
        "print('=== {passed} passed in 1.00s ==='); raise SystemExit(not (here / '{other}').exists())"
    )
    folder = str(tmp_path)
    slow = running("slow", meet.format(folder=folder, name="slow", other="next", passed=2), is_beside=True)
    following = running("next", meet.format(folder=folder, name="next", other="slow", passed=5))

    assert runner.run_suite("test", [slow, following]) == 0

    output = capsys.readouterr().out
    order = ["--- slow: begun", "--- next: stage next", "next speaks", "--- slow: stage slow", "slow speaks"]
    assert [output.index(line) for line in order] == sorted(output.index(line) for line in order)
    closing = output.strip().splitlines()
    assert closing[-1] == "7 passed, 0 failed"
    # Summed up in the order of the stages, not of their ends.
    assert closing[-3].split()[0] == "slow"


@pytest.mark.parametrize("red", ["slow", "next"])
def test_red_stage_is_red_and_named_whichever_of_two_that_run_together(
    capsys: pytest.CaptureFixture[str], red: str
) -> None:
    def ending(name: str) -> str:
        return (
            f"print('=== 1 {'failed' if name == red else 'passed'} in 1.00s ==='); exit({int(name == red)})"
        )

    stages = [running("slow", ending("slow"), is_beside=True), running("next", ending("next"))]

    assert runner.run_suite("test", stages) == 1

    closing = capsys.readouterr().out.strip().splitlines()
    assert closing[-1] == "1 passed, 1 failed"
    failed = [line.split()[0] for line in closing if "FAILED (exit code 1)" in line]
    assert failed == [red]


def test_stage_that_nothing_follows_is_shown_while_it_runs(capsys: pytest.CaptureFixture[str]) -> None:
    alone = running("alone", "print('=== 1 passed in 1.00s ===')", is_beside=True)

    assert runner.run_suite("test", [alone]) == 0

    assert "begun" not in capsys.readouterr().out


def test_deep_stages_name_files_that_are_there() -> None:
    assert [path for path in DEEP_STORIES if not (ROOT / path).is_file()] == []
    assert len({stage.name for stage in DEEP_STAGES}) == len(DEEP_STAGES)
