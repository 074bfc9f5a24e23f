"""What an operator should know, said once for each change: into the records, and to whoever watches."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from steelyard.exceptions import RetryError, SteelyardError, StoreUnavailable
from steelyard.record.decisions import DecisionLog


class OnEvent(Protocol):
    """Is told each event when it happens; ``severity`` is info, warning or critical."""

    def __call__(self, kind: str, message: str, severity: str) -> None: ...


class Notices:
    """Says things, and remembers what was said, so that lasting trouble does not fill the log."""

    def __init__(
        self, log: DecisionLog, on_event: OnEvent, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = log
        self._on_event = on_event
        self._clock = clock
        self._trouble: type[RetryError] | None = None
        self._trouble_since = 0.0
        self._ended = False

    def say(self, kind: str, message: str, severity: str = "info") -> None:
        """Write an event and tell it. Raises StoreUnavailable where an earlier one could not be written."""
        self._on_event(kind, message, severity)
        self._log.event(kind, message, severity=severity)

    def trouble(self, error: RetryError) -> None:
        """Say passing trouble when it begins and when it turns into trouble of another kind.

        The kind is the error's type: the words hold block numbers and times that change with every try.
        """
        if type(error) is self._trouble:
            return
        if self._trouble is None:
            self._trouble_since = self._clock()
        self._trouble = type(error)
        self.say("trouble", f"{error}; trying again until it is over", "warning")

    def well(self) -> None:
        """Say that trouble is over, where there was any."""
        if self._trouble is None:
            return
        self._trouble = None
        lasted_seconds = self._clock() - self._trouble_since
        self.say("trouble_over", f"all is well again, after {lasted_seconds:.0f} s")

    def ended(self, reason: SteelyardError | None) -> None:
        """Write down, once, how the run ended; the command itself tells it. A broken store is no obstacle."""
        if self._ended:
            return
        self._ended = True
        with suppress(StoreUnavailable):
            if reason is None:
                self._log.event("ended", "the run ended")
            else:
                self._log.event("ended", f"the run ended: {reason}", severity="critical")
