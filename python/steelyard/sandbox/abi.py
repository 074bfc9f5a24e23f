"""Calldata from signatures: what the sandbox needs of the contract ABI, without any ABI file."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak


@lru_cache(maxsize=1024)
def selector_of(signature: str) -> bytes:
    """First four bytes of the keccak of a canonical signature such as ``transfer(address,uint256)``."""
    return keccak(text=signature)[:4]


@lru_cache(maxsize=1024)
def argument_types(signature: str) -> tuple[str, ...]:
    """Types between the outer brackets of a canonical signature, tuples kept whole."""
    inner = signature[signature.index("(") + 1 : signature.rindex(")")]
    types: list[str] = []
    depth = 0
    start = 0
    for position, character in enumerate(inner):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            types.append(inner[start:position])
            start = position + 1
    if inner:
        types.append(inner[start:])
    return tuple(types)


def encode_call(signature: str, *arguments: Any) -> bytes:
    """Calldata that calls `signature` with `arguments`."""
    return selector_of(signature) + encode(argument_types(signature), arguments)


def encode_arguments(types: str, *arguments: Any) -> bytes:
    """ABI encoding of constructor arguments; `types` is a bracketed list such as ``(address,uint256)``."""
    return encode(argument_types(types), arguments)


def decode_result(types: str, data: bytes) -> tuple[Any, ...]:
    """Decodes what a call returned; `types` as for :func:`encode_arguments`."""
    return decode(argument_types(types), data)
