"""Pools held against what the chain itself states of them: finds logs that the node kept from us."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from steelyard.connect.multicall import CallResult, StaticCall
from steelyard.observe.discovery import PoolIdentity
from steelyard.observe.pools import Known, head_calls, head_matches


class Audit:
    """The pools whose turn it is, the reads that tell their state, and whether that is what we believe."""

    def __init__(self, pools: Sequence[PoolIdentity]) -> None:
        self._pools = pools
        self._groups = [head_calls(identity) for identity in pools]

    @property
    def calls(self) -> list[StaticCall]:
        """Return the reads, to be answered in this order."""
        return [call for group in self._groups for call in group]

    def agrees(self, lookup: Callable[[str], Known | None], results: Sequence[CallResult]) -> bool:
        """Tell whether the chain's answers are what ``lookup`` says, by a pool's address in lower case."""
        answers = iter(results)
        for identity, group in zip(self._pools, self._groups, strict=True):
            head = [next(answers) for _ in group]
            known = lookup(identity.address.lower())
            if known is not None and not head_matches(known, head):
                return False
        return True


class Turns:
    """Goes round all pools, some at a time."""

    def __init__(self, pools_at_once: int) -> None:
        self._pools_at_once = pools_at_once
        self._at = 0

    def next(self, everyone: Sequence[PoolIdentity]) -> Sequence[PoolIdentity]:
        """Return the pools whose turn it is; all of them where they are few."""
        if len(everyone) <= self._pools_at_once:
            return everyone
        start = self._at % len(everyone)
        self._at = start + self._pools_at_once
        due = everyone[start : self._at]
        return [*due, *everyone[: self._pools_at_once - len(due)]]
