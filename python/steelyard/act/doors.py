"""Where signed transactions leave: to the public pool, or to private relays and to nobody else.

Each signed transaction has its door in the journal before it is handed over, and whatever follows goes the
same way: the same bytes again, a dearer attempt, a cancellation, what a restart finds. From the private door
to the public pool leads one path, which the configuration must open and the journal notes before it is taken.

What came of handing something over is an error or None; the error's type is the verdict (retry, skip, stop).
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, TypeVar

from steelyard.act.send_errors import SendVerdict, classify_send_error
from steelyard.connect.private_relay import Fate, serves_nobody
from steelyard.exceptions import (
    DeliveryRefused,
    DeliveryUnknown,
    InsufficientGasFunds,
    RelaysShut,
    RetryError,
    RpcRejected,
    SkipError,
    SteelyardError,
)
from steelyard.model import Door

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from steelyard.connect.chain import ChainClient
    from steelyard.connect.private_relay import PrivateRelay, StatusPage
    from steelyard.model import BlockRef, Journal, OpenIntent, SignedTransaction

T = TypeVar("T")

_log = logging.getLogger(__name__)

_CANCELLED_AFTER_BLOCKS: Final = 2
"""What a relay has agreed to cancel can be in a block that is being built (Flashbots: for two blocks)."""


class Whereabouts(Enum):
    """Where an intent's transaction is, as far as can be known."""

    MINED = auto()
    HELD = auto()
    """It waits, in the node's pool or at a relay."""
    UNSURE = auto()
    """A relay may hold it."""
    GONE = auto()
    """Nobody has it, or nobody would have it mined."""


