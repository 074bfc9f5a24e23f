"""From the signed transaction to its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from steelyard.units import Address


class Mode(StrEnum):
    """One code path, three ways to end it. Paper is the default."""

    PAPER = "paper"
    BACKTEST = "backtest"
    LIVE = "live"


class Door(StrEnum):
    """Through which door a signed transaction leaves."""

    PUBLIC = "public"
    """The node's pool, and with it everybody's."""
    PRIVATE = "private"
    """The configured relays, and nobody else."""


class IntentStatus(StrEnum):
    """Where a journalled intent stands. Unknown is not failed: only the chain closes a sent intent."""

    PLANNED = "planned"
    """Written before anything was signed."""
    SIGNED = "signed"
    """Hash, nonce and raw bytes are durable; it may or may not have been sent."""
    SENT = "sent"
    CONFIRMED = "confirmed"
    REVERTED = "reverted"
    REPLACED = "replaced"
    """Another transaction took its nonce."""
    DROPPED = "dropped"
    """Never mined, its deadline is over on chain, and its nonce is free or taken by none of ours."""
    REFUSED = "refused"
    """Never sent: simulation or the node refused it."""
    PAPER = "paper"
    """Decided and simulated in paper mode; never signed."""

    @property
    def is_open(self) -> bool:
        return self in (IntentStatus.PLANNED, IntentStatus.SIGNED, IntentStatus.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTransaction:
    """A transaction that exists only here until it is sent.

    Attributes:
        door: where it is sent; durable before it is, so that a restart sends it nowhere else.
        held_until_block: the last block in which relays may have it mined; None at the public door.
        access_list_gas_saved: gas that its access list saved in the simulation; None without a list.
    """

    plan_id: str
    hash: str
    sender: Address
    nonce: int
    raw: bytes
    gas_limit: int
    max_fee_per_gas_wei: int
    max_priority_fee_per_gas_wei: int
    deadline_seconds: int
    door: Door = Door.PUBLIC
    held_until_block: int | None = None
    access_list_gas_saved: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the chain made of an intent.

    Attributes:
        profit: base units of the plan's asset that the treasury received, from the executor's event; 0 unless
            confirmed.
        gas_cost_wei: gas used times the effective price; also paid when reverted.
        net_wei: ``profit`` less ``loss``, valued in wei at the decision's price (gains rounded down, losses
            up), less ``gas_cost_wei``.
        reason: for people; names the revert reason or the transaction that replaced ours.
        builder_tip_wei: what the executor paid to the block's builder out of the gain; not in ``profit``.
        moved, loss: of a rebalance, from the vault's event: what its moves came to and what they lost by the
            oracle, base units of the asset; 0 otherwise.
    """

    plan_id: str
    status: IntentStatus
    block_number: int | None
    transaction_hash: str | None
    profit: int
    gas_used: int
    gas_cost_wei: int
    net_wei: int
    reason: str
    builder_tip_wei: int = 0
    moved: int = 0
    loss: int = 0
