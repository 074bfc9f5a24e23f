"""Whatever a vault looks like, what is proposed is what its own rules take, and leads where it should.

The rules are written down again here, from the contract (``VaultRebalance._requireDue``, ``_isUrgent``,
``_move``, ``_distance``), as a judge of plans.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.decide.allocation.moves import misplaced, places_of
from steelyard.decide.allocation.rebalance import Proposal, RebalanceSettings, propose, weigh
from steelyard.model import Move, PoolState, RebalanceTrial, RebalanceVerdict, VaultPool, VaultSnapshot
from steelyard.units import BPS
from tests.support.vaults import due_vaults, vaults

pytestmark = pytest.mark.property


def carried_out(snapshot: VaultSnapshot, moves: tuple[Move, ...]) -> VaultSnapshot:
    """The vault after the moves; an AssertionError is what the contract would revert with."""
    require_due(snapshot, moves)
    step_left = (snapshot.total_assets or 0) * snapshot.limits.max_step_bps // BPS
    pools = {each.strategy: each for each in snapshot.pools}
    idle = snapshot.idle
    for move in moves:
        listed = pools[move.strategy]
        distance = distance_of(move, listed, idle, snapshot)
        assets = min(move.assets, distance, step_left)
        assert assets > 0, "NotTowardsTarget"
        assert assets == move.assets, "a move is asked for that cannot be made whole"
        assert listed.is_sound, "PoolNotSound"
        step_left -= assets
        change = assets if move.is_deploy else -assets
        idle -= change
        pools[move.strategy] = replace(listed, value=(listed.value or 0) + change)
    return replace(snapshot, idle=idle, pools=tuple(pools.values()))


def distance_of(move: Move, listed: VaultPool, idle: int, snapshot: VaultSnapshot) -> int:
    assert listed.state is not PoolState.PAUSED, "WrongPoolState"
    value = listed.value or 0
    if not move.is_deploy:
        return max(0, value - listed.target)
    assert listed.state is PoolState.ACTIVE, "WrongPoolState"
    return min(max(0, listed.target - value), max(0, idle - snapshot.idle_target))


def require_due(snapshot: VaultSnapshot, moves: tuple[Move, ...]) -> None:
    states = {each.strategy: each.state for each in snapshot.pools}
    is_awaited = snapshot.awaited > snapshot.idle
    if all(
        not move.is_deploy and (is_awaited or states[move.strategy] is PoolState.DRAINING) for move in moves
    ):
        return
    waited = snapshot.block.timestamp_seconds - snapshot.last_rebalance_seconds
    assert waited >= snapshot.limits.min_interval_seconds, "TooEarly"
    drift = max(abs(have - want) for have, want in places_of(snapshot))
    assert drift >= (snapshot.total_assets or 0) * snapshot.limits.threshold_bps // BPS, "BelowThreshold"


@given(vaults() | due_vaults(), st.integers(0, 500))
def test_every_proposal_is_taken_whole_by_the_vaults_rules(snapshot: VaultSnapshot, least_bps: int) -> None:
    found = propose(snapshot, RebalanceSettings(min_move_bps=least_bps))
    if isinstance(found, RebalanceVerdict):
        return
    after = carried_out(snapshot, found.moves)

    assert misplaced(places_of(after)) < misplaced(places_of(snapshot))
    assert len({move.strategy for move in found.moves}) == len(found.moves)
    if found.is_urgent:
        assert not any(move.is_deploy for move in found.moves)


@given(due_vaults())
def test_with_room_enough_one_plan_reaches_every_target_that_may_be_reached(snapshot: VaultSnapshot) -> None:
    free = replace(snapshot, awaited=0, limits=replace(snapshot.limits, max_step_bps=2 * BPS))
    found = propose(free, RebalanceSettings(min_move_bps=0))
    movable = all(each.is_sound for each in free.pools)
    if isinstance(found, RebalanceVerdict) or found.is_urgent or not movable:
        return
    after = carried_out(free, found.moves)

    assert misplaced(places_of(after)) == 0


@given(vaults() | due_vaults(), st.integers(0, 10**9), st.integers(0, 10**7), st.integers(0, 10**12))
def test_a_plan_is_accepted_exactly_where_it_brings_more_than_it_costs_within_the_limits(
    snapshot: VaultSnapshot, loss: int, gas_units: int, gas_price_wei: int
) -> None:
    settings = RebalanceSettings(misplaced_bps_per_year=1_000)
    found = propose(snapshot, settings)
    if not isinstance(found, Proposal):
        return
    verdict = weigh(
        found, RebalanceTrial(loss=loss, gas_units=gas_units, gas_price_wei=gas_price_wei), settings
    )

    plan = verdict.plan
    if plan is None:
        return
    assert plan.is_urgent or plan.benefit > plan.cost
    assert plan.expected_loss == loss <= plan.max_loss <= plan.moved * settings.max_loss_bps // BPS
    # A dollar's asset of six decimals, and 2,000 dollars for the native coin: 2 * 10**-9 units a wei.
    assert plan.cost == loss + -(-gas_units * gas_price_wei * 2 // 10**9)
