"""What a starting keeper does before anything new: it reads the journal, asks the chain, and goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steelyard.act.tracker import Tracker
    from steelyard.model import BlockRef, Journal, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What was found. ``still_open`` names the plans whose transactions the chain has yet to decide on."""

    closed: tuple[Outcome, ...]
    still_open: tuple[str, ...]


def recover(journal: Journal, tracker: Tracker, head: BlockRef) -> Recovered:
    """Close what is decided and keep following the rest; nothing is signed here.

    An intent without a signature was never sent: it is closed, and its opportunity is gone. What was signed
    may have been sent whether or not the journal says so: the chain is asked by its hash, and the same bytes
    are sent again where nobody knows them and there is still time.

    Raises:
        RetryError, StopError: the node or the database cannot be used; calling again is safe.
    """
    closed = tracker.settle_open(head)
    still_open = tuple(intent.plan_id for intent in journal.unfinished())
    return Recovered(closed=tuple(closed), still_open=still_open)
