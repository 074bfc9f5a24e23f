"""Holds functions and files to a size that a reader can keep in mind.

A longer one says why in a comment on its first line: ``# long: <reason>``.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from gate.stages import ROOT

FUNCTION_LINES = 45
PYTHON_FILE_LINES = 400
SOLIDITY_FILE_LINES = 600
SOURCES = ("python", "scripts", "tests", "contracts")
EXCUSE = re.compile(r"(#|//) long: \S")
_SOLIDITY_FUNCTION = re.compile(r"^ {4}(?:function (\w+)|(constructor|receive|fallback)\b|modifier (\w+))")


def main() -> int:
    """Print what is too long; return 1 if anything is."""
    found = [trouble for path in sorted(_files()) for trouble in _troubles(path)]
    for trouble in found:
        print(trouble)
    return 1 if found else 0


def _files() -> Iterator[Path]:
    for folder in SOURCES:
        for suffix in ("py", "sol"):
            for path in (ROOT / folder).rglob(f"*.{suffix}"):
                if ".cache" not in path.parts:
                    yield path


def _troubles(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    is_solidity = path.suffix == ".sol"
    limit = SOLIDITY_FILE_LINES if is_solidity else PYTHON_FILE_LINES
    name = path.relative_to(ROOT)
    if len(lines) > limit and not EXCUSE.search(lines[0]):
        yield f"{name}: {len(lines)} lines, at most {limit}"
    functions = _solidity_functions(lines) if is_solidity else _python_functions(text)
    for function, first, last in functions:
        if last - first + 1 > FUNCTION_LINES and not EXCUSE.search(lines[first - 1]):
            yield f"{name}:{first}: {function} has {last - first + 1} lines, at most {FUNCTION_LINES}"


def _python_functions(text: str) -> Iterator[tuple[str, int, int]]:
    """(name, first line, last line) of each function; its docstring is not counted."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            last = node.end_lineno or node.lineno
            yield node.name, node.lineno, last - _docstring_lines(node)


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if ast.get_docstring(node, clean=False) is None:
        return 0
    docstring = node.body[0]
    return (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1


def _solidity_functions(lines: list[str]) -> Iterator[tuple[str, int, int]]:
    """(name, first line, last line) of each function of sources laid out by forge fmt."""
    start = 0
    name = ""
    for number, line in enumerate(lines, start=1):
        begins = _SOLIDITY_FUNCTION.match(line)
        if begins is not None:
            start, name = number, next(group for group in begins.groups() if group)
        if start and (line == "    }" or (start == number and line.rstrip().endswith(("}", ";")))):
            yield name, start, number
            start = 0


if __name__ == "__main__":
    sys.exit(main())
