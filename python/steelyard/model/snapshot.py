"""The market at one block, as every decision sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from steelyard.amm.pool import Pool
from steelyard.model.chain import BlockRef, GasTerms, Token
from steelyard.model.evidence import OraclePrice, TokenSafety
from steelyard.model.lending import LenderTerms
from steelyard.units import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSnapshot:
    """All that is known at one block; published frozen, unchanged pools shared with the snapshot before.

    Attributes:
        touched: pools whose state differs from the snapshot before (all of them in the first).
        unusable: pools or tokens that were left out, with the reason.
        safety: what a trial of each token's transfers showed, by token; empty where none is tried.
        oracles: what oracles say of tokens, by token; empty where none is configured.
        reorgs: how many reorganisations observation has seen so far.
        observed_at_seconds: wall-clock time when the block's state was complete; for staleness.
    """

    chain_id: int
    block: BlockRef
    gas: GasTerms
    tokens: Mapping[Address, Token]
    pools: Mapping[Address, Pool]
    lenders: tuple[LenderTerms, ...]
    touched: frozenset[Address]
    unusable: Mapping[Address, str] = field(default_factory=dict)
    safety: Mapping[Address, TokenSafety] = field(default_factory=dict)
    oracles: Mapping[Address, OraclePrice] = field(default_factory=dict)
    reorgs: int = 0
    observed_at_seconds: int
