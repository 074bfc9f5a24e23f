"""Routes to size: so small that every loan can be tried, or as large and mixed as markets are."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import log, prod, sqrt
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from steelyard.amm.tick_math import tick_at_sqrt_ratio
from steelyard.decide.arbitrage.route import forward
from steelyard.model import LenderKind, LoanSource
from steelyard.model.lending import pair_fee_wad
from steelyard.units import Address
from tests.support.markets import USDC, WETH, address, lender, pair, route
from tests.support.pools import SPACING_OF_TIER, magnitudes, v2_pool, v3_pool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from hypothesis.strategies import DrawFn, SearchStrategy

    from steelyard.amm import Pool
    from steelyard.decide.arbitrage import Route
    from steelyard.model import LenderTerms

TOKENS = tuple(Address(f"0x{10 + number:040x}") for number in range(6))
"""The first is the asset that is borrowed."""

_POOL = LoanSource(
    listing_id=0, address=Address(f"0x{99:040x}"), other_token=Address(f"0x{98:040x}"), fee_pips=3_000
)
LENDERS = (
    lender(),
    lender(LenderKind.AAVE_V3, fee_wad=5 * 10**14),
    lender(LenderKind.AAVE_V3, fee_wad=9 * 10**14),
    replace(lender(LenderKind.AAVE_V3, fee_wad=5 * 10**14), fee_rounds_up=True),
    lender(LenderKind.BALANCER_V2, fee_wad=3 * 10**15),
    lender(LenderKind.BALANCER_V2, fee_wad=123_456_789 * 10**6),
    lender(LenderKind.AAVE_V2, fee_wad=9 * 10**14),
    lender(LenderKind.MAKER, fee_wad=123_456_789 * 10**6),
    replace(lender(LenderKind.UNISWAP_V2, fee_wad=pair_fee_wad(3_000)), source=_POOL),
    replace(lender(LenderKind.UNISWAP_V3, fee_wad=3 * 10**15), source=_POOL),
)


_SAMPLE = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024)
"""Loans of small markets: what earns nothing with any of these mostly earns nothing at all."""


def pools_with_a_crossing_that_hardly_pays() -> tuple[Pool, Pool]:
    """Return pools of WETH and USDC, and back: crossing one tick earns 106 units more."""
    into = v3_pool(
        [(-5, -4, 242), (-4, -3, 424_045)],
        sqrt_price_x96=79_228_327_299_032_635_280_623_885_911,
        fee_pips=100_000,
        tick_spacing=1,
        address=address(1),
        token0=WETH,
        token1=USDC,
    )
    return into, pair(2, WETH, USDC, 49_368, 1, fee_pips=2_500)


def lenders() -> SearchStrategy[LenderTerms]:
    """Every way to ask a fee and to round it."""
    return st.sampled_from(LENDERS)


def promising(hops: Route) -> Route:
    """The cycle, or the same the other way round where that pays better: most draws should earn something."""
    backwards = route(*((hop.pool, hop.token_out) for hop in reversed(hops)))
    return max((hops, backwards), key=lambda way: prod(hop.pool.marginal_rate(hop.token_in) for hop in way))


def net_of(hops: Route, terms: LenderTerms, loan: int, crossing_price: int = 0) -> int:
    """What a loan earns after its fee and the gas of crossed ticks, by the pools' own quotes."""
    amounts = forward(hops, loan)
    if amounts is None:
        return 0
    toll = 0
    if crossing_price:
        toll = crossing_price * sum(
            hop.pool.side(hop.token_in).crossings(given) for hop, given in zip(hops, amounts, strict=False)
        )
    return amounts[-1] - loan - terms.fee(loan) - toll


def best_of_all(hops: Route, terms: LenderTerms, cap: int, crossing_price: int = 0) -> tuple[int, int]:
    """Try every loan up to ``cap``: the greatest net profit and its least loan; (0, 0) for none."""
    best = (0, 0)
    for loan in range(1, cap + 1):
        net = net_of(hops, terms, loan, crossing_price)
        if net > best[0]:
            best = (net, loan)
    return best


@st.composite
def small_v2(draw: DrawFn, number: int, sold: Address, bought: Address) -> Pool:
    """A pair of at most a few thousand units; one unit can be worth many of the other token."""
    token0, token1 = sorted((sold, bought))
    fee = draw(st.sampled_from((0, 100, 3_000, 10_000)))
    most = draw(st.sampled_from((60, 1_500, 8_000)))
    reserves = draw(magnitudes(1, most)), draw(magnitudes(1, most))
    return v2_pool(*reserves, fee_pips=fee, address=address(number), token0=token0, token1=token1)


@st.composite
def small_v3(draw: DrawFn, number: int, sold: Address, bought: Address) -> Pool:
    """Ranges that end within a unit of one another, gaps, dust, and ticks that change nothing."""
    token0, token1 = sorted((sold, bought))
    fee = draw(st.sampled_from((100, 500, 3_000, 10_000)))
    spacing = SPACING_OF_TIER[fee]
    reach = draw(st.sampled_from((4, 40, 400)))
    bounds = sorted(draw(st.lists(st.integers(-reach, reach), min_size=3, max_size=7, unique=True)))
    liquidities = magnitudes(draw(st.sampled_from((1, 100, 100))), 20_000)
    one = draw(liquidities)
    same = draw(st.booleans())  # equal neighbours: the net at the tick between them is zero
    positions = [
        (lower * spacing, upper * spacing, one if same else draw(liquidities))
        for lower, upper in pairwise(bounds)
        if draw(st.integers(0, 4))
    ] or [(bounds[0] * spacing, bounds[-1] * spacing, one)]
    tick = draw(st.integers((bounds[0] - 1) * spacing, (bounds[-1] + 1) * spacing))
    return v3_pool(positions, tick=tick, fee_pips=fee, address=address(number), token0=token0, token1=token1)


