"""How the proofs are run: on the settings of the deployed code, by a prover that a lock pins."""

from __future__ import annotations

import tomllib

import pytest

from gate import prove
from gate.stages import ROOT

pytestmark = pytest.mark.unit


def test_proofs_are_of_the_code_as_it_is_deployed() -> None:
    profiles = tomllib.loads((ROOT / "foundry.toml").read_text(encoding="utf-8"))["profile"]

    # Only where it builds, and what it builds beside the contracts.
    assert set(profiles[prove.PROFILE]) == {"test", "script", "out", "cache_path"}
    assert profiles[prove.PROFILE]["out"] in prove.command([])


def test_all_proofs_or_those_with_a_part_of_the_name_are_asked_for() -> None:
    assert "^check_.*()" in prove.command([])
    assert "^check_.*(guard|quote)" in prove.command(["guard", "quote"])


def test_prover_comes_from_a_lock_with_hashes_and_without_addresses() -> None:
    text = prove.LOCK.read_text(encoding="utf-8")

    assert "halmos==" in text
    assert text.count("--hash=sha256:") >= text.count("==")
    assert "://" not in text
