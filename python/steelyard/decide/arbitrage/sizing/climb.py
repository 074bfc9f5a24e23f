"""From any loan to the segment where the real-valued profit is greatest, in a few steps."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

from steelyard.amm.side import Side
from steelyard.decide.arbitrage.sizing.segment import Objective, Segment, forward


def climb(sides: Sequence[Side], objective: Objective, loan: int, smallest: int, max_pieces: int) -> Segment:
    """Return the segment of the real-valued optimum, or the last one met after ``max_pieces`` steps.

    Each segment's map tells where the optimum would be if it went on for ever; that guess is followed within
    what is known, every third time halved in magnitude instead.

    Args:
        smallest: the least loan that buys anything; ``loan`` is no smaller.
    """
    low, high = smallest, None
    best: Segment | None = None
    for step in range(max_pieces):
        if forward(sides, loan)[-1]:
            best = segment = Segment(sides, objective, loan)
            peak = segment.peak
            if segment.low <= peak <= segment.high:
                break
            if peak > segment.high:
                low = segment.high + 1
            else:
                high = segment.low - 1
        else:
            peak, high = -1, loan - 1  # more than the pools take
        if high is not None and low > high:
            break
        if high is not None and (not low <= peak <= high or step % 3 == 2):
            peak = min(max(isqrt(low * high), low), high)
        loan = max(peak, low)
    return best or Segment(sides, objective, smallest)
