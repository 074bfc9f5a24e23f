"""Finds out what became of a signed transaction. Only the chain's word closes an intent."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, Protocol

from steelyard.act.doors import Doors, Whereabouts
from steelyard.act.effects import Effect
from steelyard.act.plan_kinds import kind_of
from steelyard.act.submitter import unmined_outcome
from steelyard.connect.chain import CallReverted
from steelyard.exceptions import ConfigError, RpcInconsistent, RpcRejected, RpcUnavailable
from steelyard.model import Door, IntentStatus, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from steelyard.connect.chain import ChainClient, TransactionReceipt
    from steelyard.model import BlockRef, Journal, OpenIntent, Plan, SignedTransaction

_log = logging.getLogger(__name__)

INTERRUPTED: Final = "interrupted before signing"
TRANSFER_GAS: Final = 21_000
"""Gas limit of a plain transfer: no plan runs on it, so an attempt that has it is a cancellation."""
_NOTHING: Final = Effect(words="did nothing")


class ClosedIntent(Protocol):
    """An intent with its outcome, as the journal holds it."""

    @property
    def plan_id(self) -> str: ...
    @property
    def plan(self) -> Plan: ...
    @property
    def outcome(self) -> Outcome | None: ...


class Tracker:
    """Asks the chain about open intents, and sends again what a node has forgotten."""

    def __init__(
        self,
        chain: ChainClient,
        journal: Journal,
        *,
        doors: Doors | None = None,
        confirmations: int = 1,
        may_send: Callable[[], bool] = lambda: True,
        memory_blocks: int = 64,
    ) -> None:
        """Bind the tracker.

        Args:
            doors: where transactions left and are sent again; the public one where None is given.
            confirmations: how many blocks, its own included, a transaction must be deep before it counts.
            memory_blocks: how far back outcomes are looked at again after a reorganisation.
            may_send: whether forgotten transactions may be sent again now (not while the kill file is there).
        """
        if confirmations < 1:
            raise ConfigError(f"keeper.confirmations must be at least 1, not {confirmations}")
        self.memory_blocks = memory_blocks
        self._chain = chain
        self._journal = journal
        self._doors = doors or Doors(chain, journal)
        self._confirmations = confirmations
        self._may_send = may_send

    def settle_open(self, head: BlockRef) -> list[Outcome]:
        """Settle every open intent, close what is decided, and return its outcomes.

        An intent without a signature was never sent: what interrupted it (a crash, a locked database) also
        ended its opportunity. No submission may be under way, which one thread for both sees to.

        Raises:
            RetryError: the node or the database did not answer; what was closed before stays closed.
        """
        outcomes = []
        for intent in self._journal.unfinished():
            outcome = self.settle(intent, head) if intent.signed else _interrupted(intent)
            if outcome is not None:
                self._journal.close(outcome)
                self._doors.forget(intent)
                outcomes.append(outcome)
        return outcomes

    def settle(self, intent: OpenIntent, head: BlockRef) -> Outcome | None:
        """Return the intent's outcome as of ``head``, or None while it is open.

        A transaction that no node knows and whose deadline is not over is sent again, through its own door:
        the same bytes, so that it can be mined once at most. What a relay may hold is open until it may not.

        Raises:
            RetryError: the node did not answer or contradicts itself.
        """
        if intent.signed is None:
            return None
        # The nonce first: were the receipts asked for first, our own transaction could be mined in between
        # and its used nonce be taken for another's.
        nonce_used = self._nonce_used(intent.signed, head)
        for attempt in reversed(intent.attempts):
            receipt = self._chain.receipt(attempt.hash)
            if receipt is not None:
                return self._mined(intent, attempt, receipt, head)
        if nonce_used:
            return self._replaced(intent, intent.signed, head)
        where = self._doors.whereabouts(intent, head)
        if where in (Whereabouts.MINED, Whereabouts.HELD):
            return None
        if head.timestamp_seconds <= intent.signed.deadline_seconds:
            self._send_again(intent.signed, head)
        elif where is Whereabouts.GONE:
            return self._dropped(intent.signed, head)
        return None

    def still_stands(self, intent: ClosedIntent) -> bool:
        """Whether the chain still says of a closed intent what its outcome says.

        Asked after a reorganisation. An outcome that stands on no block cannot fall with one.

        Raises:
            RetryError: the node did not answer.
        """
        outcome = intent.outcome
        if outcome is None or outcome.block_number is None or outcome.transaction_hash is None:
            return True
        receipt = self._chain.receipt(outcome.transaction_hash)
        if receipt is None or receipt.block_number != outcome.block_number:
            return False
        block = self._chain.find_block(receipt.block_number)
        if block is None or block.hash != receipt.block_hash:
            return False
        # At the same height of another branch it may have paid something else.
        found = kind_of(intent.plan).find(receipt)
        effect = _NOTHING if isinstance(found, str) else found
        gas_cost_wei = receipt.gas_used * receipt.effective_gas_price_wei
        return (effect.profit, effect.moved, effect.loss, gas_cost_wei) == (
            outcome.profit,
            outcome.moved,
            outcome.loss,
            outcome.gas_cost_wei,
        )

    def _nonce_used(self, signed: SignedTransaction, head: BlockRef) -> bool:
        settled = max(0, head.number - self._confirmations + 1)
        return self._chain.nonce(signed.sender, settled) > signed.nonce

    def _mined(
        self, intent: OpenIntent, attempt: SignedTransaction, receipt: TransactionReceipt, head: BlockRef
    ) -> Outcome | None:
        if head.number - receipt.block_number + 1 < self._confirmations:
            return None
        block = self._chain.find_block(receipt.block_number)
        if block is None or block.hash != receipt.block_hash:
            return None  # the node is between two branches; the next head tells
        gas_cost_wei = receipt.gas_used * receipt.effective_gas_price_wei
        status, effect, reason = self._judge(intent.plan, attempt, receipt)
        return Outcome(
            plan_id=intent.plan_id,
            status=status,
            block_number=receipt.block_number,
            transaction_hash=attempt.hash,
            profit=effect.profit,
            gas_used=receipt.gas_used,
            gas_cost_wei=gas_cost_wei,
            net_wei=kind_of(intent.plan).value_in_wei(effect) - gas_cost_wei,
            reason=reason,
            builder_tip_wei=effect.builder_tip_wei,
            moved=effect.moved,
            loss=effect.loss,
        )

    def _judge(
        self, plan: Plan, attempt: SignedTransaction, receipt: TransactionReceipt
    ) -> tuple[IntentStatus, Effect, str]:
        if not receipt.succeeded:
            return IntentStatus.REVERTED, _NOTHING, self._why_reverted(plan, attempt, receipt)
        if attempt.gas_limit == TRANSFER_GAS:
            return IntentStatus.DROPPED, _NOTHING, f"cancelled in block {receipt.block_number}"
        found = kind_of(plan).find(receipt)
        if isinstance(found, str):
            return IntentStatus.REVERTED, _NOTHING, found
        return IntentStatus.CONFIRMED, found, found.words

    def _why_reverted(self, plan: Plan, attempt: SignedTransaction, receipt: TransactionReceipt) -> str:
        """Run the plan again on the state after its block, then before it, and say what it reverts with."""
        if receipt.gas_used >= attempt.gas_limit:
            return f"out of gas: all {attempt.gas_limit} were used in block {receipt.block_number}"
        for block in (receipt.block_number, receipt.block_number - 1):
            for to, data, sender in kind_of(plan).probes(attempt.sender):
                try:
                    self._chain.eth_call(to, data, sender=sender, block=block, gas=attempt.gas_limit)
                except CallReverted as reverted:
                    return f"reverted in block {receipt.block_number}: {reverted.reason}"
                except (RpcInconsistent, RpcRejected, RpcUnavailable):
                    continue
        return f"reverted in block {receipt.block_number}; the state around it shows no reason"

    def _replaced(self, intent: OpenIntent, signed: SignedTransaction, head: BlockRef) -> Outcome | None:
        other = self._find_by_nonce(signed, intent.plan.block_number, head.number)
        if other in {attempt.hash for attempt in intent.attempts}:
            return None  # ours after all; its receipt will follow
        if other is None and head.timestamp_seconds <= signed.deadline_seconds:
            return None
        named = f"transaction {other}" if other else "a transaction that could not be found"
        reason = f"nonce {signed.nonce} of {signed.sender} was used by {named}"
        return unmined_outcome(intent.plan_id, IntentStatus.REPLACED, reason)

    def _find_by_nonce(self, signed: SignedTransaction, low: int, high: int) -> str | None:
        """Return the hash of the sender's transaction with this nonce, by halving the heights."""
        try:
            while low < high:
                middle = (low + high) // 2
                if self._chain.nonce(signed.sender, middle) > signed.nonce:
                    high = middle
                else:
                    low = middle + 1
            block = self._chain.rpc.call("eth_getBlockByNumber", [hex(low), True])
        except RpcRejected:
            return None  # a node that has pruned the state of these heights
        return _hash_of(block, signed)

    def _dropped(self, signed: SignedTransaction, head: BlockRef) -> Outcome:
        who = "the node" if signed.door is Door.PUBLIC else "the node, and no relay has it mined any more"
        trouble = self._doors.trouble_of(signed)
        reason = (
            f"not mined and unknown to {who}; its deadline {signed.deadline_seconds} was over "
            f"at block {head.number}" + (f"; {trouble}" if trouble else "")
        )
        return unmined_outcome(signed.plan_id, IntentStatus.DROPPED, reason)

    def _send_again(self, signed: SignedTransaction, head: BlockRef) -> None:
        if not self._may_send():
            return
        error = self._doors.send_again(signed, head)
        if error is None:
            self._journal.sent(signed.plan_id)
        else:
            _log.warning("%s, sent again, was not taken: %s", signed.hash, error)


def _interrupted(intent: OpenIntent) -> Outcome:
    return unmined_outcome(intent.plan_id, IntentStatus.REFUSED, INTERRUPTED)


def _hash_of(block: Any, signed: SignedTransaction) -> str | None:
    if not isinstance(block, dict):
        return None
    for transaction in block.get("transactions", ()):
        if (
            str(transaction.get("from", "")).lower() == signed.sender.lower()
            and int(str(transaction.get("nonce", "0x0")), 16) == signed.nonce
        ):
            return str(transaction["hash"]).lower()
    return None
