"""Runs plans on the chain's state without a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from steelyard.connect.access_list import find_cheaper
from steelyard.connect.chain import CallReverted
from steelyard.connect.plan_codec import encode_execute
from steelyard.exceptions import ConfigError, RpcRejected, SimulationReverted
from steelyard.units import mul_div_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steelyard.connect.access_list import AccessList
    from steelyard.connect.chain import BlockId, ChainClient
    from steelyard.model import Address, ArbitragePlan, BlockRef

_WORD: Final = 32
_REFUND_QUOTIENT: Final = 5
"""At most a fifth of the gas used is refunded (EIP-3529), and a transaction needs it until its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What a plan would do.

    Attributes:
        profit: what the executor would pay to the treasury, base units of the plan's asset.
        gas: what a transaction needs, before refunds.
        access_list: what the transaction should list, empty where that would not make it cheaper.
        gas_saved: by the access list; None without one.
    """

    profit: int
    gas: int
    access_list: AccessList = ()
    gas_saved: int | None = None


def simulate(chain: ChainClient, plan: ArbitragePlan, keeper: Address, *, block: BlockId = "latest") -> int:
    """Return the profit that the executor would pay to the treasury, in base units of the plan's asset.

    Raises:
        SimulationReverted: the plan would revert; its ``reason`` is the decoded error.
        ConfigError: there is no executor at the plan's address.
    """
    return _profit(plan, chain.eth_call(plan.executor, encode_execute(plan), sender=keeper, block=block))


def simulate_for_sending(
    chain: ChainClient, plan: ArbitragePlan, keeper: Address, head: BlockRef, *, access_lists: bool
) -> Simulation:
    """Return what the plan would do and its transaction needs, with an access list where that is cheaper.

    Raises as ``simulate``.
    """
    profit = simulate(chain, plan, keeper)
    data = encode_execute(plan)
    if access_lists:
        found = find_cheaper(chain, plan.executor, data, sender=keeper, head=head)
        if found is not None:
            return Simulation(
                profit=profit, gas=found.gas, access_list=found.access_list, gas_saved=found.gas_saved
            )
    return Simulation(profit=profit, gas=chain.estimate_gas(plan.executor, data, sender=keeper))


def simulate_behind(
    chain: ChainClient, earlier: Sequence[ArbitragePlan], plan: ArbitragePlan, keeper: Address
) -> Simulation:
    """Return what the plan would do on the state that the ``earlier`` ones leave on the newest block.

    Raises:
        SimulationReverted: it or one before it would revert, or the node cannot simulate calls in order.
        ConfigError: there is no executor at the plan's address.
    """
    calls = [(each.executor, encode_execute(each)) for each in (*earlier, plan)]
    try:
        *before, last = chain.call_in_order(calls, sender=keeper)
    except RpcRejected as error:
        raise SimulationReverted(f"the node cannot simulate a plan behind another: {error}") from None
    for result in before:
        if isinstance(result, CallReverted):
            raise SimulationReverted(f"a plan before it on the same pools would fail: {result.reason}")
    if isinstance(last, CallReverted):
        raise last
    # Up: a limit that is a unit short fails the whole transaction.
    gas = mul_div_up(last.gas_used, _REFUND_QUOTIENT, _REFUND_QUOTIENT - 1)
    return Simulation(profit=_profit(plan, last.returned), gas=gas)


def _profit(plan: ArbitragePlan, returned: bytes) -> int:
    if len(returned) != _WORD:
        raise ConfigError(
            f"the contract at {plan.executor} returned {len(returned)} bytes where an executor returns its "
            f"profit; check the deployment file that keeper.deployment names"
        )
    return int.from_bytes(returned)
