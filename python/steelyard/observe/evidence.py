"""What a follower observes beside pools and lenders, and how it is asked for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from steelyard.amm.pool import Pool
from steelyard.connect.multicall import CallResult, Multicall, StaticCall
from steelyard.model.chain import BlockRef, Token
from steelyard.model.evidence import OraclePrice, TokenSafety
from steelyard.units import Address


class EvidenceSource(Protocol):
    """Evidence with its age. None of it keeps a block from being published: what cannot be had stays old."""

    @property
    def safety(self) -> Mapping[Address, TokenSafety]:
        """What trials of transfers have shown so far, by token; replaced, never changed."""
        ...

    @property
    def oracles(self) -> Mapping[Address, OraclePrice]:
        """The oracles' prices as taken last, by token; replaced, never changed."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an operator should know of it: an oracle that answers nothing, a node that tries nothing."""
        ...

    def prepare(self, multicall: Multicall, block: BlockRef, tokens: Mapping[Address, Token]) -> None:
        """Read what never changes, once, for the tokens that are watched."""
        ...

    def calls(self) -> Sequence[StaticCall]:
        """Return the reads that go along with a block's own."""
        ...

    def take(self, results: Sequence[CallResult], block: BlockRef) -> None:
        """Take the results of ``calls``, in their order."""
        ...

    def refresh(
        self, multicall: Multicall, block: BlockRef, pools: Mapping[Address, Pool], *, idle: bool
    ) -> None:
        """Do a bounded piece of further work, with requests of its own.

        Args:
            idle: the node shows no new block, so that nobody waits for us.
        """
        ...


class _Nothing:
    """No evidence is wanted."""

    safety: Mapping[Address, TokenSafety] = {}
    oracles: Mapping[Address, OraclePrice] = {}
    warnings: tuple[str, ...] = ()

    def prepare(self, multicall: Multicall, block: BlockRef, tokens: Mapping[Address, Token]) -> None: ...

    def calls(self) -> Sequence[StaticCall]:
        return ()

    def take(self, results: Sequence[CallResult], block: BlockRef) -> None: ...

    def refresh(
        self, multicall: Multicall, block: BlockRef, pools: Mapping[Address, Pool], *, idle: bool
    ) -> None: ...


NOTHING: Final[EvidenceSource] = _Nothing()
