"""Who trades: named accounts, unlocked and funded by storage writes, that sign nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from steelyard.sandbox.activity.pools import PoolView, Swap
from steelyard.sandbox.activity.venues.registry import VENUES
from steelyard.sandbox.funding import allow, fund, fund_ether
from steelyard.sandbox.replica.manifest import NO_ADDRESS, Manifest, PoolRecord
from steelyard.sandbox.rpc import SandboxRpc
from steelyard.units import ETHER, UINT256_MAX, Address

_GAS: Final = 600_000
"""Enough for a swap over dozens of ticks; what is not used comes back."""
_PURSE_USD: Final = 10**11
_PURSE_ETHER_WEI: Final = 10**6 * ETHER
_USD_E8: Final = 10**8


@dataclass(frozen=True, slots=True, kw_only=True)
class Trader:
    """A named account of the market."""

    name: str
    address: Address


def trader(name: str) -> Trader:
    """The trader of this name; the address follows from the name."""
    digest = keccak(text=f"steelyard market, {name}")
    return Trader(name=name, address=Address(to_checksum_address(digest[-20:])))


NOISE_TRADERS: Final = tuple(trader(name) for name in ("saver", "merchant", "fund", "collector"))
"""They trade because they want to, and push pools away from the fair price."""

FOLLOWERS: Final = tuple(trader(name) for name in ("market maker", "broker"))
"""They know the fair price, and bring pools part of the way back."""


def prepare(rpc: SandboxRpc, manifest: Manifest) -> None:
    """Unlocks the traders; gives them ether, tokens and allowances of the venues without a transaction."""
    allowances = _allowances(manifest.pools)
    for each in (*NOISE_TRADERS, *FOLLOWERS):
        rpc.call("anvil_impersonateAccount", each.address)
        fund_ether(rpc, each.address, _PURSE_ETHER_WEI)
        for token in manifest.tokens:
            purse = _PURSE_USD * _USD_E8 * 10**token.decimals // token.price_usd_e8
            fund(rpc, each.address, token.address, purse)
        for spender, address in allowances:
            allow(rpc, each.address, spender, address, UINT256_MAX)


def _allowances(pools: Sequence[PoolRecord]) -> list[tuple[Address, Address]]:
    """Each spender with each token of its pools, once; ether itself needs no allowance."""
    wanted = {
        (spender, token): None
        for pool in pools
        for spender in VENUES[pool.kind].spenders
        for token in (pool.tokens or (pool.token0, pool.token1))
        if token != NO_ADDRESS
    }
    return list(wanted)


def swap_transaction(who: Trader, view: PoolView, swap: Swap) -> dict[str, Any]:
    """A swap at whatever price, straight at one pool; nonce and fees are still to be added."""
    call = VENUES[view.record.kind].swap(who.address, view, swap)
    transaction = {"from": who.address, "to": call.to, "data": "0x" + call.data.hex(), "gas": hex(_GAS)}
    return transaction | {"value": hex(call.value_wei)} if call.value_wei else transaction
