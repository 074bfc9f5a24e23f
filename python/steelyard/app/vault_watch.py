"""The vault's keeper, on one page: once in a while, observe -> decide -> act -> record.

What a rebalance is for, which moves lead there and whether they pay is decided in ``decide.allocation``; the
vault itself holds every plan to its limits (docs/vault.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from steelyard.act.submitter import Refusal, Submitter
from steelyard.app.vault_decision import decide_rebalance
from steelyard.app.vault_sending import Carrier
from steelyard.connect.chain import ChainClient
from steelyard.decide.allocation.rebalance import RebalanceSettings
from steelyard.exceptions import KillSwitch
from steelyard.model import (
    Address,
    BlockRef,
    Mode,
    RebalanceCode,
    RebalanceVerdict,
    VaultCall,
    VaultSnapshot,
)
from steelyard.observe.vault import VaultReader
from steelyard.record.journal import SqlJournal
from steelyard.record.vaults import VaultLog


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultTurn:
    """One look at the vault.

    Attributes:
        is_sent: the verdict's plan was sent (in paper mode: that simulated well).
    """

    snapshot: VaultSnapshot
    verdict: RebalanceVerdict
    is_sent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultParts:
    """What the wiring has built."""

    mode: Mode
    vault: Address
    every_seconds: int
    settings: RebalanceSettings
    priority_fee_wei: int
    chain: ChainClient
    reader: VaultReader
    carrier: Carrier
    submitter: Submitter
    journal: SqlJournal
    log: VaultLog


class VaultWatch:
    """Looks after one vault, on the chain's thread."""

    def __init__(self, parts: VaultParts, on_look: Callable[[VaultTurn], None] = lambda turn: None) -> None:
        self._parts = parts
        self._on_look = on_look
        self._looked_seconds: int | None = None

    @property
    def vault(self) -> Address:
        """The vault that it looks after."""
        return self._parts.vault

    def look(self, head: BlockRef, stopped: str | None) -> VaultTurn | None:
        """Take the vault through all stages; None where the last look is not long enough ago.

        Args:
            stopped: why no new risk may be taken; what the vault is and would need is recorded all the same.

        Raises:
            RetryError, StopError: as the stages do; what was recorded before stays.
        """
        if not self._is_time(head):
            return None
        snapshot = self._parts.reader.read(head)
        verdict = self._decide(snapshot, head, stopped)
        verdict, is_sent = self._act(verdict)
        self._parts.log.record(snapshot, verdict)
        self._looked_seconds = head.timestamp_seconds
        turn = VaultTurn(snapshot=snapshot, verdict=verdict, is_sent=is_sent)
        self._on_look(turn)
        return turn

    def _is_time(self, head: BlockRef) -> bool:
        """By the chain's clock; after a reorganisation it may have gone back."""
        last = self._looked_seconds
        return last is None or abs(head.timestamp_seconds - last) >= self._parts.every_seconds

    def _decide(self, snapshot: VaultSnapshot, head: BlockRef, stopped: str | None) -> RebalanceVerdict:
        parts = self._parts
        return decide_rebalance(
            snapshot,
            head,
            parts.chain,
            parts.carrier,
            parts.settings,
            priority_fee_wei=parts.priority_fee_wei,
            is_pending=self._is_pending(),
            stopped=stopped,
        )

    def _is_pending(self) -> bool:
        plans = [intent.plan for intent in self._parts.journal.unfinished()]
        return any(isinstance(plan, VaultCall) and plan.plan.vault == self._parts.vault for plan in plans)

    def _act(self, verdict: RebalanceVerdict) -> tuple[RebalanceVerdict, bool]:
        """Send what was accepted; what is refused on its way bears that as its verdict."""
        if verdict.plan is None:
            return verdict, False
        submitter = self._parts.submitter
        act = submitter.submit if self._parts.mode is Mode.LIVE else submitter.rehearse
        try:
            result = act(self._parts.carrier.carry(verdict.plan))
        except KillSwitch as error:
            return replace(verdict, code=RebalanceCode.STOPPED, reason=str(error), plan=None), False
        if isinstance(result, Refusal):
            return replace(verdict, code=RebalanceCode.SIMULATION, reason=result.reason, plan=None), False
        return verdict, True
