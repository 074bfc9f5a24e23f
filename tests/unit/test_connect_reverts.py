"""What a revert says, and that the executor's error table is the contract's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from eth_abi.abi import encode

from steelyard.connect.executor_errors import EXECUTOR_ERRORS
from steelyard.connect.reverts import describe_revert, error_table

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
ENUMS = {"LenderKind": "uint8", "VenueKind": "uint8", "CallbackKind": "uint8"}


def declared_errors() -> set[str]:
    source = (ROOT / "contracts" / "libraries" / "ErrorsLib.sol").read_text(encoding="utf-8")
    found = set()
    for name, inside in re.findall(r"^\s*error (\w+)\(([^)]*)\);", source, re.MULTILINE):
        types = [part.split()[0] for part in inside.split(",") if part.strip()]
        found.add(f"{name}({','.join(ENUMS.get(type_, type_) for type_ in types)})")
    return found


def test_every_error_of_the_contract_is_in_the_table() -> None:
    declared = declared_errors()
    known = {error.signature for error in EXECUTOR_ERRORS.values()}
    inherited = {
        "OwnableUnauthorizedAccount(address)",
        "OwnableInvalidOwner(address)",
        "SafeCastOverflowedIntToUint(int256)",
        "SafeCastOverflowedUintToInt(uint256)",
        "TransferFailed()",
        "ApproveFailed()",
        "ETHTransferFailed()",
    }
    assert len(declared) > 20
    assert known == declared | inherited


def test_custom_error_is_shown_with_names_and_values() -> None:
    table = error_table("MinProfitNotMet(uint256 gain,uint256 minimum)")
    (selector,) = table
    data = selector + encode(["uint256", "uint256"], [5, 7])
    assert describe_revert(data, table) == "MinProfitNotMet(gain=5, minimum=7)"


def test_addresses_are_shown_with_their_checksum() -> None:
    table = error_table("NotKeeper(address caller)")
    (selector,) = table
    data = selector + encode(["address"], ["0x" + "ab" * 20])
    assert describe_revert(data, table) == "NotKeeper(caller=0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB)"


def test_standard_reasons_are_plain_words() -> None:
    reason = bytes.fromhex("08c379a0") + encode(["string"], ["UniswapV2: K"])
    panic = bytes.fromhex("4e487b71") + encode(["uint256"], [0x11])
    assert describe_revert(reason) == "UniswapV2: K"
    assert describe_revert(panic) == "panic 0x11: arithmetic overflow or underflow"
    assert describe_revert(b"") == "reverted without a reason"


@pytest.mark.parametrize(
    "data",
    [
        b"\x01",
        b"\x08\xc3\x79\xa0",
        bytes.fromhex("08c379a0") + b"\xff" * 64,
        bytes.fromhex("08c379a0") + encode(["bytes"], [b"\xff\xfe"]),
        bytes.fromhex("4e487b71") + b"\x01",
        b"\xde\xad\xbe\xef" * 3,
    ],
)
def test_damaged_or_unknown_revert_data_is_described_and_never_fails(data: bytes) -> None:
    assert describe_revert(data, EXECUTOR_ERRORS)
