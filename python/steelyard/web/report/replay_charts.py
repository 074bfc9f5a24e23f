"""The replay report's plots, as SVG text. Floats are for the eye: no amount is computed from them.

Thousands of blocks are put together in bins: a page must open, and an eye sees no more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from steelyard.units import ETHER
from steelyard.web.report.charts import ACCENT, INK, QUIET, drawn

MOST_BARS: Final = 160
_MICROSECONDS: Final = 1_000
_PROOF_COLOURS: Final = {"proven best": "#2b8a3e", "proven within a gap": "#74b816", "not proven": QUIET}


def candidates_per_block(blocks: Sequence[int], candidates: Sequence[int], accepted: Sequence[int]) -> str:
    """Plot how many cycles were judged in each block (bars), and how many of them were planned (dots)."""
    first = _bins(blocks, blocks, lambda part: part[0])

    def draw(axes: Any) -> None:
        axes.bar(
            first,
            _bins(blocks, candidates, _mean),
            width=_width(first),
            color=QUIET,
            label="candidates a block",
        )
        right = axes.twinx()
        right.plot(
            first, _bins(blocks, accepted, _mean), ".", color=ACCENT, markersize=5, label="accepted a block"
        )
        right.set_ylim(bottom=0)
        right.spines[["top", "left"]].set_visible(False)
        right.tick_params(colors=ACCENT, labelsize=8)
        right.set_ylabel("accepted", color=ACCENT)
        axes.set_ylabel("candidates")
        _block_axis(axes)

    return drawn(draw, name="candidates")


def expected_net(blocks: Sequence[int], nets_wei: Mapping[str, Sequence[int]]) -> str:
    """Plot the running sum of what the plans promise after gas, a line for each of ``nets_wei``."""

    def draw(axes: Any) -> None:
        for (label, values), style in zip(
            nets_wei.items(), ({"color": INK, "linestyle": "--"}, {"color": ACCENT}), strict=False
        ):
            sums = [wei / ETHER for wei in accumulate(values)]
            axes.step(
                _bins(blocks, blocks, lambda part: part[-1]),
                _bins(blocks, sums, lambda part: part[-1]),
                where="post",
                label=label,
                **style,
            )
        axes.set_ylabel("ether, after gas")
        _block_axis(axes)
        axes.legend(frameon=False)

    return drawn(draw, name="expected")


def decision_times(microseconds: Mapping[str, Sequence[int]]) -> str:
    """Plot how long decisions took, as one histogram for each of ``microseconds``."""

    def draw(axes: Any) -> None:
        import numpy as np  # with matplotlib, which is loaded by now

        values = {
            label: [max(one, 1) / _MICROSECONDS for one in found] for label, found in microseconds.items()
        }
        everything = [one for found in values.values() for one in found]
        edges = np.geomspace(min(everything) * 0.99, max(everything) * 1.01, 41)
        for (label, found), colour in zip(values.items(), (QUIET, ACCENT), strict=False):
            axes.hist(
                found, bins=edges, histtype="stepfilled", alpha=0.6, color=colour, edgecolor=INK, label=label
            )
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _position: f"{value:g}")
        axes.set_xlabel("milliseconds of one decision (logarithmic)")
        axes.set_ylabel("blocks")
        axes.legend(frameon=False)

    return drawn(draw, name="times")


def verdicts_per_block(blocks: Sequence[int], codes: Sequence[Mapping[str, int]]) -> str:
    """Plot how many candidates met each verdict, stacked, the commonest at the bottom."""
    total = Counter[str]()
    for counts in codes:
        total.update(counts)
    rows = {
        code.replace("_", " "): [counts.get(code, 0) for counts in codes] for code, _ in total.most_common()
    }
    return _stacked(blocks, rows, unit="candidates a block", name="codes")


def proof_per_block(blocks: Sequence[int], proofs: Sequence[tuple[int, int, int]]) -> str:
    """Plot of how many sized candidates the loan is proven the best, proven within a gap, or not proven."""
    columns = zip(*proofs, strict=True) if proofs else [[], [], []]
    rows = {label: list(column) for label, column in zip(_PROOF_COLOURS, columns, strict=True)}
    return _stacked(
        blocks, rows, unit="sized candidates a block", name="proof", colours=list(_PROOF_COLOURS.values())
    )


def _stacked(
    blocks: Sequence[int],
    rows: Mapping[str, Sequence[int]],
    *,
    unit: str,
    name: str,
    colours: Sequence[str] | None = None,
) -> str:
    first = _bins(blocks, blocks, lambda part: part[0])

    def draw(axes: Any) -> None:
        from matplotlib import colormaps

        bottom = [0.0] * len(first)
        palette: Sequence[Any] = colours or [colormaps["tab20"](at) for at in range(20)]
        for at, (label, values) in enumerate(rows.items()):
            heights = _bins(blocks, values, _mean)
            axes.bar(
                first,
                heights,
                bottom=bottom,
                width=_width(first),
                color=palette[at % len(palette)],
                label=label,
            )
            bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
        axes.set_ylabel(unit)
        _block_axis(axes)
        if rows:
            axes.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(1.0, 1.0))

    return drawn(draw, name=name)


def _bins(blocks: Sequence[int], values: Sequence[Any], of_bin: Any) -> list[Any]:
    """Return ``of_bin`` of each run of values; the runs are the same for every series over these blocks."""
    size = -(-len(blocks) // MOST_BARS)  # up: never more bars than that
    return [of_bin(values[start : start + size]) for start in range(0, len(values), max(size, 1))]


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values)


def _width(first: Sequence[int]) -> float:
    """Return a bar's width: most of the distance between two of them."""
    return 0.85 * max((max(first) - min(first)) / max(len(first) - 1, 1), 1) if first else 1


def _block_axis(axes: Any) -> None:
    axes.set_xlabel("block")
    axes.ticklabel_format(axis="x", style="plain", useOffset=False)
