"""A vault as its owner has it deployed: by the example in the repository, with addresses filled in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import ape

from steelyard.config.vault_terms import VaultTerms, load_vault_terms
from tests.support.fork_chain import actor
from tests.support.fork_market import USDC

if TYPE_CHECKING:
    from steelyard.units import Address

EXAMPLE: Final = Path(__file__).parents[2] / "docs" / "examples" / "vault.toml"
DELAY_SECONDS: Final = 2 * 86_400


@dataclass(frozen=True)
class Cast:
    """Who is who at a vault: accounts that sign."""

    deployer: Any
    owner: Any
    keeper: Any
    manager: Any
    guardian: Any


def fill_in(text: str, target: str, cast: Cast) -> str:
    """The example with everything filled in that it leaves open."""
    addresses: dict[str, Address | str] = {
        "0x_OWNER": cast.owner.address,
        "0x_KEEPER": cast.keeper.address,
        "0x_MANAGER": cast.manager.address,
        "0x_GUARDIAN": cast.guardian.address,
        "0x_FEES": actor("fees"),
        "0x_A_VAULT_OVER_USDC": target,
    }
    for placeholder, address in addresses.items():
        text = text.replace(placeholder, address)
    return text


def written_terms(folder: Path, deployer: Any, cast: Cast, *, delay_seconds: int) -> VaultTerms:
    """The example's terms, for a lending vault of the tests' own and feeds as old as a fork's are."""
    target = deployer.deploy(ape.project.VaultTarget, USDC)
    text = fill_in(EXAMPLE.read_text(encoding="utf-8"), target.address, cast)
    text = text.replace("admin_delay_seconds = 172800", f"admin_delay_seconds = {delay_seconds}")
    text = text.replace("max_age_seconds = 5_400", "max_age_seconds = 90_000")
    path = folder / "vault.toml"
    path.write_text(text, encoding="utf-8")
    return load_vault_terms(path)
