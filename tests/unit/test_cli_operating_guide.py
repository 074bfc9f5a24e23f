"""The operator's guide names every verdict, event and exit code, and only messages that are really said."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from steelyard.cli.lazy import EXIT_RETRY, EXIT_STOP
from steelyard.model import VerdictCode

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
SOURCES = [
    ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "python" / "steelyard").rglob("*.py")
]
ANY_VALUE = "\0"
EVENT_WRITERS = {"say", "event"}


def text_of(node: ast.AST) -> str | None:
    """Return a string as it is said, with a mark where a value stands."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or ANY_VALUE for part in node.values)
    return None


@functools.cache
def nodes() -> list[ast.AST]:
    return [node for tree in SOURCES for node in ast.walk(tree)]


@functools.cache
def said() -> list[str]:
    return [text for node in nodes() if (text := text_of(node))]


def first_column(heading: str) -> list[str]:
    """Return what stands in backticks in the first column of a heading's table."""
    section = GUIDE.partition(heading)[2]
    rows = re.findall(r"^\|([^|]*)\|", section.partition("\n\n**")[0].partition("\n## ")[0], re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]*)`", row)]


def test_every_verdict_is_explained() -> None:
    assert set(first_column("**Verdicts**")) == {code.value.replace("_", " ") for code in VerdictCode}


def test_every_event_is_explained() -> None:
    written = {
        text_of(node.args[0])
        for node in nodes()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in EVENT_WRITERS
        and node.args
    } | {
        text_of(keyword.value)
        for node in nodes()
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "EventRow"
        for keyword in node.keywords
        if keyword.arg == "kind"
    }
    named = {name for name in written if name} | {"risk_stopped", "risk_allowed", "failures_acknowledged"}
    assert set(first_column("**Events**")) == named


@pytest.mark.parametrize("message", first_column("## At 3 a.m."))
def test_message_of_the_guide_is_one_that_is_said(message: str) -> None:
    parts = re.split(r"\.\.\.| N\b|N\)|\b5xx/429|\b401/403/404|^(?:trouble|left_out): ?|RPC", message)
    for part in (part.strip(" ()") for part in parts):
        assert any(part in text for text in said()), part


def test_exit_codes_are_those_of_the_command() -> None:
    assert f"| {EXIT_STOP} |" in GUIDE
    assert f"| {EXIT_RETRY} |" in GUIDE
