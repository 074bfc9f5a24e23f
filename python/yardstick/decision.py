"""From a node's bytes in memory to ranked plans, stage by stage, with memory and starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from yardstick.figures import NANOSECONDS, OURS, Figure, Row, Table, Target, duration, percentile
from yardstick.sides import Sides
from yardstick.workload import Json

STAGES = ("decode", "publish", "update", "screen", "expand", "size", "certify", "judge", "total")
LIMIT_SECONDS = 600.0
STARTS = ("cold_ms", "read_ms", "index_ms", "decide_ms")
TARGET_POOLS = 10_000
TARGETS_MS = {
    "update and screen, p50": 1.0,
    "bytes to plans, p50": 10.0,
    "bytes to plans, p95": 25.0,
    "warm start without imports and node": 2_000.0,
}


def decisions(
    sides: Sides, sizes: Sequence[int], *, blocks: int, repeats: int, seed: int
) -> tuple[Table, Table, Table]:
    """Measure blocks on markets of each size, each in a fresh process, whose memory is then theirs alone.

    The same blocks are decided on ``repeats`` times; of each block the quickest time counts, stage by stage:
    the percentiles are over blocks, of which some are harder, not over moments, of which some are busier.
    """
    raw: dict[str, Json] = {}
    for size in sizes:
        runs = [_run(sides, size, blocks, seed) for _ in range(repeats)]
        starts = {name: min(run[name] for run in runs) for name in STARTS}
        raw[str(size)] = {**runs[0], "costs": _least(runs), **starts}
    cells = [_line(size, raw[str(size)]) for size in sizes]
    table = Table(
        key="decision",
        title=f"One block, p50 / p95 of {blocks}",
        head=("pools", "tokens", "touched", "candidates", *STAGES),
        cells=tuple(cells),
        raw=raw,
    )
    return table, _starts(raw), _targets(raw)


def _run(sides: Sides, size: int, blocks: int, seed: int) -> Json:
    ours = sides.workers[OURS]
    ours.stop()
    work = {"size": size, "seed": seed}
    taken: Json = ours.ask("blocks", milliseconds=0, limit_seconds=LIMIT_SECONDS, count=blocks, **work).answer
    started: Json = ours.ask("warm start", milliseconds=0, limit_seconds=LIMIT_SECONDS, **work).answer
    ours.stop()
    return taken | started


def _least(runs: Sequence[Json]) -> dict[str, list[float]]:
    return {
        stage: [min(times) for times in zip(*(run["costs"][stage] for run in runs), strict=True)]
        for stage in runs[0]["costs"]
    }


def _line(size: int, taken: Json) -> tuple[str, ...]:
    costs = taken["costs"]
    return (
        f"{size:,}",
        f"{taken['tokens']:,}",
        f"{taken['touched']:,}",
        f"{percentile(costs['candidates'], 50):,.0f}",
        *(_spread(costs[stage]) for stage in STAGES),
    )


def _starts(raw: dict[str, Json]) -> Table:
    cells = [
        (
            f"{int(size):,}",
            f"{taken['market_mb']:,.1f} MB",
            f"{taken['engine_mb']:,.1f} MB",
            f"{taken['file_mb']:,.1f} MB",
            *(_milliseconds(taken[name]) for name in ("read_ms", "index_ms", "decide_ms")),
            _milliseconds(taken["read_ms"] + taken["index_ms"] + taken["decide_ms"]),
        )
        for size, taken in raw.items()
    ]
    return Table(
        key="starts",
        title="Memory, and a start from what was saved",
        head=(
            "pools",
            "market in memory",
            "engine besides",
            "saved file",
            "read and checked",
            "indexed",
            "first decision, caches empty",
            "together",
        ),
        cells=tuple(cells),
    )


def _milliseconds(taken: float) -> str:
    return duration(taken * 1e6)


def _spread(milliseconds: Sequence[float]) -> str:
    return f"{percentile(milliseconds, 50):,.2f} / {percentile(milliseconds, 95):,.2f} ms"


def _targets(raw: dict[str, Json]) -> Table:
    rows = _target_rows(raw[str(TARGET_POOLS)]) if str(TARGET_POOLS) in raw else ()
    return Table(
        key="decision-targets",
        title=f"Targets at {TARGET_POOLS:,} pools",
        sides=(OURS,),
        rows=tuple(rows),
    )


def _target_rows(taken: Json) -> Iterator[Row]:
    costs = taken["costs"]
    both = [update + screen for update, screen in zip(costs["update"], costs["screen"], strict=True)]
    measured_ms = {
        "update and screen, p50": percentile(both, 50),
        "bytes to plans, p50": percentile(costs["total"], 50),
        "bytes to plans, p95": percentile(costs["total"], 95),
        "warm start without imports and node": sum(taken[name] for name in STARTS[1:]),
    }
    for name, most_ms in TARGETS_MS.items():
        figure = Figure(ns=measured_ms[name] * NANOSECONDS["ms"])
        yield Row(
            f"{TARGET_POOLS:,} pools: {name}",
            {OURS: figure},
            (Target(at_most_ns=most_ms * NANOSECONDS["ms"]),),
        )
