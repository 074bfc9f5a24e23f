"""What is remembered of a batch on its way through the relayer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayAttempt:
    """A signed transaction that carries a batch.

    Attributes:
        nonce: the relaying account's, not a request's.
    """

    hash: str
    nonce: int
    raw: bytes


class RelayJournal(Protocol):
    """Remembers intents across crashes; each method returns once what it was told is durable."""

    def open(self, intent_id: str, request_ids: Sequence[str]) -> RelayAttempt | None:
        """Write the intent down; return the transaction signed for it that is not closed, if there is one."""
        ...

    def signed(self, intent_id: str, attempt: RelayAttempt) -> None:
        """Write down a signed transaction, before it is sent."""
        ...

    def close(self, intent_id: str, outcome: str) -> None:
        """Write down how it ended; nothing of it can be mined any more."""
        ...
