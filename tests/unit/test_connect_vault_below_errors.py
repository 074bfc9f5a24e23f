"""What a vault below reverts with is named: all of OpenZeppelin's errors, and MetaMorpho's for its limits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steelyard.connect.known_errors import KNOWN_ERRORS
from steelyard.connect.vault_below_errors import VAULT_BELOW_ERRORS

pytestmark = pytest.mark.unit

MODULES = Path(__file__).parents[2] / "node_modules"
ERC4626 = MODULES / "@openzeppelin/contracts/build/contracts/ERC4626.json"
META_MORPHO = MODULES.joinpath(
    "@morpho-org/morpho-blue-bundlers/types/factories/lib/metamorpho/src/MetaMorpho__factory.js"
)
OF_META_MORPHO = {"AllCapsReached()", "NotEnoughLiquidity()"}


def test_every_error_of_openzeppelins_vault_is_in_the_table() -> None:
    abi = json.loads(ERC4626.read_text(encoding="utf-8"))["abi"]
    declared = {
        f"{entry['name']}({','.join(part['type'] for part in entry['inputs'])})"
        for entry in abi
        if entry["type"] == "error"
    }
    assert {error.signature for error in VAULT_BELOW_ERRORS.values()} == declared | OF_META_MORPHO


def test_errors_of_meta_morpho_are_its_own() -> None:
    abi = META_MORPHO.read_text(encoding="utf-8")
    assert all(f'name: "{error.removesuffix("()")}"' in abi for error in OF_META_MORPHO)


def test_keeper_knows_them_beside_ours() -> None:
    assert VAULT_BELOW_ERRORS.items() <= KNOWN_ERRORS.items()
