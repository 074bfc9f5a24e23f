"""Blocks, gas and tokens as the chain states them."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.units import Address

ELASTICITY_MULTIPLIER = 2
BASE_FEE_MAX_CHANGE_DENOMINATOR = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRef:
    """A block's identity and what the next one's price follows from."""

    number: int
    hash: str
    parent_hash: str
    timestamp_seconds: int
    base_fee_wei: int
    gas_used: int
    gas_limit: int

    def next_base_fee_wei(self) -> int:
        """Return the base fee per gas that EIP-1559 sets for the child block.

        Divisions round down as in the specification; a rise is at least 1 wei.
        """
        target = self.gas_limit // ELASTICITY_MULTIPLIER
        if target == 0 or self.gas_used == target:
            return self.base_fee_wei
        distance = abs(self.gas_used - target)
        change = self.base_fee_wei * distance // target // BASE_FEE_MAX_CHANGE_DENOMINATOR
        if self.gas_used > target:
            return self.base_fee_wei + max(change, 1)
        return self.base_fee_wei - change


@dataclass(frozen=True, slots=True, kw_only=True)
class GasTerms:
    """What gas costs in the next block, wei per unit of gas."""

    base_fee_wei: int
    priority_fee_wei: int

    @property
    def price_wei(self) -> int:
        return self.base_fee_wei + self.priority_fee_wei


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An ERC-20 token. ``decimals`` is only for people's eyes: amounts are in base units everywhere."""

    address: Address
    symbol: str
    decimals: int
