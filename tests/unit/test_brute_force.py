"""What the engine is measured by, measured itself: on markets small enough to try everything."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.units import Address
from tests.support.brute_force import after, best_loan, crossed, cycles_from, earned, name_of, steps_of
from tests.support.markets import USDC, WETH, address, lender, pair
from tests.support.pools import v3_pool

pytestmark = pytest.mark.unit

SMALL = st.integers(50, 400)


def test_complete_market_has_every_ordered_way_round_once() -> None:
    tokens = [Address(f"0x{digit * 40}") for digit in "abcd"]
    pools = [pair(at, *ends, 100, 100) for at, ends in enumerate(combinations(tokens, 2))]
    names = [name_of(steps) for steps in cycles_from(tokens[0], pools, 4)]
    assert sorted(map(len, names)) == [3] * 6 + [4] * 6
    assert len(set(names)) == len(names)


def test_two_pools_of_a_pair_make_a_cycle_in_both_directions() -> None:
    pools = [pair(1, WETH, USDC, 100, 100), pair(2, WETH, USDC, 100, 100)]
    names = {tuple(pool.address for pool, _ in steps) for steps in cycles_from(WETH, pools, 4)}
    assert names == {(address(1), address(2)), (address(2), address(1))}


@given(SMALL, SMALL, SMALL, SMALL)
def test_on_small_markets_nothing_that_can_be_earned_is_overlooked(a: int, b: int, c: int, d: int) -> None:
    pools = [pair(1, WETH, USDC, a, b), pair(2, WETH, USDC, c, d)]
    terms = lender(available=100)
    for steps in cycles_from(WETH, pools, 2):
        most = max(earned(steps, terms, amount) for amount in range(1, 101))
        found = best_loan(steps, terms)
        assert (found.profit if found else 0) == max(most, 0)


def test_ticks_are_counted_where_a_swap_leaves_their_ranges() -> None:
    pool = v3_pool([(-600, 600, 10**18), (-60, 60, 10**18), (-120, 0, 10**18)], tick=30)
    token = pool.token0
    amounts = (10**13, 4 * 10**15, 13 * 10**15, 20 * 10**15)
    assert [crossed(((pool, token),), amount) for amount in amounts] == [0, 1, 2, 3]


def test_what_is_left_after_a_cycle_is_what_its_swaps_leave() -> None:
    pools = {pool.address: pool for pool in (pair(1, WETH, USDC, 900, 900), pair(2, WETH, USDC, 900, 1_800))}
    name = ((address(2), WETH), (address(1), USDC))
    moved = after(name, 100, pools)
    first, second = (pool.virtual_reserves_q96(WETH) for pool, _ in steps_of(name, moved))
    paid = pools[address(2)].quote_exact_in(WETH, 100).amount_out
    got = pools[address(1)].quote_exact_in(USDC, paid).amount_out
    assert first == (1_000 << 96, (1_800 - paid) << 96)
    assert second == ((900 - got) << 96, (900 + paid) << 96)
