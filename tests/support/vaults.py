"""Vaults as values: one whose numbers a test sets, and drawn ones that add up as the contract's do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from hypothesis import strategies as st

from steelyard.decide.allocation.rebalance import Proposal, RebalanceSettings, propose
from steelyard.model import (
    BlockRef,
    PoolScores,
    PoolState,
    RebalanceLimits,
    RebalanceVerdict,
    Token,
    VaultPool,
    VaultSnapshot,
    VaultStop,
)
from steelyard.units import WAD
from tests.support.markets import address

UNIT: Final = 10**6
USDC: Final = Token(address=address(900), symbol="USDC", decimals=6)
VAULT: Final = address(901)
NOW: Final = 1_800_000_000
HOUR: Final = 3_600
LIMITS: Final = RebalanceLimits(
    threshold_bps=100,
    max_step_bps=10_000,
    max_move_loss_bps=100,
    max_loss_bps=100,
    min_interval_seconds=HOUR,
    loss_period_seconds=24 * HOUR,
)
SCORES: Final = PoolScores(trust=0, liquidity=0, performance=0, c_score=5_000)


def block(timestamp_seconds: int = NOW) -> BlockRef:
    """A block at that time."""
    return BlockRef(
        number=19_000_000,
        hash="0x" + "11" * 32,
        parent_hash="0x" + "22" * 32,
        timestamp_seconds=timestamp_seconds,
        base_fee_wei=10**9,
        gas_used=15_000_000,
        gas_limit=30_000_000,
    )


def pool(number: int, value: int | None, target: int, **changes: Any) -> VaultPool:
    """A sound, active pool that holds ``value`` and should hold ``target``."""
    standing = VaultPool(
        strategy=address(number),
        state=PoolState.ACTIVE,
        scores=SCORES,
        value=value,
        liquid=value or 0,
        is_sound=value is not None,
        target=target,
        weight_wad=0,
    )
    return replace(standing, **changes)


def vault(*pools: VaultPool, idle: int, idle_target: int, **changes: Any) -> VaultSnapshot:
    """A vault that nobody stopped, rebalanced long ago, where everything has its price."""
    total = idle + sum(each.value or 0 for each in pools)
    standing = VaultSnapshot(
        chain_id=1,
        block=block(),
        vault=VAULT,
        policy=address(902),
        asset=USDC,
        stop=VaultStop.NOTHING,
        total_assets=total,
        idle=idle,
        idle_target=idle_target,
        claimable=0,
        awaited=0,
        supply=total * UNIT,
        share_price_wad=WAD,
        liquidity_ratio_bps=500,
        asset_usd_wad=WAD,
        tvl_usd_wad=total * 10**12,
        native_usd_wad=2_000 * WAD,
        pools=pools,
        limits=LIMITS,
        last_rebalance_seconds=NOW - 30 * 24 * HOUR,
        loss_used=0,
        loss_updated_seconds=0,
    )
    return replace(standing, **changes)


def proposal(snapshot: VaultSnapshot, settings: RebalanceSettings | None = None) -> Proposal:
    """What is proposed, where something must be."""
    found = propose(snapshot, settings or RebalanceSettings())
    assert isinstance(found, Proposal), found
    return found


def refusal(
    snapshot: VaultSnapshot, settings: RebalanceSettings | None = None, **asked: Any
) -> RebalanceVerdict:
    """Why nothing is proposed, where nothing may be."""
    found = propose(snapshot, settings or RebalanceSettings(), **asked)
    assert isinstance(found, RebalanceVerdict), found
    return found


_amounts = st.integers(0, 10**13) | st.integers(10**9, 10**12)
_since = st.sampled_from([0, 299, 300, HOUR - 1, HOUR, 5 * HOUR, 50 * HOUR, 500 * HOUR])
_states = st.sampled_from([PoolState.ACTIVE, PoolState.ACTIVE, PoolState.DRAINING, PoolState.PAUSED])


def due_vaults() -> st.SearchStrategy[VaultSnapshot]:
    """A vault that nobody waits for and that may be rebalanced at any time."""
    calm = {"awaited": 0, "last_rebalance_seconds": 0}
    drawn = vaults(states=st.sampled_from([PoolState.ACTIVE] * 5 + [PoolState.PAUSED]))
    return drawn.map(
        lambda one: replace(one, limits=replace(one.limits, threshold_bps=1), **calm)  # type: ignore[arg-type]
    )


@st.composite
def vaults(draw: st.DrawFn, states: st.SearchStrategy[PoolState] = _states) -> VaultSnapshot:
    """A vault whose targets share out what it has: those of paused pools are what they hold."""
    drawn = draw(
        st.lists(
            st.tuples(_amounts, states, st.sampled_from([True, True, True, False]), st.integers(0, 10)),
            min_size=1,
            max_size=6,
        )
    )
    idle = draw(_amounts)
    held = sum(value for value, state, _, _ in drawn if state is PoolState.PAUSED)
    total = idle + sum(value for value, _, _, _ in drawn)
    active = sum(weight for _, state, _, weight in drawn if state is PoolState.ACTIVE)
    invested = draw(st.integers(0, total - held))
    pools = []
    for number, (value, state, is_sound, weight) in enumerate(drawn, 1):
        target = invested * weight // active if active and state is PoolState.ACTIVE else 0
        target = value if state is PoolState.PAUSED else target
        pools.append(pool(number, value, target, state=state, is_sound=is_sound))
    limits = replace(
        LIMITS,
        threshold_bps=draw(st.integers(0, 300)),
        max_step_bps=draw(st.integers(1, 10_000)),
    )
    return vault(
        *pools,
        idle=idle,
        idle_target=total - sum(each.target for each in pools),
        awaited=draw(st.just(0) | st.integers(0, total)),
        limits=limits,
        last_rebalance_seconds=NOW - draw(_since),
    )


@st.composite
def limited(draw: st.DrawFn, of: st.SearchStrategy[VaultSnapshot]) -> VaultSnapshot:
    """Such a vault, some of whose pools pay or take only so much now."""
    limits = st.none() | st.just(0) | st.integers(0, 10**4) | _amounts
    snapshot = draw(of)
    pools = tuple(replace(each, pays=draw(limits), room=draw(limits)) for each in snapshot.pools)
    return replace(snapshot, pools=pools)
