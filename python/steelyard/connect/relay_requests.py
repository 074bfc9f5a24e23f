"""Requests for ``GaslessTransactionRelayer``: built, signed, checked, packed, and read back from files.

What is signed is EIP-712 typed data, so any wallet can sign it; what is sent is packed bytes
(``docs/gasless.md`` draws them). A request's identity is its EIP-712 digest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_hash.auto import keccak

from steelyard.connect.hexes import to_hex
from steelyard.exceptions import InvalidRequest
from steelyard.units import Address

DOMAIN_NAME: Final = "GaslessTransactionRelayer"
DOMAIN_VERSION: Final = "1"
NOBODY: Final = Address("0x" + "00" * 20)

FIELDS: Final = (
    ("signer", "address"),
    ("target", "address"),
    ("value", "uint128"),
    ("gas", "uint32"),
    ("nonce", "uint64"),
    ("validAfter", "uint40"),
    ("validUntil", "uint40"),
    ("relayer", "address"),
    ("feeToken", "address"),
    ("maxFee", "uint128"),
    ("data", "bytes"),
)
"""EIP-712's ``RelayRequest``, in the contract's order."""

_DOMAIN: Final = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
)
_BITS: Final = {
    "value_wei": 128,
    "gas": 32,
    "nonce": 64,
    "valid_after_seconds": 40,
    "valid_until_seconds": 40,
    "max_fee": 128,
}
_SELECTOR_BYTES: Final = 4
_LONGEST: Final = 0xFFFF
_COMPACT: Final = 64
_LONG: Final = 65
_CURVE_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_HIGH_BIT: Final = 1 << 255

HAS_VALUE: Final = 1
HAS_VALID_AFTER: Final = 2
IS_BOUND: Final = 4
HAS_FEE: Final = 8
HAS_LONG_SIGNATURE: Final = 16
SAME_SIGNER: Final = 32
SAME_TARGET: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayRequest:
    """A call that somebody wants made.

    Attributes:
        target: the contract; with the data's first four bytes it must be on the relayer's list.
        value_wei: ether that the relayer brings along.
        gas: what the call gets, neither more nor less.
        nonce: any number of 64 bits that the signer has not used; 256 neighbours share a storage slot, so
            numbers side by side are cheapest.
        valid_after_seconds: first second of the chain's clock at which it is good.
        valid_until_seconds: last second at which it is good.
        relayer: the one account that may relay it; anybody if None.
        fee_token: what the relayer is paid in; None for a free ride.
        max_fee: most that the relayer may take, in base units.
    """

    signer: Address
    target: Address
    data: bytes
    gas: int
    nonce: int
    valid_until_seconds: int
    valid_after_seconds: int = 0
    value_wei: int = 0
    relayer: Address | None = None
    fee_token: Address | None = None
    max_fee: int = 0

    def __post_init__(self) -> None:
        """Raise InvalidRequest where a value does not fit its field, or nothing could come of it."""
        for name, bits in _BITS.items():
            amount = getattr(self, name)
            if not 0 <= amount < 1 << bits:
                raise InvalidRequest(f"{name} is {amount}; a request holds 0 to 2^{bits}-1")
        if not _SELECTOR_BYTES <= len(self.data) <= _LONGEST:
            raise InvalidRequest(
                f"data has {len(self.data)} bytes; it names a function (4) and has {_LONGEST:,} at most"
            )
        if self.valid_until_seconds < self.valid_after_seconds:
            raise InvalidRequest(
                f"good from {self.valid_after_seconds} until {self.valid_until_seconds}: never"
            )
        if self.max_fee and self.fee_token is None:
            raise InvalidRequest(f"max_fee is {self.max_fee}, but there is no fee_token")
        # Signed like none at all, and packed as some: nothing could come of it.
        for name in ("relayer", "fee_token"):
            if getattr(self, name) == NOBODY:
                raise InvalidRequest(f"{name} is the zero address; leave it out where there is none")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """A request, where it is good, and what its signer made of it.

    Attributes:
        forwarder: the relayer contract, ``GaslessTransactionRelayer``.
        signature: 64 bytes (ERC-2098) or 65 by a key, anything by a contract (ERC-1271).
    """

    request: RelayRequest
    chain_id: int
    forwarder: Address
    signature: bytes

    @property
    def id(self) -> str:
        """The request's EIP-712 digest as 0x-hex: what the contract's events name."""
        return to_hex(request_digest(self.request, self.chain_id, self.forwarder))


# --- what is signed --------------------------------------------------------------------------------------


def typed_data(request: RelayRequest, chain_id: int, forwarder: Address) -> dict[str, Any]:
    """Return the EIP-712 message as wallets take it (``eth_signTypedData_v4``)."""
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": type_} for name, type_ in _DOMAIN],
            "RelayRequest": [{"name": name, "type": type_} for name, type_ in FIELDS],
        },
        "primaryType": "RelayRequest",
        "domain": {
            "name": DOMAIN_NAME,
            "version": DOMAIN_VERSION,
            "chainId": chain_id,
            "verifyingContract": forwarder,
        },
        "message": {
            "signer": request.signer,
            "target": request.target,
            "value": request.value_wei,
            "gas": request.gas,
            "nonce": request.nonce,
            "validAfter": request.valid_after_seconds,
            "validUntil": request.valid_until_seconds,
            "relayer": request.relayer or NOBODY,
            "feeToken": request.fee_token or NOBODY,
            "maxFee": request.max_fee,
            "data": request.data,
        },
    }


def signable(request: RelayRequest, chain_id: int, forwarder: Address) -> SignableMessage:
    """Return the message as eth-account and Ape sign it."""
    return encode_typed_data(full_message=typed_data(request, chain_id, forwarder))


def request_digest(request: RelayRequest, chain_id: int, forwarder: Address) -> bytes:
    """Return what is signed: the contract's ``requestId``."""
    message = signable(request, chain_id, forwarder)
    return bytes(keccak(b"\x19" + message.version + message.header + message.body))


