"""Where kinds of plans differ: what carries one to the chain, and what the chain's answers mean for it.

Everything else in ``act`` - journal, nonce, price, door, replacement, recovery - is the same for all. Another
kind is a class like ``arbitrage_kind.ArbitrageKind``, a case here and in ``connect.plan_ids``, and its rows
(``record.intent_rows``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from steelyard.act.arbitrage_kind import ArbitrageKind
from steelyard.act.vault_kind import VaultKind
from steelyard.model import ArbitragePlan, VaultCall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steelyard.act.effects import Effect
    from steelyard.connect.chain import BlockId, ChainClient, TransactionReceipt
    from steelyard.model import Address, Plan


class PlanKind(Protocol):
    """One plan, by the ways of its kind."""

    @property
    def to(self) -> Address:
        """Where the transaction that carries it goes."""
        ...

    @property
    def data(self) -> bytes: ...

    def simulate(self, chain: ChainClient, sender: Address, *, block: BlockId = "latest") -> Effect:
        """Return what it would do by itself, without a transaction.

        Raises:
            SimulationReverted: it would revert; its ``reason`` is the decoded error.
            ConfigError: there is no contract of ours where the plan says.
        """
        ...

    def effect_of(self, returned: bytes) -> Effect:
        """Return what its transaction would do by what that returns. Raises as ``simulate``."""
        ...

    def find(self, receipt: TransactionReceipt) -> Effect | str:
        """Return what it did by the events of a transaction that succeeded, or why nothing is known."""
        ...

    def probes(self, sender: Address) -> Sequence[tuple[Address, bytes, Address]]:
        """Return calls (to, data, from) that say why it reverts, the clearest first."""
        ...

    def value_in_wei(self, effect: Effect) -> int:
        """Return gain or loss before gas at the price of its decision; rounded down, towards a loss."""
        ...


def kind_of(plan: Plan) -> PlanKind:
    """Return how this plan is carried and understood."""
    match plan:
        case ArbitragePlan():
            return ArbitrageKind(plan)
        case VaultCall():
            return VaultKind(plan)
