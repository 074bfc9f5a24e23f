"""From a node's bytes in memory to ranked plans, stage by stage, with memory and cold start."""

from __future__ import annotations

from collections.abc import Sequence

from yardstick.figures import OURS, Table, duration, percentile
from yardstick.sides import Sides
from yardstick.workload import Json

STAGES = ("decode", "publish", "update", "screen", "size", "judge", "total")
TARGET_POOLS = 10_000
TARGETS_MS = {"update and screen, p50": 1.0, "bytes to plans, p50": 10.0, "bytes to plans, p95": 25.0}


def decisions(sides: Sides, sizes: Sequence[int], *, blocks: int, seed: int) -> tuple[Table, Table]:
    """Measure blocks on markets of each size, each in a fresh process, whose memory is then theirs alone."""
    ours = sides.workers[OURS]
    cells: list[tuple[str, ...]] = []
    raw: dict[str, Json] = {}
    for size in sizes:
        ours.stop()
        reply = ours.ask("decide", milliseconds=0, limit_seconds=600, size=size, blocks=blocks, seed=seed)
        cells.append(_line(size, reply.answer))
        raw[str(size)] = reply.answer
    ours.stop()
    table = Table(
        key="decision",
        title=f"One block, p50 / p95 of {blocks}",
        head=("pools", "tokens", "touched", "candidates", *STAGES, "cold start", "memory: market + engine"),
        cells=tuple(cells),
        raw=raw,
    )
    return table, _targets(raw)


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
