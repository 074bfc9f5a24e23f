"""Views of contracts, asked by their signature within one multicall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from steelyard.connect.abi import selector
from steelyard.connect.multicall import CallResult, StaticCall
from steelyard.units import Address

_WORD: Final = 32


@dataclass(frozen=True, slots=True)
class View:
    """A function without side effects.

    Attributes:
        returns: types of what it answers; ``want`` are the bytes of that.
        gas: what it may burn, at most.
    """

    signature: str
    returns: tuple[str, ...]
    want: int
    gas: int = 500_000

    def call(self, target: Address, *arguments: Any) -> StaticCall:
        """Return the question to the contract at ``target``."""
        inside = self.signature[self.signature.index("(") + 1 : -1]
        packed = encode(inside.split(",") if inside else [], arguments)
        return StaticCall(target, selector(self.signature) + packed, self.want, self.gas)

    def read(self, result: CallResult) -> tuple[Any, ...] | None:
        """Return the values, or None where the view refuses or answers something else."""
        # Ape, once imported, has eth_abi fill up a number that is cut short: no answer would be read as zero.
        if not result.success or result.returned < _WORD * len(self.returns):
            return None
        try:
            return tuple(decode(self.returns, result.data[: result.returned]))
        except DecodingError:
            return None

    def number(self, result: CallResult) -> int | None:
        """Return the first value, an integer, or None as ``read``."""
        answer = self.read(result)
        return None if answer is None else int(answer[0])