@st.composite
def small_routes(draw: DrawFn, most_hops: int = 4) -> Route:
    """Cycles of two hops and more over small pools of both kinds; most earn something with some loan."""
    for _ in range(draw(st.sampled_from((1, 8, 8, 8)))):
        hops = draw(_small_routes(most_hops))
        if any(net_of(hops, LENDERS[0], loan) > 0 for loan in _SAMPLE):
            break
    return hops


@st.composite
def _small_routes(draw: DrawFn, most_hops: int) -> Route:
    tokens = TOKENS[: draw(st.integers(2, most_hops))]
    steps = []
    for number, (sold, bought) in enumerate(pairwise((*tokens, TOKENS[0]))):
        make = draw(st.sampled_from((small_v2, small_v2, small_v3)))
        steps.append((draw(make(number, sold, bought)), sold))
    return promising(route(*steps))


def market_route(random: Random, kinds: Sequence[int]) -> tuple[tuple[int, ...], Route]:
    """A profitable cycle of market size over pools of V2 and V3 (``kinds``), and its tokens' decimals.

    The asset has 18 decimals, the others 6, 8 or 18, at least one of them fewer than 18.
    """
    while True:
        decimals = (18, *(random.choice((6, 8, 18)) for _ in kinds[1:]))
        if set(decimals) == {18}:
            continue
        usd = [
            2_000.0,
            *(random.choice((1.0, 2_000.0, 60_000.0, random.uniform(0.01, 100))) for _ in kinds[1:]),
        ]
        steps = []
        for number, kind in enumerate(kinds):
            other = (number + 1) % len(kinds)
            held = int(10 ** random.uniform(4, 7) / usd[number] * 10 ** decimals[number])
            rate = usd[number] / usd[other] * 10.0 ** (decimals[other] - decimals[number])
            rate *= random.uniform(0.99, 1.02)
            make = _market_v2 if kind == 2 else _market_v3
            steps.append((make(random, number, (TOKENS[number], TOKENS[other]), held, rate), TOKENS[number]))
        hops = route(*steps)
        if log(prod(hop.pool.marginal_rate(hop.token_in) for hop in hops)) > 0.0005:
            return decimals, hops


def _market_v2(random: Random, number: int, tokens: tuple[Address, Address], held: int, rate: float) -> Pool:
    reserves = dict(zip(tokens, (held, int(held * rate)), strict=True))
    token0, token1 = sorted(tokens)
    fee = random.choice((3_000, 3_000, 2_500))
    return v2_pool(
        reserves[token0],
        reserves[token1],
        fee_pips=fee,
        address=address(number),
        token0=token0,
        token1=token1,
    )


def _market_v3(random: Random, number: int, tokens: tuple[Address, Address], held: int, rate: float) -> Pool:
    """A full range under forty narrower ones, some of which end where a trade of the cycle's size gets to."""
    token0, token1 = sorted(tokens)
    root = sqrt(rate if tokens[0] == token0 else 1 / rate)
    liquidity = max(int(10 * held * (root if tokens[0] == token0 else 1 / root)), 1_000)
    fee = random.choice((500, 3_000))
    spacing = SPACING_OF_TIER[fee]
    sqrt_price_x96 = int(root * 2**96)
    middle, edge = tick_at_sqrt_ratio(sqrt_price_x96) // spacing, 800_000 // spacing
    positions = [(-edge * spacing, edge * spacing, liquidity // 3 + 1)]
    for _ in range(40):
        centre, width = middle + random.randint(-80, 80), random.randint(1, 60)
        more = max(int(liquidity * random.uniform(0.05, 0.5)), 1)
        positions.append(((centre - width) * spacing, (centre + width) * spacing, more))
    return v3_pool(
        positions,
        sqrt_price_x96=sqrt_price_x96,
        fee_pips=fee,
        address=address(number),
        token0=token0,
        token1=token1,
    )


def coarse_route(random: Random, kinds: Sequence[int]) -> Route:
    """A profitable cycle whose inner tokens have so few units that every one of them can be tried.

    One of their units is worth about a hundred million of the asset's.
    """
    inner = [random.uniform(0.4, 2.5) for _ in kinds[2:]]
    rates = [1e-8, *inner, 1e8 / prod(inner) * random.uniform(1.01, 1.03)]
    while True:
        steps = []
        for number, kind in enumerate(kinds):
            tokens = TOKENS[number], TOKENS[(number + 1) % len(kinds)]
            held = random.randint(20_000, 80_000) * (1 if number else 10**8)
            make = _market_v2 if kind == 2 else _market_v3
            steps.append((make(random, number, tokens, held, rates[number]), tokens[0]))
        hops = route(*steps)
        if prod(hop.pool.marginal_rate(hop.token_in) for hop in hops) > 1:
            return hops
        rates[-1] *= 1.005
