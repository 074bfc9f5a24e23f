"""Packed big-endian bytes, written and read field by field: what plans are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from steelyard.connect.hexes import checksum
from steelyard.exceptions import InvalidPlan
from steelyard.units import Address

ADDRESS_BYTES: Final = 20
_BITS: Final = 8


def packed_uint(value: int, size: int, what: str) -> bytes:
    """Return ``value`` in ``size`` bytes. Raises InvalidPlan, naming ``what``, where it does not fit."""
    if not 0 <= value < 1 << _BITS * size:
        raise InvalidPlan(f"{what} {value} does not fit uint{_BITS * size}")
    return value.to_bytes(size)


def packed_int(value: int, size: int, what: str) -> bytes:
    """Return ``value`` in ``size`` bytes, two's complement. Raises InvalidPlan where it does not fit."""
    half = 1 << (_BITS * size - 1)
    if not -half <= value < half:
        raise InvalidPlan(f"{what} {value} does not fit int{_BITS * size}")
    return value.to_bytes(size, signed=True)


def packed_hex(value: str, size: int, what: str) -> bytes:
    """Return the ``size`` bytes of 0x-hex. Raises InvalidPlan where it is not just that."""
    try:
        found = bytes.fromhex(value[2:]) if value[:2] == "0x" else b""
    except ValueError:
        found = b""
    if len(found) != size:
        raise InvalidPlan(f"{what} {value!r} is not 0x and {2 * size} hexadecimal digits")
    return found


def packed_address(value: Address, what: str) -> bytes:
    """Return the address's 20 bytes. Raises InvalidPlan where it is none."""
    return packed_hex(value, ADDRESS_BYTES, what)


@dataclass(slots=True)
class PlanReader:
    """Takes field after field from ``data``; each raises InvalidPlan where the bytes end before it does."""

    data: bytes
    offset: int = field(default=0)

    @property
    def ended(self) -> bool:
        """Whether all was taken."""
        return self.offset == len(self.data)

    def take(self, size: int, what: str) -> bytes:
        """Return the next ``size`` bytes."""
        end = self.offset + size
        if end > len(self.data):
            raise InvalidPlan(
                f"the plan ends at byte {len(self.data)}, inside {what}, which needs {end} bytes in all"
            )
        taken = self.data[self.offset : end]
        self.offset = end
        return taken

    def uint(self, size: int, what: str) -> int:
        """Return the next ``size`` bytes as a number."""
        return int.from_bytes(self.take(size, what))

    def address(self, what: str) -> Address:
        """Return the next 20 bytes as an address."""
        return checksum("0x" + self.take(ADDRESS_BYTES, what).hex())
