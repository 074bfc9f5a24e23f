"""Access lists (EIP-2930): what a transaction names beforehand costs less to touch, if it is touched cold.

A listed slot costs 1,900 gas and saves 2,000 at its first load (2,100 at its first store); a listed address
costs 2,400 and saves 2,500 (EIP-2929). An address that is warm from the start - the sender, the contract that
is called, precompiles - costs its 2,400 for nothing but its slots, so it is left out below 24 of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from steelyard.connect.chain import CallReverted, block_parameter, call_fields, parse_simulated
from steelyard.connect.hexes import checksum, hash32, quantity, to_hex
from steelyard.connect.rpc import RpcRequest
from steelyard.exceptions import RetryError, RpcRejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steelyard.connect.chain import ChainClient
    from steelyard.model import BlockRef
    from steelyard.units import Address

_ADDRESS_GAS: Final = 2_400
_SLOT_GAIN: Final = 100
_WORD: Final = 32
_LAST_PRECOMPILE: Final = 0x1FF

AccessList = tuple[tuple["Address", tuple[str, ...]], ...]
"""Addresses with the storage slots that are listed for each, as 0x-hex of 32 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheaperList:
    """An access list that makes a call cheaper.

    Attributes:
        gas_saved: gas used without it less gas used with it, refunds taken off, as receipts state them.
        gas: what the node estimates that a transaction with it needs.
    """

    access_list: AccessList
    gas_saved: int
    gas: int


def find_cheaper(
    chain: ChainClient, to: Address, data: bytes, *, sender: Address, head: BlockRef
) -> CheaperList | None:
    """Return an access list that makes the call use less gas on the state of ``head``, or None.

    The node makes the list (``eth_createAccessList``); entries that can only cost are taken off; then the
    call is run with and without it (``eth_simulateV1``), and every unit less counts. A node that lacks one of
    the methods, refuses, or falls silent gives none: a list is worth some gas, and no trade.
    """
    fields, block = call_fields(to, data, sender=sender), block_parameter(head.number)
    try:
        plain, listed = chain.rpc.batch(
            [_simulation(fields, block), RpcRequest("eth_createAccessList", [fields, block])]
        )
        access_list = without_losses(_parse(listed), to=to, sender=sender)
        if not access_list:
            return None
        with_list = fields | {"accessList": as_json(access_list)}
        dressed, estimate = chain.rpc.batch(
            [_simulation(with_list, block), RpcRequest("eth_estimateGas", [with_list, block])]
        )
        saved = _gas_used(plain) - _gas_used(dressed)
        gas = quantity(estimate, "gas estimate")
    except (RpcRejected, RetryError, CallReverted):
        return None
    return CheaperList(access_list=access_list, gas_saved=saved, gas=gas) if saved > 0 else None


def without_losses(access_list: AccessList, *, to: Address, sender: Address) -> AccessList:
    """Take off addresses that are warm from the start and whose slots do not earn what listing them costs."""
    warm = {to.lower(), sender.lower()}
    return tuple(
        (address, slots)
        for address, slots in access_list
        if not (address.lower() in warm or int(address, 16) <= _LAST_PRECOMPILE)
        or len(slots) * _SLOT_GAIN > _ADDRESS_GAS
    )


def listed_in(raw: bytes) -> AccessList:
    """Return the access list of a signed EIP-1559 transaction."""
    from eth_account.typed_transactions.typed_transaction import TypedTransaction
    from hexbytes import HexBytes

    listed = TypedTransaction.from_bytes(HexBytes(raw)).as_dict().get("accessList", ())
    return tuple(
        (
            checksum(to_hex(bytes(HexBytes(entry["address"])))),
            tuple(to_hex(bytes(HexBytes(slot)).rjust(_WORD, b"\0")) for slot in entry["storageKeys"]),
        )
        for entry in listed
    )


def as_json(access_list: AccessList) -> list[dict[str, Any]]:
    """Return the list as JSON-RPC and signers take it."""
    return [{"address": address, "storageKeys": list(slots)} for address, slots in access_list]


def _parse(answer: Any) -> AccessList:
    """Return the node's list, empty where the call reverted while it was made."""
    if not isinstance(answer, dict) or answer.get("error"):
        return ()
    return tuple(
        (checksum(entry["address"]), tuple(hash32(slot, "storage slot") for slot in entry["storageKeys"]))
        for entry in answer.get("accessList", ())
    )


def _simulation(fields: dict[str, Any], block: str) -> RpcRequest:
    request = {"blockStateCalls": [{"calls": [fields]}], "validation": False}
    return RpcRequest("eth_simulateV1", [request, block])


def _gas_used(simulated: Sequence[Any]) -> int:
    """Return the gas of the one simulated call. Raises CallReverted, RpcInconsistent."""
    result = parse_simulated(simulated[0]["calls"][0], {})
    if isinstance(result, CallReverted):
        raise result
    return result.gas_used
