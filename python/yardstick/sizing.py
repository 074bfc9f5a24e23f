"""What the best loan for a cycle costs to find, and who found it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Any

from steelyard.decide.arbitrage import Hop, Route
from steelyard.decide.arbitrage.route import forward
from steelyard.units import Address
from yardstick.figures import OURS, Figure, Row, Table, Target, percentile
from yardstick.processes import Failed, Reply, TooSlow
from yardstick.sides import DEGENBOT, DEGENBOT_ALPHA, TEXTBOOK, Sides, figure_of
from yardstick.workload import CycleSet, Json, imported

HOT, FULL = "steelyard, hot path", "steelyard, full certificate"
SCALAR, SLSQP = "scipy minimize_scalar", "scipy SLSQP"
TARGETS_US = {"V2-V2": 20, "V2-V2-V2": 25, "V2-V3": 40}
AGAINST_DEGENBOT = {"V2-V2": 30.0, "V2-V2-V2": 30.0, "V2-V3": 50.0}
CERTIFICATE_P95_MS = {True: 100, False: 5}
"""By whether a V3 pool is on the way."""


@dataclass
class Contestant:
    """A way to size cycles: who is asked what, and what came of it, cycle by cycle."""

    name: str
    side: str
    task: str
    arguments: Json = field(default_factory=dict)
    turns: dict[int, list[Reply]] = field(default_factory=dict)
    answers: dict[int, Json | None] = field(default_factory=dict)
    troubles: dict[int, str] = field(default_factory=dict)

    def ask(self, sides: Sides, number: int, cycle: Json, milliseconds: float) -> None:
        """Have one cycle sized once more."""
        if number in self.troubles:
            return
        try:
            reply = sides.workers[self.side].ask(
                self.task, milliseconds=milliseconds, cycle=cycle, **self.arguments
            )
        except (TooSlow, Failed) as trouble:
            self.troubles[number] = str(trouble)
            return
        self.turns.setdefault(number, []).append(reply)
        self.answers[number] = reply.answer

    def figure(self, percent: int) -> Figure:
        """Return the percentile over the cycles, of each cycle's least and of its median."""
        if not self.turns:
            return Figure(text="no answer")
        figures = [figure_of(taken) for taken in self.turns.values()]
        return Figure(
            ns=percentile([figure.ns or 0.0 for figure in figures], percent),
            typical_ns=percentile([figure.typical_ns or 0.0 for figure in figures], percent),
        )


def contestants(sides: Sides, shape: str) -> list[Contestant]:
    """Return who sizes cycles of that shape: the textbook methods know pairs only."""
    every = [
        Contestant(HOT, OURS, "size", {"effort": "hot"}),
        Contestant(FULL, OURS, "size", {"effort": "certificate"}),
        Contestant(DEGENBOT, DEGENBOT, "size", {"effort": ""}),
        Contestant(DEGENBOT_ALPHA, DEGENBOT_ALPHA, "size", {"effort": ""}),
    ]
    if "3" not in shape:
        every += [Contestant(SCALAR, TEXTBOOK, "size scalar"), Contestant(SLSQP, TEXTBOOK, "size slsqp")]
    return [one for one in every if one.side in sides.workers]


def sizes(
    sides: Sides, work: Iterable[CycleSet], *, repeats: int, milliseconds: float
) -> tuple[Table, Table]:
    """Size every cycle on every side in turns; return what it took, and how good the answers were."""
    speed: list[Row] = []
    quality: list[tuple[str, ...]] = []
    for one in work:
        entered = contestants(sides, one.name)
        for side in {contestant.side for contestant in entered}:
            sides.workers[side].load("pools", states=one.pools, decimals=one.decimals)
        for _ in range(repeats):
            for number, cycle in enumerate(one.cycles):
                for contestant in entered:
                    contestant.ask(sides, number, cycle, milliseconds)
        batch = _batch(sides, one, repeats, milliseconds)
        speed += _speed(one, {contestant.name: contestant for contestant in entered}, batch)
        quality += _quality(one, entered)
    return _speed_table(speed), _quality_table(quality)


def _batch(sides: Sides, work: CycleSet, repeats: int, milliseconds: float) -> dict[str, Figure]:
    """Return one cycle's share where all are sized in one call."""
    tasks = {OURS: "size all", DEGENBOT_ALPHA: "size all"}
    figures, _ = sides.compare(tasks, repeats=repeats, milliseconds=20 * milliseconds, cycles=work.cycles)
    return {name: _share(figure, len(work.cycles)) for name, figure in figures.items()}


def _share(figure: Figure, count: int) -> Figure:
    if figure.ns is None or figure.typical_ns is None:
        return figure
    return Figure(ns=figure.ns / count, typical_ns=figure.typical_ns / count)


