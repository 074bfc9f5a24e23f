"""What a protocol's file builds with: constructors run in place, and transactions mined in batches.

**Constructor in place.** A contract comes to stand at mainnet's address without its deployer: the creation
code is set as the code of the address, a call returns the runtime code (immutables filled in), an empty
transaction to the address runs the constructor for real, so that its storage and its child contracts stay,
and the runtime code replaces the creation code. The account's nonce is 1 at that moment, as in a creation, so
children get mainnet's addresses.

**Batches.** Transactions are sent raw from impersonated accounts with explicit nonces and gas, gathered, and
mined together; the status of each is checked after its batch. Nobody waits for a receipt alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.mining import BLOCK_SECONDS, mine_block
from steelyard.sandbox.replica.errors import ReplicaError
from steelyard.sandbox.replica.manifest import Kind
from steelyard.sandbox.replica.models import Models
from steelyard.sandbox.replica.packages import Artifact, Origin, Packages
from steelyard.sandbox.rpc import SandboxRpc
from steelyard.units import ETHER, GWEI, Address

ARCHITECT: Final = Address("0x57Ee17Ad000000000000000000000000000a2c41")
BUILD_BASE_FEE_WEI: Final = 20 * GWEI
_PLENTY_WEI: Final = 10**9 * ETHER
_GAS_EACH: Final = 8_000_000
_PLACING_GAS: Final = 100_000_000
_BATCH: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A contract that was placed, as the manifest will tell it."""

    protocol: str
    name: str
    address: Address
    kind: Kind
    origin: Origin
    check: str


@dataclass(frozen=True, slots=True)
class _Sent:
    transaction_hash: str
    what: str


