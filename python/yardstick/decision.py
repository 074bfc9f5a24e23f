"""From a node's bytes in memory to ranked plans, stage by stage, with memory and cold start."""

from __future__ import annotations

from collections.abc import Sequence

from yardstick.figures import OURS, Table, duration, percentile
from yardstick.sides import Sides
from yardstick.workload import Json

STAGES = ("decode", "publish", "update", "screen", "size", "judge", "total")
LIMIT_SECONDS = 600.0
TARGET_POOLS = 10_000
TARGETS_MS = {"update and screen, p50": 1.0, "bytes to plans, p50": 10.0, "bytes to plans, p95": 25.0}


def decisions(
    sides: Sides, sizes: Sequence[int], *, blocks: int, repeats: int, seed: int
) -> tuple[Table, Table]:
    """Measure blocks on markets of each size, each in a fresh process, whose memory is then theirs alone.

    The same blocks are decided on ``repeats`` times; of each block the quickest time counts, stage by stage:
    the percentiles are over blocks, of which some are harder, not over moments, of which some are busier.
    """
    raw: dict[str, Json] = {}
    for size in sizes:
        runs = [_run(sides, size, blocks, seed) for _ in range(repeats)]
        raw[str(size)] = {**runs[0], "costs": _least(runs), "cold_ms": min(run["cold_ms"] for run in runs)}
    cells = [_line(size, raw[str(size)]) for size in sizes]
    table = Table(
        key="decision",
        title=f"One block, p50 / p95 of {blocks}",
        head=("pools", "tokens", "touched", "candidates", *STAGES, "cold start", "memory: market + engine"),
        cells=tuple(cells),
        raw=raw,
    )
    return table, _targets(raw)


def _run(sides: Sides, size: int, blocks: int, seed: int) -> Json:
    ours = sides.workers[OURS]
    ours.stop()
    reply = ours.ask(
        "decide", milliseconds=0, limit_seconds=LIMIT_SECONDS, size=size, blocks=blocks, seed=seed
    )
    ours.stop()
    taken: Json = reply.answer
    return taken


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
        duration(taken["cold_ms"] * 1e6),
        f"{taken['market_mb']:,.0f} + {taken['engine_mb']:,.0f} MB",
    )


def _spread(milliseconds: Sequence[float]) -> str:
    return f"{percentile(milliseconds, 50):,.2f} / {percentile(milliseconds, 95):,.2f} ms"


def _targets(raw: dict[str, Json]) -> Table:
    cells = []
    if str(TARGET_POOLS) in raw:
        costs = raw[str(TARGET_POOLS)]["costs"]
        both = [update + screen for update, screen in zip(costs["update"], costs["screen"], strict=True)]
        measured = {
            "update and screen, p50": percentile(both, 50),
            "bytes to plans, p50": percentile(costs["total"], 50),
            "bytes to plans, p95": percentile(costs["total"], 95),
        }
        cells = [_target(name, measured[name], most) for name, most in TARGETS_MS.items()]
    return Table(
        key="decision-targets",
        title=f"Targets at {TARGET_POOLS:,} pools",
        head=("what", "measured", "target", "share of the target", "met"),
        cells=tuple(cells),
    )


def _target(name: str, measured: float, most: float) -> tuple[str, ...]:
    met = "met" if measured <= most else "not met"
    return (name, f"{measured:,.2f} ms", f"<= {most:g} ms", f"{measured / most:.2f}", met)