def sign_request(
    request: RelayRequest, chain_id: int, forwarder: Address, sign: Callable[[SignableMessage], bytes]
) -> SignedRequest:
    """Have a request signed by a key, in the compact form.

    Args:
        sign: returns the 65 bytes (r, s, v) of the key's signature.

    Raises:
        InvalidRequest: it was not the signer's key.
    """
    signature = compact(sign(signable(request, chain_id, forwarder)))
    signed = SignedRequest(request=request, chain_id=chain_id, forwarder=forwarder, signature=signature)
    if not is_signed_by_key(signed):
        raise InvalidRequest(f"signed, but not by the key of {request.signer}")
    return signed


def compact(signature: bytes) -> bytes:
    """Return the 64 bytes (ERC-2098) of a signature of 65; of the two that can be made, the one that counts.

    Raises:
        InvalidRequest: it is no such signature.
    """
    v = signature[-1] - 27 if len(signature) == _LONG else -1
    r, s = signature[:32], int.from_bytes(signature[32:64])
    if v not in (0, 1) or not 0 < s < _CURVE_ORDER:
        raise InvalidRequest(f"{to_hex(signature)} is not r, s and v of a signature")
    if s > _CURVE_ORDER // 2:
        s, v = _CURVE_ORDER - s, 1 - v
    return r + (s | v << 255).to_bytes(32)


def is_signed_by_key(signed: SignedRequest) -> bool:
    """Tell whether the signature is the signer's by its key, as the contract counts it.

    No for a contract's (ERC-1271): only the chain can say.
    """
    signature = signed.signature
    if len(signature) == _COMPACT:
        vs = int.from_bytes(signature[32:])
        s, v = vs & ~_HIGH_BIT, 27 + (vs >> 255)
    elif len(signature) == _LONG:
        s, v = int.from_bytes(signature[32:64]), signature[64]
    else:
        return False
    r = int.from_bytes(signature[:32])
    if v not in (27, 28) or not 0 < s <= _CURVE_ORDER // 2 or not 0 < r < _CURVE_ORDER:
        return False
    message = signable(signed.request, signed.chain_id, signed.forwarder)
    try:
        recovered = Account.recover_message(message, vrs=(v, r, s))
    except Exception:  # noqa: BLE001 - its library raises several kinds for a point that is not on the curve
        return False
    return str(recovered) == signed.request.signer


# --- what is sent ----------------------------------------------------------------------------------------


def pack(signed: SignedRequest, fee: int = 0, before: SignedRequest | None = None) -> bytes:
    """Return the bytes that the contract takes.

    Args:
        fee: what the relayer takes, up to the request's ``max_fee``, in base units.
        before: the request before it in a batch; what they share is left out.

    Raises:
        InvalidRequest: the fee is above its cap, or the signature too long.
    """
    request = signed.request
    if not 0 <= fee <= request.max_fee:
        raise InvalidRequest(f"the fee is {fee}; the signer agreed to {request.max_fee} at most")
    if len(signed.signature) > _LONGEST:
        raise InvalidRequest(f"a signature of {len(signed.signature)} bytes; {_LONGEST:,} fit")
    same_signer = before is not None and before.request.signer == request.signer
    same_target = before is not None and before.request.target == request.target
    is_long = len(signed.signature) != _COMPACT
    flags = (
        (HAS_VALUE if request.value_wei else 0)
        | (HAS_VALID_AFTER if request.valid_after_seconds else 0)
        | (IS_BOUND if request.relayer else 0)
        | (HAS_FEE if request.fee_token else 0)
        | (HAS_LONG_SIGNATURE if is_long else 0)
        | (SAME_SIGNER if same_signer else 0)
        | (SAME_TARGET if same_target else 0)
    )
    parts = [
        bytes([flags]),
        b"" if same_signer else _address(request.signer),
        b"" if same_target else _address(request.target),
        request.gas.to_bytes(4),
        request.nonce.to_bytes(8),
        request.valid_until_seconds.to_bytes(5),
        request.value_wei.to_bytes(16) if request.value_wei else b"",
        request.valid_after_seconds.to_bytes(5) if request.valid_after_seconds else b"",
        _fee_terms(request, fee),
        len(request.data).to_bytes(2),
        request.data,
        len(signed.signature).to_bytes(2) if is_long else b"",
        signed.signature,
    ]
    return b"".join(parts)


def pack_all(batch: Sequence[SignedRequest], fees: Sequence[int] | None = None) -> bytes:
    """Return the bytes of a batch: the requests end to end, what neighbours share said once."""
    taken = fees or [0] * len(batch)
    befores = [None, *batch]
    return b"".join(pack(one, fee, before) for one, fee, before in zip(batch, taken, befores, strict=False))


def _fee_terms(request: RelayRequest, fee: int) -> bytes:
    if request.fee_token is None:
        return b""
    return _address(request.fee_token) + request.max_fee.to_bytes(16) + fee.to_bytes(16)


def _address(address: Address) -> bytes:
    return bytes.fromhex(address[2:])
