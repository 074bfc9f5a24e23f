"""What a node means when it refuses a transaction: every client has its own words, and none has codes."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class SendVerdict(StrEnum):
    """What follows from a refusal."""

    KNOWN = "known"
    """The node has this very transaction already: it is sent."""
    NONCE_TOO_LOW = "nonce_too_low"
    """The nonce is used, by this transaction or by another: only the chain can tell."""
    UNDERPRICED = "underpriced"
    """Not in the pool: too cheap for it, or too little above the transaction that has the nonce."""
    INSUFFICIENT_FUNDS = "insufficient_funds"
    GAS_TOO_LOW = "gas_too_low"
    """The gas limit is below the intrinsic gas."""
    EXECUTION_REVERTED = "execution_reverted"
    INVALID = "invalid"
    """No block could ever hold it."""
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        """Whether the node says for certain that it did not take the transaction."""
        return self in _FINAL


_FINAL: Final = frozenset(
    {
        SendVerdict.UNDERPRICED,
        SendVerdict.INSUFFICIENT_FUNDS,
        SendVerdict.GAS_TOO_LOW,
        SendVerdict.EXECUTION_REVERTED,
        SendVerdict.INVALID,
    }
)

_PHRASES: Final = (
    ("already known", SendVerdict.KNOWN),
    ("alreadyknown", SendVerdict.KNOWN),
    ("already imported", SendVerdict.KNOWN),
    ("known transaction", SendVerdict.KNOWN),
    ("nonce too low", SendVerdict.NONCE_TOO_LOW),
    ("nonce is too low", SendVerdict.NONCE_TOO_LOW),
    ("oldnonce", SendVerdict.NONCE_TOO_LOW),
    ("underpriced", SendVerdict.UNDERPRICED),
    ("fee too low", SendVerdict.UNDERPRICED),
    ("feetoolow", SendVerdict.UNDERPRICED),
    ("insufficient funds", SendVerdict.INSUFFICIENT_FUNDS),
    ("insufficientfunds", SendVerdict.INSUFFICIENT_FUNDS),
    ("intrinsic gas too low", SendVerdict.GAS_TOO_LOW),
    ("gas too low", SendVerdict.GAS_TOO_LOW),
    ("out of gas", SendVerdict.GAS_TOO_LOW),
    ("execution reverted", SendVerdict.EXECUTION_REVERTED),
    ("exceeds block gas limit", SendVerdict.INVALID),
    ("intrinsic gas too high", SendVerdict.INVALID),
    ("gas limit too high", SendVerdict.INVALID),
    ("max fee per gas less than block base fee", SendVerdict.INVALID),
    ("max priority fee per gas higher than max fee per gas", SendVerdict.INVALID),
    ("invalid chain id", SendVerdict.INVALID),
    ("invalid sender", SendVerdict.INVALID),
)
"""First match counts. Words of geth, Nethermind, Erigon, Reth and anvil."""


def classify_send_error(message: str) -> SendVerdict:
    """Return what a node's refusal means; UNKNOWN, which is not a failure, where nobody has met its words."""
    text = message.lower()
    for phrase, verdict in _PHRASES:
        if phrase in text:
            return verdict
    return SendVerdict.UNKNOWN
