"""What is written down of a vault, beside the executor's file, and the vault that such a file names."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import ape
from ape.contracts import ContractInstance

from scripts._authority import ADMIN_ROLE, authority_at
from scripts._executor import DeploymentRefused, Recorded, default_output, recorded_address
from scripts._site import code_hash, creation_block
from scripts._vault_code import vault_at
from scripts._vault_deployment import VaultBlueprint
from scripts._vault_layout import compiled_layout
from steelyard.config.vault_terms import VaultTerms
from steelyard.connect.abi import topic
from steelyard.connect.chain import ChainClient
from steelyard.connect.hexes import address_of_word
from steelyard.model.vault import VaultRole
from steelyard.units import Address

SUFFIX: Final = "-vault"
ROLE_KEYS: Final = {role: f"{role.name.lower()}s" for role in VaultRole}
SETTINGS: Final = ("policy", "fee_recipient", "management_fee_bps", "performance_fee_bps", "deposit_cap")

_ROLE_SET: Final = topic("RoleSet(address,uint8,bool)")
_ROLE_GRANTED: Final = topic("RoleGranted(uint64,address,uint32,uint48,bool)")
_OF_ADMIN_ROLE: Final = "0x" + ADMIN_ROLE.to_bytes(32).hex()
_NEEDED: Final = {"implementation", "authority", "price_source", "terms", "pools", "layout", "block_number"}


class DeployedVault(Recorded):
    """A vault and its file."""

    @property
    def vault(self) -> ContractInstance:
        """The vault."""
        return self.contract

    @property
    def authority(self) -> ContractInstance:
        """The AccessManager that it asks."""
        return authority_at(self.vault.authority())

    @property
    def terms(self) -> VaultTerms:
        """What it was deployed with."""
        return VaultTerms.model_validate(self.record["terms"])

    def strategy(self, named: str) -> Address:
        """Return the strategy of a pool, by its name in the file or by its address.

        Raises:
            DeploymentRefused: there is no such pool.
        """
        pools = {pool["name"]: pool["strategy"] for pool in self.record["pools"]}
        listed = [str(address) for address in self.vault.strategies()]
        found = pools.get(named, named)
        if found not in listed:
            names = ", ".join(f"{name} ({address})" for name, address in pools.items()) or "none"
            raise DeploymentRefused(f"no pool {named} is listed; the file has: {names}")
        return Address(found)

    def name_of(self, strategy: str) -> str:
        """Return a pool's name; its address where the file has none."""
        names = {pool["strategy"]: pool["name"] for pool in self.record["pools"]}
        return str(names.get(strategy, strategy))


def vault_output(chain_id: int) -> Path:
    """Where a vault's deployment is written down: beside the executor's."""
    return default_output(chain_id).with_name(f"{chain_id}{SUFFIX}.json")


def deployed_vault_at(deployment: Path | None) -> DeployedVault:
    """Return the vault that a file names; the usual file of the connected chain if None.

    Raises:
        DeploymentRefused: there is no such file, it names no vault, another chain's, or one that is not
            there.
    """
    path = deployment or vault_output(ape.networks.provider.chain_id)
    return DeployedVault(vault_at(recorded_address(path, "vault", _NEEDED)), path)


# --- writing ---------------------------------------------------------------------------------------------


def vault_record(
    blueprint: VaultBlueprint, previous: dict[str, Any], creation: dict[str, Any]
) -> dict[str, Any]:
    """Return what is written down of a deployment, read from the chain where the chain knows it.

    Args:
        previous: the file as it was; what it says of transactions is kept.
        creation: ``block_number`` and ``transaction`` of the vault's creation, where this run made it.
    """
    chain, vault = blueprint.chain, blueprint.vault
    first_block = int(previous.get("block_number") or creation_block(chain, blueprint.vault_address))
    made = {"block_number": first_block, "transaction": previous.get("transaction")} | creation
    pools = [
        {"name": pool.name, "kind": pool.kind, "strategy": blueprint.strategy_address(pool)}
        for pool in blueprint.terms.pools
    ]
    contracts: dict[str, Any] = {
        "vault": blueprint.vault_address,
        "implementation": blueprint.implementation_address,
        "authority": blueprint.authority_address,
        "price_source": blueprint.price_source_address,
        "policy": blueprint.policy_address,
    }
    coded = contracts | {pool["name"]: pool["strategy"] for pool in pools}
    return {
        "chain_id": blueprint.terms.chain_id,
        **contracts,
        "deployer": blueprint.deployer,
        "forwarder": blueprint.terms.forwarder,
        "code_hashes": {name: code_hash(chain, Address(address)) for name, address in coded.items()},
        **made,
        **roles_found(chain, vault, blueprint.authority, first_block),
        "settings": settings_found(vault),
        "pools": pools,
        "layout": compiled_layout(),
        "terms": blueprint.terms.model_dump(mode="json", exclude_none=True),
        "steps": previous.get("steps", []),
    }


def settings_found(vault: ContractInstance) -> dict[str, Any]:
    """Return the vault's settings as the chain has them."""
    return dict(zip(SETTINGS, vault.settings(), strict=True))


def roles_found(
    chain: ChainClient, vault: ContractInstance, authority: ContractInstance, since_block: int
) -> dict[str, Any]:
    """Return who holds which role; the vault answers for one account, so accounts come from the events."""
    named = _named(chain, vault, since_block, [_ROLE_SET], 1)
    held: dict[str, Any] = {
        key: [account for account in named if vault.hasRole(account, int(role))]
        for role, key in ROLE_KEYS.items()
    }
    # The AccessManager is older than the vault by some blocks of one deployment.
    first_block = creation_block(chain, Address(authority.address))
    admins = _named(chain, authority, first_block, [_ROLE_GRANTED, _OF_ADMIN_ROLE], 2)
    delays = {account: authority.hasRole(ADMIN_ROLE, account) for account in admins}
    held["administration"] = [
        {"account": account, "delay_seconds": int(delay)}
        for account, (holds, delay) in delays.items()
        if holds
    ]
    return held


def _named(
    chain: ChainClient, contract: ContractInstance, since_block: int, topics: list[str], position: int
) -> list[str]:
    """Return every account that events of a contract name, once each, in the order of their spelling."""
    found = chain.raw_logs(from_block=since_block, addresses=[Address(contract.address)], topics=topics)
    return sorted({str(address_of_word(bytes.fromhex(log["topics"][position][2:]))) for log in found})
