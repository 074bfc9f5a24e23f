"""What a decision says of its sizes holds: to the unit where it plans, and where it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from steelyard.amm.tick_math import tick_at_sqrt_ratio
from steelyard.decide.arbitrage import GasModel
from steelyard.model import VerdictCode
from steelyard.units import ETHER, GWEI, Q96
from tests.support.markets import USDC, WETH, address, best, decided, only_plan, pair, snapshot
from tests.support.pools import v3_pool
from tests.support.sizing_markets import pools_with_a_crossing_that_hardly_pays

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("reserves", "fees_pips", "least_wei", "code"),
    [
        (((9, 1_211), (15, 442)), (10_000, 0), 1, VerdictCode.BELOW_GAS),
        (((21, 7), (4, 18)), (3_000, 3_000), 5, VerdictCode.BELOW_MINIMUM),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refusal_for_its_profit_stands_only_where_no_other_loan_could_do(
    reserves: tuple[tuple[int, int], ...], fees_pips: tuple[int, ...], least_wei: int, code: VerdictCode
) -> None:
    """The hot path tries one loan: it is a unit short, and says that another could earn a unit more."""
    pools = [
        pair(number, WETH, USDC, *held, fee_pips=fee_pips)
        for number, (held, fee_pips) in enumerate(zip(reserves, fees_pips, strict=True), 1)
    ]
    market = snapshot(pools, gas_price_wei=1)
    hasty: dict[str, Any] = {
        "gas": GasModel(**dict.fromkeys(GasModel.__slots__, 1)),
        "max_evaluations": 1,
        "min_net_profit_wei": least_wei,
    }
    verdict = best(decided(market, certify_budget=0, **hasty))
    assert (verdict.code, verdict.net_wei, verdict.gap_wei) == (code, least_wei - 1, 1)
    verdict = best(decided(market, **hasty))
    assert (verdict.code, verdict.net_wei, verdict.gap_wei) == (VerdictCode.ACCEPTED, least_wei, 0)


def test_search_that_ends_before_it_meets_a_loan_that_earns_does_not_say_that_none_does() -> None:
    market = snapshot(
        [
            v3_pool(
                [(-30, 80, 3_086), (80, 90, 20_028)],
                tick=80,
                fee_pips=500,
                address=address(1),
                token0=WETH,
                token1=USDC,
            ),
            pair(2, WETH, USDC, 3_790, 2_871),
        ]
    )
    verdict = best(decided(market, max_evaluations=1, certify_budget=0))
    assert verdict.code is VerdictCode.NO_SIZE
    assert verdict.reason == "none of the loans tried earns anything; the search ended at its bound, 1"
    plan = only_plan(decided(market, max_evaluations=1))
    assert (plan.amount, plan.expected_profit) == (11, 2)


def test_crossing_a_tick_is_reckoned_at_its_price_to_the_unit() -> None:
    """The crossing brings 106 more and costs 101: reckoned a tenth too dear, it would be left."""
    gas = GasModel(**dict.fromkeys(GasModel.__slots__, 1) | {"tick_crossing": 101})
    market = snapshot(list(pools_with_a_crossing_that_hardly_pays()), gas_price_wei=1)
    plan = only_plan(decided(market, gas=gas))
    assert (plan.amount, plan.expected_profit, plan.gas_units) == (25, 47_093, 204)


@pytest.mark.parametrize("dust", [100, 10_000, 100_000])
def test_dust_before_deep_liquidity_hides_nothing(dust: int) -> None:
    """The range of the price takes less than a unit of USDC, rounded up to two; the depth is behind it."""
    root = (2_000 * 10**6 / ETHER) ** 0.5
    middle = tick_at_sqrt_ratio(int(root * Q96)) // 60 * 60
    deep = int(30_000 * ETHER * root)
    shallow = v3_pool(
        [
            (middle - 60_000, middle - 600, deep),
            (middle - 600, middle + 600, dust),
            (middle + 600, middle + 60_000, deep),
        ],
        tick=middle,
        fee_pips=3_000,
        address=address(1),
        token0=WETH,
        token1=USDC,
    )
    market = snapshot([shallow, pair(2, WETH, USDC, 10_000 * ETHER, 25_000_000 * 10**6)], gas_price_wei=GWEI)
    verdict = best(decided(market))
    assert verdict.code is VerdictCode.ACCEPTED, verdict.reason
    assert verdict.profit > 49 * ETHER
