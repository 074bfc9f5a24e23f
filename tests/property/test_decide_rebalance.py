"""Whatever a vault looks like, what is proposed is what its own rules take, and leads where it should.

The rules are written down again here, from the contract (``VaultRebalance._requireDue``, ``_isUrgent``,
``_move``, ``_distance``), and from ``Erc4626Strategy``, whose vault below refuses what it cannot pay or take;
as a judge of plans.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.decide.allocation.moves import misplaced, places_of, unlimited
from steelyard.decide.allocation.rebalance import Proposal, RebalanceSettings, propose, weigh
from steelyard.model import (
    Move,
    PoolState,
    RebalanceCode,
    RebalanceTrial,
    RebalanceVerdict,
    VaultPool,
    VaultSnapshot,
)
from steelyard.units import BPS
from tests.support.vaults import due_vaults, limited, vaults

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
        limit = listed.room if move.is_deploy else listed.pays
        assert limit is None or assets <= limit, "the pool below refuses"
        step_left -= assets
        change = assets if move.is_deploy else -assets
        idle -= change
        pools[move.strategy] = replace(
            listed,
            value=(listed.value or 0) + change,
            pays=less(listed.pays, 0 if move.is_deploy else assets),
            room=less(listed.room, assets if move.is_deploy else 0),
        )
    return replace(snapshot, idle=idle, pools=tuple(pools.values()))


def less(limit: int | None, used: int) -> int | None:
    return None if limit is None else limit - used


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


ANY = vaults() | due_vaults()


@given(ANY | limited(ANY), st.integers(0, 500))
def test_every_proposal_is_taken_whole_by_the_vaults_rules(snapshot: VaultSnapshot, least_bps: int) -> None:
    found = propose(snapshot, RebalanceSettings(min_move_bps=least_bps))
    if isinstance(found, RebalanceVerdict):
        return
    after = carried_out(snapshot, found.moves)

    # What is drained into a full buffer, or is in the end too little to be put in, only moves nearer.
    strictly = not found.is_urgent and least_bps == 0
    assert misplaced(places_of(after)) <= misplaced(places_of(snapshot)) - strictly
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


def what_could_go_on(snapshot: VaultSnapshot) -> str | None:
    """A move towards the targets that every rule but the step would allow, in words."""
    movable = [
        each
        for each in snapshot.pools
        if each.is_sound and each.state in (PoolState.ACTIVE, PoolState.DRAINING)
    ]
    can_pay = any((each.value or 0) > each.target and each.pays != 0 for each in movable)
    can_take = any((each.value or 0) < each.target and each.room != 0 for each in movable)
    if can_pay and can_take:
        return "from pool to pool"
    if can_pay and snapshot.idle < snapshot.idle_target:
        return "from a pool to the buffer"
    return "from the buffer to a pool" if can_take and snapshot.idle > snapshot.idle_target else None


@given(limited(due_vaults()))
def test_with_room_enough_in_the_step_one_plan_leaves_nothing_that_pools_would_pay_and_take(
    snapshot: VaultSnapshot,
) -> None:
    free = replace(snapshot, limits=replace(snapshot.limits, max_step_bps=2 * BPS))
    found = propose(free, RebalanceSettings(min_move_bps=0))
    if isinstance(found, Proposal):
        assert what_could_go_on(carried_out(free, found.moves)) is None
    elif found.code is not RebalanceCode.BELOW_THRESHOLD:
        assert found.code is RebalanceCode.NOTHING_TO_MOVE
        assert what_could_go_on(free) is None


@given(limited(ANY), st.integers(0, 500))
def test_no_pool_is_emptied_for_another_that_does_not_take_it(
    snapshot: VaultSnapshot, least_bps: int
) -> None:
    found = propose(snapshot, RebalanceSettings(min_move_bps=least_bps))
    if isinstance(found, RebalanceVerdict) or found.is_urgent:
        return
    taken, put = (sum(m.assets for m in found.moves if m.is_deploy is way) for way in (False, True))
    least = (snapshot.total_assets or 0) * least_bps // BPS
    buffer_lacks = max(0, snapshot.idle_target - snapshot.idle)
    # The last of several moves may turn out too small to be made.
    assert taken - put <= buffer_lacks + max(0, least - 1)


@given(limited(vaults()))
def test_requests_get_all_that_pools_pay_and_where_none_does_that_is_said(snapshot: VaultSnapshot) -> None:
    waiting = replace(snapshot, awaited=snapshot.idle + 1, last_rebalance_seconds=0)
    found = propose(waiting, RebalanceSettings(min_move_bps=0))
    movable = [
        each
        for each in waiting.pools
        if each.is_sound and each.state in (PoolState.ACTIVE, PoolState.DRAINING)
    ]
    over = {each.strategy: max(0, (each.value or 0) - each.target) for each in movable}
    payable = sum(
        over[each.strategy] if each.pays is None else min(over[each.strategy], each.pays) for each in movable
    )
    step = (waiting.total_assets or 0) * waiting.limits.max_step_bps // BPS
    most = min(payable, max(0, waiting.idle_target - waiting.idle), step)
    if most:
        assert isinstance(found, Proposal)
        assert found.is_urgent
        assert found.moved == most
    elif payable == 0 < min(sum(over.values()), waiting.idle_target - waiting.idle, step):
        assert isinstance(found, RebalanceVerdict)
        assert found.code is RebalanceCode.NOTHING_TO_MOVE
        assert "for requests of" in found.reason
        assert "pays 0 USDC now of" in found.reason


@given(ANY, st.integers(0, 500), st.integers(0, 10**6))
def test_limits_that_hold_nobody_back_change_nothing(
    snapshot: VaultSnapshot, least_bps: int, more: int
) -> None:
    settings = RebalanceSettings(min_move_bps=least_bps)
    wide = tuple(
        replace(
            each,
            pays=max(0, (each.value or 0) - each.target) + more,
            room=max(0, each.target - (each.value or 0)) + more,
        )
        for each in snapshot.pools
    )
    with_limits = propose(replace(snapshot, pools=wide), settings)
    without = propose(snapshot, settings)
    if isinstance(without, RebalanceVerdict):
        assert with_limits == without
        return
    assert isinstance(with_limits, Proposal)
    assert (with_limits.moves, with_limits.purpose) == (without.moves, without.purpose)
    assert unlimited(with_limits.snapshot) == without.snapshot


@given(ANY, st.integers(0, 10**9), st.integers(0, 10**7), st.integers(0, 10**12))
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