class Doors:
    """Hands signed transactions over, and knows where they wait."""

    def __init__(
        self,
        chain: ChainClient,
        journal: Journal,
        relays: Sequence[PrivateRelay] = (),
        *,
        max_blocks: int = 5,
        status: StatusPage | None = None,
        fallback_to_public: bool = False,
        on_trouble: Callable[[str], None] = _log.warning,
        on_leak: Callable[[str], None] = _log.critical,
    ) -> None:
        """Bind the doors.

        Args:
            relays: where transactions go, to each of them; none opens the public door.
            max_blocks: how many blocks a relay has to get a transaction mined; then it is taken to hold it
                no longer. Relays that can be told are told.
            status: where one of the relays tells what became of a transaction.
            fallback_to_public: send to the public pool what the relays did not take or did not get mined.
            on_trouble: told why a private transaction was not taken; once as long as it is the same reason.
            on_leak: told of a private transaction in the public pool that we did not put there.
        """
        self._chain = chain
        self._journal = journal
        self._relays = tuple(relays)
        self._max_blocks = max_blocks
        self._status = status
        self._fallback = fallback_to_public
        self._on_trouble = on_trouble
        self._on_leak = on_leak
        self._troubles: dict[str, str] = {}
        self._leaked: set[str] = set()

    def stamp(self, head: BlockRef, last: SignedTransaction | None = None) -> tuple[Door, int | None]:
        """Return the door of a transaction that is about to be signed, and until when relays may hold it.

        Args:
            last: the attempt that it replaces, whose door it goes through; one that has gone to the public
                pool by the allowed path stays there.
        """
        stays_public = last is not None and last.door is Door.PUBLIC and self._fallback
        stays_private = last is not None and last.door is Door.PRIVATE
        if stays_private or (self._relays and not stays_public):
            return Door.PRIVATE, head.number + self._max_blocks
        return Door.PUBLIC, None

    def send(self, signed: SignedTransaction) -> SteelyardError | None:
        """Hand over a transaction that the journal has; return None where it was taken, or the verdict.

        Returns:
            A RetryError: whether it was taken is unknown, the tracker finds out. A SkipError: it is certainly
            nowhere. A StopError: the same, and a person must look.
        """
        if signed.door is Door.PUBLIC:
            return self._send_public(signed)
        error = self._send_private(signed, signed.held_until_block or 0)
        if self._fallback and isinstance(error, DeliveryUnknown | RelaysShut):
            return self._go_public(signed, error)
        return error

    def send_again(self, signed: SignedTransaction, head: BlockRef) -> SteelyardError | None:
        """Hand over the same bytes once more, through their own door; returns as ``send``.

        The public door counts as closed where relays are configured and the fallback is not allowed, whatever
        was sent through it before.
        """
        if signed.door is Door.PUBLIC and (not self._relays or self._fallback):
            return self._send_public(signed)
        if self._fallback:
            reason = f"not mined by the relays within {self._max_blocks} blocks"
            return self._go_public(signed, DeliveryUnknown(self._troubles.get(signed.hash, reason)))
        if not self._relays:
            return self._said(signed, DeliveryUnknown("private.rpc_urls is empty"))
        held_until = head.number + self._max_blocks
        self._journal.sending_again(signed.plan_id, door=Door.PRIVATE, held_until_block=held_until)
        return self._send_private(signed, held_until)

    def whereabouts(self, intent: OpenIntent, head: BlockRef) -> Whereabouts:
        """Return where the intent's transaction is. The public node is asked first, then the relay's page.

        Raises:
            RetryError: the node did not answer.
        """
        for attempt in intent.attempts:
            known = self._chain.transaction(attempt.hash)
            if known is not None and known.block_number is not None:
                return Whereabouts.MINED
            if known is not None:
                self._look_for_leak(attempt)
                return Whereabouts.HELD
        last = intent.signed
        if last is None or last.door is Door.PUBLIC:
            return Whereabouts.GONE
        return self._at_relays(last, head, was_taken=intent.was_sent)

    def withdraw(self, signed: SignedTransaction, head: BlockRef) -> bool:
        """Ask the relays to forget a transaction; tell whether all of them have said that they do.

        It costs nothing, unlike a transaction that takes the nonce. By ``eth_cancelPrivateTransaction``.
        """
        if signed.door is Door.PUBLIC or not self._relays:
            return False
        if not all(self._at_each_relay(lambda relay: _cancels(relay, signed.hash))):
            return False
        self._journal.sending_again(
            signed.plan_id, door=Door.PRIVATE, held_until_block=head.number + _CANCELLED_AFTER_BLOCKS
        )
        return True

    def trouble_of(self, signed: SignedTransaction) -> str | None:
        """Return why the relays last did not take the transaction, or None where they did."""
        return self._troubles.get(signed.hash)

    def forget(self, intent: OpenIntent) -> None:
        """Forget what was said of an intent that is closed."""
        for attempt in intent.attempts:
            self._troubles.pop(attempt.hash, None)
            self._leaked.discard(attempt.hash)

    def _send_public(self, signed: SignedTransaction) -> SteelyardError | None:
        try:
            self._chain.send_raw(signed.raw)
        except RetryError as error:
            # It may have arrived. The journal has the bytes, and the tracker asks the chain.
            return DeliveryUnknown(f"whether it arrived is unknown: {error}")
        except RpcRejected as error:
            return self._meaning(signed, error, "the node")
        return None

    def _send_private(self, signed: SignedTransaction, max_block: int) -> SteelyardError | None:
        if not self._relays:
            error: SteelyardError | None = DeliveryUnknown("private.rpc_urls is empty")
        else:
            said = self._at_each_relay(lambda relay: _hand_over(relay, signed, max_block))
            error = _common([self._of_relay(signed, name, trouble) for name, trouble in said])
        if error is None:
            self._troubles.pop(signed.hash, None)
            return None
        return self._said(signed, error)

    def _of_relay(
        self, signed: SignedTransaction, name: str, trouble: SteelyardError | None
    ) -> SteelyardError | None:
        """Return the verdict of what one relay said."""
        if isinstance(trouble, RpcRejected):
            if serves_nobody(trouble):
                return RelaysShut(f"relay {name}: {trouble}")
            return self._meaning(signed, trouble, f"relay {name}")
        if isinstance(trouble, RetryError):
            return DeliveryUnknown(f"relay {name}: {trouble}")
        return trouble  # taken, or the identity cannot sign

    def _meaning(self, signed: SignedTransaction, error: RpcRejected, who: str) -> SteelyardError | None:
        """Return what a refusal of the transaction itself means."""
        verdict = classify_send_error(str(error))
        if verdict is SendVerdict.KNOWN:
            return None
        if verdict is SendVerdict.NONCE_TOO_LOW and self._chain.transaction(signed.hash) is not None:
            return None
        if verdict is SendVerdict.INSUFFICIENT_FUNDS:
            return InsufficientGasFunds(f"account {signed.sender}: {error}")
        if verdict.is_final:
            return DeliveryRefused(f"{who} refused it as {verdict.value}: {error}")
        return DeliveryUnknown(f"{who} refused it, and what that means is unknown: {error}")

    def _go_public(self, signed: SignedTransaction, why: SteelyardError) -> SteelyardError | None:
        reason = f"{signed.hash} goes to the public pool, as private.fallback_to_public allows: {why}"
        self._journal.sending_again(signed.plan_id, door=Door.PUBLIC, held_until_block=None, reason=reason)
        return self._send_public(signed)

    def _at_relays(self, last: SignedTransaction, head: BlockRef, *, was_taken: bool) -> Whereabouts:
        fate = Fate.UNKNOWN if self._status is None else self._status.fate(last.hash)
        if fate in (Fate.PENDING, Fate.INCLUDED):
            return Whereabouts.HELD
        # One relay's page says nothing of what the others do.
        if fate is Fate.GONE and len(self._relays) == 1:
            return Whereabouts.GONE
        if last.held_until_block is not None and head.number >= last.held_until_block:
            return Whereabouts.GONE
        return Whereabouts.HELD if was_taken and self._status is None else Whereabouts.UNSURE

    def _at_each_relay(self, ask: Callable[[PrivateRelay], T]) -> list[T]:
        """Ask all relays at once: one that is silent must not keep the others waiting."""
        if len(self._relays) == 1:
            return [ask(self._relays[0])]
        with ThreadPoolExecutor(max_workers=len(self._relays), thread_name_prefix="relay") as pool:
            return list(pool.map(ask, self._relays))

    def _look_for_leak(self, attempt: SignedTransaction) -> None:
        if attempt.door is Door.PRIVATE and attempt.hash not in self._leaked:
            self._leaked.add(attempt.hash)
            self._on_leak(f"private transaction {attempt.hash} is in the public pool, and not by us")

    def _said(self, signed: SignedTransaction, error: SteelyardError) -> SteelyardError:
        reason = str(error)
        if self._troubles.get(signed.hash) != reason:
            self._on_trouble(f"{signed.hash} was not taken privately: {reason}")
        self._troubles[signed.hash] = reason
        return error


