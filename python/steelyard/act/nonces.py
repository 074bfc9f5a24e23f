"""Which nonce the next transaction gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steelyard.model import Address, OpenIntent


def choose_nonce(pending_nonce: int, open_intents: Iterable[OpenIntent], sender: Address) -> int:
    """Return the lowest nonce that neither the chain, nor the node's pool, nor an open intent of ours uses.

    Where nothing is missing from the pool this is the highest of all, plus one. Where the pool has forgotten
    one of ours, its nonce stays its own (the tracker sends it again); where a nonce below an open one is
    free, it is given out, because everything above waits for it.

    Args:
        pending_nonce: the account's next nonce as the node counts it, its pool included.
    """
    taken = {
        intent.signed.nonce
        for intent in open_intents
        if intent.signed is not None and intent.signed.sender == sender
    }
    nonce = pending_nonce
    while nonce in taken:
        nonce += 1
    return nonce
