"""The loop of every keeper: what an error's type means for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from steelyard.exceptions import RetryError, SteelyardError

LONGEST_PAUSE_SECONDS = 30.0


async def run_turns(
    stop: asyncio.Event,
    *,
    start: Callable[[], Awaitable[object]],
    turn: Callable[[], Awaitable[object | None]],
    trouble: Callable[[SteelyardError], Awaitable[None]],
    poll_interval_seconds: float,
) -> None:
    """Start, then take turn after turn until ``stop`` is set. The turn under way is finished first.

    Args:
        start: recovers what an earlier run left open; tried again until it has succeeded once.
        turn: returns None where there was nothing new.
        trouble: is told each error.

    Raises:
        StopError: something that an operator must look at; nothing half-done stays behind.
    """
    recovered = False
    failures = 0
    while not stop.is_set():
        try:
            if not recovered:
                await start()
                recovered = True
            idle = await turn() is None
            failures = 0
        except RetryError as error:
            failures += 1
            await trouble(error)
            await _wait(stop, pause_seconds(failures, poll_interval_seconds))
            continue
        except SteelyardError as error:
            await trouble(error)
            raise
        if idle:
            await _wait(stop, poll_interval_seconds)


def pause_seconds(failures: int, poll_interval_seconds: float) -> float:
    """Return a pause twice as long after each failure, up to a bound, however many there are."""
    return min(poll_interval_seconds * 2.0 ** min(failures, 16), LONGEST_PAUSE_SECONDS)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), timeout=seconds)
    except TimeoutError:
        return
