"""Where a vault's code keeps what it remembers, as the compiler says it; and what an upgrade may not move.

The vault remembers everything in one struct at a place of its own (ERC-7201), which the compiler lists
nowhere: a probe that declares a variable of that struct is compiled, and its layout is the struct's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, Final

import ape
import solcx
from solcx.exceptions import SolcError

from scripts._steps import StepRefused

Layout = list[dict[str, Any]]
"""Each field: path, slot and offset (bytes) in what holds it, type, and bytes."""

_SOURCE: Final = "contracts/vault/VaultStorage.sol"
_PROBE: Final = "Probe.sol"
_PROBE_TEXT: Final = f"""// SPDX-License-Identifier: MIT
pragma solidity >=0.8.0;
import {{VaultStorage}} from "{_SOURCE}";
abstract contract Probe is VaultStorage {{ Layout private layout; }}
"""
_IMPORT: Final = re.compile(r'^\s*import[^"]*"(\.[^"]+)"', re.MULTILINE)


@cache
def compiled_layout() -> Layout:
    """Return the layout of the vault's sources as they are now. Raises StepRefused: they do not compile."""
    version = str(ape.config.get_config("solidity").version)
    sources = dict(_with_imports(ape.project.path, PurePosixPath(_SOURCE)))
    sources[_PROBE] = _PROBE_TEXT
    request = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sources.items()},
        "settings": {"outputSelection": {_PROBE: {"Probe": ["storageLayout"]}}},
    }
    try:
        answer = solcx.compile_standard(request, solc_version=version)
    except SolcError as error:
        raise StepRefused(f"the vault's storage does not compile: {error}") from None
    found = answer["contracts"][_PROBE]["Probe"]["storageLayout"]
    (start,) = found["storage"]
    return list(_fields(found["types"], start["type"], ""))


def _with_imports(root: Path, name: PurePosixPath) -> Iterator[tuple[str, str]]:
    """The source of this name and all that it imports, relative to the project."""
    text = (root / name).read_text(encoding="utf-8")
    yield str(name), text
    for imported in _IMPORT.findall(text):
        found = (root / name.parent / imported).resolve().relative_to(root.resolve())
        yield from _with_imports(root, PurePosixPath(found.as_posix()))


def _fields(types: dict[str, Any], name: str, path: str) -> Iterator[dict[str, Any]]:
    """Every field of a type: of a struct its members, of a mapping or an array what it holds."""
    described = types[name]
    for member in described.get("members", []):
        at = f"{path}.{member['label']}".lstrip(".")
        kind = types[member["type"]]
        yield {
            "path": at,
            "slot": int(member["slot"]),
            "offset": int(member["offset"]),
            "type": kind["label"],
            "bytes": int(kind["numberOfBytes"]),
        }
        yield from _fields(types, member["type"], at)
    for inner in ("value", "base"):
        if inner in described:
            yield from _fields(types, described[inner], f"{path}[]")


def layout_conflicts(old: Layout, new: Layout) -> list[str]:
    """Return what an upgrade from one layout to the other would break, for people; empty where nothing.

    Every field must stay where it is, as what it is; new ones only come after the last of their struct.
    """
    standing = {field["path"]: field for field in new}
    known = {field["path"] for field in old}
    conflicts = [
        f"{field['path']} is {_place(field)}, and would be {_place(standing.get(field['path']))}"
        for field in old
        if standing.get(field["path"]) != field
    ]
    for field in new:
        before = [_position(one) for one in old if _holder(one) == _holder(field)]
        if field["path"] not in known and before and _position(field) <= max(before):
            conflicts.append(f"{field['path']} is new, {_place(field)}, and not at the end of what holds it")
    return conflicts


def _holder(field: dict[str, Any]) -> str:
    return str(field["path"]).rpartition(".")[0]


def _position(field: dict[str, Any]) -> tuple[int, int]:
    return field["slot"], field["offset"]


def _place(field: dict[str, Any] | None) -> str:
    return "gone" if field is None else f"{field['type']} at slot {field['slot']}, byte {field['offset']}"
