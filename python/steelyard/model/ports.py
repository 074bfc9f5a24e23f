"""What is injected: the shapes that stages expect of one another without importing one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from steelyard.model.execution import Door, Outcome, SignedTransaction
from steelyard.model.plan import ArbitragePlan
from steelyard.model.vault import VaultCall
from steelyard.units import Address

Plan = ArbitragePlan | VaultCall
"""What the keeper brings to the chain: each kind by the same journal, nonces and doors."""


class Signer(Protocol):
    """Holds the key and never shows it."""

    @property
    def address(self) -> Address: ...

    def sign(self, fields: dict[str, object]) -> bytes:
        """Return the raw signed EIP-1559 transaction. Raises KeyUnavailable."""
        ...


class OpenIntent(Protocol):
    """An intent that the journal holds and the chain has not yet closed."""

    @property
    def plan_id(self) -> str: ...
    @property
    def plan(self) -> Plan: ...
    @property
    def attempts(self) -> Sequence[SignedTransaction]:
        """Everything signed for it, oldest first: one nonce, so at most one of them can be mined."""
        ...

    @property
    def signed(self) -> SignedTransaction | None:
        """The last attempt."""
        ...

    @property
    def was_sent(self) -> bool:
        """Whether the last handing over of the last attempt is known to have been taken."""
        ...


class Journal(Protocol):
    """Durable memory of intents: each method returns after the write has reached the disk.

    Every method raises StoreBusy (locked) or StoreUnavailable (disk full, damaged, no rights).
    """

    def open(self, plan: Plan) -> None:
        """Write the intent before the act. Raises DuplicateIntent where the plan's id is known."""
        ...

    def signed(self, transaction: SignedTransaction) -> None:
        """Write hash, nonce and raw bytes before they are sent."""
        ...

    def sent(self, plan_id: str) -> None: ...

    def sending_again(
        self, plan_id: str, *, door: Door, held_until_block: int | None, reason: str | None = None
    ) -> None:
        """Write where the last attempt's bytes are about to be sent once more, and an event for a reason."""
        ...

    def close(self, outcome: Outcome) -> None: ...

    def unfinished(self) -> Sequence[OpenIntent]:
        """Return the open intents in the order of their nonces, unsigned ones last."""
        ...
