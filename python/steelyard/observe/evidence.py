"""What a follower observes beside pools and lenders, and how it is asked for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from steelyard.amm.pool import Pool
from steelyard.connect.multicall import CallResult, Multicall, StaticCall
from steelyard.exceptions import RetryError
from steelyard.model.chain import BlockRef, Token
from steelyard.model.evidence import OraclePrice, TokenSafety
from steelyard.observe.oracles import OracleReader
from steelyard.observe.token_safety import TokenTrials
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


class Evidence:
    """Oracles and trials of tokens, each where it is wanted."""

    def __init__(self, oracles: OracleReader | None, trials: TokenTrials | None) -> None:
        self._oracles = oracles
        self._trials = trials
        self._tokens: tuple[Address, ...] = ()

    @property
    def safety(self) -> Mapping[Address, TokenSafety]:
        """As ``EvidenceSource`` says."""
        return {} if self._trials is None else self._trials.safety

    @property
    def oracles(self) -> Mapping[Address, OraclePrice]:
        """As ``EvidenceSource`` says."""
        return {} if self._oracles is None else self._oracles.prices

    @property
    def warnings(self) -> tuple[str, ...]:
        """As ``EvidenceSource`` says."""
        oracles = () if self._oracles is None else self._oracles.warnings
        untried = None if self._trials is None else self._trials.warning
        return oracles if untried is None else (*oracles, untried)

    def prepare(self, multicall: Multicall, block: BlockRef, tokens: Mapping[Address, Token]) -> None:
        """Learn the tokens, and the oracles' decimals."""
        self._tokens = tuple(tokens)
        if self._oracles is not None:
            self._oracles.prepare(multicall, block, tokens)

    def calls(self) -> Sequence[StaticCall]:
        """Return the oracles' reads."""
        return () if self._oracles is None else self._oracles.calls()

    def take(self, results: Sequence[CallResult], block: BlockRef) -> None:
        """Take the oracles' answers."""
        if self._oracles is not None:
            self._oracles.take(results, block)

    def refresh(
        self, multicall: Multicall, block: BlockRef, pools: Mapping[Address, Pool], *, idle: bool
    ) -> None:
        """Try the tokens whose turn it is; a node that does not answer leaves them for the next time."""
        if self._trials is None:
            return
        try:
            self._trials.refresh(multicall, block, self._tokens, pools, idle=idle)
        except RetryError:
            return  # the poll itself meets the same trouble, and says so
