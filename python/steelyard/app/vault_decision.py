"""What is to be done about a vault: proposed, tried on the chain's state, weighed.

What a pool pays and takes is asked beforehand, and may still be wrong: two pools lend in one market and each
counts all that is left there, or a vault below does not keep its word. The vault then refuses the whole plan.
So that nobody waits for one pool, a plan without that pool's part is tried next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from steelyard.act.vault_trial import refused_move, try_moves
from steelyard.app.vault_sending import Carrier
from steelyard.connect.chain import ChainClient
from steelyard.decide.allocation.moves import without
from steelyard.decide.allocation.rebalance import (
    Proposal,
    RebalanceSettings,
    propose,
    refused_by_chain,
    weigh,
)
from steelyard.exceptions import SimulationReverted
from steelyard.model import BlockRef, Move, RebalanceVerdict, VaultSnapshot

_MOST_POOLS_LEFT_OUT: Final = 3
"""At one look; where the vault refuses who asks, or when, no plan is better than the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """A verdict; and, where the chain refused the moves, at which, and why."""

    verdict: RebalanceVerdict
    refused: Move | None = None
    reason: str = ""


def decide_rebalance(
    snapshot: VaultSnapshot,
    head: BlockRef,
    chain: ChainClient,
    carrier: Carrier,
    settings: RebalanceSettings,
    *,
    priority_fee_wei: int,
    is_pending: bool,
    stopped: str | None,
) -> RebalanceVerdict:
    """Propose moves, try them on the chain's state, and weigh what they bring; nothing is sent.

    Where the chain refuses them, the verdict is a plan without the pool at fault, or else that refusal.

    Raises:
        RetryError: the node did not answer.
    """
    found = propose(snapshot, settings, is_pending=is_pending, stopped_reason=stopped)
    if isinstance(found, RebalanceVerdict):
        return found
    first = tried = _try(found, head, chain, carrier, settings, priority_fee_wei)
    left_out = ""
    for _ in range(_MOST_POOLS_LEFT_OUT):
        if tried.refused is None:
            break
        snapshot = without(snapshot, tried.refused)
        left_out += f", as {tried.refused.strategy} refused: {tried.reason}"
        found = propose(snapshot, settings)
        if isinstance(found, RebalanceVerdict):
            break
        found = replace(found, purpose=f"{found.purpose}{left_out}")
        tried = _try(found, head, chain, carrier, settings, priority_fee_wei)
    return first.verdict if tried.verdict.plan is None else tried.verdict


def _try(
    found: Proposal,
    head: BlockRef,
    chain: ChainClient,
    carrier: Carrier,
    settings: RebalanceSettings,
    priority_fee_wei: int,
) -> _Tried:
    vault, keeper = found.snapshot.vault, carrier.keeper
    try:
        trial = try_moves(
            chain,
            vault,
            found.moves,
            sender=keeper,
            head=head,
            priority_fee_wei=priority_fee_wei,
            is_relayed=carrier.is_relayed,
        )
    except SimulationReverted as error:
        at_fault = refused_move(chain, vault, found.moves, sender=keeper)
        return _Tried(verdict=refused_by_chain(found, str(error)), refused=at_fault, reason=error.reason)
    return _Tried(verdict=weigh(found, trial, settings))