def _speed(work: CycleSet, entered: dict[str, Contestant], batch: dict[str, Figure]) -> list[Row]:
    def row(name: str, ours: str, percent: int, *targets: Target) -> Row:
        others = {other: one for other, one in entered.items() if one.side != OURS}
        figures = {OURS: entered[ours].figure(percent)}
        figures |= {other: one.figure(percent) for other, one in others.items()}
        tried = [answer["evaluations"] for answer in entered[ours].answers.values() if answer]
        return Row(
            name, figures, targets, f"exact chains quoted: {percentile(tried, percent):,}" if tried else ""
        )

    targets = []
    if work.name in TARGETS_US:
        targets = [
            Target(at_most_ns=TARGETS_US[work.name] * 1e3),
            Target(at_least_times=AGAINST_DEGENBOT[work.name], peer=DEGENBOT),
        ]
    certificate = Target(at_most_ns=CERTIFICATE_P95_MS["3" in work.name] * 1e6)
    return [
        row(f"{work.name}: hot path, p50", HOT, 50, *targets),
        row(f"{work.name}: hot path, p95", HOT, 95),
        row(f"{work.name}: full certificate, p50", FULL, 50),
        row(f"{work.name}: full certificate, p95", FULL, 95, certificate),
        Row(f"{work.name}: hot path, one of {len(work.cycles)} in one call", batch),
    ]


def _speed_table(rows: list[Row]) -> Table:
    sides = (OURS, DEGENBOT, DEGENBOT_ALPHA, SCALAR, SLSQP)
    return Table(key="sizing", title="The best loan for a cycle", sides=sides, rows=tuple(rows))


def _quality(work: CycleSet, entered: Sequence[Contestant]) -> list[tuple[str, ...]]:
    """Judge every answer by exact quotes, and against the certified optimum where there is one."""
    pools = {state["id"]: imported(state) for state in work.pools}
    routes = [_route(cycle, pools) for cycle in work.cycles]
    best = next(one for one in entered if one.name == FULL)
    certified = {
        number: answer["profit"] for number, answer in best.answers.items() if answer and answer["certified"]
    }
    return [_judged(work, one, routes, certified) for one in entered]


def _judged(
    work: CycleSet, contestant: Contestant, routes: Sequence[Route], certified: dict[int, int]
) -> tuple[str, ...]:
    earned = partial(_earned, contestant, routes)
    answered = sum(answer is not None for answer in contestant.answers.values())
    short = {number: most - earned(number) for number, most in certified.items()}
    missed = [units for units in short.values() if units > 0]
    shares = [short[number] / certified[number] for number in short if short[number] > 0]
    above = [
        answer["profit"] - earned(number)
        for number, answer in contestant.answers.items()
        if answer is not None and answer["profit"] > earned(number)
    ]
    return (
        work.name,
        contestant.name,
        f"{answered} of {len(work.cycles)}",
        _proof([answer for answer in contestant.answers.values() if answer]),
        f"{len(missed)} of {len(certified)}",
        f"{median(missed):,.0f} / {max(missed):,}" if missed else "-",
        f"{_share_text(median(shares))} / {_share_text(max(shares))}" if shares else "-",
        f"{len(above)}, at most {max(above):,}" if above else "0",
    )


def _proof(answers: Sequence[Json]) -> str:
    """Say how many answers are proven the best, and which share of their profit the others miss at most."""
    proven = sum(answer.get("certified", False) for answer in answers)
    if not proven and not any("gap" in answer for answer in answers):
        return "none"
    gaps = [
        answer["gap"] / answer["profit"] for answer in answers if not answer["certified"] and answer["gap"]
    ]
    return f"{proven}" + (f"; the others miss at most {max(gaps):.1g}" if gaps else "")


def _earned(contestant: Contestant, routes: Sequence[Route], number: int) -> int:
    """Return what the answer's loan really earns, by exact quotes; no answer and no trade earn nothing."""
    answer: Any = contestant.answers.get(number)
    if answer is None or answer["loan"] <= 0:
        return 0
    amounts = forward(routes[number], answer["loan"])
    return 0 if amounts is None else amounts[-1] - amounts[0]


def _share_text(share: float) -> str:
    return f"{share:.2g}"


def _route(cycle: Json, pools: dict[str, Any]) -> Route:
    return tuple(
        Hop(pool=pools[pool], token_in=Address(token), token_out=pools[pool].other(Address(token)))
        for pool, token in cycle["hops"]
    )


def _quality_table(cells: list[tuple[str, ...]]) -> Table:
    return Table(
        key="sizing-quality",
        title="Who found the best loan",
        head=(
            "cycles",
            "by",
            "answered",
            "proven best",
            "missed the certified optimum",
            "missed by, base units: median / most",
            "share of the profit missed: median / most",
            "promised more than the pools pay (answers, units)",
        ),
        cells=tuple(cells),
    )
