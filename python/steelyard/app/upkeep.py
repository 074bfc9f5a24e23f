"""What every keeper does between decisions: recover, settle, and ask whether new risk may be taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from steelyard.act.recovery import recover
from steelyard.act.replace import Replacer
from steelyard.act.tracker import Tracker
from steelyard.app.notices import Notices
from steelyard.connect.chain import ChainClient
from steelyard.decide.limits import RiskLimits, check_limits
from steelyard.exceptions import GasRetriesExhausted, KillSwitch
from steelyard.model import BlockRef, Mode, Outcome
from steelyard.record.database import Database
from steelyard.record.journal import SqlJournal
from steelyard.record.risk import read_risk_state


class UpkeepParts(Protocol):
    """The parts that it needs, of those that the wiring has built."""

    @property
    def mode(self) -> Mode: ...
    @property
    def chain(self) -> ChainClient: ...
    @property
    def tracker(self) -> Tracker: ...
    @property
    def replacer(self) -> Replacer: ...
    @property
    def journal(self) -> SqlJournal: ...
    @property
    def database(self) -> Database: ...
    @property
    def notices(self) -> Notices: ...
    @property
    def limits(self) -> RiskLimits: ...
    @property
    def kill_reason(self) -> Callable[[], str | None]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a block has decided.

    Attributes:
        took_back: outcomes of before were undone, because their block left the chain.
    """

    outcomes: Sequence[Outcome]
    took_back: bool


class Upkeep:
    """Works on the chain's thread."""

    def __init__(self, parts: UpkeepParts) -> None:
        self._parts = parts
        self._stopped: str | None = None
        self._stuck: str | None = None

    def recover(self, who: str) -> Sequence[Outcome]:
        """Close what the chain has decided since the last run, and say who has started."""
        parts = self._parts
        head = parts.chain.block()
        self._take_back(head)  # nobody saw what the chain took back while no keeper ran
        recovered = recover(parts.journal, parts.tracker, head)
        parts.notices.say("started", f"{parts.mode.value} mode, {who}")
        if recovered.closed or recovered.still_open:
            message = f"{len(recovered.closed)} intents closed, {len(recovered.still_open)} still open"
            parts.notices.say("recovered", message)
        return recovered.closed

    def settle(self, head: BlockRef, *, is_other_branch: bool) -> Settled:
        """Undo what a reorganisation took back, close what is decided, replace what waits in vain."""
        took_back = is_other_branch and self._take_back(head)
        if self._parts.mode is not Mode.LIVE:
            return Settled(outcomes=(), took_back=took_back)
        outcomes = self._parts.tracker.settle_open(head)
        return Settled(outcomes=outcomes, took_back=took_back)

    def tend_waiting(self, head: BlockRef) -> None:
        """Replace what waits in vain; what cannot be replaced is said once."""
        if self._parts.mode is not Mode.LIVE:
            return
        try:
            self._parts.replacer.tend(head)
            self._stuck = None
        except (GasRetriesExhausted, KillSwitch) as error:
            if str(error) != self._stuck:  # said once, not in every block
                self._parts.notices.say("stuck", str(error), "warning")
            self._stuck = str(error)

    def standing(self, also: Callable[[], str | None] = lambda: None) -> str | None:
        """Return why new risk is stopped: the kill file, a limit, or ``also``; say so when it changes."""
        reason = self._parts.kill_reason() or self.limit_reason() or also()
        if reason != self._stopped:
            self._stopped = reason
            kind, severity = ("risk_stopped", "critical") if reason else ("risk_allowed", "info")
            self._parts.notices.say(kind, reason or "new risk is allowed again", severity)
        return reason

    def limit_reason(self) -> str | None:
        """Return which limit is reached, with the numbers; in paper mode nothing is at risk."""
        if self._parts.mode is not Mode.LIVE:
            return None
        with self._parts.database.read() as session:
            risk = read_risk_state(session, now_seconds=int(time.time()))
        return check_limits(self._parts.limits, risk)

    def _take_back(self, head: BlockRef) -> bool:
        """Open again what was closed by a block that is no longer part of the chain; tell whether any was."""
        journal, tracker = self._parts.journal, self._parts.tracker
        fallen = [
            intent
            for intent in journal.closed_from(head.number - tracker.memory_blocks)
            if not tracker.still_stands(intent)
        ]
        for intent in fallen:
            journal.reopen(intent.plan_id, "its block left the chain")
        return bool(fallen)
