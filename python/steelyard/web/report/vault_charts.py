"""The plots of a vault, as SVG text. Floats are for the eye: no amount is computed from them.

Thousands of looks are thinned out: a page must open, and an eye sees no more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from steelyard.units import WAD
from steelyard.web.report.charts import ACCENT, INK, QUIET, drawn

MOST_POINTS: Final = 400
_BAR: Final = 0.38
_INCHES_A_POOL: Final = 0.42
_LEAST_INCHES: Final = 2.4

T = TypeVar("T")
Weights = Mapping[str, int] | None


def weights_and_targets(held: Mapping[str, int], wanted: Mapping[str, int], *, name: str) -> str:
    """Plot what each pool and the buffer hold (bars), each above its target, in per cent of everything."""
    labels = list(dict.fromkeys([*held, *wanted]))[::-1]

    def draw(axes: Any) -> None:
        places = range(len(labels))
        for label, weights, colour, shift in (
            ("now", held, ACCENT, _BAR / 2),
            ("target", wanted, QUIET, -_BAR / 2),
        ):
            axes.barh(
                [place + shift for place in places],
                [_percent(weights.get(pool, 0)) for pool in labels],
                height=_BAR,
                color=colour,
                label=label,
            )
        axes.set_yticks(list(places), labels)
        axes.axvline(50, color=INK, linewidth=0.8, linestyle=":", label="concentrated above")
        axes.set_xlabel("% of everything")
        axes.legend(frameon=False)

    height = max(_LEAST_INCHES, 1 + _INCHES_A_POOL * len(labels))
    return drawn(draw, name=f"weights-{name}", height_inches=height)


def weights_over_time(
    seconds: Sequence[int], held: Sequence[Weights], wanted: Sequence[Weights], *, name: str
) -> str:
    """Plot each pool's and the buffer's part of everything: solid what is held, dashed the target."""
    labels = list(dict.fromkeys(pool for weights in (*held, *wanted) for pool in weights or ()))
    times = _times(seconds)

    def draw(axes: Any) -> None:
        from matplotlib import colormaps

        for at, label in enumerate(labels):
            colour = colormaps["tab10"](at % 10)
            axes.step(times, _line(held, label), where="post", color=colour, label=label)
            axes.step(times, _line(wanted, label), where="post", color=colour, linewidth=1, linestyle="--")
        axes.set_ylabel("% of everything")
        axes.set_ylim(bottom=0)
        _time_axis(axes)
        axes.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(1.0, 1.0))

    return drawn(draw, name=f"history-{name}")


def assets_and_share_price(
    seconds: Sequence[int],
    assets: Sequence[Decimal | None],
    prices: Sequence[Decimal | None],
    rebalanced_seconds: Sequence[int],
    *,
    symbol: str,
    name: str,
) -> str:
    """Plot total assets and the price of a share, with a mark where the vault was rebalanced."""
    times = _times(seconds)

    def draw(axes: Any) -> None:
        axes.step(times, _numbers(assets), where="post", color=ACCENT)
        axes.set_ylabel(f"total assets, {symbol}", color=ACCENT)
        axes.ticklabel_format(axis="y", style="plain", useOffset=False)
        right = axes.twinx()
        right.step(times, _numbers(prices), where="post", color=INK, linewidth=1, linestyle="--")
        right.set_ylabel(f"a share (dashed), {symbol}")
        right.ticklabel_format(axis="y", style="plain", useOffset=False)
        right.tick_params(colors=INK, labelsize=8)
        right.spines[["top", "left"]].set_visible(False)
        for at, moment in enumerate(_thinned(rebalanced_seconds)):
            axes.axvline(
                _time(moment),
                color=QUIET,
                linewidth=1,
                linestyle=":",
                label="" if at else "rebalanced",
            )
        if rebalanced_seconds:
            axes.legend(frameon=False)
        _time_axis(axes)

    return drawn(draw, name=f"assets-{name}")


def _line(weights: Sequence[Weights], pool: str) -> list[float]:
    """A pool's part at each time: nothing where the vault had it not, a gap where it cannot be told."""
    return [math.nan if one is None else _percent(one.get(pool, 0)) for one in _thinned(weights)]


def _numbers(values: Sequence[Decimal | None]) -> list[float]:
    return [math.nan if value is None else float(value) for value in _thinned(values)]


def _percent(wad: int) -> float:
    return 100 * wad / WAD


def _times(seconds: Sequence[int]) -> list[datetime]:
    return [_time(one) for one in _thinned(seconds)]


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _thinned(values: Sequence[T]) -> Sequence[T]:
    """At most ``MOST_POINTS`` of them, evenly, the first and the last among them."""
    if len(values) <= MOST_POINTS:
        return values
    last = len(values) - 1
    return [values[at * last // (MOST_POINTS - 1)] for at in range(MOST_POINTS)]


def _time_axis(axes: Any) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator()  # type: ignore[no-untyped-call]  # matplotlib leaves its dates untyped
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.set_xlabel("UTC")
