"""Says how far a long reading has got, not more often than anybody wants to know."""

from __future__ import annotations

import time
from collections.abc import Callable

Notice = Callable[[str], None]
"""Is told, in whole sentences, what an operator should know of how the market is read."""


def silent(sentence: str) -> None:
    """Nobody listens."""


class Progress:
    """Passes on what is being done every few seconds, and how long all of it took."""

    def __init__(
        self, notice: Notice, *, every_seconds: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.tell = notice
        self._every_seconds = every_seconds
        self._clock = clock
        self._begun = self._said = clock()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return self._clock() - self._begun

    def step(self, sentence: str) -> None:
        """Say where we are, where the last word on it is old enough."""
        now = self._clock()
        if now - self._said >= self._every_seconds:
            self._said = now
            self.tell(sentence)
