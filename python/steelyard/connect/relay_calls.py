"""The relayer contract as Python speaks to it: its calldata, its views, and what its events say was done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from eth_abi.abi import decode, encode
from eth_hash.auto import keccak

from steelyard.connect.abi import selector
from steelyard.connect.chain import ChainClient, Log
from steelyard.connect.hexes import to_hex
from steelyard.connect.known_errors import KNOWN_ERRORS
from steelyard.connect.relay_requests import NOBODY, SignedRequest, pack, pack_all
from steelyard.connect.reverts import describe_revert
from steelyard.units import Address

EXECUTE: Final = selector("execute(bytes)")
EXECUTE_EACH: Final = selector("executeEach(bytes,address)")
REFUSAL_OF: Final = selector("refusalOf(bytes,address)")
REQUEST_ID: Final = selector("requestId(bytes,address)")
IS_NONCE_USED: Final = selector("isNonceUsed(address,uint64)")

RELAYED: Final = keccak(b"RequestRelayed(bytes32)")
RELAYED_MANY: Final = keccak(b"RequestsRelayed(bytes32[])")
FAILED: Final = keccak(b"RequestFailed(bytes32,bytes)")
SKIPPED: Final = keccak(b"RequestSkipped(bytes32,uint8)")

MAX_REQUESTS: Final = 256
"""In one batch."""


class Refusal(IntEnum):
    """Why the contract does not carry out a request; the same numbers as its own."""

    NONE = 0
    TOO_EARLY = 1
    EXPIRED = 2
    CALL_NOT_ALLOWED = 3
    PAUSED = 4
    FEE_ABOVE_CAP = 5
    SIGNATURE_INVALID = 6
    NONCE_USED = 7
    FEE_NOT_TAKEN = 8

    @property
    def words(self) -> str:
        """The refusal for people."""
        return _WORDS[self]


_WORDS: Final = {
    Refusal.NONE: "in order",
    Refusal.TOO_EARLY: "it is not good yet",
    Refusal.EXPIRED: "its time is over",
    Refusal.CALL_NOT_ALLOWED: "the relayer may not call this function of this target",
    Refusal.PAUSED: "the relayer is paused",
    Refusal.FEE_ABOVE_CAP: "the fee is above what its signer agreed to",
    Refusal.SIGNATURE_INVALID: "its signer has not signed it, or not for this relayer",
    Refusal.NONCE_USED: "its nonce is used or cancelled",
    Refusal.FEE_NOT_TAKEN: "its signer cannot pay the fee, or has not allowed it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayResult:
    """What became of one request.

    Attributes:
        done: its call was made and succeeded.
        reason: why not, in words; empty where it was done.
    """

    id: str
    done: bool
    reason: str = ""


def encode_one(signed: SignedRequest, fee: int = 0) -> bytes:
    """Return the calldata of ``execute``."""
    return EXECUTE + encode(["bytes"], [pack(signed, fee)])


def encode_batch(batch: Sequence[SignedRequest], fees: Sequence[int], refund_to: Address | None) -> bytes:
    """Return the calldata of ``executeEach``; without ``refund_to`` one that is refused reverts all."""
    return EXECUTE_EACH + encode(["bytes", "address"], [pack_all(batch, fees), refund_to or NOBODY])


def read_refusal(chain: ChainClient, signed: SignedRequest, fee: int, relayer: Address) -> Refusal:
    """Ask the contract why it would refuse a request just now; the fee itself is not tried."""
    call = REFUSAL_OF + encode(["bytes", "address"], [pack(signed, fee), relayer])
    return Refusal(int.from_bytes(chain.eth_call(signed.forwarder, call)))


def read_nonce_used(chain: ChainClient, signed: SignedRequest) -> bool:
    """Ask whether the request's nonce is used or cancelled."""
    arguments = [signed.request.signer, signed.request.nonce]
    answer = chain.eth_call(signed.forwarder, IS_NONCE_USED + encode(["address", "uint64"], arguments))
    return bool(int.from_bytes(answer))


def results_of(logs: Iterable[Log], forwarder: Address, ids: Sequence[str]) -> list[RelayResult]:
    """Return what became of each request, by the events of the transaction that carried them."""
    found = {one.id: one for one in all_results(logs, forwarder)}
    silent = "the transaction says nothing of it"
    return [found.get(id_, RelayResult(id=id_, done=False, reason=silent)) for id_ in ids]


def all_results(logs: Iterable[Log], forwarder: Address) -> list[RelayResult]:
    """Return what a transaction's events say of requests, whichever they are."""
    return [one for log in logs if log.address == forwarder and log.topics for one in _results(log)]


def _results(log: Log) -> list[RelayResult]:
    kind = log.topics[0]
    if kind == RELAYED:
        return [RelayResult(id=to_hex(log.topics[1]), done=True)]
    if kind == RELAYED_MANY:
        (ids,) = decode(["bytes32[]"], log.data)
        return [RelayResult(id=to_hex(id_), done=True) for id_ in ids]
    if kind == SKIPPED:
        (number,) = decode(["uint8"], log.data)
        return [RelayResult(id=to_hex(log.topics[1]), done=False, reason=Refusal(number).words)]
    if kind == FAILED:
        (reason,) = decode(["bytes"], log.data)
        why = f"its call failed: {describe_revert(reason, KNOWN_ERRORS)}"
        return [RelayResult(id=to_hex(log.topics[1]), done=False, reason=why)]
    return []
