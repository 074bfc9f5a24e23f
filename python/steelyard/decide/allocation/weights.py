"""From scores to weights to amounts: ``WeightModelLib`` in Python, equal bit for bit.

The rule, with a worked example: docs/weights.md. A weight is proportional to ``score ** exponent``, none is
above the cap, and what a cap cuts off goes to the others in proportion. What no pool may take is idle:
weights and idle sum up to one, amounts and idle to the total, always.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from steelyard.decide.allocation.fixed_point import cube_root, exp_wad, ln_wad
from steelyard.exceptions import ConfigError, InvalidAllocation
from steelyard.units import BPS, UINT256_MAX, WAD, div_up, mul_div_down

HIGHEST_SCORE: Final = BPS
"""The best score of a pool."""
_UINT16_MAX: Final = (1 << 16) - 1
_WAD_PER_BP: Final = WAD // BPS
# Squared, so that a root keeps 18 decimals.
_ROOT_SCALE: Final = WAD * WAD


def _check(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ConfigError(f"weight model: {name} is {value}; it must be from {least} to {most}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Each pool's share of a vault, in the order of the scores.

    Attributes:
        weights_wad: one for each pool; with ``idle_wad`` they sum up to one WAD.
        idle_wad: what no pool may take.
        cap_wad: the most that a pool may weigh; zero where no pool has a score.
    """

    weights_wad: tuple[int, ...]
    idle_wad: int
    cap_wad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocations:
    """A total shared out, in the order of the scores.

    Attributes:
        amounts: base units, one for each pool; with ``idle`` they sum up to the total.
        idle: base units that no pool may take.
    """

    amounts: tuple[int, ...]
    idle: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightModel:
    """How a vault turns its pools' scores into weights; the contract's struct, everything in basis points.

    Attributes:
        default_c_score: score of a pool that nobody has scored yet.
        score_amplifier_bps: exponent of the scores; 10,000 is 1, more favours the best.
        min_max_bps: what the cap of one pool's weight falls to as pools are added.
        max_bps: the cap's own cap.
        diversification_factor_bps: how fast the cap falls with the number of pools.

    Raises:
        ConfigError: a value is out of range; the message names it and the right range.
    """

    default_c_score: int = 5_000
    score_amplifier_bps: int = 15_000
    min_max_bps: int = 2_500
    max_bps: int = 10_000
    diversification_factor_bps: int = 3_000

    def __post_init__(self) -> None:
        _check("default_c_score", self.default_c_score, 0, HIGHEST_SCORE)
        _check("score_amplifier_bps", self.score_amplifier_bps, 1, _UINT16_MAX)
        _check("max_bps", self.max_bps, 1, BPS)
        _check("min_max_bps", self.min_max_bps, 0, self.max_bps)
        _check("diversification_factor_bps", self.diversification_factor_bps, 0, _UINT16_MAX)

    def max_weight_wad(self, pool_count: int) -> int:
        """Return the most that one of ``pool_count`` pools with a score may weigh (``maxWeight``).

        ``min_max + e ** (-pool_count * diversification_factor)``, at least an equal share and at most
        ``max``; zero for no pool.
        """
        if pool_count <= 0:
            return 0
        decay_wad = pool_count * self.diversification_factor_bps * _WAD_PER_BP
        cap_wad = self.min_max_bps * _WAD_PER_BP + exp_wad(-decay_wad)
        # Up: rounded down, all together would fall short of the whole.
        return min(max(cap_wad, div_up(WAD, pool_count)), self.max_bps * _WAD_PER_BP)

    def target_weights(self, c_scores: Sequence[int]) -> Weights:
        """Return each pool's share (``targetWeights``); a score of zero weighs nothing.

        Raises:
            InvalidAllocation: a score is outside 0 to 10,000.
        """
        _check_scores(c_scores)
        cap_wad = self.max_weight_wad(sum(score > 0 for score in c_scores))
        return _weights(c_scores, self.score_amplifier_bps, cap_wad)

    def target_allocations(self, c_scores: Sequence[int], total_amount: int) -> Allocations:
        """Return ``total_amount`` shared out by the weights (``targetAllocations`` with a model).

        With 10,000 for the total: the weights in basis points.

        Raises:
            InvalidAllocation: a score is outside 0 to 10,000, or the total outside a uint256.
        """
        _check_total(total_amount)
        return _allocations(c_scores, self.target_weights(c_scores), total_amount)


DEFAULT: Final = WeightModel()
"""Exponent 1.5; a cap of 25 % and more."""
CONSERVATIVE: Final = WeightModel(
    score_amplifier_bps=10_000, min_max_bps=3_000, max_bps=5_000, diversification_factor_bps=5_000
)
"""Linear; a cap between 30 and 50 %."""
AGGRESSIVE: Final = WeightModel(
    score_amplifier_bps=20_000, min_max_bps=1_000, max_bps=10_000, diversification_factor_bps=1_000
)
"""Quadratic; a cap that falls slowly towards 10 %."""


