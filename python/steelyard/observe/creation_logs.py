"""The factories' creation logs of all the past, by topic filters, as far as a node will serve them.

Nodes bound a query each in its own way: by blocks, by results, by bytes, by time. So ranges shrink where a
node refuses and grow again where it does not. A search that broke off goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Final

from steelyard.connect.abi import PAIR_CREATED, POOL_CREATED, address_word
from steelyard.connect.chain import ChainClient
from steelyard.connect.hexes import to_hex
from steelyard.exceptions import RpcRejected, RpcUnavailable, SkipError
from steelyard.observe.progress import Progress
from steelyard.units import Address

_FIRST_WIDTH_BLOCKS: Final = 10_000
"""What most providers grant."""
_PATIENCE: Final = 16
"""Queries that must succeed after a refusal before a wider one is tried again."""
_MOST_SILENT_TRIES: Final = 3
"""Narrower queries tried in a row where the node does not answer, before its silence is believed."""
_TOPICS_PER_LIST: Final = 1_000
"""Geth takes no longer lists."""
_REORG_BLOCKS: Final = 128
"""So far back a search that goes on looks again: what it saw there may have been orphaned since."""
_PRUNED_WORDS: Final = ("pruned", "prune", "history unavailable", "historical", "archive")

RawLog = Mapping[str, Any]


class OldLogsMissing(SkipError):
    """The node does not serve logs of the past; the message says which, and its reason."""


class CreationLogs:
    """One search, from a first block to ever newer last ones."""

    def __init__(
        self, chain: ChainClient, factories: Sequence[Address], tokens: Sequence[Address], first_block: int
    ) -> None:
        """Prepare the search for pools of ``factories`` between two of ``tokens``; nothing is asked yet."""
        self._chain = chain
        self._factories = list(factories)
        self._filters = list(_filters(tokens))
        self._first_block = first_block
        self._next_block = first_block
        self._width_blocks = _FIRST_WIDTH_BLOCKS
        self._patience = 1
        self._successes = 0
        self._silent_tries = 0
        self._found: list[RawLog] = []

    def run(self, last_block: int, progress: Progress) -> list[RawLog]:
        """Return all creation logs up to ``last_block``.

        Raises:
            OldLogsMissing: the node refuses even a single block, or says that it has pruned.
            RpcUnavailable, RpcInconsistent: it does not answer; another ``run`` goes on from there.
        """
        self._next_block = max(self._next_block - _REORG_BLOCKS, self._first_block)
        while self._next_block <= last_block:
            end = min(self._next_block + self._width_blocks - 1, last_block)
            if self._query(end):
                self._next_block = end + 1
            progress.step(
                f"searching creation logs: block {self._next_block:,} of {last_block:,}, "
                f"{len(self._found):,} pools so far"
            )
        return self._found

    def _query(self, end: int) -> bool:
        """Ask for the range that is due, or make it narrower; tell whether it was answered."""
        try:
            logs = [log for topics in self._filters for log in self._logs(topics, end)]
        except RpcRejected as refusal:
            self._shrink(end, str(refusal))
            return False
        except RpcUnavailable as silence:
            # A query that takes too long looks like a node that is gone: only narrower ones can tell.
            self._silent_tries += 1
            if self._silent_tries > _MOST_SILENT_TRIES or self._width_blocks == 1:
                self._silent_tries = 0
                raise
            self._shrink(end, str(silence))
            return False
        self._found.extend(logs)
        self._silent_tries = 0
        self._widen()
        return True

    def _logs(self, topics: Sequence[object], end: int) -> list[dict[str, Any]]:
        return self._chain.raw_logs(
            from_block=self._next_block, to_block=end, addresses=self._factories, topics=topics
        )

    def _widen(self) -> None:
        self._successes += 1
        if self._successes >= self._patience:
            self._successes = 0
            self._width_blocks *= 2

    def _shrink(self, end: int, reason: str) -> None:
        asked = end - self._next_block + 1
        if asked == 1 or any(word in reason.lower() for word in _PRUNED_WORDS):
            raise OldLogsMissing(f"no logs of blocks {self._next_block:,} to {end:,}: {reason}")
        self._width_blocks = asked // 2  # down, and so below what was refused
        self._patience = _PATIENCE
        self._successes = 0


def _filters(tokens: Sequence[Address]) -> Iterator[list[object]]:
    """Return topic filters that together let pass every pair of ``tokens``."""
    words = [to_hex(address_word(token)) for token in tokens]
    lists = [words[at : at + _TOPICS_PER_LIST] for at in range(0, len(words), _TOPICS_PER_LIST)]
    for low, high in product(lists, repeat=2):
        yield [[PAIR_CREATED, POOL_CREATED], low, high]
