"""How the proofs are run: on the settings of the deployed code, by a prover that a lock pins."""

from __future__ import annotations

import os
import sys
import tomllib

import pytest

from gate import prove
from gate.stages import ROOT

pytestmark = pytest.mark.unit


def test_proofs_are_of_the_code_as_it_is_deployed() -> None:
    profiles = tomllib.loads((ROOT / "foundry.toml").read_text(encoding="utf-8"))["profile"]

    # Only where it builds, what it builds beside the contracts, and nothing in another way than those.
    where = {"test", "script", "skip", "out", "cache_path"}
    assert set(profiles[prove.PROFILE]) == where | {
        "additional_compiler_profiles",
        "compilation_restrictions",
    }
    assert profiles[prove.PROFILE]["compilation_restrictions"] == []
    assert profiles[prove.PROFILE]["out"] in prove.command([])


def test_all_proofs_or_those_with_a_part_of_the_name_are_asked_for() -> None:
    assert "^check_.*()" in prove.command([])
    assert "^check_.*(guard|quote)" in prove.command(["guard", "quote"])


def test_prover_comes_from_a_lock_with_hashes_and_without_addresses() -> None:
    text = prove.LOCK.read_text(encoding="utf-8")

    assert "halmos==" in text
    assert text.count("--hash=sha256:") >= text.count("==")
    assert "://" not in text


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        ("[PASS] check_a", 0, 0),
        ("[FAIL] check_a", 1, 1),
        ("WARNING  check_a: paths have not been fully explored due to the loop unrolling bound: 2", 0, 1),
    ],
)
def test_proof_that_fails_or_leaves_paths_out_is_red(words: str, code: int, expected: int) -> None:
    saying = [sys.executable, "-c", f"print({words!r}); raise SystemExit({code})"]

    assert prove.watch(saying, dict(os.environ)) == expected
