"""Typed reads of one chain over raw JSON-RPC, and the sending of raw transactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from steelyard.connect.hexes import blob, checksum, hash32, quantity, to_hex
from steelyard.connect.reverts import CustomError, describe_revert
from steelyard.connect.rpc import RpcClient
from steelyard.exceptions import RpcInconsistent, RpcRejected, SimulationReverted, WrongChain
from steelyard.model.chain import BlockRef
from steelyard.units import Address

_GETH_REVERTED: Final = 3

BlockId = int | str
"""A height, a tag (``latest``, ``pending``, ``safe``, ``finalized``, ``earliest``) or a block hash."""


class CallReverted(SimulationReverted):
    """An ``eth_call`` or ``eth_estimateGas`` reverted.

    Attributes:
        data: the revert data as returned, empty where there was none.
    """

    def __init__(self, reason: str, data: bytes) -> None:
        super().__init__(reason)
        self.data = data


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One event as the chain recorded it."""

    address: Address
    topics: tuple[bytes, ...]
    data: bytes
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionReceipt:
    """What a mined transaction did and cost."""

    transaction_hash: str
    block_number: int
    block_hash: str
    succeeded: bool
    gas_used: int
    effective_gas_price_wei: int
    logs: tuple[Log, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionView:
    """A transaction as the node knows it; ``block_number`` is None while it waits in the pool."""

    hash: str
    sender: Address
    nonce: int
    block_number: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedCall:
    """What a call returned on the state that the calls before it left, and the gas that it used.

    ``gas_used`` is after refunds, as a receipt states it.
    """

    returned: bytes
    gas_used: int


class ChainClient:
    """One chain through one node. Belongs to one thread, like the RpcClient it uses."""

    def __init__(self, rpc: RpcClient, *, errors: Mapping[bytes, CustomError] | None = None) -> None:
        """Wrap ``rpc``; reverts are decoded by ``errors``, such as ``EXECUTOR_ERRORS``."""
        self.rpc = rpc
        self._errors = errors or {}

    def chain_id(self) -> int:
        """Return the id of the chain that the node serves."""
        return quantity(self.rpc.call("eth_chainId"), "chain id")

    def client_version(self) -> str:
        """Return what the node says it is, such as ``Geth/v1.16.7`` or ``anvil/v1.7.1``."""
        return str(self.rpc.call("web3_clientVersion"))

    def require_chain(self, expected: int) -> None:
        """Raise WrongChain unless the node serves chain ``expected``."""
        found = self.chain_id()
        if found != expected:
            raise WrongChain(
                f"RPC {self.rpc.name} serves chain id {found}, but chain id {expected} is configured"
            )

    def block(self, block: BlockId = "latest") -> BlockRef:
        """Return the block's header.

        Raises:
            RpcInconsistent: the node has no such block (or contradicts the height or hash asked for).
        """
        found = self.find_block(block)
        if found is None:
            raise RpcInconsistent(f"RPC {self.rpc.name} has no block {block}")
        return found

    def find_block(self, block: BlockId) -> BlockRef | None:
        """Like ``block``, with None for a block that the node does not have."""
        by_hash = is_block_hash(block)
        method = "eth_getBlockByHash" if by_hash else "eth_getBlockByNumber"
        raw = self.rpc.call(method, [block_parameter(block) if not by_hash else block, False])
        if raw is None:
            return None
        found = parse_block(raw)
        if block not in (found.number, found.hash) and (isinstance(block, int) or by_hash):
            raise RpcInconsistent(
                f"RPC {self.rpc.name} was asked for block {block} and returned {found.number} {found.hash}"
            )
        return found

    def balance_wei(self, address: Address, block: BlockId = "latest") -> int:
        """Return the account's native coin at ``block``."""
        return quantity(self.rpc.call("eth_getBalance", [address, state_parameter(block)]), "balance")

    def nonce(self, address: Address, block: BlockId = "latest") -> int:
        """Return the account's next nonce at ``block``; ``pending`` counts what waits in the node's pool."""
        return quantity(self.rpc.call("eth_getTransactionCount", [address, state_parameter(block)]), "nonce")

    def code(self, address: Address, block: BlockId = "latest") -> bytes:
        """Return the account's code at ``block``, empty for one without."""
        return blob(self.rpc.call("eth_getCode", [address, state_parameter(block)]), "code")

    def eth_call(
        self,
        to: Address | None,
        data: bytes,
        *,
        sender: Address | None = None,
        block: BlockId = "latest",
        gas: int | None = None,
        value_wei: int = 0,
        overrides: Mapping[str, object] | None = None,
    ) -> bytes:
        """Run a call without a transaction and return what it returns.

        Args:
            overrides: state that the call finds instead of the chain's, by account, as geth takes it.

        Raises:
            CallReverted: it reverted; the reason is decoded.
        """
        fields = call_fields(to, data, sender=sender, gas=gas, value_wei=value_wei)
        params = [fields, state_parameter(block), *([overrides] if overrides else [])]
        result = self._revertible("eth_call", params)
        return blob(result, "call result")

    def estimate_gas(
        self,
        to: Address | None,
        data: bytes,
        *,
        sender: Address,
        block: BlockId = "latest",
        value_wei: int = 0,
    ) -> int:
        """Return the gas that the node expects a transaction to need. Raises CallReverted."""
        fields = call_fields(to, data, sender=sender, value_wei=value_wei)
        return quantity(self._revertible("eth_estimateGas", [fields, state_parameter(block)]), "gas estimate")

    def call_in_order(
        self, calls: Sequence[tuple[Address, bytes]], *, sender: Address, block: BlockId = "latest"
    ) -> list[SimulatedCall | CallReverted]:
        """Run calls, ``(to, data)``, one on the state that the other leaves, without a transaction.

        By ``eth_simulateV1`` of the execution API: geth, Nethermind, Erigon and anvil answer it.

        Raises:
            RpcRejected: the node does not know the method, or refuses it.
        """
        return self.calls_of_many([(sender, to, data) for to, data in calls], block=block)

    def calls_of_many(
        self, calls: Sequence[tuple[Address, Address, bytes]], *, block: BlockId = "latest"
    ) -> list[SimulatedCall | CallReverted]:
        """As ``call_in_order``, each call with a sender of its own: ``(sender, to, data)``."""
        fields = [call_fields(to, data, sender=sender) for sender, to, data in calls]
        request = {"blockStateCalls": [{"calls": fields}], "validation": False}
        found = self.rpc.call("eth_simulateV1", [request, state_parameter(block)])
        try:
            (simulated,) = found
            results = list(simulated["calls"])
        except (KeyError, TypeError, ValueError):
            raise RpcInconsistent(f"RPC {self.rpc.name} answered eth_simulateV1 with no block") from None
        if len(results) != len(calls):
            raise RpcInconsistent(f"RPC {self.rpc.name} simulated {len(results)} calls of {len(calls)}")
        return [parse_simulated(result, self._errors) for result in results]

    def send_raw(self, raw: bytes) -> str:
        """Hand a signed transaction to the node, once, and return its hash.

        Raises:
            RpcUnavailable: no answer: it may or may not have arrived; ask the chain before acting on it.
            RpcRejected: the node refused it; the message is the node's.
        """
        return hash32(self.rpc.call("eth_sendRawTransaction", [to_hex(raw)]), "transaction hash")

    def receipt(self, transaction_hash: str) -> TransactionReceipt | None:
        """Return the receipt, or None while the transaction is not in a block."""
        raw = self.rpc.call("eth_getTransactionReceipt", [transaction_hash])
        return None if raw is None else parse_receipt(raw)

    def transaction(self, transaction_hash: str) -> TransactionView | None:
        """Return the transaction where the node knows it, mined or waiting."""
        raw = self.rpc.call("eth_getTransactionByHash", [transaction_hash])
        if raw is None:
            return None
        number = raw.get("blockNumber")
        return TransactionView(
            hash=hash32(raw.get("hash"), "transaction hash"),
            sender=checksum(raw["from"]),
            nonce=quantity(raw.get("nonce"), "nonce"),
            block_number=None if number is None else quantity(number, "block number"),
        )

    def raw_logs(
        self,
        *,
        block_hash: str | None = None,
        from_block: int | None = None,
        to_block: int | None = None,
        addresses: Sequence[Address] = (),
        topics: Sequence[object] = (),
    ) -> list[dict[str, Any]]:
        """Return logs as the node's JSON, of one block by its hash or of heights, both ends included."""
        asked: dict[str, object] = {}
        if block_hash is not None:
            asked["blockHash"] = block_hash
        else:
            asked["fromBlock"] = block_parameter("earliest" if from_block is None else from_block)
            asked["toBlock"] = block_parameter("latest" if to_block is None else to_block)
        if addresses:
            asked["address"] = list(addresses)
        if topics:
            asked["topics"] = list(topics)
        found = self.rpc.call("eth_getLogs", [asked])
        if not isinstance(found, list):
            raise RpcInconsistent(f"RPC {self.rpc.name} answered eth_getLogs with no list")
        return found

    def _revertible(self, method: str, params: Sequence[object]) -> Any:
        try:
            return self.rpc.call(method, params)
        except RpcRejected as error:
            reverted = as_revert(error, self._errors)
            if reverted is None:
                raise
            raise reverted from None


def as_revert(error: RpcRejected, errors: Mapping[bytes, CustomError] | None = None) -> CallReverted | None:
    """Return the revert that a node's refusal stands for, or None where it is a refusal of another kind."""
    if error.data is not None:
        data = blob(error.data, "revert data")
        return CallReverted(describe_revert(data, errors), data)
    # Geth, Nethermind and anvil all say "revert" in the message where no data came back.
    if error.code == _GETH_REVERTED or "revert" in str(error).lower():
        return CallReverted("reverted without a reason", b"")
    return None


def parse_simulated(raw: Any, errors: Mapping[bytes, CustomError]) -> SimulatedCall | CallReverted:
    """Return one simulated call from the node's JSON. Raises RpcInconsistent where a field is missing."""
    if not isinstance(raw, dict):
        raise RpcInconsistent("the node's simulated call is no JSON object")
    returned = blob(raw.get("returnData"), "simulated return data")
    if quantity(raw.get("status"), "simulated status") == 1:
        return SimulatedCall(returned=returned, gas_used=quantity(raw.get("gasUsed"), "simulated gas"))
    # Geth puts the revert data into the error, anvil into the return data.
    stated = (raw.get("error") or {}).get("data")
    data = returned if stated is None else blob(stated, "revert data")
    return CallReverted(describe_revert(data, errors) if data else "reverted without a reason", data)


def is_block_hash(block: BlockId) -> bool:
    """Tell a block's hash from its height and from a tag."""
    return isinstance(block, str) and block.startswith("0x")


def block_parameter(block: BlockId) -> str:
    """Return a height or tag as JSON-RPC wants it."""
    return hex(block) if isinstance(block, int) else block


def state_parameter(block: BlockId) -> object:
    """Return what pins a state read: a height, a tag, or by hash (EIP-1898)."""
    return {"blockHash": block} if is_block_hash(block) else block_parameter(block)


def call_fields(
    to: Address | None,
    data: bytes,
    *,
    sender: Address | None = None,
    gas: int | None = None,
    value_wei: int = 0,
) -> dict[str, object]:
    """Return the transaction object of a call; without ``to``, ``data`` is init code."""
    fields: dict[str, object] = {"data": to_hex(data)}
    if to is not None:
        fields["to"] = to
    if sender is not None:
        fields["from"] = sender
    if gas is not None:
        fields["gas"] = hex(gas)
    if value_wei:
        fields["value"] = hex(value_wei)
    return fields


def parse_block(raw: Any) -> BlockRef:
    """Return a block's header from the node's JSON. Raises RpcInconsistent where a field is missing."""
    if not isinstance(raw, dict):
        raise RpcInconsistent("the node's block is no JSON object")
    return BlockRef(
        number=quantity(raw.get("number"), "block number"),
        hash=hash32(raw.get("hash"), "block hash"),
        parent_hash=hash32(raw.get("parentHash"), "parent hash"),
        timestamp_seconds=quantity(raw.get("timestamp"), "block timestamp"),
        base_fee_wei=quantity(raw.get("baseFeePerGas"), "base fee"),
        gas_used=quantity(raw.get("gasUsed"), "block's gas used"),
        gas_limit=quantity(raw.get("gasLimit"), "block's gas limit"),
    )


def parse_receipt(raw: Any) -> TransactionReceipt:
    """Return a receipt from the node's JSON. Raises RpcInconsistent where a field is missing."""
    if not isinstance(raw, dict) or not isinstance(raw.get("logs"), list):
        raise RpcInconsistent("the node's receipt is no JSON object with logs")
    return TransactionReceipt(
        transaction_hash=hash32(raw.get("transactionHash"), "transaction hash"),
        block_number=quantity(raw.get("blockNumber"), "block number"),
        block_hash=hash32(raw.get("blockHash"), "block hash"),
        succeeded=quantity(raw.get("status"), "status") == 1,
        gas_used=quantity(raw.get("gasUsed"), "gas used"),
        effective_gas_price_wei=quantity(raw.get("effectiveGasPrice"), "effective gas price"),
        logs=tuple(parse_log(log) for log in raw["logs"]),
    )


def parse_log(raw: Any) -> Log:
    """Return a log from the node's JSON. Raises RpcInconsistent where a field is missing."""
    try:
        return Log(
            address=checksum(raw["address"]),
            topics=tuple(blob(topic, "topic") for topic in raw["topics"]),
            data=blob(raw["data"], "log data"),
            log_index=quantity(raw["logIndex"], "log index"),
        )
    except (KeyError, TypeError, ValueError):
        raise RpcInconsistent("the node's log lacks a field") from None
