"""Runs a plan on the chain's state without a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steelyard.connect.plan_codec import encode_execute
from steelyard.exceptions import ConfigError

if TYPE_CHECKING:
    from steelyard.connect.chain import BlockId, ChainClient
    from steelyard.model import Address, ArbitragePlan

_WORD: Final = 32


def simulate(chain: ChainClient, plan: ArbitragePlan, keeper: Address, *, block: BlockId = "latest") -> int:
    """Return the profit that the executor would pay to the treasury, in base units of the plan's asset.

    Raises:
        SimulationReverted: the plan would revert; its ``reason`` is the decoded error.
        ConfigError: there is no executor at the plan's address.
    """
    returned = chain.eth_call(plan.executor, encode_execute(plan), sender=keeper, block=block)
    if len(returned) != _WORD:
        raise ConfigError(
            f"the contract at {plan.executor} returned {len(returned)} bytes where an executor returns its "
            f"profit; check the deployment file that keeper.deployment names"
        )
    return int.from_bytes(returned)
