"""The stages as the keeper runs them: chain work in its thread, decisions here, records in the writer's."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeVar

from steelyard.act.replace import Replacer
from steelyard.act.submitter import Refusal, Submitter
from steelyard.act.tracker import Tracker
from steelyard.app.collector import settle_in, uncollected
from steelyard.app.first_look import check_market
from steelyard.app.keeper import Turn
from steelyard.app.notices import Notices
from steelyard.app.threads import ChainThread
from steelyard.app.upkeep import Upkeep
from steelyard.app.vault_watch import VaultTurn, VaultWatch
from steelyard.config import MarketConfig
from steelyard.connect.chain import ChainClient
from steelyard.decide.limits import RiskLimits
from steelyard.exceptions import KillSwitch, RetryError, SteelyardError
from steelyard.model import (
    Address,
    ArbitragePlan,
    Attempts,
    BlockRef,
    Decision,
    MarketSnapshot,
    Mode,
    Outcome,
    Verdict,
    VerdictCode,
)
from steelyard.observe.follower import MarketFollower
from steelyard.record.attempts import read_attempts
from steelyard.record.database import Database
from steelyard.record.decisions import DecisionLog
from steelyard.record.journal import SqlJournal
from steelyard.record.tokens import remember_tokens
from steelyard.record.writer import Writer

T = TypeVar("T")
_Refused = tuple[VerdictCode, str]

_ATTEMPTS_SECONDS: Final = 3_600
"""The record of attempts is read again after so long, though nothing has changed: it looks back a while."""

STEPS: Final = ("recovered", "observed", "settled", "decided", "acted", "recorded")
"""A turn's steps, after the recovery at the start; ``act.submitter.STEPS`` are those of one submission."""