def _common(errors: Sequence[SteelyardError | None]) -> SteelyardError | None:
    """Return one verdict for what several relays said: taken by one is taken, unknown by one is unknown."""
    refusals = [error for error in errors if error is not None]
    if len(refusals) < len(errors):
        return None
    reasons = "; ".join(str(error) for error in refusals)
    if any(isinstance(error, RetryError) for error in refusals):
        return DeliveryUnknown(reasons)
    for error in refusals:
        if isinstance(error, InsufficientGasFunds):
            return error
    if any(isinstance(error, SkipError) for error in refusals):
        return DeliveryRefused(reasons)
    return refusals[0] if len(refusals) == 1 else RelaysShut(reasons)


def _hand_over(
    relay: PrivateRelay, signed: SignedTransaction, max_block: int
) -> tuple[str, SteelyardError | None]:
    """Runs in a thread of the relay's own, so it asks nobody else."""
    try:
        relay.send(signed.raw, signed.hash, max_block=max_block)
    except SteelyardError as error:
        return relay.name, error
    return relay.name, None


def _cancels(relay: PrivateRelay, transaction_hash: str) -> bool:
    try:
        return relay.cancel(transaction_hash)
    except SteelyardError as error:
        _log.warning("relay %s was asked to cancel %s: %s", relay.name, transaction_hash, error)
        return False
