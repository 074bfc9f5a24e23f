"""Twins of the executor: each lacks what its patches name, and an attack that proves nothing turns red."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from gate.stages import ROOT
from gate.twin import Patch
from gate.twin_list import TWINS
from gate.twins import (
    CONTRACTS,
    SETTINGS,
    Attack,
    PatchDoesNotFit,
    apply,
    attacks_in,
    faults_of,
    lay_out,
    unbuilt,
)

pytestmark = pytest.mark.unit

INCIDENTS = ROOT / "tests" / "forge" / "incidents"
SECURITY = ROOT / "docs" / "security.md"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    laid_out = tmp_path_factory.mktemp("twins")
    lay_out(laid_out, ROOT, TWINS)
    return laid_out


def test_every_twin_differs_from_its_contract_in_its_patches_and_its_name_only(tree: Path) -> None:
    for twin in TWINS:
        folder = tree / CONTRACTS / "twins" / twin.name
        changed = {
            str(path.relative_to(folder))
            for path in folder.rglob("*.sol")
            if path.read_text() != (ROOT / CONTRACTS / path.relative_to(folder)).read_text()
        }
        assert changed == {twin.contract, *(patch.path for patch in twin.patches)}, twin.name


def test_laying_out_twice_leaves_what_laying_out_once_did(tree: Path) -> None:
    before = {path: path.read_bytes() for path in tree.rglob("*.sol") if "node_modules" not in path.parts}
    lay_out(tree, ROOT, TWINS)
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("text", ["nowhere\n", "pragma\n", "twice\ntwice\n"])
def test_patch_whose_text_is_not_found_once_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "A.sol").write_text(text)
    with pytest.raises(PatchDoesNotFit, match="twin Some: found [02] times in A.sol"):
        apply(Patch("A.sol", "twice\n"), tmp_path, "Some")


def test_every_twin_is_attacked_and_every_attack_has_its_twin() -> None:
    source = "\n".join(path.read_text() for path in INCIDENTS.glob("*.t.sol"))
    named = re.findall(r"function test_([A-Z]\w*?)_\w+\(\) public \{\n\s+_face\(\"(\w+)\"\);", source)
    assert len(named) == source.count("function test_")
    assert all(test == faced for test, faced in named)
    assert {faced for _, faced in named} == {twin.name for twin in TWINS}


def test_every_twin_stands_in_the_incident_table() -> None:
    table = SECURITY.read_text(encoding="utf-8")
    assert [twin.name for twin in TWINS if f"`{twin.name}`" not in table] == []


def test_attack_that_fails_on_its_twin_and_twin_without_attack_are_faults() -> None:
    first, second = TWINS[:2]
    fallen = Attack(first.name, f"test_{first.name}_x()", True, "")
    standing = Attack(second.name, f"test_{second.name}_x()", False, "proves nothing")

    assert faults_of([first], [fallen]) == []
    assert faults_of([first, second], [fallen, standing]) == [f"test_{second.name}_x(): proves nothing"]
    assert "no attack on it" in faults_of([first, second], [fallen])[0]
    assert faults_of([first], [fallen, standing]) == [f"{standing.test}: there is no twin {second.name}"]


def test_report_of_forge_is_read_and_what_was_skipped_is_no_attack() -> None:
    results = {
        "test_OpenFlag_a()": {"status": "Success", "reason": None},
        "test_OpenFlag_b()": {"status": "Failure", "reason": "why"},
        "test_HalfRevoked_c()": {"status": "Skipped", "reason": ""},
    }
    report = json.dumps({"a.sol:A": {"test_results": results}})

    assert attacks_in(f"Warning: words\n{report}", "") == [
        Attack("OpenFlag", "test_OpenFlag_a()", True, ""),
        Attack("OpenFlag", "test_OpenFlag_b()", False, "why"),
    ]
    with pytest.raises(SystemExit, match="solc went wrong"):
        attacks_in("", "solc went wrong")


def test_contract_that_the_build_leaves_out_is_named_and_a_twin_is_none(tmp_path: Path) -> None:
    for name in ("vault/Built.sol", "LeftOut.sol", "twins/Any/Twin.sol"):
        (tmp_path / CONTRACTS / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / CONTRACTS / name).touch()
    (tmp_path / "out" / "Built.sol").mkdir(parents=True)

    assert unbuilt(tmp_path) == ["LeftOut.sol"]


def test_build_takes_in_every_contract_but_the_replicas_without_ir_and_optimizer(tree: Path) -> None:
    ours = {
        path.relative_to(ROOT) for path in (ROOT / CONTRACTS).rglob("*.sol") if "replica" not in path.parts
    }
    profile = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"][SETTINGS["FOUNDRY_PROFILE"]]

    assert {path for path in ours if not (tree / path).is_file()} == set()
    assert (profile["via_ir"], SETTINGS["FOUNDRY_OPTIMIZER"]) == (False, "false")
    assert profile["additional_compiler_profiles"] == []
