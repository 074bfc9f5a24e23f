"""Who takes part: ours, and the peers whose environments can be made on this machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bootstrap.console import SetupError
from yardstick.environments import ALPHA, FOLDER, METHODS, Environment, NotHere
from yardstick.figures import OURS, Figure
from yardstick.processes import Failed, Reply, TooSlow, Worker

DEGENBOT: str = "degenbot 0.5.0"
DEGENBOT_ALPHA: str = "degenbot 0.6.0a17"
TEXTBOOK: str = "textbook methods"

_PEERS: tuple[tuple[str, Environment, str], ...] = (
    (DEGENBOT, METHODS, "degenbot_python"),
    (DEGENBOT_ALPHA, ALPHA, "degenbot_rust"),
    (TEXTBOOK, METHODS, "methods"),
)


@dataclass(frozen=True)
class Sides:
    """The workers by name, and why others are absent."""

    workers: dict[str, Worker]
    absent: dict[str, str]

    def compare(
        self, tasks: dict[str, str], *, repeats: int, milliseconds: float, **arguments: Any
    ) -> tuple[dict[str, Figure], dict[str, object]]:
        """Measure a task on every side in turns; return each side's figure and last answer.

        Args:
            tasks: what to ask of which side; sides that are absent are skipped.
        """
        turns: dict[str, list[Reply]] = {}
        figures: dict[str, Figure] = {}
        answers: dict[str, object] = {}
        for _ in range(repeats):
            for name, task in tasks.items():
                if name not in self.workers or name in figures:
                    continue
                try:
                    reply = self.workers[name].ask(task, milliseconds=milliseconds, **arguments)
                except (TooSlow, Failed) as trouble:
                    figures[name] = Figure(text=str(trouble))
                    continue
                turns.setdefault(name, []).append(reply)
                answers[name] = reply.answer
        return {name: figure_of(taken) for name, taken in turns.items()} | figures, answers


def figure_of(turns: Sequence[Reply]) -> Figure:
    """Return the figure of a side's turns."""
    return Figure.of([turn.least_ns for turn in turns], [turn.typical_ns for turn in turns])


@contextmanager
def taking_part(*, alone: bool = False) -> Iterator[Sides]:
    """Make the environments and hold one worker for each side; they start when first asked.

    Args:
        alone: without any peer.
    """
    workers, absent = {OURS: Worker(OURS, Path(sys.executable), "yardstick.workers.ours", _log(OURS))}, {}
    for name, environment, module in () if alone else _PEERS:
        try:
            environment.ensure()
        except (NotHere, SetupError) as trouble:
            absent[name] = str(trouble)
            continue
        home = {"HOME": str(environment.home)}
        workers[name] = Worker(
            name, environment.python, f"yardstick.workers.{module}", _log(name), environment=home
        )
    with ExitStack() as stack:
        for worker in workers.values():
            stack.enter_context(worker)
        yield Sides(workers, absent)


def _log(name: str) -> Path:
    return FOLDER / f"{name.replace(' ', '-')}.log"
