"""Lenders, values, plans and settings, each by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from steelyard.decide.arbitrage import (
    AmtOptimizer,
    ArbitrageCache,
    ArbitrageSettings,
    GasModel,
    NoLender,
    PathOptimizer,
    choose_lender,
)
from steelyard.decide.arbitrage.graph import MarketGraph
from steelyard.decide.arbitrage.plan import builder_tip, least_profit
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.decide.arbitrage.wording import Joined, SizedText
from steelyard.decide.wording import amount_text, ether_text, gwei_text
from steelyard.exceptions import ConfigError
from steelyard.model import LenderKind, LenderTerms, VenueKind
from steelyard.units import BPS, ETHER, GWEI, Address
from tests.support.markets import (
    EXECUTOR,
    ODD,
    TOKENS,
    USDC,
    WETH,
    decided,
    drifted,
    lender,
    only_plan,
    pair,
    route,
    snapshot,
)

if TYPE_CHECKING:
    from steelyard.amm import Pool

pytestmark = pytest.mark.unit


# --- lenders ----------------------------------------------------------------------------------------------


def test_fee_and_gas_decide_together() -> None:
    offers = [
        lender(LenderKind.AAVE_V3, fee_wad=5 * 10**14),
        lender(LenderKind.MORPHO_BLUE),
        lender(LenderKind.BALANCER_V2),
    ]
    cheap_aave = GasModel(balancer_v2=500_000, morpho_blue=400_000, aave_v3=100_000)
    by_default = only_plan(decided(snapshot(drifted(), lenders=offers, gas_price_wei=GWEI)))
    assert by_default.lender in (LenderKind.BALANCER_V2, LenderKind.MORPHO_BLUE)
    dear = snapshot(drifted(), lenders=offers, gas_price_wei=20 * GWEI)
    assert only_plan(decided(dear, gas=cheap_aave)).lender is LenderKind.AAVE_V3
    assert only_plan(decided(dear, gas=replace(cheap_aave, aave_v3=600_000))).lender is LenderKind.MORPHO_BLUE


def test_a_dearer_lender_with_more_wins_where_the_cheap_one_runs_short() -> None:
    offers = [
        lender(available=ETHER // 1000),
        lender(LenderKind.AAVE_V3, fee_wad=5 * 10**14, available=10**24),
    ]
    plan = only_plan(decided(snapshot(drifted(), lenders=offers)))
    assert plan.lender is LenderKind.AAVE_V3
    assert plan.loan_fee == offers[1].fee(plan.amount) > 0


def pick(offers: list[LenderTerms], amount: int) -> Any:
    return choose_lender(
        offers,
        WETH,
        amount,
        gas_wei=lambda kind: 10 if kind is LenderKind.AAVE_V3 else 1_000,
        value_wei=lambda units: units,
    )


def test_the_cheapest_lender_for_an_amount_is_chosen_and_none_is_an_answer_with_its_reason() -> None:
    offers = [lender(available=100_000_000), lender(LenderKind.AAVE_V3, fee_wad=5 * 10**14)]
    assert pick(offers, 10_000).kind is LenderKind.AAVE_V3  # fee 5, gas 10
    dear = pick(offers, 100_000_000)
    assert (dear.kind, dear.fee, dear.total_wei) == (LenderKind.BALANCER_V2, 0, 1_000)
    assert pick(offers, 100_000_001).kind is LenderKind.AAVE_V3
    short = f"no lender has 100000001 base units of {WETH}, the most that one has is 100000000"
    assert pick(offers[:1], 100_000_001) == NoLender(short)
    for nothing in ([], [lender(asset=USDC)], [lender(available=0)]):
        assert pick(nothing, 1) == NoLender(
            f"no lender has 1 base units of {WETH}, the most that one has is 0"
        )


def test_equal_lenders_are_taken_in_their_declared_order() -> None:
    assert pick([lender(LenderKind.MORPHO_BLUE), lender(LenderKind.BALANCER_V2)], 5).kind is (
        LenderKind.BALANCER_V2
    )


# --- parts ------------------------------------------------------------------------------------------------


def valuer(*pools: Pool) -> Valuer:
    return Valuer(MarketGraph({pool.address: pool for pool in pools}), WETH)


def test_the_deepest_pool_values_an_asset_and_the_native_coin_is_worth_itself() -> None:
    shallow, deep = pair(1, WETH, USDC, ETHER, 1_000 * 10**6), drifted()[1]
    prices = valuer(shallow, deep)
    assert prices.value_wei(WETH, 5) == 5
    assert prices.value_wei(USDC, 10**9) == deep.quote_exact_in(USDC, 10**9).amount_out
    assert prices.cost(USDC, ETHER) == deep.quote_exact_out(USDC, ETHER).amount_in
    assert prices.units_at_spot(USDC, ETHER) == 3_150 * 10**6
    assert prices.wei_at_spot(USDC, 3_150 * 10**6) == ETHER
    assert prices.value_wei(USDC, 0) == 0
    assert prices.at_most_wei(WETH, 5) == 5
    assert prices.at_most_wei(USDC, 1) == -(-(100 * ETHER) // (315_000 * 10**6)), "up"


def test_an_asset_without_a_pool_has_no_value() -> None:
    prices = valuer(*drifted())
    for unknown in (
        prices.value_wei,
        prices.cost,
        prices.units_at_spot,
        prices.wei_at_spot,
        prices.at_most_wei,
    ):
        assert unknown(ODD, 5) is None
    assert prices.cost(USDC, 10**30) is None, "more than the pool has"


@pytest.mark.parametrize(
    ("profit", "floor", "kept", "expected"),
    [(100, 0, 9_000, 90), (101, 0, 9_000, 91), (100, 95, 9_000, 95), (100, 150, 9_000, 100), (3, 0, 0, 1)],
)
def test_min_profit_is_the_kept_share_or_gas_whichever_is_more(
    profit: int, floor: int, kept: int, expected: int
) -> None:
    assert least_profit(profit, floor, kept) == expected


def test_the_tip_rounds_as_the_executor_does() -> None:
    assert builder_tip(1_000, 901, 5_000) == 49


@pytest.mark.parametrize(
    "change",
    [
        {"path_length": 7},
        {"path_length": 1},
        {"max_candidates": 0},
        {"max_plans": 0},
        {"max_trade_wei": 0},
        {"deadline_seconds": -1},
        {"max_evaluations": 0},
        {"min_net_profit_wei": -1},
        {"min_trading_limit_wei": -1},
        {"sizing_tolerance_ppm": -1},
        {"slippage_bps": BPS},
        {"slippage_bps": BPS + 1},
        {"builder_share_bps": -1},
        {"profit_share_kept_bps": BPS + 1},
    ],
)
def test_absurd_settings_are_refused_by_name(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(change))):
        ArbitrageSettings(executor=EXECUTOR, wrapped_native=WETH, **change)


def test_absurd_parameters_are_refused() -> None:
    with pytest.raises(ConfigError, match="path_length"):
        PathOptimizer(path_length=7)
    with pytest.raises(ConfigError, match="max_candidates"):
        PathOptimizer(max_candidates=0)
    with pytest.raises(ConfigError, match="aave_v3"):
        GasModel(aave_v3=0)


def test_gas_is_the_loans_and_each_legs() -> None:
    loans = {kind.name.lower(): 1 + kind for kind in LenderKind}
    model = GasModel(
        **loans, uniswap_v2_leg=1_000, uniswap_v3_leg=10_000, direct_payment=100, tick_crossing=20
    )
    kinds = [VenueKind.UNISWAP_V2, VenueKind.UNISWAP_V3, VenueKind.UNISWAP_V2]
    assert [model.units(kind, kinds, 2) for kind in LenderKind] == [11_941 + kind for kind in LenderKind]


def test_a_v2_leg_behind_another_is_paid_directly_and_costs_less() -> None:
    model, v2, v3 = GasModel(), VenueKind.UNISWAP_V2, VenueKind.UNISWAP_V3

    def units(*kinds: VenueKind) -> int:
        return model.units(LenderKind.BALANCER_V2, kinds)

    apart = units(v2) + units(v3) - units()
    assert units(v2, v3) == apart
    assert units(v3, v2) == apart - model.direct_payment


def test_a_route_through_an_empty_pool_has_no_size() -> None:
    full, empty = drifted()[0], pair(2, WETH, USDC, 0, 0)
    assert AmtOptimizer().optimize(route((full, WETH), (empty, USDC)), lender(), 10**30) is None


def test_a_size_that_is_remembered_is_forgotten_when_the_memory_is_full() -> None:
    cache = ArbitrageCache(max_sizings=1)
    first = route((drifted()[1], WETH), (drifted()[0], USDC))
    second = route((drifted()[0], WETH), (drifted()[1], USDC))
    optimizer = AmtOptimizer()
    answer = cache.size(optimizer, first, lender(), 10**30)
    assert cache.size(optimizer, first, lender(), 10**30) is answer
    cache.size(optimizer, second, lender(), 10**30)
    assert cache.size(optimizer, first, lender(), 10**30) is not answer
    assert cache.size(optimizer, first, lender(), 10**30) == answer


@pytest.mark.parametrize(
    ("gap", "unproven", "proof"),
    [
        (None, "spent", "(uncertified: spent)"),
        (0, None, "(certified)"),
        (0, "ties", "(no loan earns more, yet uncertified: ties)"),
        (2_000_000, "near enough", "(at most 2 USDC more is possible: near enough)"),
    ],
)
def test_a_sized_verdict_says_its_numbers_and_how_well_its_size_is_proven(
    gap: int | None, unproven: str | None, proof: str
) -> None:
    sized = SizedText(
        lender="aave_v3",
        asset=USDC,
        token=TOKENS[USDC],
        loan=10**9,
        loan_fee=500_000,
        profit=7_000_000,
        gas_units=300_000,
        gas_price_wei=10 * GWEI,
        gas_cost_wei=3 * 10**15,
        net_wei=-ETHER // 1000,
        gap=gap,
        unproven=unproven,
    )
    said = (
        f"borrow 1000 USDC from aave_v3, fee 0.5 USDC, profit 7 USDC {proof}, "
        "300000 gas at 10 gwei = 0.003 ETH, net -0.001 ETH"
    )
    assert str(sized) == said
    assert str(Joined("too little", sized)) == f"too little; {said}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (amount_text(1_234_567_890, USDC, TOKENS), "1234.57 USDC"),
        (amount_text(5, Address("0x00"), TOKENS), "5 base units of 0x00"),
        (ether_text(0), "0 ETH"),
        (ether_text(-1_500_000_000_000_000), "-0.0015 ETH"),
        (gwei_text(21 * GWEI), "21 gwei"),
        (ether_text(12_345_678 * ETHER), "12345678 ETH"),
    ],
)
def test_numbers_are_written_for_people(text: str, expected: str) -> None:
    assert text == expected
