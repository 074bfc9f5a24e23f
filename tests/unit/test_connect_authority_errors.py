"""AccessManager's errors, as Python knows them: all that its published ABI has, and no others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steelyard.connect.authority_errors import AUTHORITY_ERRORS

pytestmark = pytest.mark.unit

ARTIFACT = (
    Path(__file__).parents[2] / "node_modules/@openzeppelin/contracts/build/contracts/AccessManager.json"
)


def test_every_error_of_the_access_manager_is_in_the_table() -> None:
    abi = json.loads(ARTIFACT.read_text(encoding="utf-8"))["abi"]
    declared = {
        f"{entry['name']}({','.join(part['type'] for part in entry['inputs'])})"
        for entry in abi
        if entry["type"] == "error"
    }
    assert {error.signature for error in AUTHORITY_ERRORS.values()} == declared
