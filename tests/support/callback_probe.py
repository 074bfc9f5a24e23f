"""The caller that answers any callback as it is told (``contracts/mocks/replica/CallbackProbe.sol``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from steelyard.sandbox.abi import encode_call, selector_of
from steelyard.sandbox.replica.models import Models
from steelyard.units import Address
from tests.support.replica_chain import ReplicaChain

ROOT = Path(__file__).parents[2]
PROBE = Address("0x00000000000000000000000000000000CA11BAC4")
STARTER = Address("0x00000000000000000000000000000000057A27e2")
_ASK = "ask(address,bytes,(address,uint256,bytes)[])"

Order = tuple[str, int, bytes]
"""A call made inside the callback: target, ether with it, calldata."""


def order(to: str, signature: str, *arguments: Any, value_wei: int = 0) -> Order:
    """The call of ``signature(arguments)``."""
    return to, value_wei, encode_call(signature, *arguments)


class CallbackProbe:
    """A probe at :data:`PROBE`."""

    def __init__(self, chain: ReplicaChain) -> None:
        self._chain = chain
        creation = Models(ROOT).artifact("CallbackProbe").creation
        runtime = chain.rpc.call("eth_call", {"from": STARTER, "data": "0x" + creation.hex()}, "latest")
        chain.rpc.call("anvil_setCode", PROBE, runtime)

    def ask(self, target: str, data: bytes, *orders: Order) -> dict[str, Any]:
        """Calls `target` and makes `orders` when it calls back; the mined receipt."""
        return self._chain.send(STARTER, PROBE, _ASK, target, data, list(orders))

    def refused(self, target: str, data: bytes, *orders: Order) -> str:
        """Like :meth:`ask`, as a call: raises RpcRejected with the target's reason if it reverts."""
        return self._chain.call(STARTER, PROBE, _ASK, target, data, list(orders))

    def was_called_as(self, signature: str) -> bool:
        """Whether the last callback had this signature."""
        found: bytes = self._chain.read(PROBE, "selector()", "(bytes4)")
        return found == selector_of(signature)
