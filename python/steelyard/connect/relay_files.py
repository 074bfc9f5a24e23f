"""Signed requests as JSON files, one a file: what a signer hands to whoever relays.

``docs/gasless.md`` shows one. Amounts may be numbers or decimal strings: many programs round numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from steelyard.connect.hexes import checksum, to_hex
from steelyard.connect.relay_requests import RelayRequest, SignedRequest
from steelyard.exceptions import ConfigError, InvalidRequest
from steelyard.units import Address

_UNSIGNED: Final = frozenset({"signer", "target", "data", "gas", "nonce", "valid_until_seconds"})
_OPTIONAL: Final = frozenset({"valid_after_seconds", "value_wei", "relayer", "fee_token", "max_fee"})
_AROUND: Final = frozenset({"chain_id", "forwarder", "request", "signature"})
_INTEGERS: Final = (
    "gas",
    "nonce",
    "valid_until_seconds",
    "valid_after_seconds",
    "value_wei",
    "max_fee",
)
_ADDRESSES: Final = ("signer", "target", "relayer", "fee_token")


def signed_as_json(signed: SignedRequest) -> str:
    """Return the file's text."""
    request = signed.request
    fields: dict[str, Any] = {name: getattr(request, name) for name in (*_ADDRESSES, *_INTEGERS)}
    shown = {name: str(value) if name in _INTEGERS else value for name, value in fields.items()}
    shown["data"] = to_hex(request.data)
    return (
        json.dumps(
            {
                "chain_id": signed.chain_id,
                "forwarder": signed.forwarder,
                "request": {name: value for name, value in shown.items() if value is not None},
                "signature": to_hex(signed.signature),
                "id": signed.id,
            },
            indent=2,
        )
        + "\n"
    )


def load_signed(path: Path) -> SignedRequest:
    """Read one signed request.

    Raises:
        ConfigError: the file cannot be read as JSON.
        InvalidRequest: something in it is missing, unknown or no such value; the message names the place.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as JSON: {error}") from None
    try:
        return parse_signed(raw)
    except InvalidRequest as error:
        raise InvalidRequest(f"{path}: {error}") from None


def parse_signed(raw: Any) -> SignedRequest:
    """Return the signed request that JSON stands for. Raises InvalidRequest, as ``load_signed``.

    Where an ``id`` is given it must be the request's: a file whose fields were changed says so by itself.
    """
    found = _object(raw, "the file", _AROUND, frozenset({"id"}))
    signed = SignedRequest(
        request=parse_request(found["request"]),
        chain_id=_integer(found["chain_id"], "chain_id"),
        forwarder=_address(found["forwarder"], "forwarder"),
        signature=_bytes(found["signature"], "signature"),
    )
    if found.get("id", signed.id) != signed.id:
        raise InvalidRequest(f"id is {found['id']}; these fields make {signed.id}: something was changed")
    return signed


def parse_request(raw: Any) -> RelayRequest:
    """Return the request that JSON stands for, signed or not. Raises InvalidRequest, as ``load_signed``."""
    found = _object(raw, "request", _UNSIGNED, _OPTIONAL)
    values: dict[str, Any] = {"data": _bytes(found["data"], "request/data")}
    for name in _INTEGERS:
        if name in found:
            values[name] = _integer(found[name], f"request/{name}")
    for name in _ADDRESSES:
        # What may be left out may be null.
        if name in _UNSIGNED or found.get(name) is not None:
            values[name] = _address(found[name], f"request/{name}")
    return RelayRequest(**values)


def request_files(path: Path) -> list[Path]:
    """Return the file, or all ``*.json`` of a directory by name.

    Raises:
        ConfigError: there is none.
    """
    if path.is_file():
        return [path]
    found = sorted(path.glob("*.json"))
    if not found:
        raise ConfigError(f"{path} is neither a request's file nor a directory that holds one (*.json)")
    return found


def _object(raw: Any, where: str, required: frozenset[str], optional: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise InvalidRequest(f"{where} must be an object")
    missing, unknown = required - set(raw), set(raw) - required - optional
    if missing:
        raise InvalidRequest(f"{where} lacks {', '.join(sorted(missing))}")
    if unknown:
        raise InvalidRequest(f"{where} has {', '.join(sorted(unknown))}, which means nothing")
    return raw


def _integer(raw: Any, where: str) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.isascii() and raw.isdigit():
        return int(raw)
    raise InvalidRequest(f"{where} must be a whole number, as a number or in digits, not {raw!r:.80}")


def _address(raw: Any, where: str) -> Address:
    try:
        return checksum(raw)
    except (TypeError, ValueError):
        raise InvalidRequest(f"{where} must be an address, 0x and 40 digits, not {raw!r:.80}") from None


def _bytes(raw: Any, where: str) -> bytes:
    try:
        if raw.startswith("0x"):
            return bytes.fromhex(raw[2:])
    except (AttributeError, ValueError):
        pass
    raise InvalidRequest(f"{where} must be 0x and an even number of hexadecimal digits, not {raw!r:.80}")
