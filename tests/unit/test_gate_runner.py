"""A stage whose node did not start is begun once more; a stage whose tests fail never is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gate import runner
from gate.stages import Stage

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
