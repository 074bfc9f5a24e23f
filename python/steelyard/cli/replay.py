"""``steelyard replay``: a recording decided again, compared turn by turn, with a report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from steelyard.app.replay import Changes, ReplayedTurn, parse_key, replay
from steelyard.app.replay_difference import Difference, differences, first_difference
from steelyard.cli.replay_files import ReplayFiles
from steelyard.cli.tables import aligned, show_lines
from steelyard.cli.wording import ether, route
from steelyard.config import load_config
from steelyard.decide.arbitrage.settings import ArbitrageSettings
from steelyard.exceptions import ConfigError
from steelyard.record.recording import Recording
from steelyard.web.report.replay_page import BlockSide, ReplayedBlock, ReplayPage, verdict_sums

EXIT_DIFFERENT = 1
WIDEST_CELL = 66
"""A hash still stands in a column; sentences get lines of their own."""
_MICROSECONDS = 1_000


@click.command(name="replay")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What if: decide with this configuration file instead of the recorded one.",
)
@click.option(
    "--set",
    "keys",
    multiple=True,
    metavar="KEY=VALUE",
    help="What if: one key, such as arbitrage.path_length=2.",
)
@click.option(
    "--cold", is_flag=True, help="Begin each decision with an empty cache; the answers must not change."
)
@click.option("--from-block", type=int, help="Decide from this block on.")
@click.option("--to-block", type=int, help="Stop after this block.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".steelyard/replay"),
    show_default=True,
    help="Folder for report.html, blocks.csv and verdicts.csv.",
)
def command(
    file: Path,
    config_file: Path | None,
    keys: tuple[str, ...],
    cold: bool,
    from_block: int | None,
    to_block: int | None,
    out: Path,
) -> None:
    """Decide a recording again and compare.

    Ends with 0 where every decision is the recorded one, bit for bit, and with 1 where one differs. With
    --config or --set it is a what-if, which shows both and ends with 0.
    """
    changes = Changes(
        config=load_config(config_file) if config_file else None, keys=dict(map(parse_key, keys))
    )
    with Recording(file, ArbitrageSettings) as recording, ReplayFiles(out) as files:
        outcome = Outcome(file=file, cold=cold)
        with _progress(recording.size_bytes) as advance:
            for turn in replay(recording, changes, cold=cold, from_block=from_block, to_block=to_block):
                outcome.take(turn, files.add(turn))
                advance(turn.recorded.end)
        if not files.blocks:
            raise ConfigError(f"recording {file} holds no decision {_range(from_block, to_block)}".rstrip())
        report = files.write_report(outcome.page(files))
    console = Console()
    show_lines(console, outcome.lines(files.blocks))
    if recording.incomplete_bytes:
        show_lines(console, [_incomplete(recording.incomplete_bytes)])
    show_lines(console, [f"Report: {report}; beside it blocks.csv and verdicts.csv."])
    sys.exit(EXIT_DIFFERENT if outcome.difference else 0)


@dataclass(kw_only=True)
class Outcome:
    """What a replay has come to so far.

    Attributes:
        difference: lines that say where a turn first differs that was given all that was recorded.
        changed: settings that differ from the recorded ones, of the first session.
    """

    file: Path
    cold: bool
    program: str = ""
    difference: list[str] = field(default_factory=list)
    changed: list[tuple[str, str, str]] = field(default_factory=list)
    skipped: int = 0

    def take(self, turn: ReplayedTurn, block: ReplayedBlock) -> None:
        """Look at the next turn."""
        self.program = turn.recorded.session.program
        self.skipped += turn.recorded.skipped
        if not turn.as_recorded:
            self.changed = self.changed or _changed(turn)
        elif not turn.equal and not self.difference:
            self.difference = _difference_lines(turn, block)

    def lines(self, blocks: Sequence[ReplayedBlock]) -> list[str]:
        """Return what the command says at its end."""
        differing = sum(not block.equal for block in blocks)
        first, last = blocks[0].number, blocks[-1].number
        lines = [f"{len(blocks)} turns of blocks {first} to {last} were decided again."]
        if self.changed:
            lines += [
                "What if:",
                *aligned([(f"  {name}", f"{old} -> {new}") for name, old, new in self.changed]),
            ]
            lines.append(f"{differing} decisions come out differently.")
        elif self.difference:
            lines += [f"{differing} of them differ from what was recorded. The first:", *self.difference]
        else:
            lines.append("Every decision is the recorded one, bit for bit.")
        if self.skipped:
            lines.append(f"{self.skipped} turns were not recorded: the recorder could not keep up.")
        return [*lines, "", *aligned([("", "recorded", "replayed"), *_sums(blocks)]), ""]

    def page(self, files: ReplayFiles) -> ReplayPage:
        """Return the report."""
        return ReplayPage(
            title="Steelyard replay: what if" if self.changed else "Steelyard replay",
            recording=self.file.name,
            program=self.program,
            cold=self.cold,
            changed=self.changed,
            difference=self.difference,
            blocks=files.blocks,
            sums=_sums(files.blocks),
            verdicts=verdict_sums(files.blocks, files.examples),
        )


def _sums(blocks: Sequence[ReplayedBlock]) -> list[tuple[str, str, str]]:
    """Return the numbers of both sides by name."""
    sides = [[block.recorded for block in blocks], [block.replayed for block in blocks]]
    rows: dict[str, Callable[[Sequence[BlockSide]], str]] = {
        "candidates": lambda side: f"{sum(one.candidates for one in side):,}",
        "accepted plans": lambda side: f"{sum(one.accepted for one in side):,}",
        "expected after gas, ether": lambda side: ether(sum(one.expected_net_wei for one in side)),
        "a decision, milliseconds (median)": lambda side: _milliseconds(side, 50),
        "a decision, milliseconds (95th percentile)": lambda side: _milliseconds(side, 95),
    }
    return [(name, value(sides[0]), value(sides[1])) for name, value in rows.items()]


def _milliseconds(side: Sequence[BlockSide], percentile: int) -> str:
    ranked = sorted(one.microseconds for one in side)
    return f"{ranked[min(len(ranked) * percentile // 100, len(ranked) - 1)] / _MICROSECONDS:,.2f}"


def _changed(turn: ReplayedTurn) -> list[tuple[str, str, str]]:
    """Return every setting that differs from the recorded one, by its name in the decision's settings."""
    changed = list(differences(turn.recorded.session.settings, turn.terms.settings))
    fee = turn.terms.priority_fee_wei
    recorded_fee = turn.recorded.inputs.snapshot.gas.priority_fee_wei
    if fee is not None:
        changed.append(("gas.priority_fee_wei", str(recorded_fee), str(fee)))
    return changed


