"""Between JSON-RPC's hexadecimal and our integers, bytes and addresses."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from eth_hash.auto import keccak

from steelyard.exceptions import RpcInconsistent
from steelyard.units import Address

_ADDRESS_HEX_LENGTH: Final = 40
_HASH_TEXT_LENGTH: Final = 66


def quantity(value: Any, what: str) -> int:
    """Return the integer of a ``0x`` quantity. Raises RpcInconsistent, naming ``what``, where it is none."""
    try:
        return int(value, 16)
    except (TypeError, ValueError):
        raise RpcInconsistent(f"the node's {what} is not a hexadecimal quantity: {value!r:.80}") from None


def blob(value: Any, what: str) -> bytes:
    """Return the bytes of ``0x`` data. Raises RpcInconsistent, naming ``what``, where it is none."""
    try:
        if value.startswith("0x"):
            return bytes.fromhex(value[2:])
    except (AttributeError, ValueError):
        pass
    raise RpcInconsistent(f"the node's {what} is not hexadecimal data: {value!r:.80}")


def hash32(value: Any, what: str) -> str:
    """Return a 32-byte hash as lower-case ``0x`` text. Raises RpcInconsistent where it is none."""
    if isinstance(value, str) and len(value) == _HASH_TEXT_LENGTH:
        blob(value, what)
        return value.lower()
    raise RpcInconsistent(f"the node's {what} is not a 32-byte hash: {value!r:.80}")


def to_hex(data: bytes) -> str:
    """Return ``data`` as 0x-hex."""
    return "0x" + data.hex()


@lru_cache(maxsize=65_536)
def checksum(address: str) -> Address:
    """Return the EIP-55 form of ``0x`` and 40 hexadecimal digits in any case.

    Raises:
        ValueError: it is no address.
    """
    digits = address[2:].lower()
    if address[:2].lower() != "0x" or len(digits) != _ADDRESS_HEX_LENGTH:
        raise ValueError(f"an address is 0x and 40 hexadecimal digits, not {address!r}")
    bytes.fromhex(digits)
    marks = keccak(digits.encode()).hex()
    return Address(
        "0x" + "".join(c.upper() if mark >= "8" else c for c, mark in zip(digits, marks, strict=False))
    )


def address_of_word(word: bytes) -> Address:
    """Return the address in the low 20 bytes of a 32-byte word."""
    return checksum("0x" + word[-20:].hex())
