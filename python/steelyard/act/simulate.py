"""Runs plans on the chain's state without a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from steelyard.act.plan_kinds import kind_of
from steelyard.connect.access_list import find_cheaper
from steelyard.connect.chain import CallReverted
from steelyard.exceptions import RpcRejected, SimulationReverted
from steelyard.units import mul_div_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steelyard.act.effects import Effect
    from steelyard.connect.access_list import AccessList
    from steelyard.connect.chain import ChainClient
    from steelyard.model import Address, BlockRef, Plan

_REFUND_QUOTIENT: Final = 5
"""At most a fifth of the gas used is refunded (EIP-3529), and a transaction needs it until its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What a plan would do, and what its transaction needs.

    Attributes:
        gas: what a transaction needs, before refunds.
        access_list: what the transaction should list, empty where that would not make it cheaper.
        gas_saved: by the access list; None without one.
    """

    effect: Effect
    gas: int
    access_list: AccessList = ()
    gas_saved: int | None = None


def simulate_for_sending(
    chain: ChainClient, plan: Plan, sender: Address, head: BlockRef, *, access_lists: bool
) -> Simulation:
    """Return what the plan would do and its transaction needs, with an access list where that is cheaper.

    Raises as ``PlanKind.simulate``.
    """
    kind = kind_of(plan)
    effect = kind.simulate(chain, sender)
    if access_lists:
        found = find_cheaper(chain, kind.to, kind.data, sender=sender, head=head)
        if found is not None:
            return Simulation(
                effect=effect, gas=found.gas, access_list=found.access_list, gas_saved=found.gas_saved
            )
    return Simulation(effect=effect, gas=chain.estimate_gas(kind.to, kind.data, sender=sender))


def simulate_behind(chain: ChainClient, earlier: Sequence[Plan], plan: Plan, sender: Address) -> Simulation:
    """Return what the plan would do on the state that the ``earlier`` ones leave on the newest block.

    Raises:
        SimulationReverted: it or one before it would revert, or the node cannot simulate calls in order.
        ConfigError: there is no contract of ours at the plan's address.
    """
    kinds = [kind_of(each) for each in (*earlier, plan)]
    try:
        *before, last = chain.call_in_order([(kind.to, kind.data) for kind in kinds], sender=sender)
    except RpcRejected as error:
        raise SimulationReverted(f"the node cannot simulate a plan behind another: {error}") from None
    for result in before:
        if isinstance(result, CallReverted):
            raise SimulationReverted(f"a plan before it on the same pools would fail: {result.reason}")
    if isinstance(last, CallReverted):
        raise last
    # Up: a limit that is a unit short fails the whole transaction.
    gas = mul_div_up(last.gas_used, _REFUND_QUOTIENT, _REFUND_QUOTIENT - 1)
    return Simulation(effect=kinds[-1].effect_of(last.returned), gas=gas)
