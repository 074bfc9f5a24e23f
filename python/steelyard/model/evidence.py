"""What observation and the records know beside the pools, each with its age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from steelyard.units import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSafety:
    """What a simulated transfer out of a pool and back into it showed about a token.

    Attributes:
        problem: what went wrong (a fee on transfer, a refusal, ...), or None where all that was sent arrived
            both ways.
        block_number: the block at which it was tried.
    """

    token: Address
    problem: str | None
    block_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OraclePrice:
    """An oracle's price of one token.

    Attributes:
        wei_per_unit_wad: wei that one base unit is worth, in WAD.
        updated_at_seconds: when the oracle was last updated, chain time.
    """

    token: Address
    wei_per_unit_wad: int
    updated_at_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """How often plans through the same pools were sent, and what became of them."""

    succeeded: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """The record of past attempts that a decision weighs.

    Attributes:
        by_pools: of each set of pools that a plan went through.
        overall: of all plans.
    """

    by_pools: Mapping[frozenset[Address], AttemptRecord] = field(default_factory=dict)
    overall: AttemptRecord = AttemptRecord()
