"""The report's plots, as SVG text. Floats are for the eye: no amount is computed from them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from steelyard.units import ETHER

INK, ACCENT, QUIET = "#1c2733", "#0b7285", "#adb5bd"


def profit_over_blocks(points: Sequence[tuple[int, int]], *, first_block: int, last_block: int) -> str:
    """Plot each execution's net result (bars) and their running sum (line), in ether, over block numbers."""
    ordered = sorted(points)
    blocks = [block for block, _ in ordered]
    single = [net / ETHER for _, net in ordered]

    def draw(axes: Any) -> None:
        axes.bar(blocks, single, color=QUIET, width=0.8, label="one execution")
        axes.step(
            [first_block, *blocks, last_block],
            [0.0, *accumulate(single), sum(single)],
            where="post",
            color=ACCENT,
            label="running sum",
        )
        axes.set_xlabel("block")
        axes.set_ylabel("ether, after gas")
        axes.ticklabel_format(axis="x", style="plain", useOffset=False)
        axes.legend(frameon=False)

    return drawn(draw, name="profit")


def estimate_against_realised(pairs: Sequence[tuple[int, int]]) -> str:
    """Plot realised against expected net results in ether; on the diagonal they are equal."""

    def draw(axes: Any) -> None:
        expected = [estimate / ETHER for estimate, _ in pairs]
        realised = [net / ETHER for _, net in pairs]
        if pairs:
            ends = [min(expected + realised), max(expected + realised)]
            axes.plot(ends, ends, color=QUIET, linewidth=1, label="equal")
        axes.scatter(expected, realised, color=ACCENT, s=18, label="confirmed executions")
        axes.set_xlabel("expected, ether")
        axes.set_ylabel("realised, ether")
        axes.legend(frameon=False)

    return drawn(draw, name="estimates")


def verdict_bars(counts: Sequence[tuple[str, int]]) -> str:
    """Plot how many candidates met each verdict."""

    def draw(axes: Any) -> None:
        ordered = sorted(counts, key=lambda row: row[1])
        axes.barh(
            [code.replace("_", " ") for code, _ in ordered],
            [count for _, count in ordered],
            color=ACCENT,
        )
        axes.set_xlabel("candidates")

    return drawn(draw, name="verdicts")


def drawn(draw: Callable[[Any], None], *, name: str, height_inches: float = 3.2) -> str:
    """Return the drawing as an SVG element; ids are salted with ``name``: same data, same text, no clash."""
    from matplotlib import rc_context  # half a second to import: only who draws pays it
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, height_inches), layout="constrained")
    axes = figure.subplots()
    draw(axes)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=8)
    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue().partition("?>")[2].partition('.dtd">')[2]