class Workbench:
    """Builds on a node that mines on demand and lets every account be impersonated.

    Args:
        rpc: the node.
        packages: pinned byte code.
        models: compiled models of ours.
        timestamp_seconds: the node's genesis time; blocks follow 12 seconds apart.
    """

    def __init__(self, rpc: SandboxRpc, packages: Packages, models: Models, timestamp_seconds: int) -> None:
        self.rpc = rpc
        self.packages = packages
        self.models = models
        self.placements: list[Placement] = []
        self._timestamp_seconds = timestamp_seconds
        self._nonces: dict[str, int] = {}
        self._pending: list[tuple[dict[str, Any], str]] = []
        self._protocol = ""
        self.endow(ARCHITECT)

    def begin(self, protocol: str) -> None:
        """Everything placed from here on belongs to this protocol."""
        self._protocol = protocol

    def endow(self, account: Address) -> None:
        """Gives an account all the ether that building can need."""
        self.rpc.call("anvil_setBalance", account, hex(_PLENTY_WEI))

    # ------------------------------------------------------------------ placing

    def place_real(
        self,
        address: Address,
        artifact: Artifact,
        arguments: bytes = b"",
        *,
        check: str,
        libraries: dict[str, str] | None = None,
        sender: Address = ARCHITECT,
        name: str | None = None,
    ) -> None:
        """Places real byte code at `address`; `check` says how its match with mainnet was checked."""
        creation = artifact.linked(libraries or {}) + arguments
        self._run_constructor(address, creation, sender)
        self.note(address, name or artifact.name, Kind.REAL, artifact.origin, check)

    def place_model(self, address: Address, model: str, arguments: bytes, *, name: str, check: str) -> None:
        """Places a model of ours at `address`; `check` says what it stands in for."""
        artifact = self.models.artifact(model)
        self._run_constructor(address, artifact.creation + arguments, ARCHITECT)
        self.note(address, name, Kind.MODEL, artifact.origin, check)

    def place_runtime(
        self, address: Address, runtime: bytes, origin: Origin, *, name: str, check: str
    ) -> None:
        """Places real runtime code, whose constructor left nothing behind, at `address`."""
        self.rpc.call("anvil_setCode", address, "0x" + runtime.hex())
        self.note(address, name, Kind.REAL, origin, check)

    def note(self, address: Address, name: str, kind: Kind, origin: Origin, check: str) -> None:
        """Enters a contract that stands already (a child, a proxy) into the manifest."""
        self.placements.append(
            Placement(
                protocol=self._protocol,
                name=name,
                address=address,
                kind=kind,
                origin=origin,
                check=check,
            )
        )

    def _run_constructor(self, address: Address, creation: bytes, sender: Address) -> None:
        self.settle()
        if sender != ARCHITECT:
            self.endow(sender)
        self.rpc.call("anvil_setCode", address, "0x" + creation.hex())
        self.rpc.call("anvil_setNonce", address, "0x1")
        call = {"from": sender, "to": address, "gas": hex(_PLACING_GAS)}
        runtime = self.rpc.call("eth_call", call, "latest")
        self._queue(sender, address, b"", 0, _PLACING_GAS, f"constructor at {address}")
        self.settle()
        self.rpc.call("anvil_setCode", address, runtime)

    # ------------------------------------------------------------- transactions

    def send(
        self,
        to: Address,
        signature: str,
        *arguments: Any,
        sender: Address = ARCHITECT,
        value_wei: int = 0,
    ) -> None:
        """Queues a call of ``signature(arguments)``; :meth:`settle` mines and checks it."""
        data = encode_call(signature, *arguments)
        self._queue(sender, to, data, value_wei, _GAS_EACH, f"{signature} at {to}")

    def settle(self) -> None:
        """Mines all that is queued.

        Raises:
            ReplicaError: one of the transactions reverted; the message names it and its reason.
        """
        while self._pending:
            batch, self._pending = self._pending[:_BATCH], self._pending[_BATCH:]
            self._mine_and_check(batch)

    def mine_empty(self) -> None:
        """Mines one block without transactions, after all that is queued."""
        self.settle()
        self._mine()

    def read(self, to: Address, signature: str, returns: str, *arguments: Any) -> tuple[Any, ...]:
        """Calls a view on the settled state and decodes what it returns."""
        self.settle()
        call = {"to": to, "data": "0x" + encode_call(signature, *arguments).hex()}
        result: str = self.rpc.call("eth_call", call, "latest")
        return decode_result(returns, bytes.fromhex(result[2:]))

    def _queue(self, sender: Address, to: Address, data: bytes, value_wei: int, gas: int, what: str) -> None:
        nonce = self._nonces.get(sender)
        if nonce is None:
            nonce = int(self.rpc.call("eth_getTransactionCount", sender, "latest"), 16)
        self._nonces[sender] = nonce + 1
        transaction = {
            "from": sender,
            "to": to,
            "data": "0x" + data.hex(),
            "value": hex(value_wei),
            "nonce": hex(nonce),
            "gas": hex(gas),
            "maxFeePerGas": hex(2 * BUILD_BASE_FEE_WEI),
            # A falling tip fixes the order in the block, whatever the order of arrival.
            "maxPriorityFeePerGas": hex(GWEI - len(self._pending)),
        }
        self._pending.append((transaction, what))

    def _mine_and_check(self, batch: list[tuple[dict[str, Any], str]]) -> None:
        sent = [_Sent(self.rpc.call("eth_sendTransaction", transaction), what) for transaction, what in batch]
        self._mine()
        receipts = self.rpc.batch([("eth_getTransactionReceipt", [each.transaction_hash]) for each in sent])
        for (transaction, what), receipt in zip(batch, receipts, strict=True):
            if receipt is None:
                raise ReplicaError(f"{what} was not mined with its batch")
            if receipt["status"] != "0x1":
                raise ReplicaError(f"{what} reverted: {self._reason(transaction)}")

    def _mine(self) -> None:
        self._timestamp_seconds += BLOCK_SECONDS
        mine_block(self.rpc, self._timestamp_seconds, BUILD_BASE_FEE_WEI)

    def _reason(self, transaction: dict[str, Any]) -> str:
        call = {key: transaction[key] for key in ("from", "to", "data", "value")}
        try:
            self.rpc.call("eth_call", call, "latest")
        except Exception as error:  # noqa: BLE001 - whatever the node says is the reason
            return str(error)
        return "no reason given; the same call succeeds now"
