"""Scores, models and totals to weigh: all that a vault may hold, and what is hard for the arithmetic."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from steelyard.decide.allocation.weights import AGGRESSIVE, CONSERVATIVE, DEFAULT, WeightModel
from steelyard.units import UINT256_MAX

MOST_POOLS: Final = 64
_PRESETS: Final = (DEFAULT, CONSERVATIVE, AGGRESSIVE)
_SHORT_CUTS: Final = (10_000, 15_000, 20_000)
_TOTALS: Final = (0, 1, 2, 9_999, 10_000, 10**6, 10**18 - 1, 10**18, UINT256_MAX - 1, UINT256_MAX)


@dataclass(frozen=True, slots=True)
class WeightVector:
    """One question: these scores, by this model, so much."""

    model: WeightModel
    c_scores: tuple[int, ...]
    total_amount: int


def draw(source: random.Random) -> WeightVector:
    """Return a vector that any of the kinds below may have drawn."""
    total = source.choice(_TOTALS) if source.random() < 0.2 else source.getrandbits(source.randint(1, 256))
    return WeightVector(model=_model(source), c_scores=_scores(source), total_amount=total)


def _model(source: random.Random) -> WeightModel:
    if source.random() < 0.3:
        return source.choice(_PRESETS)
    max_bps = source.choice((10_000, source.randint(1, 10_000)))
    return WeightModel(
        score_amplifier_bps=source.choice(
            (*_SHORT_CUTS, source.randint(1, 30_000), source.randint(1, 65_535))
        ),
        max_bps=max_bps,
        # Low ones make many pools reach the cap, one after another.
        min_max_bps=source.choice((0, source.randint(0, min(max_bps, 800)), source.randint(0, max_bps))),
        diversification_factor_bps=source.choice((0, source.randint(0, 10_000), source.randint(0, 65_535))),
    )


def _scores(source: random.Random) -> tuple[int, ...]:
    count = source.choice((source.randint(1, 8), source.randint(1, 24), source.randint(1, MOST_POOLS)))
    match source.randrange(5):
        case 0:
            scores = [source.randint(0, 10_000) for _ in range(count)]
        case 1:  # alike
            scores = [source.randint(1, 10_000)] * count
        case 2:  # a cascade: each capped pool leaves the next above the cap
            ratio = source.uniform(0.3, 0.95)
            scores = [max(1, int(10_000 * ratio**at)) for at in range(count)]
            source.shuffle(scores)
        case 3:  # the ends of the range
            scores = [source.choice((0, 1, 2, 9_999, 10_000)) for _ in range(count)]
        case _:  # a few good ones among many that are next to nothing
            scores = [
                source.choice((source.randint(1, 20), source.randint(9_000, 10_000))) for _ in range(count)
            ]
    return tuple(scores)
