"""What both Aave versions share here: reserves, our addresses, linked libraries, mainnet's proxies."""

from __future__ import annotations

from typing import Final, NamedTuple

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from steelyard.sandbox.replica.errors import ReplicaError
from steelyard.sandbox.replica.manifest import Kind
from steelyard.sandbox.replica.packages import Artifact, Origin
from steelyard.sandbox.replica.tokens import MarketToken
from steelyard.sandbox.replica.workbench import ARCHITECT, Workbench
from steelyard.units import Address

TREASURY: Final = Address("0x464C71f6c2F760DdA6093dCB91C24c39e5d6e18c")
NOBODY: Final = Address("0x0000000000000000000000000000000000000000")

_VARIABLE_RATE: Final = 2


def our_address(market: str, name: str) -> Address:
    """Where a contract stands that nobody names: libraries, implementations, interest models."""
    digest = keccak(text=f"steelyard replica, {market}, {name}")
    return Address(to_checksum_address(digest[-20:]))


class Reserve(NamedTuple):
    """A reserve; ``nonce`` is the configurator's when mainnet's aToken was created."""

    token: MarketToken
    nonce: int
    a_token: Address
    ltv_bps: int
    threshold_bps: int
    bonus_bps: int


def place_libraries(bench: Workbench, market: str, artifacts: list[Artifact], check: str) -> dict[str, str]:
    """Places linked libraries, each after those that it needs; returns the address of each by name.

    Raises:
        ReplicaError: one of them needs a library that is not among `artifacts`.
    """
    placed: dict[str, str] = {}
    waiting = artifacts
    while waiting:
        ready = [artifact for artifact in waiting if set(artifact.links) <= set(placed)]
        if not ready:
            raise ReplicaError(f"{market}'s libraries need what is not listed: {waiting[0].links}")
        for artifact in ready:
            address = our_address(market, artifact.name)
            name = f"{market} {artifact.name}"
            bench.place_real(address, artifact, name=name, check=check, libraries=placed)
            placed[artifact.name] = address
        waiting = [artifact for artifact in waiting if artifact not in ready]
    return placed


def note_proxy(
    bench: Workbench, proxy: str, expected: Address, name: str, *, creator: str, origin: Origin
) -> None:
    """Enters a proxy that `creator` made into the manifest.

    Raises:
        ReplicaError: it does not stand where mainnet has it.
    """
    if proxy.lower() != expected.lower():
        raise ReplicaError(f"{creator} made {name} at {proxy}, and mainnet has it at {expected}")
    check = f"proxy created by {creator}, at mainnet's address"
    bench.note(expected, name, Kind.REAL, origin, check)


def allow_as_collateral(bench: Workbench, configurator: Address, reserve: Reserve) -> None:
    """Sets the reserve's limits; one with a loan-to-value of zero is no collateral."""
    if reserve.ltv_bps:
        bench.send(
            configurator,
            "configureReserveAsCollateral(address,uint256,uint256,uint256)",
            reserve.token.address,
            reserve.ltv_bps,
            reserve.threshold_bps,
            reserve.bonus_bps,
        )


def fill(
    bench: Workbench,
    pool: Address,
    reserves: tuple[Reserve, ...],
    *,
    supply: str,
    supplied_usd: int,
    borrowed_usd: int,
) -> None:
    """Fills the reserves; some of each is lent out, so that utilisation and rates are not zero.

    Args:
        supply: name of the pool's function that takes a deposit.
    """
    for reserve in reserves:
        asset, amount = reserve.token.address, reserve.token.base_units(supplied_usd)
        bench.send(asset, "approve(address,uint256)", pool, amount)
        bench.send(pool, f"{supply}(address,uint256,address,uint16)", asset, amount, ARCHITECT, 0)
    for reserve in reserves:
        bench.send(
            pool,
            "borrow(address,uint256,uint256,uint16,address)",
            reserve.token.address,
            reserve.token.base_units(borrowed_usd),
            _VARIABLE_RATE,
            0,
            ARCHITECT,
        )
    bench.settle()
