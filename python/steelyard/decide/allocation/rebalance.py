"""Whether a vault is to be rebalanced, by which moves, and whether that is worth it.

``propose`` finds moves that the vault will take, or says why there are none; a simulation tells what they
lose and the gas that they use; ``weigh`` sets that against what they bring. The vault holds every plan to its
own limits (docs/vault.md): here the same rules are asked first, so that each refusal has its reason before
gas is paid for it.

Benefit, in base units of the asset, over the time that the moves are expected to hold::

    sum of (what is put in - what is taken out) x expected yield of the pool a year
    + (what lies in the wrong place before - after) x what that is held to cost a year
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from steelyard.decide.allocation.metrics import loss_allowance
from steelyard.decide.allocation.moves import (
    drift_of,
    excesses_of,
    held_back,
    is_movable,
    misplaced,
    places_of,
    share_out,
    step_of,
    towards_targets,
    unlimited,
)
from steelyard.decide.wording import token_text
from steelyard.exceptions import ConfigError
from steelyard.model.vault import (
    Move,
    PoolState,
    RebalanceCode,
    RebalancePlan,
    RebalanceTrial,
    RebalanceVerdict,
    VaultSnapshot,
    VaultStop,
)
from steelyard.units import BPS, ETHER, WAD, Address, mul_div_up

SECONDS_A_YEAR: Final = 365 * 86_400
DUST_PARTS: Final = 1_000_000
"""A pool that holds less than one part of so many counts as empty: the vault's own measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RebalanceSettings:
    """What the operator asks of a rebalance, beside the vault's own limits.

    Attributes:
        horizon_seconds: for how long moves are expected to hold, and to bring something.
        misplaced_bps_per_year: what an asset off its target is held to cost a year: the price put on the risk
            that the scores speak of.
        yields_bps_per_year: expected of a pool a year; none for one that is not named, nor for the buffer.
        min_move_bps: in parts of total assets; a smaller move is not made, unless a pool is drained by it.
        max_loss_bps: most that a plan may lose, in parts of what it moves.
        loss_tolerance_bps: by how much more than simulated it may lose, in parts of what it moves.
        urgent_interval_seconds: between two plans for requests or a draining pool, which ask for no other
            interval.
        deadline_seconds: for how long a plan is good.

    Raises:
        ConfigError: a value is out of range; the message names its key and the right range.
    """

    horizon_seconds: int = 30 * 86_400
    misplaced_bps_per_year: int = 200
    yields_bps_per_year: Mapping[Address, int] = field(default_factory=dict)
    min_move_bps: int = 10
    max_loss_bps: int = 50
    loss_tolerance_bps: int = 5
    urgent_interval_seconds: int = 300
    deadline_seconds: int = 600

    def __post_init__(self) -> None:
        _check("horizon", self.horizon_seconds, 1, 10 * SECONDS_A_YEAR)
        _check("misplaced_bps_per_year", self.misplaced_bps_per_year, 0, 10 * BPS)
        _check("min_move_bps", self.min_move_bps, 0, BPS)
        _check("max_loss_bps", self.max_loss_bps, 0, BPS)
        _check("loss_tolerance_bps", self.loss_tolerance_bps, 0, BPS)
        _check("urgent_interval", self.urgent_interval_seconds, 0, SECONDS_A_YEAR)
        _check("deadline", self.deadline_seconds, 1, 86_400)
        for strategy, bps in self.yields_bps_per_year.items():
            _check(f"yields_bps_per_year of {strategy}", bps, -BPS, 10 * BPS)


