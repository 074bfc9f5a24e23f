"""Second signatures: for a transaction that can no longer be mined in time, with the same nonce or not at
all.

At most one transaction of a nonce can be mined, so a replacement can never trade twice. It is journalled as
another attempt of the same intent before it is sent, like the first.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from steelyard.act.doors import Doors, Whereabouts
from steelyard.act.executor import replacement_bid
from steelyard.act.gas import FeeBid, bid_fees, require_funds
from steelyard.act.plan_kinds import kind_of
from steelyard.act.submitter import committed_wei, sign_transaction
from steelyard.act.tracker import TRANSFER_GAS
from steelyard.connect.access_list import listed_in
from steelyard.exceptions import ConfigError, GasRetriesExhausted

if TYPE_CHECKING:
    from collections.abc import Callable

    from steelyard.act.gas import GasSettings
    from steelyard.connect.chain import ChainClient
    from steelyard.model import BlockRef, Journal, OpenIntent, SignedTransaction, Signer

_log = logging.getLogger(__name__)


class Replacer:
    """Raises the price of what has become too cheap, and cancels what is too late."""

    def __init__(
        self,
        chain: ChainClient,
        journal: Journal,
        signer: Signer,
        gas: GasSettings,
        *,
        doors: Doors | None = None,
        max_attempts: int = 4,
        guard: Callable[[], None] = lambda: None,
    ) -> None:
        """Bind the replacer.

        Args:
            doors: where transactions left and their replacements leave; the public one where None is given.
            max_attempts: signatures for one intent in all, the first included.
            guard: raises a StopError where nothing new may be sent.
        """
        if max_attempts < 1:
            raise ConfigError(f"max_attempts must be at least 1, not {max_attempts}")
        self._chain = chain
        self._journal = journal
        self._signer = signer
        self._gas = gas
        self._doors = doors or Doors(chain, journal)
        self._max_attempts = max_attempts
        self._guard = guard

    def tend(self, head: BlockRef) -> list[SignedTransaction]:
        """Replace what needs it among the open intents whose transaction waits in the pool or at a relay.

        Past its deadline a plan could only revert: the relays that hold it are asked to forget it, which
        costs nothing; where they do not say that they will, and in the public pool, an empty transfer to
        ourselves takes its nonce, so that those behind it can go on. Before its deadline, a maximum fee under
        the next base fee is raised. Each replacement goes through the door of what it replaces.

        Raises:
            GasRetriesExhausted: an intent has had all its attempts; the others were tended.
            StopError: nothing new may be sent, or the account cannot pay.
            RetryError: the node or the database did not answer.
        """
        replaced, exhausted = [], []
        for intent in self._journal.unfinished():
            if intent.signed is None or not self._needs_replacement(intent.signed, head):
                continue
            if self._chain.receipt(intent.signed.hash) is not None or not self._waits(intent, head):
                continue  # mined already, or forgotten: both are the tracker's
            if _is_late(intent.signed, head) and self._doors.withdraw(intent.signed, head):
                continue
            if len(intent.attempts) >= self._max_attempts:
                exhausted.append(intent.signed.hash)
                continue
            replaced.append(self._replace(intent, intent.signed, head))
        if exhausted:
            raise GasRetriesExhausted(
                f"{', '.join(exhausted)}: {self._max_attempts} prices were offered and none was mined; "
                "raise arbitrage.priority_fee, or look whether the node's pool is stuck"
            )
        return replaced

    def _needs_replacement(self, last: SignedTransaction, head: BlockRef) -> bool:
        too_late = _is_late(last, head) and last.gas_limit != TRANSFER_GAS
        return too_late or last.max_fee_per_gas_wei < head.next_base_fee_wei()

    def _waits(self, intent: OpenIntent, head: BlockRef) -> bool:
        return self._doors.whereabouts(intent, head) is Whereabouts.HELD

    def _replace(self, intent: OpenIntent, last: SignedTransaction, head: BlockRef) -> SignedTransaction:
        self._guard()
        last_bid = FeeBid(
            max_fee_per_gas_wei=last.max_fee_per_gas_wei,
            max_priority_fee_per_gas_wei=last.max_priority_fee_per_gas_wei,
        )
        fees = replacement_bid(last_bid, bid_fees(head, self._gas))
        cancels = _is_late(last, head)
        door, held_until_block = self._doors.stamp(head, last)
        gas_limit = TRANSFER_GAS if cancels else last.gas_limit
        others = [other for other in self._journal.unfinished() if other.plan_id != intent.plan_id]
        require_funds(
            last.sender,
            balance_wei=self._chain.balance_wei(last.sender),
            gas_limit=gas_limit,
            fees=fees,
            committed_wei=committed_wei(others),
        )
        kind = kind_of(intent.plan)
        signed = sign_transaction(
            self._signer,
            intent.plan,
            to=last.sender if cancels else kind.to,
            data=b"" if cancels else kind.data,
            nonce=last.nonce,
            gas_limit=gas_limit,
            fees=fees,
            door=door,
            held_until_block=held_until_block,
            access_list=() if cancels else listed_in(last.raw),
            access_list_gas_saved=None if cancels else last.access_list_gas_saved,
        )
        self._journal.signed(signed)
        self._send(signed)
        return signed

    def _send(self, signed: SignedTransaction) -> None:
        error = self._doors.send(signed)
        if error is None:
            self._journal.sent(signed.plan_id)
        else:
            # Whichever attempt is mined, the tracker finds it; nothing is lost but this price.
            _log.warning("replacement %s was not taken: %s", signed.hash, error)


def _is_late(signed: SignedTransaction, head: BlockRef) -> bool:
    return head.timestamp_seconds > signed.deadline_seconds
