"""Weights against exact mathematics, and the laws that hold for any scores."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.decide.allocation.fixed_point import cube_root
from steelyard.decide.allocation.weights import WeightModel, c_score, target_allocations
from steelyard.units import UINT256_MAX, WAD
from tests.support.effort import is_deep, patient
from tests.support.exact_weights import exact_cap, exact_weights
from tests.support.weight_vectors import MOST_POOLS, WeightVector, draw

pytestmark = [pytest.mark.property, *patient()]

VECTORS: Final = 100_000 if is_deep() else 3_000
RELATIVE: Final = Decimal("1e-12")
UNIT: Final = Decimal(1) / WAD

seeds = st.integers(min_value=0, max_value=2**64)
scores = st.lists(st.integers(min_value=0, max_value=10_000), min_size=1, max_size=MOST_POOLS)
totals = st.one_of(st.integers(min_value=0, max_value=UINT256_MAX), st.integers(min_value=0, max_value=200))


def vectors_of(seed: int) -> WeightVector:
    return draw(random.Random(seed))


vectors = seeds.map(vectors_of)


def seed_of_this_run() -> int:
    """Repeatable in the gate, new in a deep run."""
    return random.SystemRandom().getrandbits(64) if is_deep() else 7


def test_weights_are_those_of_exact_mathematics() -> None:
    seed = seed_of_this_run()
    source = random.Random(seed)
    for number in range(VECTORS):
        vector = draw(source)
        assert_exact(vector, f"seed {seed}, vector {number}: {vector}")


def assert_exact(vector: WeightVector, what: str) -> None:
    """Within 1e-12 of the exact weight, and of the last decimals that a WAD has: two for each pool."""
    weights = vector.model.target_weights(vector.c_scores)
    scored = sum(score > 0 for score in vector.c_scores)
    assert sum(weights.weights_wad) + weights.idle_wad == WAD, what
    if not scored:
        assert weights.idle_wad == WAD, what
        return
    cap = exact_cap(vector.model, scored)
    assert abs(Decimal(weights.cap_wad) / WAD - cap) <= UNIT, what
    exact = exact_weights(vector.c_scores, vector.model.score_amplifier_bps, cap)
    for wad, share in zip(weights.weights_wad, exact, strict=True):
        assert abs(Decimal(wad) / WAD - share) <= share * RELATIVE + 2 * scored * UNIT, what


@given(vectors)
def test_amounts_and_idle_are_the_total_to_the_unit(vector: WeightVector) -> None:
    allocations = vector.model.target_allocations(vector.c_scores, vector.total_amount)
    assert sum(allocations.amounts) + allocations.idle == vector.total_amount
    assert all(amount >= 0 for amount in (*allocations.amounts, allocations.idle))


@given(vectors)
def test_no_weight_and_no_amount_is_above_the_cap(vector: WeightVector) -> None:
    weights = vector.model.target_weights(vector.c_scores)
    amounts = vector.model.target_allocations(vector.c_scores, vector.total_amount).amounts
    assert all(0 <= weight <= weights.cap_wad for weight in weights.weights_wad)
    assert all(amount * WAD <= weights.cap_wad * vector.total_amount for amount in amounts)


@given(vectors)
def test_something_is_idle_only_where_every_scored_pool_is_at_its_cap(vector: WeightVector) -> None:
    weights = vector.model.target_weights(vector.c_scores)
    if weights.idle_wad:
        pairs = zip(weights.weights_wad, vector.c_scores, strict=True)
        assert all(weight == (weights.cap_wad if score else 0) for weight, score in pairs)


@given(vectors)
def test_pool_without_a_score_gets_nothing(vector: WeightVector) -> None:
    weights = vector.model.target_weights(vector.c_scores).weights_wad
    amounts = vector.model.target_allocations(vector.c_scores, vector.total_amount).amounts
    unscored = [at for at, score in enumerate(vector.c_scores) if score == 0]
    assert all(weights[at] == amounts[at] == 0 for at in unscored)


@given(vectors, seeds)
def test_order_of_the_pools_moves_a_weight_by_rounding_only(vector: WeightVector, seed: int) -> None:
    order = list(range(len(vector.c_scores)))
    random.Random(seed).shuffle(order)
    weights = vector.model.target_weights(vector.c_scores)
    shuffled = vector.model.target_weights([vector.c_scores[at] for at in order])
    # Pools with the same score are the only ones that may change places: dust goes to the first of them.
    assert sorted(shuffled.weights_wad) == sorted(weights.weights_wad)
    assert shuffled.idle_wad == weights.idle_wad
    for at, weight in zip(order, shuffled.weights_wad, strict=True):
        assert abs(weight - weights.weights_wad[at]) < len(order)


@given(vectors, seeds)
def test_raising_a_score_never_lowers_its_weight(vector: WeightVector, seed: int) -> None:
    source = random.Random(seed)
    at = source.randrange(len(vector.c_scores))
    higher = min(10_000, vector.c_scores[at] + source.choice((1, 1, source.randint(1, 10_000))))
    raised = [*vector.c_scores[:at], higher, *vector.c_scores[at + 1 :]]
    before = vector.model.target_weights(vector.c_scores).weights_wad
    after = vector.model.target_weights(raised).weights_wad
    assert after[at] >= before[at]


@given(vectors)
def test_higher_score_never_weighs_less_than_a_lower_one(vector: WeightVector) -> None:
    weights = vector.model.target_weights(vector.c_scores).weights_wad
    ranked = sorted(zip(vector.c_scores, weights, strict=True))
    for (score, weight), (other_score, other) in pairwise(ranked):
        assert weight <= other or score == other_score


@given(vectors)
def test_the_models_cap_given_as_a_ready_one_is_the_same(vector: WeightVector) -> None:
    # Without decay the cap is 100 % and more: maxBp decides, which the document's signature takes.
    model = replace(vector.model, diversification_factor_bps=0)
    ready = target_allocations(vector.c_scores, vector.total_amount, model.max_bps, model.score_amplifier_bps)
    assert ready == model.target_allocations(vector.c_scores, vector.total_amount)


@given(scores, totals)
def test_weights_in_basis_points_are_the_allocation_of_ten_thousand(c_scores: list[int], total: int) -> None:
    model = WeightModel()
    in_bps = model.target_allocations(c_scores, 10_000)
    assert sum(in_bps.amounts) + in_bps.idle == 10_000
    assert sum(model.target_allocations(c_scores, total).amounts) <= total


@given(st.tuples(*[st.integers(min_value=0, max_value=10_000)] * 3))
def test_c_score_is_the_floor_of_the_cube_root(three: tuple[int, int, int]) -> None:
    root, product = c_score(*three), three[0] * three[1] * three[2]
    assert root**3 <= product < (root + 1) ** 3


@given(st.integers(min_value=0, max_value=UINT256_MAX))
def test_cube_root_is_exact(x: int) -> None:
    root = cube_root(x)
    assert root**3 <= x < (root + 1) ** 3
