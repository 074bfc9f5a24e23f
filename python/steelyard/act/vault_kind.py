"""A rebalance on its way: to the vault itself, or through a relayer, in whose events a failure may hide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from steelyard.act.effects import Effect
from steelyard.connect.relay_calls import all_results
from steelyard.connect.vault_calls import encode_rebalance, find_rebalanced
from steelyard.exceptions import ConfigError, InvalidPlan, SimulationReverted
from steelyard.model import VaultCall
from steelyard.units import WAD, mul_div_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steelyard.connect.chain import BlockId, ChainClient, TransactionReceipt
    from steelyard.model import Address

_WORD: Final = 32


@dataclass(frozen=True, slots=True)
class VaultKind:
    """``plan_kinds.PlanKind`` of a rebalance."""

    call: VaultCall

    @property
    def to(self) -> Address:
        return self.call.to

    @property
    def data(self) -> bytes:
        return self.call.data

    @property
    def is_relayed(self) -> bool:
        """Whether another contract than the vault is told, which calls it."""
        return self.call.to != self.call.plan.vault

    def simulate(self, chain: ChainClient, sender: Address, *, block: BlockId = "latest") -> Effect:
        """Return what the vault says that it would lose, asked by whom it will see.

        Through a relayer nothing comes back; that the relayer takes it is seen by the estimate of its gas.

        Raises:
            InvalidPlan: the transaction does not carry the plan's moves.
        """
        rebalance = encode_rebalance(self.call.plan)
        if (rebalance not in self.data) if self.is_relayed else (rebalance != self.data):
            raise InvalidPlan(f"the transaction to {self.to} does not carry the plan's moves to the vault")
        signer = self.call.signer
        return self._lost(chain.eth_call(self.call.plan.vault, rebalance, sender=signer, block=block))

    def effect_of(self, returned: bytes) -> Effect:
        """Return the loss that ``rebalance`` returned.

        Raises:
            SimulationReverted: it goes through a relayer, which returns nothing of it.
        """
        if self.is_relayed:
            raise SimulationReverted("what a relayed rebalance loses cannot be seen behind another plan")
        return self._lost(returned)

    def find(self, receipt: TransactionReceipt) -> Effect | str:
        """Return what the vault's event says; without one, what the relayer's events say."""
        vault = self.call.plan.vault
        event = find_rebalanced(receipt.logs, vault)
        if event is not None:
            words = f"moved {event.moved} and lost {event.loss} in block {receipt.block_number}"
            return Effect(moved=event.moved, loss=event.loss, words=words)
        relayed = all_results(receipt.logs, self.to) if self.is_relayed else []
        said = [f"the relayer's request {each.id}: {each.reason}" for each in relayed if not each.done]
        why = "; ".join(said) or f"check the contract at {vault}"
        return f"mined in block {receipt.block_number} without the vault's event: nothing was moved; {why}"

    def probes(self, sender: Address) -> Sequence[tuple[Address, bytes, Address]]:
        """Return the vault's own call first: a relayer wraps what the vault says into an error of its own."""
        plan = self.call.plan
        return [(plan.vault, encode_rebalance(plan), self.call.signer), (self.to, self.data, sender)]

    def value_in_wei(self, effect: Effect) -> int:
        """Return the loss in wei, below zero, at the decision's price; rounded up: it is a cost."""
        return -mul_div_up(effect.loss, self.call.plan.wei_per_asset_unit_wad, WAD)

    def _lost(self, returned: bytes) -> Effect:
        plan = self.call.plan
        if len(returned) != _WORD:
            raise ConfigError(
                f"the contract at {plan.vault} returned {len(returned)} bytes where a vault returns what a "
                f"rebalance loses; check the vault's address"
            )
        loss = int.from_bytes(returned)
        if loss > plan.max_loss:
            raise SimulationReverted(f"it would lose {loss}, and {plan.max_loss} is the most")
        return Effect(loss=loss, words=f"lost {loss}")
