"""A fork as its tests use it: reads, impersonated sends, and what a refused call answered."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from steelyard.exceptions import RpcRejected
from steelyard.sandbox.abi import decode_result, encode_call, selector_of
from steelyard.sandbox.funding import fund, fund_ether
from steelyard.sandbox.rpc import SandboxRpc
from steelyard.units import Address
from tests.support.patience import PATIENCE_SECONDS

ETHER = 10**18
PLENTY_OF_GAS = 5_000_000
MORE_GAS = 12_000_000
"""For a contract that is nearly as large as one may be."""
PLENTY_OF_FEE_WEI = 1_000 * 10**9


def actor(role: str) -> Address:
    """An address of nobody's, always the same: well-known test accounts carry code on the real chain."""
    return Address(to_checksum_address(keccak(text=f"steelyard test actor: {role}")[-20:]))


@dataclass(frozen=True)
class Refusal:
    """Why a call was refused: the error's name and values, or a revert string under the name ``Error``."""

    name: str
    values: tuple[Any, ...] = ()


class ForkChain:
    """Reads and sends on the node that Ape forked, as anybody."""

    def __init__(self, url: str) -> None:
        self.rpc = SandboxRpc(url)

    def read(self, to: str, signature: str, returns: str, *arguments: Any) -> tuple[Any, ...]:
        """Call a view; ``returns`` is a bracketed list of types."""
        data = "0x" + encode_call(signature, *arguments).hex()
        answer = self.rpc.call("eth_call", {"to": to, "data": data}, "latest")
        return decode_result(returns, bytes.fromhex(answer[2:]))

    def send(self, sender: str, to: str, signature: str, *arguments: Any) -> None:
        """Send as ``sender``, who needs no key, and see that it went through."""
        status = self.send_data(sender, to, "0x" + encode_call(signature, *arguments).hex())
        assert status, f"{signature} at {to} reverted"

    def send_data(self, sender: str, to: str, data: str) -> bool:
        """Mine a transaction whatever comes of it; True where it went through."""
        return int(self.receipt(sender, to, data)["status"], 16) == 1

    def receipt(self, sender: str, to: str | None, data: str) -> dict[str, Any]:
        """Mine a transaction whatever comes of it; return its receipt. To nobody, a contract is created."""
        if int(self.rpc.call("eth_getBalance", sender, "latest"), 16) < ETHER:
            fund_ether(self.rpc, Address(sender), 100 * ETHER)
        # Not stopped afterwards: Ape may hold the same account.
        self.rpc.call("anvil_impersonateAccount", sender)
        # A fee that the node chooses may lie under the base fee of the next block: never mined.
        fees = {"maxFeePerGas": hex(PLENTY_OF_FEE_WEI), "maxPriorityFeePerGas": "0x0"}
        call = {"from": sender, "data": data, "gas": hex(PLENTY_OF_GAS if to else MORE_GAS), **fees}
        if to is not None:
            call["to"] = to
        transaction: str = self.rpc.call("eth_sendTransaction", call)
        # A fork fetches state while it mines: the receipt may be a moment away.
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up_at:
            receipt: dict[str, Any] | None = self.rpc.call("eth_getTransactionReceipt", transaction)
            if receipt is not None:
                return receipt
            time.sleep(0.005)
        sent = self.rpc.call("eth_getTransactionByHash", transaction)
        pool = self.rpc.call("txpool_status")
        pending = self.rpc.call("eth_getBlockByNumber", "pending", False)
        raise TimeoutError(
            f"not mined in {PATIENCE_SECONDS:.0f} seconds: {sent}; pool {pool}; next block {pending}"
        )

    def let_pass(self, seconds: int) -> None:
        """Stamp the next block ``seconds`` after the latest.

        Not ``evm_increaseTime``: after a revert of the chain it counts from the wall clock, and a swap in the
        second of the last one leaves a V2 pair's sums unwritten, so that the next pays for them.
        """
        latest = self.rpc.call("eth_getBlockByNumber", "latest", False)
        self.rpc.call("evm_setNextBlockTimestamp", int(latest["timestamp"], 16) + seconds)

    def answer(self, sender: str, to: str, data: str) -> str:
        """What a call returns, or reverts with, as hex."""
        call = {"from": sender, "to": to, "data": data, "gas": hex(PLENTY_OF_GAS)}
        try:
            returned: str = self.rpc.call("eth_call", call, "latest")
        except RpcRejected as error:
            return error.data or "0x"
        return returned

    def balance(self, token: str, account: str) -> int:
        """Base units of ``token``."""
        balance: int = self.read(token, "balanceOf(address)", "(uint256)", account)[0]
        return balance

    def ether(self, account: str) -> int:
        """Wei."""
        return int(self.rpc.call("eth_getBalance", account, "latest"), 16)

    def give(self, token: str, account: str, amount: int) -> None:
        """``amount`` base units more, by a storage write."""
        fund(self.rpc, Address(account), Address(token), self.balance(token, account) + amount)


def refusal(contract: Any, data: str) -> Refusal:
    """Decode revert data by the errors in ``contract``'s own ABI."""
    raw = bytes.fromhex(data.removeprefix("0x"))
    if raw[:4] == selector_of("Error(string)"):
        return Refusal("Error", decode(["string"], raw[4:]))
    for error in contract.contract_type.errors:
        types = [parameter.canonical_type for parameter in error.inputs]
        if raw[:4] == selector_of(f"{error.name}({','.join(types)})"):
            values = decode(types, raw[4:])
            named = (_checksummed(kind, value) for kind, value in zip(types, values, strict=True))
            return Refusal(error.name, tuple(named))
    return Refusal(f"unknown {data[:74]}")


def _checksummed(kind: str, value: Any) -> Any:
    return to_checksum_address(value) if kind == "address" else value
