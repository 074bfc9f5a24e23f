"""Which moves lead a vault towards its targets, by its own rules: who may be moved, how far, in which order.

Amounts are base units of the asset; a pool of unknown value never gets here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from steelyard.model.vault import Move, PoolState, VaultPool, VaultSnapshot
from steelyard.units import BPS, Address


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """A move that a pool does not make whole: it pays or takes less now.

    Attributes:
        wanted: base units that would be moved; ``most`` what may be.
    """

    strategy: Address
    is_deploy: bool
    wanted: int
    most: int


def drift_of(snapshot: VaultSnapshot) -> int:
    """Return what lies furthest from its target, base units: the vault's own measure of being due."""
    return max(abs(have - want) for have, want in places_of(snapshot))


def towards_targets(snapshot: VaultSnapshot, least: int) -> tuple[Move, ...]:
    """Return moves within one step, what is taken out first.

    First what the buffer lacks, then what it has too much of, then from pool to pool in equal parts. A pool
    counts with what it pays or takes now: what is more goes to, or comes from, the next.

    Args:
        least: base units below which a move is not made, unless a pool is drained by it.
    """
    excesses, deficits = excesses_of(snapshot, is_movable, least), _deficits(snapshot, least)
    over, under = (sum(assets for _, assets in each) for each in (excesses, deficits))
    left = step_of(snapshot)
    outs = min(max(0, snapshot.idle_target - snapshot.idle), over, left)
    left -= outs
    ins = min(max(0, snapshot.idle - snapshot.idle_target), under, left)
    # Each unit from pool to pool is two moves: out and in.
    outs += min(over - outs, under - ins, (left - ins) // 2)
    taken = _large(share_out(excesses, outs, is_deploy=False), least, snapshot)
    spare = snapshot.idle + sum(move.assets for move in taken) - snapshot.idle_target
    room = min(max(0, spare), step_of(snapshot) - sum(move.assets for move in taken))
    return taken + _large(share_out(deficits, room, is_deploy=True), least, snapshot)


def share_out(wanted: Sequence[tuple[Address, int]], amount: int, *, is_deploy: bool) -> tuple[Move, ...]:
    """Return moves for ``amount`` in all, to or from whoever wants most first."""
    moves = []
    for strategy, most in sorted(wanted, key=lambda each: (-each[1], each[0])):
        assets = min(most, amount)
        if assets > 0:
            moves.append(Move(strategy=strategy, is_deploy=is_deploy, assets=assets))
        amount -= assets
    return tuple(moves)


def _large(moves: Sequence[Move], least: int, snapshot: VaultSnapshot) -> tuple[Move, ...]:
    drained = {pool.strategy for pool in snapshot.pools if pool.state is PoolState.DRAINING}
    return tuple(move for move in moves if move.assets >= least or move.strategy in drained)


def excesses_of(
    snapshot: VaultSnapshot, movable: Callable[[VaultPool], bool], least: int
) -> list[tuple[Address, int]]:
    """Return the pools that hold more than they should, among those that are ``movable``, and by how much.

    Or what they pay now, where that is less; a pool that pays less than ``least`` of more is left out.
    """
    found = []
    for pool in snapshot.pools:
        excess = (pool.value or 0) - pool.target
        payable = _within(excess, pool.pays)
        if movable(pool) and payable > 0 and payable >= min(excess, least):
            found.append((pool.strategy, payable))
    return found


def _deficits(snapshot: VaultSnapshot, least: int) -> list[tuple[Address, int]]:
    found = [
        (pool.strategy, _within(pool.target - (pool.value or 0), pool.room))
        for pool in snapshot.pools
        if is_movable(pool) and pool.state is PoolState.ACTIVE
    ]
    # What is too little for a move is nobody's to be taken out for.
    return [each for each in found if each[1] >= max(least, 1)]


def _within(wanted: int, most: int | None) -> int:
    return wanted if most is None else min(wanted, most)


def unlimited(snapshot: VaultSnapshot) -> VaultSnapshot:
    """Return the vault as if its pools paid and took everything."""
    return replace(snapshot, pools=tuple(replace(pool, pays=None, room=None) for pool in snapshot.pools))


def without(snapshot: VaultSnapshot, move: Move) -> VaultSnapshot:
    """Return the vault as if that pool paid nothing, or, where the move puts something in, took nothing."""
    pools = [
        (replace(pool, room=0) if move.is_deploy else replace(pool, pays=0))
        if pool.strategy == move.strategy
        else pool
        for pool in snapshot.pools
    ]
    return replace(snapshot, pools=tuple(pools))


def held_back(snapshot: VaultSnapshot, wanted: Sequence[Move]) -> list[HeldBack]:
    """Return which of the moves that are wanted their pools do not pay or take whole."""
    pools = {pool.strategy: pool for pool in snapshot.pools}
    found = []
    for move in wanted:
        most = pools[move.strategy].room if move.is_deploy else pools[move.strategy].pays
        if most is not None and most < move.assets:
            found.append(
                HeldBack(strategy=move.strategy, is_deploy=move.is_deploy, wanted=move.assets, most=most)
            )
    return found


def is_movable(pool: VaultPool) -> bool:
    """Tell whether the vault moves anything there: not at a paused pool, nor where market and oracle part."""
    return pool.state in (PoolState.ACTIVE, PoolState.DRAINING) and pool.is_sound


def step_of(snapshot: VaultSnapshot) -> int:
    """Return what one plan may move in all. Down, as the vault does."""
    return (snapshot.total_assets or 0) * snapshot.limits.max_step_bps // BPS


def places_of(
    snapshot: VaultSnapshot, change: Mapping[Address, int] | None = None, idle_change: int = 0
) -> list[tuple[int, int]]:
    """Return what the buffer and each pool have and should have, after ``change`` of the pools."""
    moved = change or {}
    pools = [((pool.value or 0) + moved.get(pool.strategy, 0), pool.target) for pool in snapshot.pools]
    return [(snapshot.idle + idle_change, snapshot.idle_target), *pools]


def misplaced(places: Sequence[tuple[int, int]]) -> int:
    """Return half of all distances: what is too much in one place is missing in another. Down."""
    return sum(abs(have - want) for have, want in places) // 2
