"""Finding the cycles that pay, as markets grow; and what the answers are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from yardstick.figures import OURS, Figure, Table, multiple
from yardstick.processes import Failed, Reply, TooSlow
from yardstick.sides import TEXTBOOK, Sides, figure_of
from yardstick.workload import Json

LEGS = 3
CIRCULATION_LEGS = 4
FIRST = "steelyard, 3 legs, a block of 2 % touched"
LONG_SECONDS = 2.0
DRAWS = 20
SMALL_POOLS = 240
SMALL_DRIFT = 0.004
AGREEMENT = 1e-9
NETWORKX = "networkx simple_cycles, 3 legs"


class WrongAnswer(AssertionError):
    """Two exhaustive searches of one market disagree about its best cycle."""


@dataclass(frozen=True)
class Method:
    """A way to search, what it is asked, and what its answer is."""

    name: str
    side: str
    task: str
    arguments: Json = field(default_factory=dict)
    answers: str = ""
    solver_seconds: bool = False
    """It can be told to stop by itself, shortly before it would be stopped."""


METHODS = (
    Method(
        FIRST,
        OURS,
        "find",
        {"longest": LEGS},
        "update included: every cycle through 5 bases with its choice of pools, ranked in wei",
    ),
    Method(
        "steelyard, 3 legs, from nothing", OURS, "find cold", {"longest": LEGS}, "the same, graph included"
    ),
    Method(
        "steelyard, 4 legs, a block of 2 % touched", OURS, "find", {"longest": LEGS + 1}, "the same, longer"
    ),
    Method(
        NETWORKX, TEXTBOOK, "networkx cycles", {"longest": LEGS}, "every cycle of tokens, best pools only"
    ),
    Method(
        "networkx find_negative_cycle", TEXTBOOK, "networkx negative", {}, "one cycle, any length, any token"
    ),
    Method(
        "rustworkx find_negative_cycle",
        TEXTBOOK,
        "rustworkx negative",
        {},
        "one cycle, any length, any token",
    ),
    Method(
        "circulation MIP (HiGHS), 4 legs",
        TEXTBOOK,
        "circulation",
        {"longest": CIRCULATION_LEGS},
        "edges of one or several cycles, gains summed",
        solver_seconds=True,
    ),
)


class Search:
    """Searches markets of growing size until each method has had enough."""

    def __init__(self, sides: Sides, *, repeats: int, limit_seconds: float, seed: int) -> None:
        self._sides = sides
        self._repeats = repeats
        self._limit = limit_seconds
        self._seed = seed
        self._given_up: set[str] = set()

    def table(self, sizes: Sequence[int]) -> Table:
        """Measure every method on every size.

        Raises:
            WrongAnswer: ours and the exhaustive enumeration do not agree on the best cycle's rate.
        """
        columns = [self._column(size) for size in sizes]
        methods = [method for method in METHODS if method.side in self._sides.workers]
        lines = []
        for method in methods:
            figures = [column[method.name][0] for column in columns]
            answers = [column[method.name][1] for column in columns]
            times = [
                _beside(figure, column[FIRST][0]) for figure, column in zip(figures, columns, strict=True)
            ]
            lines.append((method.name, *times, method.answers, _worth(sizes, answers)))
        heads = [f"{size:,} pools" for size in sizes]
        return Table(
            key="paths",
            title="Cycles that pay",
            head=("method", *heads, "what it answers", "what its best cycle earns of the best"),
            cells=tuple(lines),
            raw=[{name: vars(pair[0]) for name, pair in column.items()} for column in columns],
        )

    def _column(self, size: int) -> dict[str, tuple[Figure, Json | None]]:
        ours = self._sides.workers[OURS]
        ours.load("market", size=size, seed=self._seed)
        graph = ours.ask("graph", milliseconds=0).answer
        if TEXTBOOK in self._sides.workers:
            self._sides.workers[TEXTBOOK].load("graph", **graph)
        column = {
            method.name: self._measured(method) for method in METHODS if method.side in self._sides.workers
        }
        self._check_agreement(size, column.get(NETWORKX, (None, None))[1])
        return column

    def _check_agreement(self, size: int, theirs: Json | None) -> None:
        if theirs is None:
            return
        mine = self._sides.workers[OURS].ask("find all", milliseconds=0, longest=LEGS).answer
        if abs(mine["gain"] - theirs["gain"]) > AGREEMENT:
            raise WrongAnswer(
                f"{size} pools: the best of 3 legs is {mine['gain']}, {theirs['gain']} to networkx"
            )

    def _measured(self, method: Method) -> tuple[Figure, Json | None]:
        limit = f"> {self._limit:g} s"
        if method.name in self._given_up:
            return Figure(text=limit), None
        arguments = dict(method.arguments)
        if method.solver_seconds:
            arguments["seconds"] = self._limit
        turns: list[Reply] = []
        answer: Any = None
        try:
            for _ in range(self._repeats):
                reply = self._sides.workers[method.side].ask(
                    method.task, milliseconds=50, limit_seconds=1.2 * self._limit + 5, **arguments
                )
                turns.append(reply)
                answer = reply.answer
                if reply.least_ns > LONG_SECONDS * 1e9:
                    break  # what takes so long is not repeated
        except TooSlow:
            self._given_up.add(method.name)
            return Figure(text=limit), None
        except Failed as trouble:
            return Figure(text=str(trouble)), None
        if turns[0].least_ns > self._limit * 1e9:
            self._given_up.add(method.name)
            return Figure(text=limit), None
        return figure_of(turns), self._valued(answer)

    def _valued(self, answer: Json) -> Json:
        """Add what its best cycle earns with the right pools and size, and what the best of all does."""
        if "tokens" not in answer:
            return answer
        ours = self._sides.workers[OURS]
        worth = ours.ask("worth", milliseconds=0, tokens=answer["tokens"]).answer
        return {**answer, "worth": worth, "most": ours.ask("most", milliseconds=0, longest=LEGS).answer}


def _beside(figure: Figure, ours: Figure) -> str:
    if figure is ours or figure.ns is None or not ours.ns:
        return str(figure)
    return f"{figure} ({multiple(figure.ns / ours.ns)})"


def _worth(sizes: Sequence[int], answers: Sequence[Json | None]) -> str:
    """Return what its best cycle earns of the best there is, in the largest market where it found one."""
    for size, answer in reversed(list(zip(sizes, answers, strict=True))):
        if answer is not None and answer["cycles"]:
            share = f"{answer['worth'] / answer['most']:.0%}" if answer.get("most") else "100%"
            return f"{share} ({size:,} pools)"
    return "-"


def disjoint_cycles(sides: Sides, *, limit_seconds: float) -> Table | None:
    """Draw small wild markets and count how often the circulation is no cycle; None without its worker."""
    if TEXTBOOK not in sides.workers:
        return None
    several, overstated, took = 0, [], []
    for seed in range(DRAWS):
        sides.workers[OURS].load("market", size=SMALL_POOLS, seed=seed, drift=SMALL_DRIFT)
        graph = sides.workers[OURS].ask("graph", milliseconds=0).answer
        sides.workers[TEXTBOOK].load("graph", **graph)
        reply = sides.workers[TEXTBOOK].ask(
            "circulation", milliseconds=0, limit_seconds=2 * limit_seconds, longest=6, seconds=limit_seconds
        )
        took.append(reply.least_ns)
        if reply.answer["cycles"] > 1:
            several += 1
            overstated.append(reply.answer["sum"] / reply.answer["gain"] - 1)
    return Table(
        key="circulation",
        title="The document's model: a circulation without a rule against several cycles",
        head=(
            "draws",
            "answers that are several cycles",
            "gain overstated by: median / most",
            "time: median",
        ),
        cells=(
            (
                f"{DRAWS} markets of {SMALL_POOLS} pools, up to 6 legs",
                str(several),
                _overstated(overstated),
                str(Figure.of(sorted(took)[len(took) // 2 :][:1])),
            ),
        ),
    )


def _overstated(shares: list[float]) -> str:
    if not shares:
        return "-"
    ranked = sorted(shares)
    return f"{ranked[len(ranked) // 2]:.0%} / {ranked[-1]:.0%}"
