"""The validator's order, its inclusive bounds, and its texts as documented."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steelyard.decide.arbitrage.validation import Opportunity, OpportunityValidator, ValidationLimits
from steelyard.exceptions import ConfigError, QuoteError
from steelyard.units import Address
from tests.support.markets import USDC, WETH, address

pytestmark = pytest.mark.unit

GOOD = Opportunity(
    dex="uniswap_v2",
    token_pair=(WETH, USDC),
    price_impact_bps=50,
    profit_wei=101,
    gas_cost_wei=100,
    path=(WETH, USDC, WETH),
    pools=(address(1), address(2)),
)
LIMITS = ValidationLimits(min_liquidity_wei=1_000, max_price_impact_bps=50)


def validator(liquidity_wei: int = 1_000) -> OpportunityValidator:
    return OpportunityValidator(LIMITS, lambda _dex, _pair: liquidity_wei)


def test_what_keeps_to_every_limit_is_valid() -> None:
    assert validator().validate_opportunity(GOOD) == (True, "Valid opportunity")


def test_liquidity_is_enough_at_the_minimum_and_not_below() -> None:
    assert validator(1_000).validate_opportunity(GOOD)[0]
    assert validator(999).validate_opportunity(GOOD) == (False, "Insufficient liquidity")


def test_a_liquidity_that_cannot_be_told_is_a_failure_with_its_reason() -> None:
    def unknown(_dex: str, _pair: tuple[Address, Address]) -> int:
        raise QuoteError("no such pool")

    found = OpportunityValidator(LIMITS, unknown).validate_opportunity(GOOD)
    assert found == (False, "Liquidity check failed: no such pool")


def test_a_validator_without_a_source_of_liquidity_refuses() -> None:
    is_valid, said = OpportunityValidator(LIMITS).validate_opportunity(GOOD)
    assert not is_valid
    assert said.startswith("Liquidity check failed: nobody can say")


def test_the_validator_asks_for_the_opportunitys_dex_and_pair() -> None:
    asked = []

    def note(dex: str, pair: tuple[Address, Address]) -> int:
        asked.append((dex, pair))
        return 10**18

    OpportunityValidator(LIMITS, note).validate_opportunity(GOOD)
    assert asked == [("uniswap_v2", (WETH, USDC))]


@pytest.mark.parametrize(
    ("flawed", "reason"),
    [
        (replace(GOOD, price_impact_bps=51), "Price impact too high"),
        (replace(GOOD, profit_wei=100), "Gas cost exceeds profit"),
        (replace(GOOD, path=(WETH, USDC)), "Invalid path"),
        (replace(GOOD, path=(WETH, USDC, USDC)), "Invalid path"),
        (replace(GOOD, pools=(address(1),)), "Invalid path"),
        (replace(GOOD, pools=(address(1), address(1))), "Invalid path: it uses a pool twice"),
    ],
)
def test_each_check_has_its_reason(flawed: Opportunity, reason: str) -> None:
    is_valid, said = validator().validate_opportunity(flawed)
    assert not is_valid
    assert said.startswith(reason)


def test_the_first_failure_in_the_documented_order_wins() -> None:
    worst = replace(GOOD, price_impact_bps=51, profit_wei=0, path=(WETH,))
    assert validator(0).validate_opportunity(worst)[1] == "Insufficient liquidity"
    assert validator().validate_opportunity(worst)[1].startswith("Price impact")
    assert validator().validate_opportunity(replace(worst, price_impact_bps=0))[1].startswith("Gas cost")
    assert validator().validate_opportunity(replace(GOOD, path=(WETH,)))[1].startswith("Invalid path")


@pytest.mark.parametrize("limits", [{"min_liquidity_wei": -1}, {"max_price_impact_bps": 10_001}])
def test_absurd_limits_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=next(iter(limits))):
        ValidationLimits(**limits)