def _difference_lines(turn: ReplayedTurn, block: ReplayedBlock) -> list[str]:
    where = f"Block {block.number} ({block.hash})"
    found = first_difference(turn.recorded.decision, turn.decision)
    if found is None:
        return [
            f"{where}: the decision reads as recorded, but the digest in the recording is not its own",
            f"recorded  {turn.recorded.digest}",
            f"replayed  {turn.digest}",
        ]
    return [f"{where}: {_verdict_name(found, turn)}", *_fields_lines(found)]


def _fields_lines(found: Difference) -> list[str]:
    """Return the fields that differ as a table, sentences below it with a line for each side."""
    short = [one for one in found.fields if max(map(len, one)) <= WIDEST_CELL]
    rows = aligned([("", "recorded", "replayed"), *short]) if short else []
    lines = [f"  {row}" for row in rows]
    for name, before, after in (one for one in found.fields if one not in short):
        lines += [f"  {name}", f"    recorded: {before}", f"    replayed: {after}"]
    return lines


def _verdict_name(found: Difference, turn: ReplayedTurn) -> str:
    verdict = found.recorded or found.replayed
    if verdict is None:
        return "what it says besides its verdicts"
    tokens = turn.recorded.inputs.snapshot.tokens
    way = route([verdict.asset, *(leg.token_out for leg in verdict.route)], tokens)
    recorded, replayed = len(turn.recorded.decision.verdicts), len(turn.decision.verdicts)
    count = str(recorded) if recorded == replayed else f"{recorded} recorded and {replayed} replayed"
    return f"verdict {found.place} of {count}, {way}"


def _incomplete(size: int) -> str:
    return (
        f"The recording ends in {size} bytes of a turn that was half-written when its keeper died: left out. "
        "All before it is whole."
    )


def _range(from_block: int | None, to_block: int | None) -> str:
    start = "" if from_block is None else f"from block {from_block} on "
    return start + ("" if to_block is None else f"up to block {to_block}")


@contextmanager
def _progress(size_bytes: int) -> Iterator[Callable[[int], None]]:
    """Show how far the file is read, on a terminal; yield what is told where that is in bytes."""
    console = Console(stderr=True)
    columns = (
        TextColumn("deciding again"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("replay", total=size_bytes)
        yield lambda end: progress.update(task, completed=end)
