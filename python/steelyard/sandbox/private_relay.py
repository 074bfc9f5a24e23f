"""A private relay on the loopback interface, for tests: what it takes is seen by nobody until it is mined.

::

    with PrivateRelay(anvil.rpc_url) as relay:
        ...                                                        # send to relay.url; it is held back
        relay.include()                                            # mined into anvil's chain, as builders do
        relay.forgets = True                                       # answers well, and holds nothing
        relay.fault("eth_sendRawTransaction", Drop(), times=1)     # all faults of ``faulty_rpc``

It speaks ``eth_sendRawTransaction`` and, where it offers them, ``eth_sendPrivateTransaction`` and
``eth_cancelPrivateTransaction``; ``status_url`` tells what became of a transaction. It shares no code with
the keeper.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from steelyard.sandbox.faulty_rpc import FaultyRpc
from steelyard.sandbox.rpc import SandboxRpc

_METHOD_NOT_FOUND: Final = -32601


@dataclass(frozen=True, slots=True)
class HeldTransaction:
    """What the relay has taken; ``max_block`` is the last block that it may be mined in."""

    raw: bytes
    hash: str
    sender: str
    nonce: int
    max_block: int | None


class PrivateRelay(FaultyRpc):
    """The relay; a context manager that stops it at the end.

    Attributes:
        received: the hash of every transaction that arrived, in order, repetitions included.
        signatures: ``X-Flashbots-Signature`` of every post, with the body that it is over.
        forgets: answer as if taken, and hold nothing.
        offers_private: whether there are ``eth_sendPrivateTransaction`` and ``eth_cancelPrivateTransaction``.
    """

    def __init__(self, chain_url: str, *, offers_private: bool = False) -> None:
        """Listen on a free port; ``include`` mines into the anvil at ``chain_url``."""
        self.received: list[str] = []
        self.signatures: list[tuple[str | None, bytes]] = []
        self.forgets = False
        self.offers_private = offers_private
        self._chain_url = chain_url
        self._held: dict[tuple[str, int], HeldTransaction] = {}
        self._fates: dict[str, str] = {}
        self._books = threading.Lock()
        super().__init__(chain_url)

    @property
    def status_url(self) -> str:
        """Where a transaction's fate is told, with ``{hash}`` in place of its hash."""
        return self.url + "/tx/{hash}"

    @property
    def held(self) -> list[HeldTransaction]:
        """What is held back now, in the order of the nonces."""
        with self._books:
            return sorted(self._held.values(), key=lambda held: held.nonce)

    def include(self, *, seconds: int = 12) -> list[str]:
        """Have the held transactions mined in one block and return their hashes.

        They are in anvil's pool only between two calls of one batch. One whose last block has passed is
        dropped instead.
        """
        with SandboxRpc(self._chain_url) as rpc:
            head = rpc.call("eth_getBlockByNumber", "latest", False)
            number, timestamp = int(head["number"], 16), int(head["timestamp"], 16)
            chosen = [held for held in self.held if held.max_block is None or number < held.max_block]
            sends: list[tuple[str, list[Any]]] = [
                ("eth_sendRawTransaction", ["0x" + held.raw.hex()]) for held in chosen
            ]
            rpc.batch([*sends, ("evm_mine", [timestamp + seconds])])
        with self._books:
            for held in self._held.values():
                self._fates[held.hash] = "INCLUDED" if held in chosen else "FAILED"
            self._held.clear()
        return [held.hash for held in chosen]

    def drop_all(self) -> None:
        """Hold nothing any more, and say so to whoever asks."""
        with self._books:
            for held in self._held.values():
                self._fates[held.hash] = "FAILED"
            self._held.clear()

    def page(self, path: str) -> bytes | None:
        """Return the status page of a transaction."""
        asked = path.rpartition("/")[2]
        with self._books:
            return json.dumps({"status": self._fates.get(asked, "UNKNOWN"), "hash": asked}).encode()

    def _respond(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        with self._books:
            self.signatures.append((handler.headers.get("X-Flashbots-Signature"), body))
        super()._respond(handler, body)

    def _forward(self, method: str, params: list[Any]) -> dict[str, Any]:
        """Answer by itself: what a relay is told goes to no node."""
        if method == "eth_sendRawTransaction":
            return {"result": self._take_in(HexBytes(params[0]), None)}
        if self.offers_private and method == "eth_sendPrivateTransaction":
            max_block = int(params[0]["maxBlockNumber"], 16)
            return {"result": self._take_in(HexBytes(params[0]["tx"]), max_block)}
        if self.offers_private and method == "eth_cancelPrivateTransaction":
            return {"result": self._let_go(params[0]["txHash"])}
        return {"error": {"code": _METHOD_NOT_FOUND, "message": f"the method {method} does not exist"}}

    def _take_in(self, raw: bytes, max_block: int | None) -> str:
        sender = str(Account.recover_transaction(raw))
        nonce = int(TypedTransaction.from_bytes(HexBytes(raw)).as_dict()["nonce"])
        found = HeldTransaction(raw, "0x" + keccak(raw).hex(), sender, nonce, max_block)
        with self._books:
            self.received.append(found.hash)
            if not self.forgets:
                replaced = self._held.get((sender, nonce))
                if replaced is not None and replaced.hash != found.hash:
                    self._fates[replaced.hash] = "FAILED"
                self._held[sender, nonce] = found
                self._fates[found.hash] = "PENDING"
        return found.hash

    def _let_go(self, transaction_hash: str) -> bool:
        with self._books:
            for key, held in list(self._held.items()):
                if held.hash == transaction_hash:
                    del self._held[key]
                    self._fates[held.hash] = "CANCELLED"
                    return True
        return False
