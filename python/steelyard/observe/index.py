"""All pools that we know, at the newest block that we know, and the way back from it.

Nothing is changed before everything for a new block has been read and agrees: the work happens in a
``Draft``, which is then committed, or dropped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steelyard.amm.pool import Pool
from steelyard.exceptions import RpcInconsistent
from steelyard.model.chain import BlockRef
from steelyard.observe.discovery import PoolIdentity
from steelyard.observe.logs import apply_logs
from steelyard.observe.pools import Known, emptiness
from steelyard.units import Address


@dataclass(frozen=True, slots=True)
class Step:
    """One block that was taken, and how to take it back.

    Attributes:
        before: what was known before the block of each pool that it changed; None where that was nothing, or
            nothing that may be trusted: such a pool is read anew when the step is undone.
    """

    block: BlockRef
    before: dict[str, Known | None]


class Draft:
    """The index as it would be after some blocks were taken back and others applied."""

    def __init__(self, known: Mapping[str, Known], undone: Iterable[Step]) -> None:
        """Start from ``known`` and take back ``undone``, given newest first."""
        self._known = known
        self.delta: dict[str, Known | None] = {}
        self.steps: list[Step] = []
        self.identities: dict[str, PoolIdentity] = {}
        for step in undone:
            self.delta.update(step.before)
        self.dropped = frozenset(address for address, before in self.delta.items() if before is None)
        self.stale = set(self.dropped)

    def lookup(self, address: str) -> Known | None:
        """Return what is known of a pool by its address in lower case."""
        return self.delta[address] if address in self.delta else self._known.get(address)

    def apply(self, block: BlockRef, logs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Take one block's raw logs; return the factories' among them. Raises RpcInconsistent."""
        effects = apply_logs(logs, block.hash, self.lookup)
        self.delta.update(effects.after)
        self.stale |= effects.stale
        self.steps.append(Step(block, dict(effects.before)))
        return effects.creations

    def put(self, states: Mapping[str, Known | None]) -> None:
        """Take states that were read at the newest block; None for what is no pool (any more)."""
        self.delta.update(states)
        for step in self.steps:
            step.before.update(dict.fromkeys(states))


class PoolIndex:
    """The mutable heart of observation: who is known, in which state, since which block."""

    def __init__(self, history_blocks: int) -> None:
        """Remember the last ``history_blocks`` blocks: the deepest reorg that needs no cold start."""
        self._history_blocks = history_blocks
        self._steps: deque[Step] = deque()
        self._known: dict[str, Known] = {}
        self._published: dict[Address, Pool] = {}
        self._frozen: Mapping[Address, Pool] | None = None
        self._empty: dict[Address, str] = {}
        self.identities: dict[str, PoolIdentity] = {}
        self.blocks: dict[str, BlockRef] = {}

    @property
    def tip(self) -> BlockRef:
        """The block that the index stands at."""
        return self._steps[-1].block

    def reset(
        self,
        block: BlockRef,
        identities: Iterable[PoolIdentity],
        states: Mapping[Address, Known] | Mapping[str, Known],
    ) -> frozenset[Address]:
        """Take what is known of everything at ``block``, by address in any case, forgetting the past.

        Returns the pools that differ.
        """
        before = self._published
        self._steps = deque([Step(block, {})])
        self.blocks = {block.hash: block}
        self.identities = {identity.address.lower(): identity for identity in identities}
        self._known = {address.lower(): known for address, known in states.items()}
        self._published, self._empty, self._frozen = {}, {}, None
        for known in self._known.values():
            self._publish(known)
        return frozenset(
            address
            for address in before.keys() | self._published.keys()
            if before.get(address) != self._published.get(address)
        )

    def draft(self, fork: BlockRef) -> Draft:
        """Return a draft that stands at ``fork``, one of ``blocks``."""
        undone: list[Step] = []
        for step in reversed(self._steps):
            if step.block.hash == fork.hash:
                return Draft(self._known, undone)
            undone.append(step)
        raise RpcInconsistent(f"block {fork.number} {fork.hash} is not among those remembered")

    def commit(self, fork: BlockRef, draft: Draft) -> frozenset[Address]:
        """Take the draft that was made at ``fork``; return the pools whose published state differs."""
        while self._steps[-1].block.hash != fork.hash:
            del self.blocks[self._steps.pop().block.hash]
        for step in draft.steps:
            self._steps.append(step)
            self.blocks[step.block.hash] = step.block
        while len(self._steps) > self._history_blocks:
            del self.blocks[self._steps.popleft().block.hash]
        self.identities.update(draft.identities)
        self._frozen = None
        touched = set()
        for address, known in draft.delta.items():
            name = self.identities[address].address
            before = self._published.get(name)
            if known is None:
                self._forget(address, name)
            else:
                self._known[address] = known
                self._publish(known)
            after = self._published.get(name)
            if after is not before and after != before:
                touched.add(name)
        return frozenset(touched)

    def pools(self) -> Mapping[Address, Pool]:
        """Return all pools in which something can be traded, by shared references that nobody writes to.

        They are copied once for each state of the index, however often it is asked for.
        """
        if self._frozen is None:
            self._frozen = dict(self._published)
        return self._frozen

    def empty(self) -> dict[Address, str]:
        """Return the pools in which nothing can be traded at this block, with the reason."""
        return dict(self._empty)

    def state(self) -> tuple[dict[str, PoolIdentity], dict[str, Known]]:
        """Return who is known and what of them, by address in lower case, as new dictionaries."""
        return dict(self.identities), dict(self._known)

    def known(self, address: str) -> Known | None:
        """Return what is known of a pool by its address in lower case."""
        return self._known.get(address)

    def _publish(self, known: Known) -> None:
        reason = emptiness(known)
        if reason is None and not isinstance(known, PoolIdentity):
            self._published[known.address] = known
            self._empty.pop(known.address, None)
        else:
            self._published.pop(known.address, None)
            self._empty[known.address] = reason or ""

    def _forget(self, address: str, name: Address) -> None:
        self._known.pop(address, None)
        self._published.pop(name, None)
        self._empty.pop(name, None)
        del self.identities[address]
