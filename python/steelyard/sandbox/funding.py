"""Balances and allowances by storage writes, on any node that can fork: the replica or the real mainnet.

Where a token keeps a balance is found by asking: an access list says which storage a ``balanceOf`` reads, and
a call with each of these slots overridden says which one is the balance. So it works through proxies and for
any layout, as long as the balance is one slot, or the low bits of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from steelyard.exceptions import RpcRejected, StopError
from steelyard.sandbox.abi import encode_call
from steelyard.sandbox.rpc import SandboxRpc
from steelyard.units import Address

_WETH: Final = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
_PROBE: Final = 0x5EE17AD5EE17AD


class CannotFund(StopError):
    """The token keeps no balance that one storage write could set."""


@dataclass(frozen=True, slots=True)
class _Slot:
    account: str
    key: str


def fund(rpc: SandboxRpc, account: Address, token: Address, amount: int) -> None:
    """Sets the balance of `account` in `token` to exactly `amount` base units.

    The token's total supply stays as it is. Wrapped ether gets the ether that backs the new balance.

    Raises:
        CannotFund: the balance is not one storage slot (rebasing shares, for instance).
    """
    before = _read(rpc, token, "balanceOf(address)", account)
    _set(rpc, token, "balanceOf(address)", (account,), amount)
    if token == _WETH and amount > before:
        backing = int(rpc.call("eth_getBalance", token, "latest"), 16) + amount - before
        rpc.call("anvil_setBalance", token, hex(backing))


def fund_ether(rpc: SandboxRpc, account: Address, amount_wei: int) -> None:
    """Sets the ether balance of `account`."""
    rpc.call("anvil_setBalance", account, hex(amount_wei))


def allow(rpc: SandboxRpc, owner: Address, spender: Address, token: Address, amount: int) -> None:
    """Sets the allowance of `spender` over `owner`'s tokens, without a transaction.

    Raises:
        CannotFund: the allowance is not one storage slot.
    """
    _set(rpc, token, "allowance(address,address)", (owner, spender), amount)


def _set(rpc: SandboxRpc, token: Address, view: str, arguments: tuple[Address, ...], amount: int) -> None:
    slot = _find_slot(rpc, token, view, arguments)
    rpc.call("anvil_setStorageAt", slot.account, slot.key, f"0x{amount:064x}")
    found = _read(rpc, token, view, *arguments)
    if found != amount:
        raise CannotFund(f"{view} of {token} reads {found} after {amount} was written")


def _find_slot(rpc: SandboxRpc, token: Address, view: str, arguments: tuple[Address, ...]) -> _Slot:
    data = "0x" + encode_call(view, *arguments).hex()
    call = {"to": token, "data": data}
    listed = rpc.call("eth_createAccessList", call, "latest")["accessList"]
    for entry in listed:
        for key in entry["storageKeys"]:
            slot = _Slot(entry["address"], key)
            if _reads_from(rpc, call, slot):
                return slot
    raise CannotFund(f"{view} of {token} is not kept in one storage slot")


def _reads_from(rpc: SandboxRpc, call: dict[str, str], slot: _Slot) -> bool:
    override = {slot.account: {"stateDiff": {slot.key: f"0x{_PROBE:064x}"}}}
    try:
        result: str = rpc.call("eth_call", call, "latest", override)
    except RpcRejected:
        # Overriding a proxy's implementation, for instance, breaks the call: not the balance.
        return False
    return result != "0x" and int(result, 16) == _PROBE


def _read(rpc: SandboxRpc, token: Address, view: str, *arguments: Address) -> int:
    call = {"to": token, "data": "0x" + encode_call(view, *arguments).hex()}
    return int(rpc.call("eth_call", call, "latest"), 16)
