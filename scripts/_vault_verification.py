"""A vault held against what was compiled and what was written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import ape
from eth_hash.auto import keccak

from scripts._comparison import Comparison
from scripts._site import code_hash, runtime_code_at
from scripts._steps import connected_chain
from scripts._vault_code import (
    authority_code,
    feed_of,
    fields,
    implementation_code,
    policy_at,
    policy_code,
    policy_terms,
    price_source_at,
    price_source_code,
    strategy_code,
)
from scripts._vault_record import ROLE_KEYS, DeployedVault, roles_found, settings_found
from steelyard.config.vault_terms import VaultTerms
from steelyard.connect.chain import CallReverted, ChainClient
from steelyard.connect.hexes import address_of_word, blob
from steelyard.model.vault import PoolState, VaultStop
from steelyard.units import Address

IMPLEMENTATION_SLOT: Final = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
"""keccak256("eip1967.proxy.implementation") - 1, by ERC-1967."""


def vault_comparisons(deployed: DeployedVault) -> list[Comparison]:
    """Return everything that was compared, in the order of its weight."""
    record, terms, chain = deployed.record, deployed.terms, connected_chain()
    return [
        *_code(record, terms, chain),
        *_roles(deployed, record, chain),
        *_settings(deployed, record),
        *_policy(record, terms),
        *_feeds(record, terms),
        *_pools(deployed, record),
    ]


def implementation_of(chain: ChainClient, vault: str) -> Address:
    """Return where the proxy's code is."""
    word = chain.rpc.call("eth_getStorageAt", [vault, IMPLEMENTATION_SLOT, "latest"])
    return address_of_word(blob(word, "storage"))


def _code(record: dict[str, Any], terms: VaultTerms, chain: ChainClient) -> list[Comparison]:
    """Code on chain against compiled code with its immutables, which each constructor is run for."""
    vault, authority, prices = record["vault"], record["authority"], record["price_source"]
    proxy = ape.project.VaultProxy.contract_type.get_runtime_bytecode()
    found = [
        Comparison("code of the vault, a proxy", _hash(bytes(proxy or b"")), code_hash(chain, vault)),
        Comparison("where its code is", record["implementation"], implementation_of(chain, vault)),
    ]
    makers: dict[str, Callable[[], bytes]] = {
        "implementation": lambda: implementation_code(record.get("forwarder")),
        "authority": lambda: authority_code(record["deployer"]),
        "price_source": lambda: price_source_code(authority),
        "policy": lambda: policy_code(terms, prices),
    }
    places = {name: record[name] for name in makers}
    described = {pool.name: pool for pool in terms.pools}
    for listed in record["pools"]:
        pool = described[listed["name"]]
        places[pool.name] = listed["strategy"]
        makers[pool.name] = lambda pool=pool: strategy_code(pool, vault, authority, prices)  # type: ignore[misc]
    for name, make in makers.items():
        what = f"code of {name.replace('_', ' ')}"
        found.append(Comparison(what, _would_be(chain, places[name], make()), code_hash(chain, places[name])))
    return found


def _would_be(chain: ChainClient, address: str, code: bytes) -> str:
    try:
        return _hash(runtime_code_at(chain, address, code))
    except CallReverted as error:
        return f"code that cannot be made now: {error.reason}"


def _hash(code: bytes) -> str:
    return "0x" + keccak(code).hex()


def _roles(deployed: DeployedVault, record: dict[str, Any], chain: ChainClient) -> list[Comparison]:
    found = roles_found(chain, deployed.vault, deployed.authority, deployed.since_block)
    return [
        Comparison("authority", record["authority"], str(deployed.vault.authority())),
        *[Comparison(key, sorted(record[key]), found[key]) for key in ROLE_KEYS.values()],
        Comparison("administration", *(_held(one["administration"]) for one in (record, found))),
        Comparison(
            "stopped", VaultStop.NOTHING.name.lower(), VaultStop(deployed.vault.state().stop).name.lower()
        ),
    ]


def _held(administration: list[dict[str, Any]]) -> list[str]:
    return sorted(f"{one['account']} after {one['delay_seconds']:,} seconds" for one in administration)


def _settings(deployed: DeployedVault, record: dict[str, Any]) -> list[Comparison]:
    found = settings_found(deployed.vault)
    return [Comparison(name.replace("_", " "), record["settings"][name], found[name]) for name in found]


def _policy(record: dict[str, Any], terms: VaultTerms) -> list[Comparison]:
    policy = policy_at(record["policy"])
    found = (policy.model(), policy.curve(), policy.limits())
    names = ("weight model", "buffer curve", "limits")
    return [
        Comparison(name, list(expected), list(fields(struct)))
        for name, expected, struct in zip(names, policy_terms(terms), found, strict=True)
    ]


def _feeds(record: dict[str, Any], terms: VaultTerms) -> list[Comparison]:
    source = price_source_at(record["price_source"])
    return [
        Comparison(f"feed of {feed.token}", list(feed_of(feed)), list(fields(source.feedOf(feed.token))))
        for feed in terms.feeds
    ]


def _pools(deployed: DeployedVault, record: dict[str, Any]) -> list[Comparison]:
    listed = [str(address) for address in deployed.vault.strategies()]
    written = [pool["strategy"] for pool in record["pools"]]
    active = PoolState.ACTIVE.name.lower()
    return [
        Comparison("pools", sorted(written), sorted(listed)),
        *[
            Comparison(
                f"state of {deployed.name_of(strategy)}",
                active,
                PoolState(deployed.vault.pool(strategy).state).name.lower(),
            )
            for strategy in listed
        ],
    ]