def _check(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ConfigError(f"vault.{name} is {value}; it must be from {least} to {most}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Moves that the vault should take; what they cost is still to be tried.

    Attributes:
        is_urgent: only taking out, for requests or a draining pool.
        drift: what lies furthest from its target; ``moved`` what all moves come to, base units.
        purpose: for people; with the pools that pay or take less than was wanted.
    """

    snapshot: VaultSnapshot
    moves: tuple[Move, ...]
    is_urgent: bool
    drift: int
    purpose: str

    @property
    def moved(self) -> int:
        """Base units that all moves come to."""
        return sum(move.assets for move in self.moves)


def propose(
    snapshot: VaultSnapshot,
    settings: RebalanceSettings,
    *,
    is_pending: bool = False,
    stopped_reason: str | None = None,
) -> Proposal | RebalanceVerdict:
    """Return moves towards the targets, or the verdict that says why there are none.

    Requests that the buffer cannot pay come first, then pools that are drained, then the targets. Within the
    step that one plan may go, what fills the buffer goes before what is only spread. No pool is to pay or
    take more than it does now: the vault would refuse the whole plan.

    Args:
        is_pending: a transaction of ours on this vault is open.
        stopped_reason: why no new risk may be taken; None where it may.
    """
    refused = _refusal_at_once(snapshot, is_pending=is_pending, stopped_reason=stopped_reason)
    if refused is not None:
        return refused
    drift = drift_of(snapshot)
    # Down: rather a move that is a unit too small.
    least = (snapshot.total_assets or 0) * settings.min_move_bps // BPS
    urgent = _urgent(snapshot, settings, drift, least)
    if isinstance(urgent, Proposal) or (urgent is not None and _is_awaited(snapshot)):
        return urgent
    not_due = _refusal_by_time_or_drift(snapshot, drift)
    if not_due is not None:
        return urgent if urgent and not_due.code is RebalanceCode.BELOW_THRESHOLD else not_due
    moves, wanted = (towards_targets(one, least) for one in (snapshot, unlimited(snapshot)))
    if not moves:
        why = f"what is off its target by up to {_text(drift, snapshot)} may not be moved: "
        return _verdict(snapshot, RebalanceCode.NOTHING_TO_MOVE, f"{why}{_stuck(snapshot, wanted)}", drift)
    purpose = _but_for(snapshot, "towards the targets", wanted)
    return Proposal(snapshot=snapshot, moves=moves, is_urgent=False, drift=drift, purpose=purpose)


def weigh(proposal: Proposal, trial: RebalanceTrial, settings: RebalanceSettings) -> RebalanceVerdict:
    """Return the plan where it brings more than it costs, or the verdict that says why not, with the numbers.

    What is urgent is not asked for its benefit: somebody waits for it.
    """
    snapshot, moved = proposal.snapshot, proposal.moved
    gas_cost_wei = trial.gas_units * trial.gas_price_wei
    gas_cost = _in_assets(gas_cost_wei, snapshot)
    if gas_cost is None:
        why = "gas cannot be set against the asset: the vault's price source has no price for the native coin"
        return _verdict(snapshot, RebalanceCode.NO_PRICE, why, proposal.drift)
    cost, benefit = gas_cost + trial.loss, benefit_of(proposal, settings)
    numbers = _numbers(proposal, trial.loss, gas_cost, benefit, settings)
    # Down: a limit is not stretched by rounding.
    most = moved * settings.max_loss_bps // BPS
    left = loss_left(snapshot)
    if trial.loss > min(most, left):
        of_whom = "vault.max_loss_bps allows" if most < left else "the vault's allowance has left"
        why = f"{of_whom} a loss of {_text(min(most, left), snapshot)}: {numbers}"
        return _verdict(snapshot, RebalanceCode.OVER_LOSS, why, proposal.drift)
    if not proposal.is_urgent and benefit <= cost:
        return _verdict(snapshot, RebalanceCode.BELOW_COST, numbers, proposal.drift)
    tolerance = moved * settings.loss_tolerance_bps // BPS
    plan = RebalancePlan(
        chain_id=snapshot.chain_id,
        vault=snapshot.vault,
        asset=snapshot.asset.address,
        moves=proposal.moves,
        max_loss=trial.loss + min(tolerance, most - trial.loss),
        deadline_seconds=snapshot.block.timestamp_seconds + settings.deadline_seconds,
        is_urgent=proposal.is_urgent,
        drift=proposal.drift,
        moved=moved,
        expected_loss=trial.loss,
        gas_units=trial.gas_units,
        gas_price_wei=trial.gas_price_wei,
        gas_cost_wei=gas_cost_wei,
        cost=cost,
        benefit=benefit,
        wei_per_asset_unit_wad=_wei_per_unit_wad(snapshot),
        block_number=snapshot.block.number,
        reason=numbers,
    )
    return replace(_verdict(snapshot, RebalanceCode.ACCEPTED, numbers, proposal.drift), plan=plan)


def benefit_of(proposal: Proposal, settings: RebalanceSettings) -> int:
    """Return what the moves are expected to bring, base units; rounded down: it is paid to us."""
    snapshot = proposal.snapshot
    yields = settings.yields_bps_per_year
    signed = [(move.assets if move.is_deploy else -move.assets, move.strategy) for move in proposal.moves]
    yielded = sum(assets * yields.get(strategy, 0) for assets, strategy in signed)
    change = {strategy: assets for assets, strategy in signed}
    idle_change = -sum(change.values())
    before = misplaced(places_of(snapshot))
    after = misplaced(places_of(snapshot, change, idle_change))
    placed = (before - after) * settings.misplaced_bps_per_year
    return (yielded + placed) * settings.horizon_seconds // (BPS * SECONDS_A_YEAR)


def loss_left(snapshot: VaultSnapshot) -> int:
    """Return what the vault may still lose now, by its allowance that grows back evenly."""
    elapsed = snapshot.block.timestamp_seconds - snapshot.loss_updated_seconds
    whole = snapshot.total_assets or 0
    return loss_allowance(whole, snapshot.loss_used, snapshot.limits, elapsed_seconds=elapsed).left


def refused_by_chain(proposal: Proposal, reason: str) -> RebalanceVerdict:
    """Return the verdict of a proposal that the chain refuses in simulation."""
    why = f"{len(proposal.moves)} moves {proposal.purpose}: {reason}"
    return _verdict(proposal.snapshot, RebalanceCode.SIMULATION, why, proposal.drift)


# --- whether it is time -------------------------------------------------------------------------------------


def _refusal_at_once(
    snapshot: VaultSnapshot, *, is_pending: bool, stopped_reason: str | None
) -> RebalanceVerdict | None:
    if stopped_reason is not None:
        return _verdict(snapshot, RebalanceCode.STOPPED, stopped_reason)
    if snapshot.stop is not VaultStop.NOTHING:
        why = f"the vault is stopped ({snapshot.stop.name.lower()}): its administration resumes it"
        return _verdict(snapshot, RebalanceCode.STOPPED, why)
    if snapshot.total_assets is None or snapshot.trouble is not None:
        why = snapshot.trouble or "total assets cannot be told"
        return _verdict(snapshot, RebalanceCode.NO_PRICE, why)
    if is_pending:
        why = "a transaction of ours on this vault is still open"
        return _verdict(snapshot, RebalanceCode.PENDING, why, drift_of(snapshot))
    return None


def _refusal_by_time_or_drift(snapshot: VaultSnapshot, drift: int) -> RebalanceVerdict | None:
    limits = snapshot.limits
    threshold = (snapshot.total_assets or 0) * limits.threshold_bps // BPS
    # An empty vault is at its targets, whatever its threshold.
    if drift == 0 or drift < threshold:
        why = (
            f"nothing is further than {_text(drift, snapshot)} from its target; "
            f"the vault's threshold is {_text(threshold, snapshot)}"
        )
        return _verdict(snapshot, RebalanceCode.BELOW_THRESHOLD, why, drift)
    wait = snapshot.last_rebalance_seconds + limits.min_interval_seconds - snapshot.block.timestamp_seconds
    if wait > 0:
        why = f"the last rebalance is too near: {wait} of {limits.min_interval_seconds} seconds are left"
        return _verdict(snapshot, RebalanceCode.TOO_EARLY, why, drift)
    return None


def _urgent(
    snapshot: VaultSnapshot, settings: RebalanceSettings, drift: int, least: int
) -> Proposal | RebalanceVerdict | None:
    """What only takes out, while somebody waits for it or a pool is drained: asked for no worth.

    A verdict where pools would have to pay for that and do not, or not so much that it is worth a move.
    """
    waited = snapshot.block.timestamp_seconds - snapshot.last_rebalance_seconds
    if waited < settings.urgent_interval_seconds:
        return None
    if _is_awaited(snapshot):
        take, purpose = _for_requests, f"for requests of {_text(snapshot.awaited, snapshot)}"
    else:
        take, purpose = _out_of_drained, "out of pools that are drained"
    moves, wanted = (take(one, least) for one in (snapshot, unlimited(snapshot)))
    if moves:
        purpose = _but_for(snapshot, purpose, wanted)
        return Proposal(snapshot=snapshot, moves=moves, is_urgent=True, drift=drift, purpose=purpose)
    if not wanted:
        return None
    why = f"nothing can be moved {purpose}: {_short_of(snapshot, wanted)}"
    return _verdict(snapshot, RebalanceCode.NOTHING_TO_MOVE, why, drift)


def _is_awaited(snapshot: VaultSnapshot) -> bool:
    """Whether requests wait for more than lies ready; then no plan puts anything in."""
    return snapshot.awaited > snapshot.idle


def _for_requests(snapshot: VaultSnapshot, least: int) -> tuple[Move, ...]:
    short = max(0, snapshot.idle_target - snapshot.idle)
    payable = excesses_of(snapshot, is_movable, min(least, short))
    return share_out(payable, min(short, step_of(snapshot)), is_deploy=False)


def _out_of_drained(snapshot: VaultSnapshot, least: int) -> tuple[Move, ...]:
    drained = excesses_of(snapshot, lambda pool: is_movable(pool) and pool.state is PoolState.DRAINING, least)
    dust = (snapshot.total_assets or 0) // DUST_PARTS
    return share_out([each for each in drained if each[1] > dust], step_of(snapshot), is_deploy=False)


# --- numbers and words --------------------------------------------------------------------------------------


def _in_assets(amount_wei: int, snapshot: VaultSnapshot) -> int | None:
    """Native coin in base units of the asset, rounded up: it is a cost."""
    if snapshot.native_usd_wad is None or not snapshot.asset_usd_wad:
        return None
    unit = 10**snapshot.asset.decimals
    return mul_div_up(amount_wei * snapshot.native_usd_wad, unit, snapshot.asset_usd_wad * ETHER)


def _wei_per_unit_wad(snapshot: VaultSnapshot) -> int:
    """A base unit of the asset in wei (WAD), rounded up: losses are valued at it. Needs both prices."""
    unit = 10**snapshot.asset.decimals
    return mul_div_up((snapshot.asset_usd_wad or 0) * ETHER, WAD, (snapshot.native_usd_wad or 0) * unit)


def _numbers(proposal: Proposal, loss: int, gas_cost: int, benefit: int, settings: RebalanceSettings) -> str:
    snapshot = proposal.snapshot
    moved, drift, lost, gas, brought = (
        _text(assets, snapshot) for assets in (proposal.moved, proposal.drift, loss, gas_cost, benefit)
    )
    count = len(proposal.moves)
    moves = f"{count} move{'' if count == 1 else 's'} of {moved} {proposal.purpose}, furthest off {drift}"
    worth = f"bring {brought} in {settings.horizon_seconds // 86_400} days"
    return (
        f"{moves}; they lose {lost}, gas is {gas}, and they {'are urgent' if proposal.is_urgent else worth}"
    )


def _stuck(snapshot: VaultSnapshot, wanted: Sequence[Move]) -> str:
    names = [
        f"{pool.strategy} is {'not sound' if not pool.is_sound else pool.state.name.lower()}"
        for pool in snapshot.pools
        if not is_movable(pool)
    ]
    if short := _short_of(snapshot, wanted):
        names.append(short)
    return ", ".join(names) or "each move would be too small (vault.min_move_bps)"


def _but_for(snapshot: VaultSnapshot, purpose: str, wanted: Sequence[Move]) -> str:
    """The purpose, and why it is not served as it would be if pools paid and took everything."""
    short = _short_of(snapshot, wanted)
    return f"{purpose} ({short})" if short else purpose


def _short_of(snapshot: VaultSnapshot, wanted: Sequence[Move]) -> str:
    return ", ".join(
        f"{each.strategy} {'takes' if each.is_deploy else 'pays'} {_text(each.most, snapshot)} now "
        f"of {_text(each.wanted, snapshot)} wanted"
        for each in held_back(snapshot, wanted)
    )


def _text(assets: int, snapshot: VaultSnapshot) -> str:
    return token_text(assets, snapshot.asset)


def _verdict(
    snapshot: VaultSnapshot, code: RebalanceCode, reason: str, drift: int | None = None
) -> RebalanceVerdict:
    return RebalanceVerdict(block=snapshot.block, vault=snapshot.vault, code=code, reason=reason, drift=drift)
