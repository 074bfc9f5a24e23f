"""Transactions that are known before they are sent: shown with their costs, or sent one after the other.

Each step asks the chain whether it is done already: a run that was interrupted is simply started again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import ape
import click
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance
from ape.exceptions import ContractLogicError

from steelyard.connect.authority_errors import AUTHORITY_ERRORS
from steelyard.connect.chain import CallReverted, ChainClient
from steelyard.connect.known_errors import KNOWN_ERRORS
from steelyard.connect.rpc import RpcClient
from steelyard.exceptions import RpcRejected
from steelyard.units import GWEI, Address

DEVELOPMENT_CLIENTS = ("anvil/",)

_ERRORS: Final = KNOWN_ERRORS | AUTHORITY_ERRORS


class StepRefused(click.ClickException):
    """What was asked for cannot be right on this chain; the message says what would be."""


@dataclass(frozen=True)
class Step:
    """One transaction.

    Attributes:
        title: what it does, for people.
        done: asks the chain whether it has been done.
        creates: the address at which it puts a contract, if it does.
    """

    title: str
    target: Address
    data: bytes
    done: Callable[[], bool]
    creates: Address | None = None


def call_step(
    contract: ContractInstance, title: str, done: Callable[[], bool], method: str, *arguments: Any
) -> Step:
    """Return the step that calls a contract, which need not stand yet."""
    data = bytes(getattr(contract, method).encode_input(*arguments))
    return Step(title, Address(contract.address), data, done)


@dataclass(frozen=True)
class Sending:
    """How steps are sent.

    Attributes:
        dry_run: show what would be sent and what it would cost; send nothing.
        confirmations: blocks to wait for after each transaction; Ape's setting for the network if None.
        record: told of each step once it is mined.
    """

    dry_run: bool = False
    confirmations: int | None = None
    record: Callable[[Step, ReceiptAPI], None] = lambda _step, _receipt: None

    @property
    def terms(self) -> dict[str, Any]:
        """Ape's arguments of a transaction."""
        return {} if self.confirmations is None else {"required_confirmations": self.confirmations}


def connected_chain() -> ChainClient:
    """Return our own client of the node that Ape is connected to: reverts of our contracts come decoded."""
    return ChainClient(RpcClient(str(ape.networks.provider.uri)), errors=_ERRORS)


def is_development_node(chain: ChainClient) -> bool:
    """Tell whether this is nobody's money: a fork, or a node of this machine that lets code be written."""
    is_fork: bool = ape.networks.provider.network.is_fork
    return is_fork or chain.client_version().startswith(DEVELOPMENT_CLIENTS)


def run_steps(account: AccountAPI, steps: Sequence[Step], sending: Sending) -> None:
    """Send what is not done yet, in order, or show it.

    Raises:
        StepRefused: a step reverts, or in a dry run would; it says which, and why. What was sent before
            stands.
    """
    pending = []
    for step in steps:
        if step.done():
            click.echo(f"  done already   {step.title}")
        else:
            pending.append(step)
    if sending.dry_run:
        _show(account, pending)
        return
    for step in pending:
        receipt = _send(account, step, sending)
        click.echo(f"  {receipt.gas_used:>12,} gas   {step.title}")
        sending.record(step, receipt)


def _send(account: AccountAPI, step: Step, sending: Sending) -> ReceiptAPI:
    """Send one step; where it fails, say why in the contract's own words."""
    try:
        return account.transfer(step.target, 0, data=step.data, **sending.terms)
    except ContractLogicError as error:
        try:
            connected_chain().eth_call(step.target, step.data, sender=Address(account.address))
        except CallReverted as reverted:
            raise StepRefused(f"failed: {step.title}: {reverted.reason}") from None
        raise StepRefused(f"failed: {step.title}: {error}") from None


def _show(account: AccountAPI, steps: Sequence[Step]) -> None:
    """Run the steps one on the state that the other leaves, in a call that changes nothing."""
    if not steps:
        click.echo("nothing would be sent")
        return
    calls = [(step.target, step.data) for step in steps]
    try:
        results = connected_chain().call_in_order(calls, sender=Address(account.address))
    except RpcRejected as error:
        for step in steps:
            click.echo(f"  would send     {step.title}")
        click.echo(f"what it costs is not known: the node cannot simulate ({error})")
        return
    total_gas = 0
    for step, result in zip(steps, results, strict=True):
        if isinstance(result, CallReverted):
            raise StepRefused(f"would fail: {step.title}: {result.reason}")
        total_gas += result.gas_used
        click.echo(f"  {result.gas_used:>12,} gas   {step.title}")
    price_wei = ape.networks.provider.gas_price
    click.echo(
        f"{len(steps)} transactions would be sent, {total_gas:,} gas, "
        f"{ether(total_gas * price_wei)} ether at {price_wei / GWEI:.3f} gwei; nothing was sent"
    )


def ether(wei: int) -> str:
    """Return an amount as ether, all digits."""
    whole, fraction = divmod(wei, 10**18)
    return f"{whole:,}.{fraction:018d}".rstrip("0").rstrip(".")
