"""The relayer's errors, as Python knows them: all that the contract has, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from steelyard.connect.relay_errors import RELAYER_ERRORS

pytestmark = pytest.mark.unit

CONTRACTS = Path(__file__).parents[2] / "contracts"
SHARED = {
    "NotGuardian(address)",
    "OwnershipNotRenounceable()",
    "NotSelf(address)",
    "OwnableUnauthorizedAccount(address)",
    "OwnableInvalidOwner(address)",
    "TransferFromFailed()",
    "TransferFailed()",
    "ETHTransferFailed()",
}
"""Of the executor's, of OpenZeppelin's and of the token library's."""


def test_every_error_of_the_relayer_is_in_the_table() -> None:
    source = (CONTRACTS / "gasless" / "RelayErrors.sol").read_text(encoding="utf-8")
    declared = set()
    for name, inside in re.findall(r"^\s*error (\w+)\(([^)]*)\);", source, re.MULTILINE):
        types = [part.split()[0].replace("Refusal", "uint8") for part in inside.split(",") if part.strip()]
        declared.add(f"{name}({','.join(types)})")
    assert {error.signature for error in RELAYER_ERRORS.values()} - SHARED == declared