class Decider(Protocol):
    """A pure decision over one snapshot."""

    def __call__(
        self,
        snapshot: MarketSnapshot,
        *,
        busy_pools: frozenset[Address],
        stopped_reason: str | None,
        attempts: Attempts,
    ) -> Decision: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the wiring has built.

    Attributes:
        vault: looks after the configured vault; None without one.
        on_step: told of each of ``STEPS`` when it is done, and of a submission's own steps in between.
        resources: closes all of it, in the reverse order of its building.
    """

    mode: Mode
    executor: Address
    market: MarketConfig
    chain: ChainClient
    follower: MarketFollower
    decider: Decider
    submitter: Submitter
    tracker: Tracker
    replacer: Replacer
    journal: SqlJournal
    database: Database
    writer: Writer
    log: DecisionLog
    notices: Notices
    limits: RiskLimits
    kill_reason: Callable[[], str | None]
    executor_refusal: Callable[[], str | None]
    vault: VaultWatch | None
    on_step: Callable[[str], None]
    resources: ExitStack


class KeeperStages:
    """``app.keeper.Stages`` over the real parts."""

    def __init__(self, parts: Parts, chain_thread: ChainThread) -> None:
        self._parts = parts
        self._thread = chain_thread
        self._upkeep = Upkeep(parts)
        self._ask_executor = True
        self._market_checked = False
        self._settled_in = False
        self._reorgs = 0
        self._known_tokens: set[Address] = set()
        self._attempts = Attempts()
        self._attempts_read_at: int | None = None
        self._warnings: tuple[str, ...] = ()

    async def recover(self) -> Sequence[Outcome]:
        """Close what the chain has decided since the last run; the rest is settled block by block."""
        who = f"executor {self._parts.executor}"
        return self._done("recovered", await self._thread.run(self._upkeep.recover, who))

    async def observe(self) -> MarketSnapshot | None:
        """Follow the chain to its newest block; say at the first which tokens cannot be traded."""
        snapshot = await self._thread.run(self._parts.follower.poll)
        if snapshot is not None and not self._market_checked:
            for reason in check_market(snapshot, self._parts.market):
                self._parts.notices.say("left_out", reason, "warning")
            self._market_checked = True
        self._say_warnings()
        return self._done("observed", snapshot)

    async def settle(self, snapshot: MarketSnapshot) -> Sequence[Outcome]:
        """Undo what a reorganisation took back, then close what this block decided."""
        return self._done("settled", await self._thread.run(self._settle, snapshot))

    async def standing(self) -> str | None:
        """Look for the kill file, ask the limits and the executor; say so when the answer changes."""
        return await self._thread.run(self._upkeep.standing, self._executor_reason)

    async def decide(self, snapshot: MarketSnapshot, stopped: str | None) -> tuple[Decision, float]:
        """Decide; pools of open intents are busy."""
        busy = frozenset(pool for intent in self._parts.journal.unfinished() for pool in intent.plan.pools)
        start = time.perf_counter()
        with uncollected():
            decision = self._parts.decider(
                snapshot, busy_pools=busy, stopped_reason=stopped, attempts=self._attempts
            )
        milliseconds = (time.perf_counter() - start) * 1000
        if not self._settled_in:
            settle_in()
            self._settled_in = True
        return self._done("decided", (decision, milliseconds))

    async def act(self, decision: Decision) -> tuple[Decision, Sequence[ArbitragePlan]]:
        """Bring each plan to the chain; a refusal becomes the plan's verdict."""
        return self._done("acted", await self._thread.run(self._act, decision))

    async def look_after_vault(self, head: BlockRef, stopped: str | None) -> VaultTurn | None:
        """Take the vault through its own turn, where there is one and it is time."""
        watch = self._parts.vault
        return None if watch is None else await self._thread.run(watch.look, head, stopped)

    async def record(self, turn: Turn) -> None:
        """Write every verdict of the block with its reason."""
        self._parts.log.record(turn.decision)
        self._remember_tokens(turn.snapshot)
        if turn.snapshot.reorgs != self._reorgs:
            self._reorgs = turn.snapshot.reorgs
            message = f"block {turn.snapshot.block.number} is on another branch than what was seen before"
            self._parts.notices.say("reorg", message)
        self._parts.notices.well()
        self._done("recorded", turn)

    async def trouble(self, error: SteelyardError) -> None:
        """Say passing trouble once while it lasts; write down what ends the run."""
        if isinstance(error, RetryError):
            self._parts.notices.trouble(error)
        else:
            self._parts.notices.ended(error)

    async def close(self) -> None:
        """Write what is queued and let go of everything."""
        self._parts.notices.ended(None)
        await self._thread.run(self._parts.resources.close)
        self._thread.close()

    def _done(self, step: str, result: T) -> T:
        self._parts.on_step(step)
        return result

    def _say_warnings(self) -> None:
        """Say what is new about the evidence beside pools and lenders."""
        warnings = self._parts.follower.evidence.warnings
        for warning in warnings:
            if warning not in self._warnings:
                self._parts.notices.say("evidence", warning, "warning")
        self._warnings = warnings

    def _remember_tokens(self, snapshot: MarketSnapshot) -> None:
        if snapshot.tokens.keys() != self._known_tokens:
            remember_tokens(self._parts.writer, snapshot.tokens.values())
            self._known_tokens = set(snapshot.tokens)

    def _settle(self, snapshot: MarketSnapshot) -> Sequence[Outcome]:
        settled = self._upkeep.settle(snapshot.block, is_other_branch=snapshot.reorgs != self._reorgs)
        self._read_attempts(changed=bool(settled.outcomes) or settled.took_back)
        self._upkeep.tend_waiting(snapshot.block)
        return settled.outcomes

    def _read_attempts(self, *, changed: bool) -> None:
        """Read the record of past attempts where outcomes have changed, or old ones have left its window."""
        now, read_at = int(time.time()), self._attempts_read_at
        if changed or read_at is None or now - read_at >= _ATTEMPTS_SECONDS:
            with self._parts.database.read() as session:
                self._attempts = read_attempts(session, now_seconds=now)
            self._attempts_read_at = now

    def _executor_reason(self) -> str | None:
        """Ask the executor at the start, after a refusal, and then until it takes plans again."""
        if not self._ask_executor:
            return None
        reason = self._parts.executor_refusal()
        self._ask_executor = reason is not None
        return reason

    def _act(self, decision: Decision) -> tuple[Decision, Sequence[ArbitragePlan]]:
        submitted: list[ArbitragePlan] = []
        refused: dict[ArbitragePlan, _Refused] = {}
        for plan in decision.plans:
            # What this block has sent may itself have reached a limit.
            stopped = self._upkeep.limit_reason() if submitted else None
            if stopped is not None:
                refused[plan] = VerdictCode.STOPPED, f"new risk is stopped: {stopped}"
                continue
            behind = decision.built_on(plan)
            if refused.keys() & set(behind):
                refused[plan] = VerdictCode.SIMULATION, "it builds on a plan of this block that was not sent"
                continue
            try:
                result = self._submit(plan, behind)
            except KillSwitch as error:
                refused[plan] = VerdictCode.STOPPED, f"new risk is stopped: {error}"
                continue
            if isinstance(result, Refusal):
                refused[plan] = VerdictCode.SIMULATION, result.reason
                self._ask_executor = True
            else:
                submitted.append(plan)
        return _with_refusals(decision, refused), submitted

    def _submit(self, plan: ArbitragePlan, behind: Sequence[ArbitragePlan]) -> object:
        submitter = self._parts.submitter
        act = submitter.submit if self._parts.mode is Mode.LIVE else submitter.rehearse
        return act(plan, behind)


def _with_refusals(decision: Decision, refused: dict[ArbitragePlan, _Refused]) -> Decision:
    """Return the decision in which a plan that was refused on its way bears that as its verdict."""

    def judged(verdict: Verdict) -> Verdict:
        if verdict.plan is None or verdict.plan not in refused:
            return verdict
        code, reason = refused[verdict.plan]
        return replace(verdict, code=code, words=reason, plan=None)

    return replace(decision, verdicts=tuple(judged(verdict) for verdict in decision.verdicts))
