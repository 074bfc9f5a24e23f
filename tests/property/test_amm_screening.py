"""What screening is told about a pool is what its exact arithmetic says, but for a float's rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from steelyard.amm.tick_math import MAX_TICK
from steelyard.units import Q96
from tests.support.pools import TOKEN0, TOKEN1, magnitudes, v2_pool, v3_pool

if TYPE_CHECKING:
    from steelyard.amm import Pool

pytestmark = pytest.mark.property

RESERVES = magnitudes(1, 2**112 - 1)


def check(pool: Pool) -> None:
    """Compare both directions."""
    told = pool.screening_reserves()
    for at, token in ((0, TOKEN0), (2, TOKEN1)):
        exact = [reserve / Q96 for reserve in pool.virtual_reserves_q96(token)]
        assert list(told[at : at + 2]) == pytest.approx(exact, rel=1e-8, abs=2**-90)
        assert (told[at] > 0) == (told[at + 1] > 0) == (pool.marginal_rate(token) > 0)


@given(st.one_of(st.just(0), RESERVES), st.one_of(st.just(0), RESERVES))
def test_of_a_pair(reserve0: int, reserve1: int) -> None:
    check(v2_pool(reserve0, reserve1))


@given(
    st.integers(-MAX_TICK // 120, MAX_TICK // 120),
    st.lists(st.tuples(st.integers(-40, 40), st.integers(1, 40), magnitudes(1, 2**100)), max_size=3),
)
def test_of_a_range_of_liquidity_and_of_a_gap(at: int, drawn: list[tuple[int, int, int]]) -> None:
    positions = [((at + low) * 60, (at + low + width) * 60, amount) for low, width, amount in drawn]
    pool = v3_pool(positions, tick=at * 60)
    event("in range" if pool.liquidity else "in a gap")
    check(pool)
