"""The served replica as a caller meets it: reads, calls and mined transactions by signature."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.funding import fund_ether
from steelyard.sandbox.mining import Miner, read_block
from steelyard.sandbox.replica import Replica
from steelyard.sandbox.rpc import SandboxRpc
from steelyard.units import ETHER, Address

GAS = 3_000_000


class ReplicaChain:
    """The replica as a caller meets it."""

    def __init__(self, replica: Replica, rpc: SandboxRpc) -> None:
        self.replica = replica
        self.rpc = rpc
        self.miner = Miner(rpc)

    def read(self, to: str, signature: str, returns: str, *arguments: Any) -> Any:
        call = {"to": to, "data": "0x" + encode_call(signature, *arguments).hex()}
        values = decode_result(returns, bytes.fromhex(self.rpc.call("eth_call", call, "latest")[2:]))
        return values[0] if len(values) == 1 else values

    def balance(self, token: str, holder: str) -> int:
        held: int = self.read(token, "balanceOf(address)", "(uint256)", holder)
        return held

    def call(self, sender: str, to: str, signature: str, *arguments: Any) -> str:
        """What a call from `sender` returns, as hexadecimal text; raises RpcRejected if it reverts."""
        call = {"from": sender, "to": to, "data": "0x" + encode_call(signature, *arguments).hex()}
        answer: str = self.rpc.call("eth_call", call, "latest")
        return answer

    def send(self, sender: str, to: str, signature: str, *arguments: Any) -> dict[str, Any]:
        """Mines a transaction from `sender` and returns its receipt."""
        fund_ether(self.rpc, Address(sender), 10 * ETHER)
        self.rpc.call("anvil_impersonateAccount", sender)
        data = "0x" + encode_call(signature, *arguments).hex()
        fee = hex(2 * read_block(self.rpc).next_base_fee_wei())
        call = {"from": sender, "to": to, "data": data, "gas": hex(GAS), "maxFeePerGas": fee}
        sent = self.rpc.call("eth_sendTransaction", call | {"maxPriorityFeePerGas": "0x1"})
        self.miner.mine()
        receipt: dict[str, Any] = self.rpc.call("eth_getTransactionReceipt", sent)
        return receipt


@contextmanager
def snapshot_of(replica: Replica) -> Iterator[ReplicaChain]:
    """The replica, put back at the end as it was at the start."""
    with replica.connect() as rpc:
        snapshot = rpc.call("evm_snapshot")
        yield ReplicaChain(replica, rpc)
        rpc.call("evm_revert", snapshot)
