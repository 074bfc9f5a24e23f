"""The keeper, on one page: once a block, observe -> settle -> decide -> act -> record.

The stages are in ``observe``, ``decide``, ``act`` and ``record``; ``wiring.py`` builds them from the
configuration. What an error means is its type: RetryError waits and asks again, SkipError drops one plan,
StopError ends the run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from steelyard.app.loop import run_turns
from steelyard.app.vault_watch import VaultTurn
from steelyard.exceptions import SteelyardError
from steelyard.model import ArbitragePlan, BlockRef, Decision, MarketSnapshot, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One block as the keeper saw it.

    Attributes:
        outcomes: intents that the chain closed by this block.
        submitted: plans that were sent (in paper mode: that simulated well).
        stopped: why new risk is stopped, or None.
        decision_milliseconds: from the published snapshot to the ranked plans.
        vault: the look at the vault that followed; None where it was not time for one.
    """

    snapshot: MarketSnapshot
    decision: Decision
    outcomes: Sequence[Outcome]
    submitted: Sequence[ArbitragePlan]
    stopped: str | None
    decision_milliseconds: float
    vault: VaultTurn | None = None


class Stages(Protocol):
    """What the keeper joins. Each method is one stage, done when it returns."""

    async def recover(self) -> Sequence[Outcome]:
        """Read the journal, ask the chain, and close or resume what an earlier run left open."""
        ...

    async def observe(self) -> MarketSnapshot | None:
        """Return the newest block's market, or None where there is no new block."""
        ...

    async def settle(self, snapshot: MarketSnapshot) -> Sequence[Outcome]:
        """Ask the chain about every open intent; return those that it closed, already recorded."""
        ...

    async def standing(self) -> str | None:
        """Return why new risk is stopped (a limit, the kill file), or None."""
        ...

    async def decide(self, snapshot: MarketSnapshot, stopped: str | None) -> tuple[Decision, float]:
        """Return the decision and the milliseconds it took."""
        ...

    async def act(self, decision: Decision) -> tuple[Decision, Sequence[ArbitragePlan]]:
        """Simulate, sign, journal and send each plan.

        Returns:
            The decision with the chain's refusals in it, and the plans that were sent.
        """
        ...

    async def look_after_vault(self, head: BlockRef, stopped: str | None) -> VaultTurn | None:
        """Take the vault through its own turn (``vault_watch.py``); None where it is not time, or none is."""
        ...

    async def record(self, turn: Turn) -> None: ...

    async def trouble(self, error: SteelyardError) -> None:
        """Say and record what is wrong, once: passing trouble, or what ends the run."""
        ...

    async def close(self) -> None: ...


class Keeper:
    """Runs the stages until it is asked to stop."""

    def __init__(
        self,
        stages: Stages,
        *,
        poll_interval_seconds: float,
        on_turn: Callable[[Turn], None] = lambda turn: None,
    ) -> None:
        self._stages = stages
        self._poll_interval_seconds = poll_interval_seconds
        self._on_turn = on_turn

    async def start(self) -> Sequence[Outcome]:
        """Recover what an earlier run left open, before anything new is decided."""
        return await self._stages.recover()

    async def turn(self) -> Turn | None:
        """Take one block through all stages; None where there is no new block."""
        snapshot = await self._stages.observe()
        if snapshot is None:
            return None
        outcomes = await self._stages.settle(snapshot)
        stopped = await self._stages.standing()
        decision, milliseconds = await self._stages.decide(snapshot, stopped)
        decision, submitted = await self._stages.act(decision)
        vault = await self._stages.look_after_vault(snapshot.block, stopped)
        turn = Turn(
            snapshot=snapshot,
            decision=decision,
            outcomes=outcomes,
            submitted=submitted,
            stopped=stopped,
            decision_milliseconds=milliseconds,
            vault=vault,
        )
        await self._stages.record(turn)
        self._on_turn(turn)
        return turn

    async def settle(self) -> Sequence[Outcome]:
        """Take in the newest block without deciding anything: what is open is settled, nothing new begins."""
        snapshot = await self._stages.observe()
        return () if snapshot is None else await self._stages.settle(snapshot)

    async def run(self, stop: asyncio.Event) -> None:
        """Recover, then turn block after block until ``stop`` is set. The turn under way is finished first.

        Raises:
            StopError: something that an operator must look at; nothing half-done stays behind.
        """
        await run_turns(
            stop,
            start=self.start,
            turn=self.turn,
            trouble=self._stages.trouble,
            poll_interval_seconds=self._poll_interval_seconds,
        )

    async def close(self) -> None:
        await self._stages.close()
