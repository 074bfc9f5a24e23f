"""What a vault's weights, scores and books say about it: concentration, spread, decline, attribution, stress.

For status and report. Weights are WAD, scores basis points; ratios are exact fractions until they are rounded
for show, so that two vaults that are alike look alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from steelyard.exceptions import InvalidAllocation
from steelyard.model.vault import RebalanceLimits
from steelyard.units import BPS, WAD, mul_div_half_up

_SECONDS_A_DAY: Final = 86_400

CONCENTRATED_WAD: Final = WAD // 2
"""A pool that weighs more is a concentration risk: an indicator, not an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentration:
    """How much of what is invested hangs on few pools.

    Attributes:
        herfindahl_wad: sum of the squared shares of what is invested: a WAD for one pool, a WAD / n for n
            equal ones; 0 where nothing is invested. Rounded to the nearest.
        effective_pools_wad: number of equal pools that would be as concentrated: the inverse, in WAD; 0 where
            nothing is invested. Rounded to the nearest.
        heaviest: place of the pool that weighs most, the first of equals; None where nothing is invested.
        is_concentrated: that pool weighs more than half of the whole, idle included.
    """

    herfindahl_wad: int
    effective_pools_wad: int
    heaviest: int | None
    is_concentrated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSpread:
    """How the scores of the pools differ.

    Attributes:
        lowest, highest: the range, basis points.
        mean_bps: arithmetic mean.
        variance_bps2: of the whole population, squared basis points.
    """

    lowest: int
    highest: int
    mean_bps: Fraction
    variance_bps2: Fraction

    @property
    def range_bps(self) -> int:
        """The highest less the lowest."""
        return self.highest - self.lowest


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """A pool whose score fell.

    Attributes:
        pool: its name or address.
        first, last: score at the beginning and at the end of what was looked at, basis points.
        slope_bps_per_day: of the straight line that fits best (least squares); negative.
    """

    pool: str
    first: int
    last: int
    slope_bps_per_day: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """What a pool did to the return of the whole, as exact parts of 1.

    Attributes:
        weight: what it held of the whole, idle included, at the beginning.
        own_return: its gain on what it held; 0 for a pool that held nothing.
        contribution: its gain on the whole. These sum up to the return of the whole; for a pool that held
            something it is weight x own return.
    """

    weight: Fraction
    own_return: Fraction
    contribution: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidity:
    """What can be paid out at once, against what is asked for.

    Attributes:
        buffer: what lies ready, base units.
        requested: what depositors wait for, base units.
    """

    buffer: int
    requested: int

    @property
    def shortfall(self) -> int:
        """Base units that pools must free before everybody who waits can be paid."""
        return max(0, self.requested - self.buffer)

    @property
    def is_stressed(self) -> bool:
        """More is asked for than lies ready."""
        return self.requested > self.buffer


@dataclass(frozen=True, slots=True, kw_only=True)
class LossAllowance:
    """What a vault may lose, and what of it is used: ``docs/vault.md``, Rebalancing.

    Attributes:
        allowed: all of it, base units.
        used: of it, what has not grown back yet; more than ``allowed`` where the vault shrank since.
    """

    allowed: int
    used: int

    @property
    def left(self) -> int:
        """Base units that may still be lost now."""
        return max(0, self.allowed - self.used)


def loss_allowance(
    total_assets: int, used: int, limits: RebalanceLimits, *, elapsed_seconds: int
) -> LossAllowance:
    """Return the allowance as it is ``elapsed_seconds`` after ``used`` was noted; it grows back evenly.

    Rounded as the contract does: both what is allowed and what has grown back down.
    """
    allowed = total_assets * limits.max_loss_bps // BPS
    grown_back = allowed * elapsed_seconds // limits.loss_period_seconds
    return LossAllowance(allowed=allowed, used=max(0, used - grown_back))


def concentration(weights_wad: Sequence[int]) -> Concentration:
    """Return how concentrated these weights are.

    Herfindahl's index and its inverse are taken over what is invested, so idle does not make a vault look
    more diverse than its pools are; the flag for one pool above 50 % is taken over the whole.

    Raises:
        InvalidAllocation: a weight is negative, or they sum up to more than one.
    """
    invested = sum(weights_wad)
    if invested > WAD or any(weight < 0 for weight in weights_wad):
        raise InvalidAllocation(f"weights must not be negative nor sum up to more than {WAD}: {weights_wad}")
    if not invested:
        return Concentration(herfindahl_wad=0, effective_pools_wad=0, heaviest=None, is_concentrated=False)
    squares = sum(weight * weight for weight in weights_wad)
    heaviest = max(range(len(weights_wad)), key=weights_wad.__getitem__)
    return Concentration(
        herfindahl_wad=mul_div_half_up(squares, WAD, invested * invested),
        effective_pools_wad=mul_div_half_up(invested * invested, WAD, squares),
        heaviest=heaviest,
        is_concentrated=weights_wad[heaviest] > CONCENTRATED_WAD,
    )


