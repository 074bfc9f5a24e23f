"""An arbitrage on its way: the executor's ``execute``, its profit, its event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from steelyard.act.effects import Effect
from steelyard.connect.executor_events import find_executed
from steelyard.connect.plan_codec import encode_execute, plan_id
from steelyard.exceptions import ConfigError
from steelyard.model import ArbitragePlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steelyard.connect.chain import BlockId, ChainClient, TransactionReceipt
    from steelyard.model import Address

_WORD: Final = 32


@dataclass(frozen=True, slots=True)
class ArbitrageKind:
    """``plan_kinds.PlanKind`` of an arbitrage."""

    plan: ArbitragePlan

    @property
    def to(self) -> Address:
        return self.plan.executor

    @property
    def data(self) -> bytes:
        return encode_execute(self.plan)

    def simulate(self, chain: ChainClient, sender: Address, *, block: BlockId = "latest") -> Effect:
        """Return what the executor would pay to the treasury."""
        return self.effect_of(chain.eth_call(self.to, self.data, sender=sender, block=block))

    def effect_of(self, returned: bytes) -> Effect:
        """Return the profit that ``execute`` returned."""
        if len(returned) != _WORD:
            raise ConfigError(
                f"the contract at {self.to} returned {len(returned)} bytes where an executor returns its "
                f"profit; check the deployment file that keeper.deployment names"
            )
        profit = int.from_bytes(returned)
        return Effect(profit=profit, words=f"paid {profit}")

    def find(self, receipt: TransactionReceipt) -> Effect | str:
        """Return what the executor's event for this very plan says.

        Profit is never read from anywhere else: another contract can emit the same event with any numbers.
        """
        event = find_executed(receipt.logs, self.to, plan_id(self.plan))
        if event is None:
            return (
                f"mined in block {receipt.block_number} without the executor's event for this plan: "
                f"no profit is known; check the contract at {self.to}"
            )
        tip = f", {event.builder_tip_wei} wei to its builder" if event.builder_tip_wei else ""
        words = f"paid {event.profit} in block {receipt.block_number}{tip}"
        return Effect(profit=event.profit, builder_tip_wei=event.builder_tip_wei, words=words)

    def probes(self, sender: Address) -> Sequence[tuple[Address, bytes, Address]]:
        """Return the transaction's own call."""
        return [(self.to, self.data, sender)]

    def value_in_wei(self, effect: Effect) -> int:
        """Return the profit in wei at the price of the plan's decision, rounded down: it is paid to us."""
        plan = self.plan
        return effect.profit * (plan.expected_net_wei + plan.gas_cost_wei) // plan.expected_profit
