"""What pools pay and take now: what is moved all the same, what is not, and how that is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from steelyard.decide.allocation.rebalance import RebalanceSettings, weigh
from steelyard.model import Move, PoolState, RebalanceCode, RebalanceTrial
from tests.support.markets import address
from tests.support.vaults import HOUR, LIMITS, NOW, UNIT, pool, proposal, refusal, vault

pytestmark = pytest.mark.unit

A, B, C = address(1), address(2), address(3)
ASKED: Final = RebalanceSettings()
FREE: Final = RebalanceTrial(loss=0, gas_units=0, gas_price_wei=0)


def test_what_one_pool_does_not_take_goes_to_the_next_and_the_rest_stays_where_it_is() -> None:
    snapshot = vault(
        pool(1, 1_000, 400), pool(2, 0, 500, room=50), pool(3, 0, 100), idle=200, idle_target=200
    )

    found = proposal(snapshot)
    assert found.moves == (
        Move(strategy=A, is_deploy=False, assets=150),
        Move(strategy=C, is_deploy=True, assets=100),
        Move(strategy=B, is_deploy=True, assets=50),
    )
    assert found.purpose == f"towards the targets ({B} takes 0.00005 USDC now of 0.0005 USDC wanted)"
    verdict = weigh(found, FREE, replace(ASKED, misplaced_bps_per_year=10 * 10_000))
    assert f"towards the targets ({B} takes" in verdict.reason


def test_what_one_pool_does_not_pay_comes_from_the_next() -> None:
    snapshot = vault(
        pool(1, 700, 400, pays=100), pool(2, 300, 200), pool(3, 0, 400), idle=200, idle_target=200
    )

    found = proposal(snapshot)
    assert found.moves == (
        Move(strategy=A, is_deploy=False, assets=100),
        Move(strategy=B, is_deploy=False, assets=100),
        Move(strategy=C, is_deploy=True, assets=200),
    )
    assert found.purpose == f"towards the targets ({A} pays 0.0001 USDC now of 0.0003 USDC wanted)"


def test_without_a_pool_that_takes_it_nothing_is_taken_out_and_the_reason_names_the_full_one() -> None:
    full = vault(pool(1, 900, 500), pool(2, 0, 400, room=0), idle=100, idle_target=100)

    verdict = refusal(full)
    assert (verdict.code, verdict.drift) == (RebalanceCode.NOTHING_TO_MOVE, 400)
    assert f"may not be moved: {B} takes 0 USDC now of 0.0004 USDC wanted" in verdict.reason

    lacking = replace(full, idle=50, pools=(replace(full.pools[0], value=950), full.pools[1]))
    assert proposal(lacking).moves == (Move(strategy=A, is_deploy=False, assets=50),), "the buffer takes it"


def test_a_pool_that_takes_less_than_the_least_move_counts_as_full() -> None:
    picky = replace(ASKED, min_move_bps=1_000)
    snapshot = vault(pool(1, 900, 500), pool(2, 0, 400, room=99), idle=100, idle_target=100)

    found = refusal(snapshot, picky)
    assert found.code is RebalanceCode.NOTHING_TO_MOVE
    assert f"{B} takes 0.000099 USDC now of 0.0004 USDC wanted" in found.reason
    enough = replace(snapshot, pools=(snapshot.pools[0], replace(snapshot.pools[1], room=100)))
    assert proposal(enough, picky).moved == 200


def test_nothing_is_taken_out_for_several_pools_each_of_which_takes_too_little_for_a_move() -> None:
    picky = replace(ASKED, min_move_bps=1_000)
    snapshot = vault(
        pool(1, 900, 500), pool(2, 0, 200, room=60), pool(3, 0, 200, room=60), idle=100, idle_target=100
    )
    found = refusal(snapshot, picky)
    assert found.code is RebalanceCode.NOTHING_TO_MOVE


def test_dust_that_a_drained_pool_pays_is_not_worth_a_move_while_it_holds_more() -> None:
    drained = pool(1, UNIT, 0, state=PoolState.DRAINING, pays=1)
    snapshot = vault(drained, pool(2, 0, UNIT), idle=UNIT, idle_target=UNIT)

    verdict = refusal(snapshot)
    assert verdict.code is RebalanceCode.NOTHING_TO_MOVE
    assert verdict.reason.endswith(f"{A} pays 0.000001 USDC now of 1 USDC wanted")


def test_limits_that_hold_nothing_back_are_not_spoken_of() -> None:
    snapshot = vault(pool(1, 900, 500, pays=400), pool(2, 0, 400, room=400), idle=100, idle_target=100)
    assert proposal(snapshot).purpose == "towards the targets"


def test_requests_are_paid_from_what_pools_pay_now() -> None:
    snapshot = vault(pool(1, 600, 350, pays=40), pool(2, 350, 250), idle=50, idle_target=400, awaited=200)

    found = proposal(snapshot)
    assert found.is_urgent
    assert found.moves == (
        Move(strategy=B, is_deploy=False, assets=100),
        Move(strategy=A, is_deploy=False, assets=40),
    )
    assert found.purpose == f"for requests of 0.0002 USDC ({A} pays 0.00004 USDC now of 0.00025 USDC wanted)"


def test_requests_that_no_pool_pays_for_say_so_though_it_is_early_for_anything_else() -> None:
    lent_out = vault(
        pool(1, 600, 350, pays=0),
        idle=50,
        idle_target=300,
        awaited=200,
        last_rebalance_seconds=NOW - HOUR // 2,
    )

    verdict = refusal(lent_out)
    assert verdict.code is RebalanceCode.NOTHING_TO_MOVE
    assert verdict.reason == (
        f"nothing can be moved for requests of 0.0002 USDC: {A} pays 0 USDC now of 0.00025 USDC wanted"
    )
    just_moved = replace(lent_out, last_rebalance_seconds=NOW - 1)
    assert refusal(just_moved).code is RebalanceCode.TOO_EARLY


def test_drops_from_a_pool_that_is_lent_out_are_waited_for_until_they_are_worth_a_move() -> None:
    """Otherwise each of them would be fetched every five minutes, and nobody asks what that costs."""
    picky = replace(ASKED, min_move_bps=100)
    lent_out = vault(pool(1, 9_000, 5_000, pays=99), idle=1_000, idle_target=5_000, awaited=4_500)
    verdict = refusal(lent_out, picky)
    assert verdict.code is RebalanceCode.NOTHING_TO_MOVE
    assert f"requests of 0.0045 USDC: {A} pays 0.000099 USDC now of 0.004 USDC wanted" in verdict.reason
    assert proposal(replace(lent_out, pools=(pool(1, 9_000, 5_000, pays=100),)), picky).moved == 100

    drained = pool(1, 9_000, 0, state=PoolState.DRAINING, pays=99)
    assert (
        "of pools that are drained"
        in refusal(
            replace(lent_out, awaited=0, pools=(drained,), limits=replace(LIMITS, threshold_bps=10_000)),
            picky,
        ).reason
    )
    assert proposal(replace(lent_out, awaited=0, pools=(replace(drained, pays=100),)), picky).moved == 100

    # All that is asked for is never too little.
    small = vault(pool(1, 9_050, 9_000, pays=50), idle=950, idle_target=1_000, awaited=990)
    assert proposal(small, picky).moved == 50
    spare = replace(small, pools=(pool(1, 9_150, 9_000, pays=50),))
    assert proposal(spare, picky).moved == 50
    # Nor is all that a pool has.
    last = pool(1, 50, 0, state=PoolState.DRAINING, pays=50)
    assert proposal(vault(last, pool(2, 9_000, 9_000), idle=950, idle_target=1_000), picky).moved == 50


def test_a_drained_pool_is_emptied_as_far_as_it_pays_and_named_where_it_does_not() -> None:
    drained = pool(1, 500, 0, state=PoolState.DRAINING, pays=200)
    snapshot = vault(drained, idle=500, idle_target=1_000)
    found = proposal(snapshot)
    assert found.is_urgent
    assert found.moves == (Move(strategy=A, is_deploy=False, assets=200),)
    assert found.purpose.endswith(f"drained ({A} pays 0.0002 USDC now of 0.0005 USDC wanted)")

    named = f"{A} pays 0 USDC now of 0.0005 USDC wanted"
    stuck = replace(snapshot, pools=(replace(drained, pays=0),))
    assert refusal(stuck).code is RebalanceCode.NOTHING_TO_MOVE
    assert refusal(stuck).reason.endswith(named)
    calm = replace(stuck, limits=replace(LIMITS, threshold_bps=9_000))
    assert refusal(calm).reason == f"nothing can be moved out of pools that are drained: {named}"
    early = replace(stuck, last_rebalance_seconds=NOW - HOUR // 2)
    assert refusal(early).code is RebalanceCode.TOO_EARLY, "others may be moved soon"


def test_a_drained_pool_that_pays_nothing_does_not_keep_the_others_from_their_targets() -> None:
    stuck = pool(1, 500, 0, state=PoolState.DRAINING, pays=0)
    snapshot = vault(stuck, pool(2, 0, 500), pool(3, 300, 200), idle=200, idle_target=300)

    found = proposal(snapshot)
    assert not found.is_urgent
    assert found.moves == (Move(strategy=C, is_deploy=False, assets=100),), "which the buffer lacks"
