"""The borrower that does as it is told (``contracts/mocks/replica/LoanProbe.sol``), on a served replica."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from steelyard.sandbox.abi import encode_call
from steelyard.sandbox.replica.models import Models
from steelyard.units import Address
from tests.support.replica_chain import ReplicaChain

ROOT = Path(__file__).parents[2]
PROBE = Address("0x000000000000000000000000000000000010A12E")
STARTER = Address("0x00000000000000000000000000000000057A27e2")
MAGIC = bytes.fromhex("439148f0bbc682ca079e46d6e2c2f0c1e3b820f1a291b069d8882abf8cf18dd9")
"""What ERC-3156 asks of the callback: the keccak of ``ERC3156FlashBorrower.onFlashLoan``."""


class LoanProbe:
    """A probe at :data:`PROBE` that repays exactly, unless told otherwise."""

    def __init__(self, chain: ReplicaChain) -> None:
        self._chain = chain
        creation = Models(ROOT).artifact("LoanProbe").creation
        runtime = chain.rpc.call("eth_call", {"from": STARTER, "data": "0x" + creation.hex()}, "latest")
        chain.rpc.call("anvil_setCode", PROBE, runtime)
        self.prepare()

    def prepare(self, *, shortfall: int = 0, answer: bytes = MAGIC, inner: bytes = b"") -> None:
        """Says what the probe does in its next callbacks."""
        orders = (shortfall, answer, inner)
        receipt = self._chain.send(STARTER, PROBE, "prepare((uint256,bytes32,bytes))", orders)
        assert receipt["status"] == "0x1"

    def borrow(self, lender: Address, signature: str, *arguments: Any) -> dict[str, Any]:
        """Lets the probe start a loan itself; the mined receipt."""
        data = encode_call(signature, *arguments)
        return self._chain.send(STARTER, PROBE, "ask(address,bytes)", lender, data)

    def refused(self, lender: Address, signature: str, *arguments: Any) -> str:
        """Like :meth:`borrow`, as a call: raises RpcRejected with the lender's reason if it reverts."""
        data = encode_call(signature, *arguments)
        return self._chain.call(STARTER, PROBE, "ask(address,bytes)", lender, data)

    def seen(self, index: int = 0) -> tuple[int, int]:
        """Fee and balance of one token, as the last callback met them."""
        fee = self._chain.read(PROBE, "fees(uint256)", "(uint256)", index)
        return fee, self._chain.read(PROBE, "balances(uint256)", "(uint256)", index)
