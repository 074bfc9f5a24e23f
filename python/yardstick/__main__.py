"""``python -m yardstick``: measures all, or the named parts; prints, and renews docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from yardstick import report
from yardstick.decision import decisions
from yardstick.figures import Table, at_a_glance
from yardstick.imports import imports
from yardstick.paths import Search, disjoint_cycles
from yardstick.quotes import quotes
from yardstick.sides import Sides, taking_part
from yardstick.sizing import sizes
from yardstick.workload import cycle_sets, quote_work


@dataclass(frozen=True)
class Effort:
    """How long and on what to measure.

    Attributes:
        repeats: turns that every side gets; the least and the median of them are kept.
        milliseconds: how long a short operation is repeated within a turn.
    """

    seed: int
    repeats: int
    milliseconds: float
    cycles: int
    pools: tuple[int, ...]
    blocks: int
    limit_seconds: float


def _quotes(sides: Sides, effort: Effort) -> Iterable[Table]:
    work = quote_work(effort.seed)
    yield quotes(sides, work, repeats=effort.repeats, milliseconds=effort.milliseconds)


def _sizes(sides: Sides, effort: Effort) -> Iterable[Table]:
    work = cycle_sets(effort.seed, effort.cycles)
    yield from sizes(sides, work.values(), repeats=effort.repeats, milliseconds=effort.milliseconds / 10)


def _paths(sides: Sides, effort: Effort) -> Iterable[Table]:
    search = Search(sides, repeats=effort.repeats, limit_seconds=effort.limit_seconds, seed=effort.seed)
    yield search.table(effort.pools)
    wrong = disjoint_cycles(sides, limit_seconds=effort.limit_seconds)
    if wrong is not None:
        yield wrong


def _decisions(sides: Sides, effort: Effort) -> Iterable[Table]:
    yield from decisions(
        sides, effort.pools, blocks=effort.blocks, repeats=min(effort.repeats, 3), seed=effort.seed
    )


def _imports(sides: Sides, effort: Effort) -> Iterable[Table]:
    yield imports(sides, repeats=effort.repeats)


PARTS: dict[str, Callable[[Sides, Effort], Iterable[Table]]] = {
    "quotes": _quotes,
    "sizing": _sizes,
    "paths": _paths,
    "decision": _decisions,
    "imports": _imports,
}


_PATH = click.Path(dir_okay=False, path_type=Path)


def _numbers(_: click.Context, __: click.Parameter, text: str) -> tuple[int, ...]:
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        found = ()
    if not found or min(found) < 10:
        raise click.BadParameter(f"whole numbers from 10 on with commas between them, not {text!r}")
    return found


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
@click.option("--pools", default="100,1000,10000,100000", show_default=True, callback=_numbers)
@click.option("--cycles", default=60, show_default=True, help="Cycles of each shape that are sized.")
@click.option("--blocks", default=100, show_default=True, help="Blocks decided on in a market.")
@click.option("--repeats", default=5, show_default=True, help="Turns that every side gets.")
@click.option("--milliseconds", default=20.0, show_default=True, help="Of a short operation in one turn.")
@click.option("--limit", "limit_seconds", default=60.0, show_default=True, help="Seconds for one search.")
@click.option("--seed", default=1, show_default=True)
@click.option("--alone", is_flag=True, help="Without any peer.")
@click.option("--keep-document", is_flag=True, help="Leave the document as it is.")
@click.option("--document", type=_PATH, default=report.DOCUMENT, help="Whose tables are renewed.")
@click.option(
    "--result", type=_PATH, default=report.RESULT, help="Where everything measured is kept as JSON."
)
def main(
    parts: tuple[str, ...], alone: bool, keep_document: bool, document: Path, result: Path, **options: object
) -> None:
    """Measure the engine beside its peers, in one run."""
    effort = Effort(**options)  # type: ignore[arg-type]  # click has checked and converted them
    console = Console()
    console = Console(width=max(console.width, report.WIDTH))  # a pipe's 80 columns would cut the figures off
    with console.status("the peers' environments"), taking_part(alone=alone) as sides:
        conditions = report.conditions(sides.absent)
        tables = list(_measured(console, sides, effort, parts or tuple(PARTS)))
        conditions["load when it ended"] = report.load()
    for name, why in sides.absent.items():
        console.print(f"{name} is left out: {why}")
    report.keep(result, tables, conditions)
    if not keep_document:
        report.renew(document, tables, conditions)


def _measured(console: Console, sides: Sides, effort: Effort, parts: tuple[str, ...]) -> Iterator[Table]:
    """Measure part by part, showing each table at once; after all parts, all targets in one."""
    tables: list[Table] = []
    for name in parts:
        with console.status(name):
            for table in PARTS[name](sides, effort):
                tables.append(table)
                report.show(console, table)
    yield from tables
    if set(parts) == set(PARTS):
        glance = at_a_glance(tables)
        report.show(console, glance)
        yield glance


if __name__ == "__main__":
    main()
