"""Executes one plan that a person wrote: quoted, simulated, and sent if asked to.

::

    ape run arbitrage plan.json --account keeper              # a live network: shows, sends nothing
    ape run arbitrage plan.json --account keeper --send

On a live network nothing is sent without ``--send``; on a fork it is, unless ``--dry-run`` is given. The
transaction goes to the public pool; the keeper of ``steelyard run`` is what sends privately.
"""

from __future__ import annotations

from pathlib import Path

import ape
import click
from ape.api import AccountAPI, ReceiptAPI
from ape.cli import ConnectedProviderCommand, account_option, network_option
from eth_abi.abi import decode

from scripts._executor import Deployed, DeploymentRefused, deployed_at, deployment_option
from scripts._steps import connected_chain, ether
from steelyard.connect.chain import CallReverted, ChainClient
from steelyard.connect.executor_events import find_executed
from steelyard.connect.plan_codec import ExecutorPlan, encode_execute, encode_quote, plan_id
from steelyard.connect.plan_file import load_plan
from steelyard.exceptions import ConfigError, InvalidPlan
from steelyard.units import GWEI, Address

DEFAULT_DEADLINE_SECONDS = 120


@click.command(cls=ConnectedProviderCommand)
@network_option()
@account_option()
@click.argument("plan", type=click.Path(dir_okay=False, path_type=Path))
@deployment_option
@click.option("--dry-run/--send", "dry_run", default=None, help="Dry on live networks, sent on forks.")
@click.option(
    "--deadline-seconds",
    type=click.IntRange(min=1),
    default=DEFAULT_DEADLINE_SECONDS,
    show_default=True,
    help="How long the plan is good, from the newest block on.",
)
def cli(
    account: AccountAPI, plan: Path, deployment: Path | None, dry_run: bool | None, deadline_seconds: int
) -> None:
    """Quote and simulate the PLAN of a JSON file, and send it."""
    deployed, chain = deployed_at(deployment), connected_chain()
    read = _read_plan(plan, deployed, chain, deadline_seconds)
    click.echo(f"plan {plan_id(read)} of {plan}, by {account.address}")
    try:
        gas = _quote_and_simulate(account, deployed, chain, read)
    except CallReverted as error:
        raise DeploymentRefused(f"it would fail: {error.reason}") from None
    is_live = not ape.networks.provider.network.is_dev
    if is_live if dry_run is None else dry_run:
        click.echo("nothing was sent" + ("; --send sends it" if is_live else ""))
        return
    call = encode_execute(read)
    receipt = account.transfer(deployed.executor.address, 0, data=call, gas_limit=gas + gas // 4)
    _report(chain, deployed, read, receipt)


def _read_plan(path: Path, deployed: Deployed, chain: ChainClient, deadline_seconds: int) -> ExecutorPlan:
    try:
        plan = load_plan(
            path,
            chain_id=chain.chain_id(),
            executor=Address(deployed.executor.address),
            deadline_seconds=chain.block().timestamp_seconds + deadline_seconds,
        )
        plan_id(plan)  # a value that does not fit its field is seen here
        return plan
    except (ConfigError, InvalidPlan) as error:
        raise DeploymentRefused(str(error)) from None


def _quote_and_simulate(
    account: AccountAPI, deployed: Deployed, chain: ChainClient, plan: ExecutorPlan
) -> int:
    """Show what the plan brings and costs on the present state; return its gas. Raises CallReverted."""
    sender, executor = Address(account.address), Address(deployed.executor.address)
    figures = decode(["uint256"] * 3, chain.eth_call(executor, encode_quote(plan), sender=sender))
    asset = plan.loans[0].asset
    for what, amount in zip(("profit", "loan fee"), figures, strict=False):
        click.echo(f"  {what:<10}{amount:>30,} base units of {asset}")
    click.echo(f"  {'tip':<10}{figures[2]:>30,} wei to the builder")
    chain.eth_call(executor, encode_execute(plan), sender=sender)
    gas = chain.estimate_gas(executor, encode_execute(plan), sender=sender)
    price_wei = ape.networks.provider.gas_price
    click.echo(f"  {'gas':<10}{gas:>30,} = {ether(gas * price_wei)} ether at {price_wei / GWEI:.3f} gwei")
    return gas


def _report(chain: ChainClient, deployed: Deployed, plan: ExecutorPlan, receipt: ReceiptAPI) -> None:
    mined = chain.receipt(receipt.txn_hash)
    executor = Address(deployed.executor.address)
    event = None if mined is None else find_executed(mined.logs, executor, plan_id(plan))
    if mined is None or event is None:
        raise DeploymentRefused(f"{receipt.txn_hash} was mined, but its event is not to be found")
    click.echo(
        f"sent {receipt.txn_hash}, block {mined.block_number}, {mined.gas_used:,} gas: the treasury received "
        f"{event.profit:,} base units of {event.asset}"
    )
