"""What a revert says: ``Error(string)``, ``Panic(uint256)``, or a custom error with its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak

from steelyard.connect.hexes import checksum

_SELECTOR_BYTES: Final = 4
_MAX_TEXT: Final = 200

_PANICS: Final[Mapping[int, str]] = {
    0x00: "generic compiler panic",
    0x01: "assertion failed",
    0x11: "arithmetic overflow or underflow",
    0x12: "division by zero",
    0x21: "value outside the enum",
    0x22: "damaged storage byte array",
    0x31: "pop from an empty array",
    0x32: "array index out of bounds",
    0x41: "out of memory",
    0x51: "call to an uninitialised function",
}


@dataclass(frozen=True, slots=True)
class CustomError:
    """One entry of an ABI's error table."""

    name: str
    parameters: tuple[tuple[str, str], ...]
    """(type, name) of each, in order."""

    @property
    def signature(self) -> str:
        """Return the canonical form that the selector is hashed from."""
        return f"{self.name}({','.join(type_ for type_, _ in self.parameters)})"

    @property
    def selector(self) -> bytes:
        """Return the first four bytes of the revert data."""
        return bytes(keccak(self.signature.encode())[:_SELECTOR_BYTES])


def error_table(*declarations: str) -> dict[bytes, CustomError]:
    """Build a table by selector from declarations such as ``"MinProfitNotMet(uint256 profit,uint256 min)"``.

    Static and dynamic elementary types only, which is all that the project's errors use.
    """
    table: dict[bytes, CustomError] = {}
    for declaration in declarations:
        name, _, inside = declaration.rstrip(")").partition("(")
        parameters = tuple(_parameter(part) for part in inside.split(",") if part)
        error = CustomError(name, parameters)
        table[error.selector] = error
    return table


def _parameter(text: str) -> tuple[str, str]:
    type_, _, name = text.strip().partition(" ")
    return type_, name


STANDARD_ERRORS: Final = error_table("Error(string message)", "Panic(uint256 code)")


def describe_revert(data: bytes, errors: Mapping[bytes, CustomError] | None = None) -> str:
    """Say in one line what revert data means; never fails, whatever the bytes.

    Args:
        data: the returned bytes of the reverted call.
        errors: custom errors by selector, beside the standard two.
    """
    if not data:
        return "reverted without a reason"
    selector, body = data[:_SELECTOR_BYTES], data[_SELECTOR_BYTES:]
    error = (errors or {}).get(selector) or STANDARD_ERRORS.get(selector)
    if error is None:
        return f"unknown error 0x{selector.hex()} with {len(body)} bytes"
    try:
        values = decode([type_ for type_, _ in error.parameters], body, strict=False)
    except (DecodingError, UnicodeDecodeError, OverflowError):
        return f"{error.name} with damaged values"
    if error.name == "Error":
        return str(values[0])[:_MAX_TEXT]
    if error.name == "Panic":
        return f"panic 0x{values[0]:02x}: {_PANICS.get(values[0], 'unknown code')}"
    shown = ", ".join(
        f"{name or type_}={_show(type_, value)}"
        for (type_, name), value in zip(error.parameters, values, strict=True)
    )
    return f"{error.name}({shown})"[:_MAX_TEXT]


def _show(type_: str, value: object) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return checksum(str(value)) if type_ == "address" else str(value)
