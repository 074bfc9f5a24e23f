"""A keeper of a vault alone: it settles each block, and looks at the vault when it is time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack

from steelyard.app.desk import Desk
from steelyard.app.loop import run_turns
from steelyard.app.threads import ChainThread
from steelyard.app.upkeep import Upkeep
from steelyard.app.vault_watch import VaultTurn, VaultWatch
from steelyard.exceptions import RetryError, SteelyardError
from steelyard.model import BlockRef, Outcome


class VaultKeeper:
    """Runs until it is asked to stop."""

    def __init__(
        self,
        desk: Desk,
        watch: VaultWatch,
        chain_thread: ChainThread,
        *,
        resources: ExitStack,
        poll_interval_seconds: float,
    ) -> None:
        self._desk = desk
        self._watch = watch
        self._upkeep = Upkeep(desk)
        self._thread = chain_thread
        self._resources = resources
        self._poll_interval_seconds = poll_interval_seconds
        self._head: BlockRef | None = None

    async def start(self) -> Sequence[Outcome]:
        """Recover what an earlier run left open, before anything new is decided."""
        return await self._thread.run(self._upkeep.recover, f"vault {self._watch.vault}")

    async def turn(self) -> VaultTurn | None:
        """Take one block through all stages; None where there is no new block, or it is not time to look."""
        return await self._thread.run(self._turn)

    async def run(self, stop: asyncio.Event) -> None:
        """Recover, then turn block after block until ``stop`` is set. The turn under way is finished first.

        Raises:
            StopError: something that an operator must look at; nothing half-done stays behind.
        """
        await run_turns(
            stop,
            start=self.start,
            turn=self.turn,
            trouble=self._trouble,
            poll_interval_seconds=self._poll_interval_seconds,
        )

    async def close(self) -> None:
        """Write what is queued and let go of everything."""
        self._desk.notices.ended(None)
        await self._thread.run(self._resources.close)
        self._thread.close()

    def _turn(self) -> VaultTurn | None:
        head = self._desk.chain.block()
        last, self._head = self._head, head
        if last is not None and head.hash == last.hash:
            return None
        # Without every block between, a branch that was left is not seen: outcomes are asked again.
        is_next = last is not None and head.parent_hash == last.hash
        self._upkeep.settle(head, is_other_branch=not is_next)
        self._upkeep.tend_waiting(head)
        turn = self._watch.look(head, self._upkeep.standing())
        self._desk.notices.well()
        return turn

    async def _trouble(self, error: SteelyardError) -> None:
        """Say passing trouble once while it lasts; write down what ends the run."""
        if isinstance(error, RetryError):
            self._desk.notices.trouble(error)
        else:
            self._desk.notices.ended(error)
