"""What creates each contract of a vault, and the contract's structs for what the terms say."""

from __future__ import annotations

from typing import Any

import ape
from ape.contracts import ContractInstance

from scripts._authority import authority_container
from scripts._site import creation_code
from steelyard.config.vault_terms import Erc4626Terms, FeedTerms, PoolTerms, VaultTerms
from steelyard.units import WAD

NOBODY = "0x" + "00" * 20
_NAME_BYTES = 32


def vault_at(address: str) -> ContractInstance:
    """Return the vault at an address, where it need not stand yet."""
    return ContractInstance(address, ape.project.AllocationVault.contract_type)


def price_source_at(address: str) -> ContractInstance:
    """Return the price source at an address, where it need not stand yet."""
    return ContractInstance(address, ape.project.FeedPriceSource.contract_type)


def policy_at(address: str) -> ContractInstance:
    """Return the policy at an address, where it need not stand yet."""
    return ContractInstance(address, ape.project.AllocationPolicy.contract_type)


# --- code ------------------------------------------------------------------------------------------------


def authority_code(deployer: str) -> bytes:
    """AccessManager, with the deployer as its first administrator."""
    return creation_code(authority_container(), deployer)


def price_source_code(authority: str) -> bytes:
    """FeedPriceSource, with nothing listed."""
    return creation_code(ape.project.FeedPriceSource, authority)


def policy_code(terms: VaultTerms, price_source: str) -> bytes:
    """AllocationPolicy; its constructor asks for the asset's price."""
    return creation_code(ape.project.AllocationPolicy, terms.asset, price_source, *policy_terms(terms))


def implementation_code(forwarder: str | None) -> bytes:
    """AllocationVault's code, which is nobody's vault itself."""
    return creation_code(ape.project.AllocationVault, forwarder or NOBODY)


def proxy_code(terms: VaultTerms, implementation: str, authority: str, policy: str) -> bytes:
    """The vault: a proxy that is set up where it is created."""
    start = vault_at(implementation).initialize.encode_input(
        terms.asset, _padded(terms.name), _padded(terms.symbol), authority, settings_of(terms, policy)
    )
    return creation_code(ape.project.VaultProxy, implementation, start)


def strategy_code(pool: PoolTerms, vault: str, authority: str, price_source: str) -> bytes:
    """The strategy of a pool; its constructor asks the vault, which must stand, for its asset."""
    if isinstance(pool, Erc4626Terms):
        return creation_code(
            ape.project.Erc4626Strategy, vault, authority, pool.target, pool.band_bps, pool.growth_bps
        )
    place = (
        pool.pool,
        pool.swap_pool or pool.pool,
        price_source,
        pool.band_bps,
        pool.slippage_bps,
        pool.lower_tick,
        pool.upper_tick,
    )
    return creation_code(ape.project.UniswapV3Strategy, vault, place)


def strategy_name(pool: PoolTerms) -> str:
    """Return the contract's name."""
    return "Erc4626Strategy" if isinstance(pool, Erc4626Terms) else "UniswapV3Strategy"


# --- the contracts' structs ------------------------------------------------------------------------------


def feed_of(terms: FeedTerms) -> tuple[Any, ...]:
    """``Feed``."""
    return (
        terms.feed,
        terms.decimals,
        terms.max_age_seconds,
        int(terms.min_price_usd * WAD),
        int(terms.max_price_usd * WAD),
        terms.second or NOBODY,
        terms.max_deviation_bps,
    )


def settings_of(terms: VaultTerms, policy: str) -> tuple[Any, ...]:
    """``VaultSettings``."""
    return (policy, *terms.settings.model_dump().values())


def policy_terms(terms: VaultTerms) -> tuple[tuple[int, ...], ...]:
    """``WeightModel``, ``BufferCurve`` and ``RebalanceLimits``."""
    return tuple(tuple(part.model_dump().values()) for part in (terms.model, terms.curve, terms.limits))


def fields(struct: Any) -> tuple[Any, ...]:
    """Return a struct that Ape decoded as a tuple, its values as Python's own."""
    return tuple(str(value) if isinstance(value, str) else int(value) for value in struct)


def _padded(text: str) -> bytes:
    return text.encode().ljust(_NAME_BYTES, b"\0")
