"""Ape's build stands only as long as no source is newer: what is deployed is what is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ape_steelyard.freshness import is_stale

pytestmark = pytest.mark.unit

NOON_NS = 1_700_000_000_000_000_000
SECOND_NS = 1_000_000_000


def write(path: Path, time_ns: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")
    os.utime(path, ns=(time_ns, time_ns))
    return path


def test_build_that_is_as_new_as_its_sources_stands(tmp_path: Path) -> None:
    build = write(tmp_path / "build.json", NOON_NS)
    write(tmp_path / "contracts" / "base" / "Base.sol", NOON_NS)
    assert not is_stale(build, tmp_path / "contracts")


def test_build_is_stale_when_a_base_contract_was_edited_after_it(tmp_path: Path) -> None:
    build = write(tmp_path / "build.json", NOON_NS)
    write(tmp_path / "contracts" / "Child.sol", NOON_NS - SECOND_NS)
    write(tmp_path / "contracts" / "base" / "Base.sol", NOON_NS + 1)
    assert is_stale(build, tmp_path / "contracts")


def test_project_without_a_build_has_nothing_stale(tmp_path: Path) -> None:
    write(tmp_path / "contracts" / "Base.sol", NOON_NS)
    assert not is_stale(tmp_path / "build.json", tmp_path / "contracts")