def shares_wad(values: Sequence[int], idle: int) -> tuple[int, ...]:
    """Return what is held now as weights: each value's part of all of them and ``idle``, WAD, rounded down.

    All zero where nothing is held.

    Raises:
        InvalidAllocation: a value is negative.
    """
    if idle < 0 or any(value < 0 for value in values):
        raise InvalidAllocation(f"what is held must not be negative: {values}, idle {idle}")
    whole = sum(values) + idle
    return tuple(value * WAD // whole if whole else 0 for value in values)


def drift_wad(current_wad: Sequence[int], target_wad: Sequence[int]) -> int:
    """Return what part of the whole lies in the wrong place, and so what a rebalance would have to move.

    It is half the sum of the differences, that of idle included; that sum is even, so nothing is rounded.

    Raises:
        InvalidAllocation: the two name different numbers of pools.
    """
    if len(current_wad) != len(target_wad):
        raise InvalidAllocation(f"{len(current_wad)} pools now, {len(target_wad)} in the target")
    apart = sum(abs(now - then) for now, then in zip(current_wad, target_wad, strict=True))
    return (apart + abs(sum(current_wad) - sum(target_wad))) // 2


def attribution(values: Sequence[int], gains: Sequence[int], idle: int) -> tuple[Attribution, ...]:
    """Return what each pool did to the return of the whole.

    Args:
        values: what each pool held at the beginning, base units.
        gains: what it gained since, or lost (negative), base units; deposits and withdrawals left out.
        idle: what no pool held at the beginning, base units.

    Raises:
        InvalidAllocation: nothing was held, something negative was, or the lists are of different lengths.
    """
    if len(values) != len(gains):
        raise InvalidAllocation(f"{len(values)} pools held something, {len(gains)} gained")
    if idle < 0 or any(value < 0 for value in values) or not (whole := sum(values) + idle):
        raise InvalidAllocation(f"what is held must be above zero: {values}, idle {idle}")
    return tuple(
        Attribution(
            weight=Fraction(value, whole),
            own_return=Fraction(gain, value) if value else Fraction(0),
            contribution=Fraction(gain, whole),
        )
        for value, gain in zip(values, gains, strict=True)
    )


def rebalances_per_day(times_seconds: Sequence[int], *, since_seconds: int, until_seconds: int) -> Fraction:
    """Return how often the vault was rebalanced a day, from ``since`` (included) to ``until`` (not included).

    Raises:
        InvalidAllocation: the span is empty.
    """
    if until_seconds <= since_seconds:
        raise InvalidAllocation(f"no time passes from {since_seconds} to {until_seconds} seconds")
    within = sum(since_seconds <= time < until_seconds for time in times_seconds)
    return Fraction(within * _SECONDS_A_DAY, until_seconds - since_seconds)


def score_spread(c_scores: Sequence[int]) -> ScoreSpread:
    """Return range, mean and variance of the scores, exactly.

    Raises:
        InvalidAllocation: there is no score.
    """
    if not c_scores:
        raise InvalidAllocation("no pool, no spread of scores")
    count, total = len(c_scores), sum(c_scores)
    squares = sum(score * score for score in c_scores)
    return ScoreSpread(
        lowest=min(c_scores),
        highest=max(c_scores),
        mean_bps=Fraction(total, count),
        variance_bps2=Fraction(count * squares - total * total, count * count),
    )


def declining(
    history: Mapping[str, Sequence[tuple[int, int]]], *, least_fall_bps_per_day: Fraction = Fraction(1)
) -> tuple[Decline, ...]:
    """Return the pools whose scores decline, the steepest first.

    A score declines where the straight line through its history falls by at least ``least_fall_bps_per_day``
    and it ended lower than it began; so neither one slip nor a recovery counts.

    Args:
        history: for each pool its scores as (seconds, basis points), in any order.
    """
    falls = [
        fall
        for pool, points in history.items()
        if (fall := _decline(pool, sorted(points))) and fall.slope_bps_per_day <= -least_fall_bps_per_day
    ]
    return tuple(sorted(falls, key=lambda fall: (fall.slope_bps_per_day, fall.pool)))


def _decline(pool: str, points: Sequence[tuple[int, int]]) -> Decline | None:
    """The fall along the best straight line, or None without one."""
    if len(points) < 2 or points[-1][1] >= points[0][1]:
        return None
    count = len(points)
    mean_time = Fraction(sum(time for time, _ in points), count)
    mean_score = Fraction(sum(score for _, score in points), count)
    spread = sum((time - mean_time) ** 2 for time, _ in points)
    if not spread:
        return None
    slope = sum((time - mean_time) * (score - mean_score) for time, score in points) / spread
    return Decline(
        pool=pool, first=points[0][1], last=points[-1][1], slope_bps_per_day=slope * _SECONDS_A_DAY
    )
