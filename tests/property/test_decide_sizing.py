"""The size found is the best there is: by brute force where that is possible, by neighbours elsewhere."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from steelyard.amm import UniswapV3Pool
from steelyard.decide.arbitrage import AmtOptimizer, Route
from steelyard.decide.arbitrage.route import forward
from steelyard.model import LenderKind, LenderTerms
from tests.support.markets import DAI, USDC, WETH, address, lender, route
from tests.support.pools import magnitudes, v2_pool, v3_pool

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

    from steelyard.amm import Pool
    from steelyard.units import Address

pytestmark = pytest.mark.property

MOST = 3_000
"""Brute force tries every loan up to this."""


@st.composite
def small_v2(draw: DrawFn, number: int, sold: Address, bought: Address) -> Pool:
    token0, token1 = sorted((sold, bought))
    fee = draw(st.sampled_from((0, 100, 3_000, 10_000)))
    reserves = draw(magnitudes(1, 1_500)), draw(magnitudes(1, 1_500))
    return v2_pool(*reserves, fee_pips=fee, address=address(number), token0=token0, token1=token1)


@st.composite
def small_v3(draw: DrawFn, number: int, sold: Address, bought: Address) -> Pool:
    token0, token1 = sorted((sold, bought))
    bounds = sorted(draw(st.lists(st.integers(-40, 40), min_size=3, max_size=5, unique=True)))
    positions = [(lower * 60, upper * 60, draw(magnitudes(100, 20_000))) for lower, upper in pairwise(bounds)]
    tick = draw(st.integers(bounds[0] * 60, bounds[-1] * 60))
    return v3_pool(positions, tick=tick, address=address(number), token0=token0, token1=token1)


@st.composite
def small_routes(draw: DrawFn) -> Route:
    tokens = [WETH, *draw(st.sampled_from(((USDC,), (USDC, DAI)))), WETH]
    steps = []
    for number, (sold, bought) in enumerate(pairwise(tokens)):
        make = draw(st.sampled_from((small_v2, small_v2, small_v3)))
        steps.append((draw(make(number, sold, bought)), sold))
    return promising(route(*steps))


def promising(hops: Route) -> Route:
    """The cycle, or the same the other way round where that pays better: most draws should earn something."""
    backwards = route(*((hop.pool, hop.token_out) for hop in reversed(hops)))
    return max((hops, backwards), key=lambda way: prod(hop.pool.marginal_rate(hop.token_in) for hop in way))


def lenders() -> st.SearchStrategy[LenderTerms]:
    return st.sampled_from(
        (
            lender(),
            lender(LenderKind.AAVE_V3, fee_wad=5 * 10**14),
            lender(LenderKind.AAVE_V3, fee_wad=9 * 10**14),
            lender(LenderKind.BALANCER_V2, fee_wad=3 * 10**15),
        )
    )


def forgiven(hops: Route, amounts: tuple[int, ...]) -> int:
    """What the search may miss: nothing, but with several V3 pools a unit of each amount between them.

    Where tiny ranges of two pools end within a unit of one another, the bound that ends a search is no proof.
    """
    if sum(isinstance(hop.pool, UniswapV3Pool) for hop in hops) < 2:
        return 0
    return sum(-(-amounts[-1] // amount) for amount in amounts)


def profit_of(hops: Route, terms: LenderTerms, amount: int) -> int:
    amounts = forward(hops, amount)
    return amounts[-1] - amount - terms.fee(amount) if amounts else 0


@given(small_routes(), lenders())
def test_no_loan_earns_more_than_the_one_found(hops: Route, terms: LenderTerms) -> None:
    best = max(profit_of(hops, terms, amount) for amount in range(1, MOST + 1))
    found = AmtOptimizer(max_evaluations=5_000).optimize(hops, terms, MOST)
    if found is None:
        assert best <= 0
        event("nothing to earn")
        return
    event(f"{len(hops)} hops, profit")
    assert found.gap == 0
    assert found.amounts[0] <= MOST
    assert found.profit == profit_of(hops, terms, found.amounts[0])
    assert best - forgiven(hops, found.amounts) <= found.profit <= best
    assert found.loan_fee == terms.fee(found.amounts[0])


@given(small_routes(), lenders(), st.integers(1, MOST))
def test_a_cap_is_kept_and_the_best_below_it_found(hops: Route, terms: LenderTerms, cap: int) -> None:
    best = max(profit_of(hops, terms, amount) for amount in range(1, cap + 1))
    found = AmtOptimizer(max_evaluations=5_000).optimize(hops, terms, cap)
    if found is None:
        assert best <= 0
        return
    assert found.amounts[0] <= cap
    assert best - forgiven(hops, found.amounts) <= found.profit <= best


@st.composite
def mixed_routes(draw: DrawFn) -> Route:
    """Cycles of realistic size whose middle token has six decimals: the widest staircase."""
    price = draw(st.integers(500, 5_000))
    pools = []
    for number in range(2):
        ether = draw(magnitudes(10**18, 10**22))
        skew = draw(st.integers(900, 1_100))
        reserves = (ether, ether * price * skew // 1_000 // 10**12)
        pools.append(v2_pool(*reserves, address=address(number), token0=WETH, token1=USDC))
    return promising(route((pools[0], WETH), (pools[1], USDC)))


@given(mixed_routes(), st.data())
def test_on_a_coarse_staircase_no_drawn_loan_earns_more(hops: Route, data: st.DataObject) -> None:
    terms = lender()
    found = AmtOptimizer(max_evaluations=20_000).optimize(hops, terms, 10**30)
    assume(found is not None)
    assert found is not None
    assert found.amounts == forward(hops, found.amounts[0])
    unit = max(found.amounts[0] // max(found.amounts[1], 1), 1)
    event("proven" if found.gap == 0 else "with a gap")
    assert found.gap is not None
    for _ in range(50):
        away = data.draw(st.integers(-300 * unit, 300 * unit))
        other = max(found.amounts[0] + away, 1)
        assert profit_of(hops, terms, other) <= found.profit + found.gap


@given(mixed_routes())
def test_a_small_budget_states_how_much_it_may_have_missed(hops: Route) -> None:
    thorough = AmtOptimizer(max_evaluations=20_000).optimize(hops, lender(), 10**30)
    quick = AmtOptimizer(max_evaluations=64).optimize(hops, lender(), 10**30)
    assert (thorough is None) == (quick is None)
    if thorough is not None and quick is not None:
        assert quick.evaluations <= 66
        assert thorough.gap == 0
        assert quick.gap is not None
        assert quick.profit <= thorough.profit <= quick.profit + quick.gap


@given(mixed_routes(), st.integers(1, 100_000))
def test_a_tolerance_is_kept(hops: Route, tolerance_ppm: int) -> None:
    thorough = AmtOptimizer(max_evaluations=20_000).optimize(hops, lender(), 10**30)
    assume(thorough is not None)
    easy = AmtOptimizer(max_evaluations=20_000, tolerance_ppm=tolerance_ppm).optimize(hops, lender(), 10**30)
    assert thorough is not None
    assert easy is not None
    assert easy.evaluations <= thorough.evaluations
    assert easy.profit + easy.profit * tolerance_ppm // 10**6 >= thorough.profit
