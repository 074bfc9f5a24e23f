"""Builds without bytecode are named before anything is made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gate.forge_tests import OUT, empty_builds

pytestmark = pytest.mark.unit

CODE = {"abi": [], "bytecode": {"object": "0x6080"}}


def build(root: Path, name: str, artifact: dict[str, Any], *, source: str | None = None) -> None:
    file = root / "contracts" / f"{name}.sol"
    file.parent.mkdir(exist_ok=True)
    file.write_text(source or f"contract {name} {{}}\n", encoding="utf-8")
    folder = root / OUT / f"{name}.sol"
    folder.mkdir(parents=True)
    (folder / f"{name}.json").write_text(json.dumps(artifact), encoding="utf-8")


@pytest.mark.parametrize(
    "artifact",
    [
        {"ast": {}},
        {"abi": [], "bytecode": {}},
        {"abi": [], "bytecode": {"object": ""}},
        {"bytecode": {"object": "0x"}},
    ],
    ids=("compiled for its tree alone", "no code asked for", "empty", "empty in hexadecimal"),
)
def test_contract_whose_build_has_no_code__is_named(tmp_path: Path, artifact: dict[str, Any]) -> None:
    build(tmp_path, "Whole", CODE)
    build(tmp_path, "Hollow", artifact)
    assert empty_builds(tmp_path) == ["Hollow"]


def test_what_cannot_be_deployed__needs_no_code(tmp_path: Path) -> None:
    build(tmp_path, "Abstract", {"bytecode": {"object": "0x"}}, source="abstract contract Abstract {}\n")
    build(tmp_path, "Face", {"bytecode": {"object": "0x"}}, source="interface Face {}\n")
    assert empty_builds(tmp_path) == []
