"""Relays that take transactions without showing them to anybody before they are mined.

A relay speaks plain ``eth_sendRawTransaction`` at an address of its own, or ``eth_sendPrivateTransaction``,
which also says until which block the transaction may be mined. What is sent may be signed by an identity
(header ``X-Flashbots-Signature``, https://docs.flashbots.net/flashbots-auction/advanced/rpc-endpoint), which
is a reputation and never the sender's account.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, Protocol

import requests
from eth_hash.auto import keccak

from steelyard.connect.hexes import to_hex
from steelyard.connect.rpc import RpcClient, new_session, redact_url
from steelyard.exceptions import RpcInconsistent, RpcRejected
from steelyard.units import Address

SEND_PRIVATE: Final = "eth_sendPrivateTransaction"
CANCEL_PRIVATE: Final = "eth_cancelPrivateTransaction"
SIGNATURE_HEADER: Final = "X-Flashbots-Signature"

_METHOD_NOT_FOUND: Final = -32601
_UNKNOWN_METHOD_WORDS: Final = ("not found", "not supported", "unsupported", "not exist", "not available")
_HASH_LENGTH: Final = 66
_HTTP_STATUSES: Final = range(300, 600)
_MOST_STATUS_BYTES: Final = 1 << 20


class RelayMethod(StrEnum):
    """How a relay is handed a transaction."""

    AUTO = "auto"
    """``eth_sendPrivateTransaction``, and the raw way from its first "no such method" on."""
    RAW = "raw"
    PRIVATE = "private"


class Fate(StrEnum):
    """What a relay says of a transaction."""

    PENDING = "pending"
    """It is handed to builders."""
    INCLUDED = "included"
    GONE = "gone"
    """It was received, and is handed to nobody any more."""
    UNKNOWN = "unknown"
    """Nothing is known of it, or nothing was said."""


_FATES: Final[Mapping[str, Fate]] = {
    "PENDING": Fate.PENDING,
    "INCLUDED": Fate.INCLUDED,
    "FAILED": Fate.GONE,
    "CANCELLED": Fate.GONE,
}


class Identity(Protocol):
    """Signs what relays are asked; it owns nothing."""

    @property
    def address(self) -> Address: ...

    def sign_text(self, text: str) -> bytes:
        """Return the 65 bytes of an EIP-191 signature. Raises KeyUnavailable."""
        ...


def signature_headers(identity: Identity) -> Callable[[bytes], Mapping[str, str]]:
    """Return what signs a posted body for a relay: the identity's address, and its word for the body's hash.

    Safe to share among relays that are asked at the same time.
    """
    one_at_a_time = threading.Lock()

    def headers(body: bytes) -> Mapping[str, str]:
        with one_at_a_time:
            signature = identity.sign_text(to_hex(keccak(body)))
        return {SIGNATURE_HEADER: f"{identity.address}:{to_hex(signature)}"}

    return headers


class PrivateRelay:
    """One relay; belongs to one thread at a time, like the RpcClient that it uses."""

    def __init__(self, rpc: RpcClient, method: RelayMethod = RelayMethod.AUTO) -> None:
        self._rpc = rpc
        self._method = method
        self.name = rpc.name

    def close(self) -> None:
        """Close the kept connection."""
        self._rpc.close()

    def send(self, raw: bytes, transaction_hash: str, *, max_block: int) -> None:
        """Hand over a signed transaction, once; return where the relay has taken it.

        Args:
            max_block: the last block that it may be mined in, where the relay can be told.

        Raises:
            RpcUnavailable: no answer: it may or may not have arrived.
            RpcInconsistent: the relay names another transaction: whether it took ours is unknown.
            RpcRejected: the relay refused it.
        """
        if self._method is not RelayMethod.RAW:
            try:
                request = {"tx": to_hex(raw), "maxBlockNumber": hex(max_block)}
                self._check(self._rpc.call(SEND_PRIVATE, [request]), transaction_hash)
                return
            except RpcRejected as error:
                if self._method is RelayMethod.PRIVATE or not _is_unknown_method(error):
                    raise
                self._method = RelayMethod.RAW
        self._check(self._rpc.call("eth_sendRawTransaction", [to_hex(raw)]), transaction_hash)

    def cancel(self, transaction_hash: str) -> bool:
        """Ask the relay to hand the transaction to nobody any more; tell whether it said that it does.

        Raises:
            RpcUnavailable: no answer.
        """
        if self._method is RelayMethod.RAW:
            return False
        try:
            return self._rpc.call(CANCEL_PRIVATE, [{"txHash": transaction_hash}]) in (True, "true")
        except RpcRejected:
            return False

    def _check(self, answer: object, transaction_hash: str) -> None:
        """Some relays answer with other things than a hash; another transaction's hash is a contradiction."""
        is_hash = isinstance(answer, str) and len(answer) == _HASH_LENGTH
        if is_hash and str(answer).lower() != transaction_hash.lower():
            raise RpcInconsistent(f"relay {self.name} was sent {transaction_hash} and names {answer}")


class StatusPage:
    """Where a relay tells what became of a transaction: Flashbots' and MEV Blocker's status page, as JSON."""

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        """Bind to an address with ``{hash}`` in it. Raises ConfigError where it is none."""
        self.name = redact_url(url)
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._session = new_session(url)

    def close(self) -> None:
        """Close the kept connection."""
        self._session.close()

    def fate(self, transaction_hash: str) -> Fate:
        """Return what the relay says; UNKNOWN also where it cannot be asked."""
        try:
            with self._session.get(
                self._url.replace("{hash}", transaction_hash),
                timeout=self._timeout_seconds,
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.status_code != requests.codes.ok or _is_too_long(response):
                    return Fate.UNKNOWN
                said = response.json()
        except (requests.exceptions.RequestException, OSError, ValueError):
            return Fate.UNKNOWN
        status = said.get("status") if isinstance(said, dict) else None
        return _FATES.get(str(status).upper(), Fate.UNKNOWN)


def serves_nobody(error: RpcRejected) -> bool:
    """Tell whether a relay refuses to serve us at all: an HTTP status, or a method that it does not have."""
    return error.code in _HTTP_STATUSES or _is_unknown_method(error)


def _is_unknown_method(error: RpcRejected) -> bool:
    text = str(error).lower()
    named = "method" in text and any(words in text for words in _UNKNOWN_METHOD_WORDS)
    return named or error.code == _METHOD_NOT_FOUND


def _is_too_long(response: requests.Response) -> bool:
    length = response.headers.get("Content-Length", "0")
    return length.isdecimal() and int(length) > _MOST_STATUS_BYTES
