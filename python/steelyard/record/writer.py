"""The one thread that writes to the database.

A journal write waits until it is durable. A decision log does not: it queues up to a bound, behind the
journal, and what the bound makes us drop is counted and written down as an event.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final, TypeVar

from steelyard.exceptions import StoreBusy, StoreUnavailable
from steelyard.record.tables import EventRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from steelyard.record.database import Database

T = TypeVar("T")
Clock = Callable[[], int]
"""Seconds since 1970."""

_log = logging.getLogger(__name__)
_BUSY_PAUSE_SECONDS: Final = 0.05


def wall_clock_seconds() -> int:
    """Return the wall clock's whole seconds since 1970."""
    return int(time.time())


class Writer:
    """Runs pieces of work, each in a transaction of its own, one after the other."""

    def __init__(
        self, database: Database, *, max_queued: int = 256, clock: Clock = wall_clock_seconds
    ) -> None:
        """Start the thread.

        Args:
            max_queued: posted pieces of work that may wait; one more pushes the oldest out.
        """
        self.lost = 0
        self._database = database
        self._clock = clock
        self._max_queued = max_queued
        self._urgent: deque[tuple[Callable[[Session], Any], Future[Any]]] = deque()
        self._posted: deque[Callable[[Session], None]] = deque()
        self._changed = threading.Condition()
        self._unreported = 0
        self._working_on_posted = False
        self._trouble: StoreUnavailable | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="steelyard-writer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` ahead of everything posted and return its result once it is durable.

        Raises:
            StoreBusy, StoreUnavailable: nothing of it was written.
            Exception: whatever ``work`` raises; nothing of it was written.
        """
        future: Future[T] = Future()
        with self._changed:
            self._refuse_when_closed()
            self._urgent.append((work, future))
            self._changed.notify_all()
        return future.result()

    def post(self, work: Callable[[Session], None]) -> None:
        """Queue ``work`` and return at once.

        Raises:
            StoreUnavailable: an earlier piece could not be written, and the next will fare no better.
        """
        with self._changed:
            self._refuse_when_closed()
            self._raise_trouble()
            if len(self._posted) >= self._max_queued:
                self._posted.popleft()
                self._count_lost()
            self._posted.append(work)
            self._changed.notify_all()

    def flush(self, timeout_seconds: float = 30.0) -> None:
        """Wait until everything posted so far is durable.

        Raises:
            StoreUnavailable: some of it could not be written.
            StoreBusy: it still waits after ``timeout_seconds``.
        """
        with self._changed:
            done = self._changed.wait_for(
                lambda: self._trouble is not None or not (self._posted or self._working_on_posted),
                timeout_seconds,
            )
            self._raise_trouble()
            if not done:
                raise StoreBusy(
                    f"{len(self._posted)} writes to {self._database.name} still wait "
                    f"after {timeout_seconds:g} s"
                )

    def close(self, timeout_seconds: float = 30.0) -> None:
        """Write what is queued, then stop the thread. What cannot be written in time is logged as lost."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(timeout_seconds)
        if self._posted:
            _log.error("%d decision logs were not written before the end", len(self._posted))

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise StoreUnavailable("the writer is closed; nothing more is recorded")

    def _raise_trouble(self) -> None:
        if self._trouble is not None:
            trouble, self._trouble = self._trouble, None
            raise trouble

    def _count_lost(self) -> None:
        self.lost += 1
        self._unreported += 1

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._urgent or self._posted or self._closed)
                if self._urgent:
                    work, future = self._urgent.popleft()
                elif self._posted:
                    work, future = self._posted.popleft(), None
                    self._working_on_posted = True
                else:
                    return
            if future is not None:
                self._do_urgent(work, future)
            else:
                self._do_posted(work)

    def _do_urgent(self, work: Callable[[Session], Any], future: Future[Any]) -> None:
        try:
            with self._database.write() as session:
                result = work(session)
        except BaseException as error:  # noqa: BLE001 - the caller gets it, whatever it is
            future.set_exception(error)
        else:
            future.set_result(result)

    def _do_posted(self, work: Callable[[Session], None]) -> None:
        try:
            with self._database.write() as session:
                work(session)
                reported = self._report_lost(session)
        except StoreBusy:
            self._requeue(work)
        except Exception as error:  # noqa: BLE001 - a log must not end the thread that the journal needs
            self._give_up(error)
        else:
            with self._changed:
                self._unreported -= reported
        finally:
            with self._changed:
                self._working_on_posted = False
                self._changed.notify_all()

    def _requeue(self, work: Callable[[Session], None]) -> None:
        with self._changed:
            if self._closed:
                self._count_lost()
                _log.error("a decision log was lost: the database stayed locked until the end")
            else:
                self._posted.appendleft(work)
        time.sleep(_BUSY_PAUSE_SECONDS)

    def _give_up(self, error: Exception) -> None:
        _log.error("a decision log could not be written: %s", error)
        with self._changed:
            self._count_lost()
            self._trouble = (
                error
                if isinstance(error, StoreUnavailable)
                else StoreUnavailable(f"a decision log could not be written: {error}")
            )

    def _report_lost(self, session: Session) -> int:
        """Write down how many pieces were dropped since the last one that went through."""
        lost = self._unreported
        if lost:
            session.add(
                EventRow(
                    timestamp_seconds=self._clock(),
                    kind="decisions_lost",
                    severity="warning",
                    message=f"{lost} decision logs were dropped: the database did not keep up",
                )
            )
        return lost
