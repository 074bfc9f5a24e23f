"""The validator's order, its inclusive bounds, and its texts as documented."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from steelyard.decide.arbitrage.validation import (
    Evidence,
    Facts,
    Failure,
    Opportunity,
    OpportunityValidator,
    PoolPrice,
    ValidationLimits,
)
from steelyard.exceptions import ConfigError, QuoteError
from steelyard.model import AttemptRecord, Attempts, OraclePrice, TokenSafety, VerdictCode
from steelyard.units import BPS, WAD, Address
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
    return OpportunityValidator(LIMITS, lambda _facts: liquidity_wei)


def test_what_keeps_to_every_limit_is_valid() -> None:
    assert validator().validate_opportunity(GOOD) == (True, "Valid opportunity")


def test_liquidity_is_enough_at_the_minimum_and_not_below() -> None:
    assert validator(1_000).validate_opportunity(GOOD)[0]
    assert validator(999).validate_opportunity(GOOD) == (False, "Insufficient liquidity")


def test_a_liquidity_that_cannot_be_told_is_a_failure_with_its_reason() -> None:
    def unknown(_facts: Facts) -> int:
        raise QuoteError("no such pool")

    found = OpportunityValidator(LIMITS, unknown).validate_opportunity(GOOD)
    assert found == (False, "Liquidity check failed: no such pool")


def test_a_validator_without_a_source_of_liquidity_refuses() -> None:
    is_valid, said = OpportunityValidator(LIMITS).validate_opportunity(GOOD)
    assert not is_valid
    assert said.startswith("Liquidity check failed: nobody can say")


def test_the_validator_asks_for_the_liquidity_of_this_very_opportunity() -> None:
    asked = []

    def note(facts: Facts) -> int:
        asked.append((facts.dex, facts.token_pair))
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


@pytest.mark.parametrize(
    "limits",
    [
        {"min_liquidity_wei": -1},
        {"max_price_impact_bps": 10_001},
        {"max_price_impact_bps": -1},
        {"max_block_age_seconds": 0},
        {"max_token_trial_age_blocks": 0},
        {"max_oracle_deviation_bps": -1},
        {"max_oracle_age_seconds": 0},
    ],
)
def test_absurd_limits_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(limits))):
        ValidationLimits(**limits)


# --- evidence ---------------------------------------------------------------------------------------------

NOW, BLOCK = 1_700_000_000, 500
PRICE = PoolPrice(address(1), WETH, USDC, 10**18, 3_000 * 10**6)
"""A pool that gives 3,000 USDC for a WETH."""
USDC_WAD = 10**18 * WAD // (3_000 * 10**6)
"""What a unit of USDC is worth at the same price."""


def evidence(**known: Any) -> Evidence:
    return Evidence(block_number=BLOCK, block_seconds=NOW, native=WETH, **known)


def told(opportunity: Opportunity, seen: Evidence, **limits: Any) -> Failure | None:
    """What a validator with this evidence, and limits that the other checks keep to, says."""
    return OpportunityValidator(ValidationLimits(**limits), lambda _facts: 0, seen).first_failure(opportunity)


def trial(token: Address, problem: str | None = None, *, at: int = BLOCK) -> dict[Address, TokenSafety]:
    return {token: TokenSafety(token=token, problem=problem, block_number=at)}


def oracle(wad: int = USDC_WAD, *, age_seconds: int = 0) -> dict[Address, OraclePrice]:
    return {USDC: OraclePrice(token=USDC, wei_per_unit_wad=wad, updated_at_seconds=NOW - age_seconds)}


PRICED = replace(GOOD, pool_prices=(PRICE,))


def test_a_block_is_stale_after_its_age_and_not_at_it() -> None:
    old = replace(GOOD, block_age_seconds=37)
    failure = told(old, evidence(), max_block_age_seconds=36)
    assert failure is not None
    assert failure.code is VerdictCode.STALE
    assert "37 s old" in failure.reason
    assert told(old, evidence(), max_block_age_seconds=37) is None
    assert told(old, evidence()) is None


def test_a_pool_whose_state_is_not_the_blocks_is_stale() -> None:
    failure = told(replace(GOOD, stale_pools=(address(2),)), evidence())
    assert failure == Failure(VerdictCode.STALE, f"Stale pool: the state of {address(2)} is not the block's")


def test_a_token_with_a_problem_is_refused_however_long_ago_it_was_found() -> None:
    for token in (WETH, USDC):
        failure = told(GOOD, evidence(safety=trial(token, "a transfer is refused", at=3)))
        said = f"Unsafe token {token}: a transfer is refused, tried at block 3"
        assert failure == Failure(VerdictCode.UNSAFE_TOKEN, said)


def test_a_token_that_was_never_tried_is_refused_only_where_trials_are_required() -> None:
    safe = trial(WETH) | trial(USDC, at=BLOCK - 10)
    assert told(GOOD, evidence()) is None
    assert told(GOOD, evidence(safety=safe), require_token_trial=True, max_token_trial_age_blocks=10) is None
    never = told(GOOD, evidence(safety=trial(WETH)), require_token_trial=True)
    assert never == Failure(VerdictCode.UNSAFE_TOKEN, f"Unsafe token {USDC}: it was never tried")
    old = told(GOOD, evidence(safety=safe), require_token_trial=True, max_token_trial_age_blocks=9)
    said = f"Unsafe token {USDC}: it was last tried at block {BLOCK - 10}"
    assert old == Failure(VerdictCode.UNSAFE_TOKEN, said)


@pytest.mark.parametrize("flipped", [False, True], ids=["selling", "buying"])
@pytest.mark.parametrize(
    ("off_bps", "refused"), [(0, False), (99, False), (101, True), (-98, False), (-101, True)]
)
def test_a_pool_far_from_the_oracles_price_is_refused_in_both_directions(
    off_bps: int, refused: bool, flipped: bool
) -> None:
    price = PRICE._replace(units_out=PRICE.units_out * (BPS + off_bps) // BPS)
    if flipped:
        price = PoolPrice(address(1), USDC, WETH, price.units_out, price.units_in)
    failure = told(
        replace(GOOD, pool_prices=(price,)), evidence(oracles=oracle()), max_oracle_deviation_bps=100
    )
    assert (failure is not None) == refused
    if failure is not None:
        assert failure.code is VerdictCode.ORACLE_DEVIATION
        assert failure.reason.startswith(f"Oracle deviation: pool {address(1)} is ")
        assert "at most 100 bps" in failure.reason


def test_an_empty_pool_is_infinitely_far_from_any_oracle() -> None:
    failure = told(replace(GOOD, pool_prices=(PRICE._replace(units_out=0),)), evidence(oracles=oracle()))
    assert failure is not None
    assert "infinitely far" in failure.reason


def test_an_old_answer_of_an_oracle_is_none() -> None:
    wrong = oracle(USDC_WAD * 2, age_seconds=61)
    assert told(PRICED, evidence(oracles=wrong), max_oracle_age_seconds=61) is not None
    assert told(PRICED, evidence(oracles=wrong), max_oracle_age_seconds=60) is None
    missing = told(PRICED, evidence(oracles=wrong), max_oracle_age_seconds=60, require_oracle=True)
    said = f"Oracle price unknown: no oracle has a fresh answer on {USDC}"
    assert missing == Failure(VerdictCode.ORACLE_DEVIATION, said)


def test_without_an_oracle_nothing_is_compared_unless_one_is_required() -> None:
    assert told(PRICED, evidence()) is None
    assert told(PRICED, evidence(oracles=oracle(0))) is None, "a price of nothing is no price"
    assert told(PRICED, evidence(), require_oracle=True) is not None
    assert told(PRICED, evidence(oracles=oracle()), require_oracle=True) is None, "the native coin needs none"


def test_the_record_of_failures_is_weighed_against_the_profit() -> None:
    pools = frozenset(GOOD.pools)
    failing = AttemptRecord(failed=2)
    seen = evidence(attempts=Attempts(by_pools={pools: failing}, overall=failing))
    poor = replace(GOOD, profit_wei=300, gas_cost_wei=100)  # a third of 200, less two thirds of 100
    failure = told(poor, seen)
    assert failure is not None
    assert failure.code is VerdictCode.EXPECTED_LOSS
    assert failure.reason == "Expected loss: 3333 bps of such attempts succeed, so one is worth 0 wei"
    assert told(replace(poor, profit_wei=303), seen) is None
    assert told(poor, evidence()) is None
    elsewhere = evidence(attempts=Attempts(by_pools={frozenset({address(9)}): failing}, overall=failing))
    assert told(poor, elsewhere) is not None, "pools never tried are as likely to fail as the others"


def test_evidence_is_asked_last_and_in_its_order() -> None:
    failing = AttemptRecord(failed=9)
    bad = evidence(
        safety=trial(USDC, "it lies"),
        oracles=oracle(1),
        attempts=Attempts(by_pools={frozenset(GOOD.pools): failing}, overall=failing),
    )
    worst = replace(PRICED, stale_pools=(address(1),), path=(WETH,))
    codes = []
    for mended in (
        {},
        {"path": GOOD.path},
        {"stale_pools": ()},
    ):
        worst = replace(worst, **mended)
        codes.append(told(worst, bad))
    codes.append(told(worst, replace(bad, safety={})))
    codes.append(told(worst, replace(bad, safety={}, oracles={})))
    assert [failure.code if failure else None for failure in codes] == [
        VerdictCode.INVALID_PATH,
        VerdictCode.STALE,
        VerdictCode.UNSAFE_TOKEN,
        VerdictCode.ORACLE_DEVIATION,
        VerdictCode.EXPECTED_LOSS,
    ]
    assert told(worst, evidence()) is None
