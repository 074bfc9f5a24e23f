"""Sends what strayed into the executor to its treasury: donations, refunds, ether forced in.

::

    ape run sweep 0xTOKEN --account owner            # all that lies there, or --amount base units
    ape run sweep ether --account owner
"""

from __future__ import annotations

import click
from ape.cli import ConnectedProviderCommand

from scripts._executor import Deployed, DeploymentRefused, Session, deployed_at, manage, managing_options
from scripts._steps import connected_chain
from steelyard.connect.abi import BALANCE_OF, address_word
from steelyard.connect.hexes import checksum
from steelyard.units import Address

ETHER = "ether"


@click.command(cls=ConnectedProviderCommand)
@managing_options
@click.argument("token")
@click.option("--amount", type=click.IntRange(min=1), help="Base units, or wei; all there is if left out.")
def cli(session: Session, token: str, amount: int | None) -> None:
    """Send all of TOKEN (an address, or `ether`) to the treasury; the account must be the owner."""
    deployed = deployed_at(session.deployment)
    held = _held(deployed, token)
    if held == 0 or (amount or 0) > held:
        raise DeploymentRefused(f"the executor holds {held} base units of {token}: nothing to sweep")
    swept = amount or held
    method, arguments = ("sweepEther", (swept,)) if token == ETHER else ("sweep", (token, swept))
    to = deployed.executor.treasury()
    step = deployed.step(
        f"send {swept} base units of {token} to the treasury {to}",
        lambda: _held(deployed, token) < held,
        method,
        *arguments,
    )
    manage(session, deployed, [step])


def _held(deployed: Deployed, token: str) -> int:
    """Base units of a token, or wei, that lie in the executor."""
    chain, executor = connected_chain(), Address(deployed.executor.address)
    if token == ETHER:
        return chain.balance_wei(executor)
    try:
        answer = chain.eth_call(checksum(token), BALANCE_OF + address_word(executor))
    except ValueError:
        raise DeploymentRefused(f"{token!r} is neither a token's address nor {ETHER!r}") from None
    if len(answer) < 32:
        raise DeploymentRefused(f"{token} is no token on this chain")
    return int.from_bytes(answer[:32])
