"""What `.ci/run` makes of the commands that it calls, and what `make` says on a bare machine."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.checkout import ROOT, copy_checkout, run_in, write

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

# Says what a real one would, by a table of target, exit code, passed, failed; "-" counts nothing.
FAKE_MAKE = """#!/bin/bash
while read -r target code passed failed; do
    [ "$target" = "$1" ] || continue
    mkdir -p .build/gate
    counts="{\\"passed\\": $passed, \\"failed\\": $failed, \\"skipped\\": 1}"
    [ "$passed" = - ] || echo "$counts" > ".build/gate/$1.json"
    echo "$1" >> called
    exit "$code"
done < answers
exit 99
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    copy = copy_checkout(tmp_path / "checkout")
    (copy / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", copy / ".ci/run")
    write(copy / "bin/make", FAKE_MAKE)
    (copy / "bin/make").chmod(0o755)
    return copy


@pytest.mark.parametrize(
    ("answers", "closing", "is_green"),
    [
        ("lint 0 7 0\ntest 0 40 0\ndemo 0 - -\n", "48 passed, 0 failed", True),
        ("lint 2 6 1\ntest 0 40 0\ndemo 0 - -\n", "47 passed, 1 failed", False),
        ("lint 0 7 0\ntest 2 38 2\ndemo 0 - -\n", "46 passed, 2 failed", False),
        ("lint 0 7 0\ntest 0 40 0\ndemo 1 - -\n", "47 passed, 1 failed", False),
        ("lint 0 7 0\ntest 2 40 0\ndemo 0 - -\n", "48 passed, 1 failed", False),
        ("lint 2 - -\ntest 2 - -\ndemo 2 - -\n", "0 passed, 3 failed", False),
    ],
    ids=["all green", "lint red", "tests red", "demo red", "red without a count", "nothing runs"],
)
def test_whole_gate_counts_everything_and_is_red_if_anything_is(
    checkout: Path, answers: str, closing: str, is_green: bool
) -> None:
    write(checkout / "answers", answers)
    path = os.pathsep.join([str(checkout / "bin"), os.environ["PATH"]])

    done = run_in(checkout, "./.ci/run", PATH=path)

    assert done.stdout.strip().splitlines()[-1] == closing
    assert (done.returncode == 0) is is_green
    assert (checkout / "called").read_text().split() == ["lint", "test", "demo"]


def test_whole_gate_calls_what_the_readme_tells_to_type() -> None:
    called = re.findall(r"^run (\w+)$", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE)

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert called
    assert [name for name in called if f"make {name}" not in readme] == []


def test_machine_without_python_is_told_what_to_install(checkout: Path) -> None:
    done = run_in(checkout, shutil.which("make") or "make", "setup", "PYTHON=")

    assert done.returncode != 0
    assert "apt install python3.11 python3.11-venv" in done.stdout


def test_setup_leaves_another_checkouts_environment_alone_and_says_why(
    checkout: Path, tmp_path: Path
) -> None:
    for name in (".venv", "node_modules"):
        (checkout / name).unlink()  # a link that leads to the tests' own environment: not that one
    write(tmp_path / "other/bin/python", "somebody's")
    (checkout / ".venv").symlink_to(tmp_path / "other")

    done = run_in(checkout, shutil.which("make") or "make", "setup")

    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert f".venv is a link to {tmp_path / 'other'}" in said
    assert "Remedy: remove the link (rm .venv)" in said
    assert (tmp_path / "other/bin/python").read_text() == "somebody's"
