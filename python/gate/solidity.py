"""The compiler's syntax trees of our contracts, for the gate's own rules and mutations.

Only parsed and type-checked, not compiled to bytecode: two seconds for all of them.
"""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Node = dict[str, Any]

FOLDER = "contracts"
# Stand-ins of tests and of the replica: they are never deployed.
MOCKS = f"{FOLDER}/mocks"
# What Ape unpacks beside the sources.
_UNPACKED = ".cache"


class NotParsed(Exception):
    """The compiler refuses the sources; the message is its own."""


@dataclass(frozen=True)
class Sources:
    """Texts and trees by path, relative to the root with forward slashes.

    Attributes:
        texts: the asked-for files; bytes, as the trees' offsets count them.
        units: their trees, and those of everything that they import.
    """

    texts: dict[str, bytes]
    units: dict[str, Node]

    def text_of(self, path: str, node: Node) -> str:
        """What stands in the file for a node."""
        start, end = span(node)
        return self.texts[path][start:end].decode()

    def line_of(self, path: str, offset: int) -> int:
        """Number of the line, from 1."""
        return self.texts[path].count(b"\n", 0, offset) + 1


def contract_files(root: Path) -> list[str]:
    """Sources of everything that can be deployed or stands behind it; without the mocks."""
    found = sorted(path for path in (root / FOLDER).rglob("*.sol") if _UNPACKED not in path.parts)
    names = [path.relative_to(root).as_posix() for path in found]
    return [name for name in names if not name.startswith(f"{MOCKS}/")]


def parse(root: Path, paths: Sequence[str]) -> Sources:
    """Have the compiler read files and what they import, with the settings of foundry.toml.

    Raises:
        NotParsed: there is an error in them.
    """
    settings = tomllib.loads((root / "foundry.toml").read_text(encoding="utf-8"))["profile"]["default"]
    texts = {path: (root / path).read_bytes() for path in paths}
    question = {
        "language": "Solidity",
        "sources": {path: {"content": text.decode()} for path, text in texts.items()},
        "settings": {
            "remappings": settings["remappings"],
            "evmVersion": settings["evm_version"],
            "outputSelection": {"*": {"": ["ast"]}},
        },
    }
    compiler = [str(root / settings["solc"]), "--standard-json", "--base-path", str(root)]
    done = subprocess.run(
        [*compiler, "--allow-paths", str(root)],
        cwd=root,
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NotParsed(done.stderr or done.stdout)
    answer = json.loads(done.stdout)
    errors = [error["formattedMessage"] for error in answer.get("errors", ()) if error["severity"] == "error"]
    if errors:
        raise NotParsed("\n".join(errors))
    return Sources(texts, {path: source["ast"] for path, source in answer["sources"].items()})


def span(node: Node) -> tuple[int, int]:
    """(first byte, byte after the last)."""
    start, length, _ = (int(part) for part in node["src"].split(":"))
    return start, start + length


def walk(node: object) -> Iterator[Node]:
    """A node and everything below it, Yul included."""
    for found, _ in walk_with_ancestors(node):
        yield found


def walk_with_ancestors(
    node: object, ancestors: tuple[Node, ...] = ()
) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Each node with those above it, the outermost first."""
    if isinstance(node, list):
        for one in node:
            yield from walk_with_ancestors(one, ancestors)
    elif isinstance(node, dict):
        if "nodeType" in node:
            yield node, ancestors
            ancestors = (*ancestors, node)
        for value in node.values():
            if isinstance(value, dict | list):
                yield from walk_with_ancestors(value, ancestors)


def place_of(ancestors: Sequence[Node]) -> str:
    """``Contract.function`` around a node; modifiers count as functions, free functions have no contract."""
    names = []
    for node in ancestors:
        if node["nodeType"] == "ContractDefinition":
            names.append(node["name"])
        elif node["nodeType"] in ("FunctionDefinition", "ModifierDefinition"):
            names.append(node["name"] or node["kind"])
    return ".".join(names)
