"""A vault as it may be seen, for tests: complete, consistent, and different where a test says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from steelyard.model import (
    BlockRef,
    PoolScores,
    PoolState,
    RebalanceCode,
    RebalanceLimits,
    RebalanceVerdict,
    Token,
    VaultPool,
    VaultSnapshot,
    VaultStop,
)
from tests.support.plans import EXECUTOR, LENDING, RANGE, USDC, VAULT

UNIT = 10**6
GENESIS_SECONDS = 1_700_000_000


def block_at(number: int) -> BlockRef:
    return BlockRef(
        number=number,
        hash=f"0x{number:064x}",
        parent_hash=f"0x{number - 1:064x}",
        timestamp_seconds=GENESIS_SECONDS + 12 * number,
        base_fee_wei=10**9,
        gas_used=0,
        gas_limit=30_000_000,
    )


def make_pool(**changes: Any) -> VaultPool:
    """A lending pool that holds 60,000 USDC, all of it payable."""
    pool = VaultPool(
        strategy=LENDING,
        state=PoolState.ACTIVE,
        scores=PoolScores(trust=8_000, liquidity=7_000, performance=6_000, c_score=6_952),
        value=60_000 * UNIT,
        liquid=60_000 * UNIT,
        is_sound=True,
        target=55_000 * UNIT,
        weight_wad=6 * 10**17,
    )
    return replace(pool, **changes)


def make_snapshot(number: int = 100, **changes: Any) -> VaultSnapshot:
    """A vault of 100,000 USDC in two pools and a buffer, at block ``number``."""
    wide = make_pool(
        strategy=RANGE, value=30_000 * UNIT, liquid=0, target=35_000 * UNIT, weight_wad=4 * 10**17
    )
    snapshot = VaultSnapshot(
        chain_id=1,
        block=block_at(number),
        vault=VAULT,
        policy=EXECUTOR,
        asset=Token(address=USDC, symbol="USDC", decimals=6),
        stop=VaultStop.NOTHING,
        total_assets=100_000 * UNIT,
        idle=10_000 * UNIT,
        idle_target=10_000 * UNIT,
        claimable=0,
        awaited=0,
        supply=100_000 * 10**12,
        share_price_wad=10**18,
        liquidity_ratio_bps=1_000,
        asset_usd_wad=10**18,
        tvl_usd_wad=100_000 * 10**18,
        native_usd_wad=3_000 * 10**18,
        pools=(make_pool(), wide),
        limits=RebalanceLimits(
            threshold_bps=100,
            max_step_bps=5_000,
            max_move_loss_bps=100,
            max_loss_bps=100,
            min_interval_seconds=3_600,
            loss_period_seconds=86_400,
        ),
        last_rebalance_seconds=0,
        loss_used=0,
        loss_updated_seconds=0,
    )
    return replace(snapshot, **changes)


def make_verdict(number: int = 100, **changes: Any) -> RebalanceVerdict:
    verdict = RebalanceVerdict(
        block=block_at(number),
        vault=VAULT,
        code=RebalanceCode.BELOW_THRESHOLD,
        reason="nothing is further than 5,000 USDC from its target",
        drift=5_000 * UNIT,
    )
    return replace(verdict, **changes)
