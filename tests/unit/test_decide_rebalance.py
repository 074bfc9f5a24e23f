"""When a vault is rebalanced, by which moves, and every reason for leaving it alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from steelyard.decide.allocation.moves import drift_of
from steelyard.decide.allocation.rebalance import (
    RebalanceSettings,
    loss_left,
    refused_by_chain,
    weigh,
)
from steelyard.exceptions import ConfigError
from steelyard.model import (
    Move,
    PoolState,
    RebalanceCode,
    RebalanceTrial,
    VaultSnapshot,
    VaultStop,
)
from steelyard.units import WAD
from tests.support.markets import address
from tests.support.vaults import HOUR, LIMITS, NOW, UNIT, block, pool, proposal, refusal, vault

pytestmark = pytest.mark.unit

ASKED: Final = RebalanceSettings()
A, B, C = address(1), address(2), address(3)
FREE: Final = RebalanceTrial(loss=0, gas_units=0, gas_price_wei=0)


def drifted() -> VaultSnapshot:
    """A million, a tenth of it in the wrong pool."""
    return vault(
        pool(1, 550_000 * UNIT, 450_000 * UNIT),
        pool(2, 350_000 * UNIT, 450_000 * UNIT),
        idle=100_000 * UNIT,
        idle_target=100_000 * UNIT,
    )


def test_what_is_too_much_in_one_pool_goes_to_the_one_that_lacks_it() -> None:
    found = proposal(drifted())

    assert found.moves == (
        Move(strategy=A, is_deploy=False, assets=100_000 * UNIT),
        Move(strategy=B, is_deploy=True, assets=100_000 * UNIT),
    )
    assert found.drift == drift_of(drifted()) == 100_000 * UNIT
    assert not found.is_urgent


def test_new_deposits_go_from_the_buffer_to_whoever_lacks_most_first() -> None:
    snapshot = vault(pool(1, 0, 300), pool(2, 0, 500), idle=1_000, idle_target=200)

    assert [(move.strategy, move.is_deploy, move.assets) for move in proposal(snapshot).moves] == [
        (B, True, 500),
        (A, True, 300),
    ]


def test_a_plan_that_may_not_go_all_the_way_fills_the_buffer_before_it_spreads() -> None:
    tight = replace(LIMITS, max_step_bps=1_500)
    snapshot = vault(pool(1, 700, 400), pool(2, 300, 400), idle=0, idle_target=200, limits=tight, awaited=0)

    assert proposal(snapshot).moves == (Move(strategy=A, is_deploy=False, assets=150),)


def test_a_step_that_is_left_after_the_buffer_is_halved_between_out_and_in() -> None:
    tight = replace(LIMITS, max_step_bps=3_000)
    snapshot = vault(pool(1, 700, 300), pool(2, 200, 500), idle=100, idle_target=200, limits=tight)

    assert proposal(snapshot).moves == (
        Move(strategy=A, is_deploy=False, assets=200),
        Move(strategy=B, is_deploy=True, assets=100),
    )


def test_moves_that_are_too_small_are_not_made() -> None:
    snapshot = vault(pool(1, 0, 90_000), pool(2, 0, 100), idle=100_000, idle_target=9_900, limits=LIMITS)
    picky = replace(ASKED, min_move_bps=10)

    assert [move.strategy for move in proposal(snapshot, picky).moves] == [A, B]
    picky = replace(ASKED, min_move_bps=11)
    assert [move.strategy for move in proposal(snapshot, picky).moves] == [A]


def test_nothing_is_moved_at_a_pool_that_is_paused_or_not_sound() -> None:
    snapshot = vault(
        pool(1, 400, 400, state=PoolState.PAUSED),
        pool(2, 400, 100, is_sound=False),
        idle=200,
        idle_target=500,
    )

    verdict = refusal(snapshot)
    assert verdict.code is RebalanceCode.NOTHING_TO_MOVE
    assert f"{A} is paused, {B} is not sound" in verdict.reason


def test_requests_that_the_buffer_cannot_pay_are_served_at_once_and_ask_for_no_worth() -> None:
    snapshot = vault(
        pool(1, 600, 350),
        pool(2, 350, 350),
        idle=50,
        idle_target=300,
        awaited=200,
        last_rebalance_seconds=NOW - HOUR // 2,
    )

    found = proposal(snapshot)
    assert found.is_urgent
    assert found.moves == (Move(strategy=A, is_deploy=False, assets=250),)
    dear = RebalanceTrial(loss=0, gas_units=10**6, gas_price_wei=10**12)
    assert weigh(found, dear, ASKED).code is RebalanceCode.ACCEPTED


def test_requests_that_the_buffer_just_covers_are_not_urgent() -> None:
    covered = vault(pool(1, 800, 600), idle=200, idle_target=400, awaited=200)
    assert not proposal(covered).is_urgent
    assert proposal(replace(covered, awaited=201)).is_urgent


def test_a_buffer_that_is_too_full_is_emptied_by_no_more_than_a_step() -> None:
    tight = replace(LIMITS, max_step_bps=1_000)
    full = vault(pool(1, 0, 800), idle=1_000, idle_target=200, limits=tight)
    assert proposal(full).moves == (Move(strategy=A, is_deploy=True, assets=100),)


def test_urgent_plans_follow_each_other_at_the_operators_interval_at_most() -> None:
    drained = pool(1, 500, 0, state=PoolState.DRAINING)
    last = NOW - ASKED.urgent_interval_seconds
    snapshot = vault(drained, idle=500, idle_target=1_000, last_rebalance_seconds=last)

    found = proposal(snapshot)
    assert found.is_urgent
    assert found.moves == (Move(strategy=A, is_deploy=False, assets=500),)
    assert refusal(replace(snapshot, last_rebalance_seconds=last + 1)).code is RebalanceCode.TOO_EARLY


def test_dust_in_a_drained_pool_is_not_urgent() -> None:
    drained = pool(1, 1, 0, state=PoolState.DRAINING)
    snapshot = vault(drained, idle=UNIT, idle_target=UNIT + 1)

    assert refusal(snapshot).code is RebalanceCode.BELOW_THRESHOLD


def test_what_is_near_enough_to_its_target_stays_where_it_is() -> None:
    at_threshold = vault(pool(1, 910, 900), idle=90, idle_target=100)
    assert proposal(at_threshold).drift == 10

    below = vault(pool(1, 909, 900), idle=91, idle_target=100)
    verdict = refusal(below)
    assert verdict.code is RebalanceCode.BELOW_THRESHOLD
    assert verdict.drift == 9
    assert "0.000009 USDC" in verdict.reason
    assert "0.00001 USDC" in verdict.reason


def test_an_empty_vault_is_at_its_targets() -> None:
    empty = vault(pool(1, 0, 0), idle=0, idle_target=0, limits=replace(LIMITS, threshold_bps=0))
    assert refusal(empty).code is RebalanceCode.BELOW_THRESHOLD


def test_the_vaults_interval_is_waited_for_to_the_second() -> None:
    early = replace(drifted(), last_rebalance_seconds=NOW - HOUR + 1)
    verdict = refusal(early)
    assert verdict.code is RebalanceCode.TOO_EARLY
    assert f"1 of {HOUR} seconds are left" in verdict.reason
    assert proposal(replace(early, last_rebalance_seconds=NOW - HOUR)).moves


def test_what_stops_everything_is_said_first() -> None:
    snapshot = replace(drifted(), stop=VaultStop.ENTRIES, trouble="pool has no value")
    assert refusal(snapshot, stopped_reason="the kill file is there").reason == "the kill file is there"
    assert refusal(snapshot).reason.startswith("the vault is stopped (entries)")
    priceless = replace(snapshot, stop=VaultStop.NOTHING, total_assets=None)
    assert refusal(priceless).code is RebalanceCode.NO_PRICE
    assert refusal(priceless).reason == "pool has no value"
    pending = refusal(drifted(), is_pending=True)
    assert (pending.code, pending.drift) == (RebalanceCode.PENDING, 100_000 * UNIT)


def test_it_brings_what_misplaced_assets_are_held_to_cost_and_pools_are_expected_to_earn() -> None:
    settings = RebalanceSettings(
        horizon_seconds=365 * 86_400, misplaced_bps_per_year=100, yields_bps_per_year={A: 300, B: 500}
    )
    verdict = weigh(proposal(drifted(), settings), FREE, settings)

    assert verdict.plan is not None
    # 1 % of the 100,000 that were misplaced, and 5 % instead of 3 % on them.
    assert verdict.plan.benefit == (1_000 + 2_000) * UNIT
    assert verdict.plan.cost == 0


def test_a_plan_that_costs_what_it_brings_is_not_made() -> None:
    settings = RebalanceSettings(horizon_seconds=365 * 86_400, misplaced_bps_per_year=1, max_loss_bps=50)
    found = proposal(drifted(), settings)
    # 10 USDC a year; a million gas at 2.5 gwei are 5 dollars.
    trial = RebalanceTrial(loss=5 * UNIT - 1, gas_units=10**6, gas_price_wei=25 * 10**8)
    verdict = weigh(found, trial, settings)
    assert verdict.plan is not None
    assert (verdict.plan.benefit, verdict.plan.cost) == (10 * UNIT, 10 * UNIT - 1)
    assert verdict.plan.reason == verdict.reason
    assert "they lose 5 USDC, gas is 5 USDC, and they bring 10 USDC in 365 days" in verdict.reason

    equal = weigh(found, replace(trial, loss=5 * UNIT), settings)
    assert (equal.code, equal.plan) == (RebalanceCode.BELOW_COST, None)


def test_gas_is_rounded_up_against_the_asset() -> None:
    verdict = weigh(proposal(drifted()), RebalanceTrial(loss=0, gas_units=1, gas_price_wei=1), ASKED)
    assert verdict.plan is not None
    assert (verdict.plan.gas_cost_wei, verdict.plan.cost) == (1, 1)


def test_without_a_price_for_gas_nothing_is_weighed() -> None:
    found = proposal(replace(drifted(), native_usd_wad=None))
    assert weigh(found, FREE, ASKED).code is RebalanceCode.NO_PRICE


def test_a_loss_above_what_the_operator_or_the_vault_allows_is_refused_by_name() -> None:
    found = proposal(drifted())
    most = 200_000 * UNIT * ASKED.max_loss_bps // 10_000
    over = weigh(found, replace(FREE, loss=most + 1), ASKED)
    assert over.code is RebalanceCode.OVER_LOSS
    assert over.reason.startswith("vault.max_loss_bps allows a loss of 1000 USDC")

    used = replace(drifted(), loss_used=9_999 * UNIT, loss_updated_seconds=NOW)
    assert loss_left(used) == UNIT
    over = weigh(proposal(used), replace(FREE, loss=UNIT + 1), ASKED)
    assert over.code is RebalanceCode.OVER_LOSS
    assert over.reason.startswith("the vault's allowance has left a loss of 1 USDC")


def test_the_allowance_for_losses_grows_back_evenly() -> None:
    # A per cent of a million in a day.
    used = replace(drifted(), loss_used=10_000 * UNIT, loss_updated_seconds=NOW - 6 * HOUR)
    assert loss_left(used) == 2_500 * UNIT
    assert loss_left(replace(used, block=block(NOW + 18 * HOUR))) == 10_000 * UNIT


def test_a_plan_may_lose_a_little_more_than_was_simulated_but_not_more_than_allowed() -> None:
    settings = replace(ASKED, misplaced_bps_per_year=100_000)
    found = proposal(drifted())
    simulated = weigh(found, replace(FREE, loss=950 * UNIT), settings)
    assert simulated.plan is not None
    assert simulated.plan.max_loss == 1_000 * UNIT
    gentle = weigh(found, replace(FREE, loss=500 * UNIT), settings)
    assert gentle.plan is not None
    assert gentle.plan.max_loss == (500 + 100) * UNIT
    assert gentle.plan.deadline_seconds == NOW + settings.deadline_seconds


def test_what_the_chain_refuses_says_its_reason() -> None:
    verdict = refused_by_chain(proposal(drifted()), "simulation reverted: MissingRole(caller=0x1, role=0)")
    assert verdict.code is RebalanceCode.SIMULATION
    assert "2 moves towards the targets: simulation reverted: MissingRole" in verdict.reason


def test_other_decimals_are_weighed_alike() -> None:
    snapshot = drifted()
    ether = replace(
        snapshot,
        asset=replace(snapshot.asset, symbol="WETH", decimals=18),
        asset_usd_wad=2_000 * WAD,
    )
    verdict = weigh(proposal(ether), RebalanceTrial(loss=0, gas_units=7, gas_price_wei=11), replace(ASKED))
    assert verdict.plan is not None
    assert verdict.plan.cost == 77


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"horizon_seconds": 0}, "vault.horizon is 0; it must be from 1"),
        ({"max_loss_bps": 10_001}, "vault.max_loss_bps is 10001; it must be from 0 to 10000"),
        ({"yields_bps_per_year": {A: -10_001}}, f"vault.yields_bps_per_year of {A} is -10001"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        RebalanceSettings(**wrong)  # type: ignore[arg-type]
