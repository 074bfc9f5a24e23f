"""Whole keepers as processes of their own, which can be made to die, with no chance to say goodbye.

They are what ``steelyard run --live`` runs, without the command line. Each is forked from a server that has
imported everything and done nothing else, so that a life costs a tenth of a second and not two.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Self

import psutil

from steelyard.app.keeper import Turn
from steelyard.app.wiring import build_keeper
from steelyard.cli.run import run_until_signal
from steelyard.config import Config
from tests.support.patience import PATIENCE_SECONDS

NO_STEP = "none"

_WHAT_APE_LOADS = ("ape_ethereum.transactions", "ape_foundry.provider", "ape_solidity", "ape_test.accounts")
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__, *_WHAT_APE_LOADS])


class KeeperProcess:
    """One life of a live keeper; a context manager that ends it."""

    def __init__(self, config: Config, *, fatal_step: str = NO_STEP, spared_sends: int = 0) -> None:
        """Start the keeper.

        Args:
            fatal_step: it kills itself with SIGKILL as soon as this step is done ...
            spared_sends: ... but not before it has sent so many transactions.
        """
        self._reports, reporter = _PROCESSES.Pipe(duplex=False)
        self._process = _PROCESSES.Process(target=_live, args=(config, fatal_step, spared_sends, reporter))
        self._process.start()
        reporter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._process.join(PATIENCE_SECONDS)
        self._reports.close()

    def saw(self, block_number: int) -> bool:
        """Wait until the turn of this block is finished; False where the keeper died before that."""
        while self._reports.poll(PATIENCE_SECONDS):
            try:
                number: int = self._reports.recv()
            except (EOFError, OSError):
                return False
            if number >= block_number:
                return True
        raise AssertionError(f"the keeper took no turn on block {block_number} in {PATIENCE_SECONDS:.0f} s")

    def kill(self) -> None:
        """Kill it with SIGKILL, wherever it is."""
        self._process.kill()

    def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        self._process.terminate()
        return self.end()

    def end(self) -> int:
        """Wait for its end and return its exit code, minus the signal where one killed it.

        Raises:
            AssertionError: it lives on, or a process that it started does.
        """
        self._process.join(PATIENCE_SECONDS)
        assert self._process.exitcode is not None, "the keeper does not end"
        assert _session_of(self._process.pid or 0) == [], "a process of the keeper's outlives it"
        return self._process.exitcode


def _live(config: Config, fatal_step: str, spared_sends: int, reports: Connection) -> None:
    os.setsid()
    threading.Thread(target=_end_with_the_test, daemon=True).start()
    sends = 0

    def report(turn: Turn) -> None:
        reports.send(turn.snapshot.block.number)

    def die(step: str) -> None:
        nonlocal sends
        if step == fatal_step and sends >= spared_sends:
            os.kill(os.getpid(), signal.SIGKILL)
        sends += step == "sent"

    keeper = build_keeper(config, live=True, on_turn=report, on_step=die)
    asyncio.run(run_until_signal(keeper))


def _end_with_the_test() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _session_of(leader: int) -> list[psutil.Process]:
    """Return the living processes that ``leader`` began; it was the first of a session of its own."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (OSError, psutil.Error):
            continue  # gone while we looked
    return found
