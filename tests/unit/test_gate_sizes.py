"""What the gate finds too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gate import sizes

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.fixture
def troubles_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def find(name: str, text: str) -> list[str]:
        monkeypatch.setattr(sizes, "ROOT", tmp_path)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return list(sizes._troubles(tmp_path / name))

    return find


def python_function(lines: int, first: str = "def act() -> None:") -> str:
    return "\n".join([first, *["    pass"] * (lines - 1)]) + "\n"


def solidity_function(lines: int) -> str:
    body = ["    function act() external {", *["        x;"] * (lines - 2), "    }"]
    return "\n".join(["contract A {", *body, "}"]) + "\n"


@pytest.mark.parametrize(("lines", "is_fine"), [(45, True), (46, False)])
def test_function_of_more_lines_than_allowed_is_named(troubles_of, lines: int, is_fine: bool) -> None:
    python, solidity = (
        troubles_of("a.py", python_function(lines)),
        troubles_of("A.sol", solidity_function(lines)),
    )

    if is_fine:
        assert (python, solidity) == ([], [])
    else:
        assert python == ["a.py:1: act has 46 lines, at most 45"]
        assert solidity == ["A.sol:2: act has 46 lines, at most 45"]


def test_docstring_does_not_count(troubles_of) -> None:
    docstring = '    """Act.\n' + "\n" * 20 + '    """\n'
    first, rest = python_function(45).split("\n", 1)

    assert troubles_of("a.py", f"{first}\n{docstring}{rest}") == []


def test_long_function_may_give_its_reason(troubles_of) -> None:
    excused = "def act() -> None:  # long: one table, one row a line"

    assert troubles_of("a.py", python_function(60, excused)) == []


@pytest.mark.parametrize(("name", "limit"), [("a.py", 400), ("A.sol", 600)])
def test_file_of_more_lines_than_allowed_is_named(troubles_of, name: str, limit: int) -> None:
    assert troubles_of(name, "\n" * limit) == []
    assert troubles_of(name, "\n" * (limit + 1)) == [f"{name}: {limit + 1} lines, at most {limit}"]
