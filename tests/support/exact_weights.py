"""Weights by exact mathematics: 60 digits, none of the code under test."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal, localcontext
from functools import cache
from typing import Final

from steelyard.decide.allocation.weights import WeightModel

_DIGITS: Final = 60
_ONE: Final = Decimal(1)
_BPS: Final = Decimal(10_000)
_NOTHING: Final = Decimal("1e-50")


def exact_cap(model: WeightModel, pool_count: int) -> Decimal:
    """The greatest weight of one of ``pool_count`` pools, as a share of 1."""
    with localcontext(Context(prec=_DIGITS)):
        decay = Decimal(pool_count * model.diversification_factor_bps) / _BPS
        cap = model.min_max_bps / _BPS + (-decay).exp()
        return min(max(cap, _ONE / pool_count), model.max_bps / _BPS)


def exact_weights(c_scores: Sequence[int], amplifier_bps: int, cap: Decimal) -> list[Decimal]:
    """Each pool's share of 1: ``min(level * power, cap)``, the level being such that nothing is left.

    Where even ``cap`` for each pool leaves something, it is ``cap`` for each.
    """
    with localcontext(Context(prec=_DIGITS)):
        powers = [_power(score, amplifier_bps) for score in c_scores]
        descending = sorted((power for power in powers if power), reverse=True)
        if len(descending) * cap <= 1:
            return [cap if power else Decimal(0) for power in powers]
        level = _level(descending, cap)
        weights = [min(level * power, cap) for power in powers]
        assert abs(sum(weights) - 1) < _NOTHING, "the reference itself is wrong"
        return weights


def _level(descending: Sequence[Decimal], cap: Decimal) -> Decimal:
    """The greatest of the levels at which the first 0, 1, 2 ... are capped and the others share the rest.

    Capping those that would not reach the cap, or not capping those that would exceed it, overstates what is
    held at a level; so the right one is never below any of these, and it is one of these.
    """
    rest, levels = Decimal(0), []
    for capped in range(len(descending) - 1, -1, -1):
        rest += descending[capped]
        levels.append((1 - capped * cap) / rest)
    return max(levels)


@cache
def _ln(score: int) -> Decimal:
    return Decimal(score).ln()


def _power(score: int, amplifier_bps: int) -> Decimal:
    return (_ln(score) * amplifier_bps / 10_000).exp() if score else Decimal(0)
