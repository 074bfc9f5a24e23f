"""What the operator writes is what the decisions get: no key of the configuration is lost on the way."""

from __future__ import annotations

import pytest

from steelyard.app.desk import gas_settings, risk_limits
from steelyard.app.wiring import arbitrage_settings
from steelyard.config import parse_config
from steelyard.decide.arbitrage.validation import ValidationLimits
from steelyard.units import ETHER, GWEI, Address

pytestmark = pytest.mark.unit

EXECUTOR = Address("0x00000000000000000000000000000000000E7ec0")


ARBITRAGE = {
    "path_length": 6,
    "min_net_profit": "0.002 ether",
    "min_trading_limit": "0.01 ether",
    "slippage_bps": 3,
    "profit_share_kept_bps": 8_000,
    "max_plans_per_block": 4,
    "max_candidates": 50,
    "deadline_seconds": 24,
    "builder_share_bps": 5,
    "min_liquidity": "7 ether",
    "max_price_impact_bps": 900,
    "max_block_age_seconds": 36,
}
UNCHANGED = (
    "path_length",
    "slippage_bps",
    "profit_share_kept_bps",
    "max_candidates",
    "deadline_seconds",
    "builder_share_bps",
)
WRITTEN = {
    "arbitrage": ARBITRAGE,
    "token_trials": {"max_age_blocks": 70, "required": True},
    "oracles": {"max_deviation_bps": 150, "max_age_seconds": 3_600, "required": True},
    "limits": {"max_trade": "9 ether"},
}


def test_every_arbitrage_key_reaches_the_settings() -> None:
    config = parse_config(WRITTEN, source="t")
    settings = arbitrage_settings(config, EXECUTOR)
    assert settings.executor == EXECUTOR
    assert settings.wrapped_native == config.market.wrapped_native
    assert settings.max_trade_wei == 9 * ETHER
    assert settings.min_net_profit_wei == ETHER // 500
    assert settings.min_trading_limit_wei == ETHER // 100
    assert settings.max_plans == 4
    assert {name: getattr(settings, name) for name in UNCHANGED} == {
        name: ARBITRAGE[name] for name in UNCHANGED
    }


def test_every_limit_of_evidence_reaches_the_validator() -> None:
    settings = arbitrage_settings(parse_config(WRITTEN, source="t"), EXECUTOR)
    assert settings.validation == ValidationLimits(
        min_liquidity_wei=7 * ETHER,
        max_price_impact_bps=900,
        max_block_age_seconds=36,
        max_token_trial_age_blocks=70,
        require_token_trial=True,
        max_oracle_deviation_bps=150,
        max_oracle_age_seconds=3_600,
        require_oracle=True,
    )


def test_every_limit_reaches_the_risk_limits() -> None:
    written = {"max_trade": 1, "max_loss_per_day": 2, "max_gas_per_hour": 3, "max_failures_in_a_row": 4}
    limits = risk_limits(parse_config({"limits": written}, source="t"))
    assert limits.max_trade_wei == 1
    assert limits.max_loss_per_day_wei == 2
    assert limits.max_gas_per_hour_wei == 3
    assert limits.max_failures_in_a_row == 4


def test_gas_is_bought_as_written() -> None:
    config = parse_config(
        {"arbitrage": {"priority_fee": "3 gwei"}, "gas": {"access_list": "auto"}}, source="t"
    )
    settings = gas_settings(config)
    assert (settings.priority_fee_wei, settings.access_lists) == (3 * GWEI, True)
    assert not gas_settings(parse_config({}, source="t")).access_lists
