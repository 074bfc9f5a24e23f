"""What observation looks at, and how it finds the pools."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from steelyard.model.lending import LenderKind
from steelyard.model.plan import Venue
from steelyard.units import Address

V3_FEE_TIERS: Final = (100, 500, 3_000, 10_000)
"""Tiers that mainnet's factory has enabled, in pips."""

_PAIRS_UP_TO_TOKENS: Final = 2_000
"""Two million pairs: at a few fee tiers and factories some ten million questions, thousands of calls."""


class Discovery(StrEnum):
    """How pools are found at a first start; those that are created later, the factories' events announce.

    ``pairs`` asks the factories for every pair of tokens: complete, and needs no old logs. ``hubs`` asks for
    pairs with a base only, and leaves the others out. ``logs`` searches the factories' creation logs:
    complete where the node keeps old logs, and cheaper than pairs from some thousand tokens on. ``auto`` is
    pairs or logs, by the number of tokens.
    """

    AUTO = "auto"
    PAIRS = "pairs"
    HUBS = "hubs"
    LOGS = "logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchList:
    """What to look at.

    Attributes:
        tokens: pools between any two of these are watched.
        venues: the factories to ask, those on the executor's list.
        lenders: the contracts that the executor borrows from; ``listed_lenders`` those of its list, by id.
        fee_tiers: of V3 factories, in pips.
        discovery: how pools are found at a first start.
        bases: tokens that most pools are traded against: for ``hubs``, and to hold old logs against.
        logs_from_block: no listed factory is older; where a search of creation logs begins.
    """

    chain_id: int
    tokens: tuple[Address, ...]
    venues: tuple[Venue, ...]
    lenders: Mapping[LenderKind, Address]
    listed_lenders: Mapping[int, Address] = field(default_factory=dict)
    fee_tiers: tuple[int, ...] = V3_FEE_TIERS
    discovery: Discovery = Discovery.AUTO
    bases: tuple[Address, ...] = ()
    logs_from_block: int = 0

    def method(self, tokens: int) -> Discovery:
        """Return how the pools of so many tokens are found; never ``auto``."""
        if self.discovery is not Discovery.AUTO:
            return self.discovery
        return Discovery.PAIRS if tokens <= _PAIRS_UP_TO_TOKENS else Discovery.LOGS

    def wants(self, token0: Address, token1: Address) -> bool:
        """Tell whether a pool between two watched tokens is watched: by ``hubs``, only one with a base is."""
        return self.discovery is not Discovery.HUBS or token0 in self.bases or token1 in self.bases

    def fingerprint(self) -> str:
        """Return what names the pools to be watched: another list has another."""
        venues = [
            [venue.venue_id, venue.name, venue.kind.name, venue.factory, venue.init_code_hash, venue.fee_pips]
            for venue in self.venues
        ]
        hubs = sorted(self.bases) if self.discovery is Discovery.HUBS else []
        named = [self.chain_id, sorted(self.tokens), venues, sorted(self.fee_tiers), hubs]
        return hashlib.sha256(json.dumps(named).encode()).hexdigest()