def c_score(trust_score: int, liquidity_score: int, performance_score: int) -> int:
    """Return one score for a pool: the geometric mean of three, rounded down, so that it never flatters.

    Zero if any of them is zero.

    Raises:
        InvalidAllocation: a score is outside 0 to 10,000.
    """
    _check_scores((trust_score, liquidity_score, performance_score))
    return cube_root(trust_score * liquidity_score * performance_score)


def target_allocations(
    c_scores: Sequence[int], total_amount: int, max_weight_bps: int, score_amplifier_bps: int
) -> Allocations:
    """Return ``total_amount`` shared out under a ready cap, which is taken as it is.

    Where all pools together may not hold everything, the rest is idle.

    Raises:
        InvalidAllocation: a score is outside 0 to 10,000, or the total outside a uint256.
        ConfigError: the cap is not above 0 and up to 100 %, or the exponent not above 0.
    """
    _check("max_weight_bps", max_weight_bps, 1, BPS)
    _check("score_amplifier_bps", score_amplifier_bps, 1, _UINT16_MAX)
    _check_scores(c_scores)
    _check_total(total_amount)
    weights = _weights(c_scores, score_amplifier_bps, max_weight_bps * _WAD_PER_BP)
    return _allocations(c_scores, weights, total_amount)


def _check_scores(c_scores: Sequence[int]) -> None:
    for at, score in enumerate(c_scores):
        if not 0 <= score <= HIGHEST_SCORE:
            raise InvalidAllocation(
                f"score {at} is {score}; scores are from 0 to {HIGHEST_SCORE} basis points"
            )


def _check_total(total_amount: int) -> None:
    if not 0 <= total_amount <= UINT256_MAX:
        raise InvalidAllocation(f"the total is {total_amount} base units; a uint256 holds 0 to 2^256 - 1")


def _power(score: int, amplifier_bps: int) -> int:
    """The score to the power of the exponent. Only ratios matter: each exponent has a scale of its own."""
    if score == 0:
        return 0
    match amplifier_bps:
        case 10_000:
            return score
        case 15_000:
            return score * math.isqrt(score * _ROOT_SCALE)
        case 20_000:
            return score * score
        case _:  # rounded down, as the logarithm is
            return exp_wad(ln_wad(score * WAD) * amplifier_bps // BPS)


def _weights(c_scores: Sequence[int], amplifier_bps: int, cap_wad: int) -> Weights:
    powers = [_power(score, amplifier_bps) for score in c_scores]
    if not any(powers):
        return Weights(weights_wad=tuple(powers), idle_wad=WAD, cap_wad=cap_wad)
    shared, rest = _left_to_share(powers, cap_wad)
    # Down, so that the sum is not above the whole; what is missing goes to the largest.
    weights = [
        cap_wad if power * shared > cap_wad * rest else mul_div_down(power, shared, max(rest, 1))
        for power in powers
    ]
    idle = _settle(c_scores, weights, cap_wad, WAD - sum(weights))
    return Weights(weights_wad=tuple(weights), idle_wad=idle, cap_wad=cap_wad)


def _left_to_share(powers: Sequence[int], cap_wad: int) -> tuple[int, int]:
    """What the pools below the cap share, and the sum of their powers: exact water-filling.

    Whoever would exceed the cap gets it, which leaves more for the others, until nobody exceeds.
    """
    shared, rest = WAD, sum(powers)
    for power in sorted(powers, reverse=True):
        if power * shared <= cap_wad * rest:
            break
        shared, rest = shared - cap_wad, rest - power
    return shared, rest


def _allocations(c_scores: Sequence[int], weights: Weights, total_amount: int) -> Allocations:
    # Down, so that the sum is not above the total; what is missing goes to the largest.
    amounts = [mul_div_down(weight, total_amount, WAD) for weight in weights.weights_wad]
    cap = mul_div_down(weights.cap_wad, total_amount, WAD)
    idle = _settle(c_scores, amounts, cap, total_amount - sum(amounts))
    return Allocations(amounts=tuple(amounts), idle=idle)


def _settle(c_scores: Sequence[int], values: list[int], cap: int, left: int) -> int:
    """Give what rounding left to the largest value below the cap, on ties to the first; then to the next.

    Returns what nobody may take. A pool without a score takes nothing.
    """
    while left:
        below = [at for at, value in enumerate(values) if value < cap and c_scores[at]]
        if not below:
            break
        largest = max(below, key=values.__getitem__)
        given = min(left, cap - values[largest])
        values[largest] += given
        left -= given
    return left
