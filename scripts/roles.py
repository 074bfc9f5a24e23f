"""Who may do what at the executor, or at a vault: shown, given, taken back, handed over.

::

    ape run roles show
    ape run roles grant 0xKEEPER --account owner          # revoke takes it back
    ape run roles rotate 0xNEW --account owner            # the new keeper first, then the old one goes
    ape run roles transfer 0xOWNER --account owner        # then: ape run roles accept --account new-owner
    ape run roles vault grant manager 0xMANAGER --account owner
"""

from __future__ import annotations

from pathlib import Path

import click
from ape.cli import ConnectedProviderCommand, network_option

from scripts._events import keepers_of
from scripts._executor import (
    ADDRESS,
    AddressParameter,
    Deployed,
    DeploymentRefused,
    Session,
    deployed_at,
    deployment_option,
    manage,
    managing_options,
)
from scripts._steps import Step, connected_chain
from scripts._vault_roles import vault
from steelyard.cli.tables import aligned

NOBODY = "0x" + "00" * 20


@click.group()
def cli() -> None:
    """Show and change the roles of the executor, or of a vault."""


cli.add_command(vault)


@cli.command(cls=ConnectedProviderCommand)
@network_option()
@deployment_option
def show(deployment: Path | None) -> None:
    """Show owner, guardian, keepers and treasury, as the chain has them."""
    deployed = deployed_at(deployment)
    executor = deployed.executor
    keepers = keepers_of(connected_chain(), executor, deployed.since_block)
    rows = [("executor", executor.address), ("owner", executor.owner())]
    rows += [
        (name, address)
        for name, address in (("offered to", executor.pendingOwner()), ("guardian", executor.guardian()))
        if address != NOBODY
    ]
    rows += [("keeper", address) for address in sorted(keepers)]
    rows += [("treasury", executor.treasury()), ("paused", "yes" if executor.paused() else "no")]
    click.echo("\n".join(aligned(rows)))


@cli.command(cls=ConnectedProviderCommand)
@managing_options
@click.argument("address", type=ADDRESS)
def grant(session: Session, address: str) -> None:
    """Grant the keeper role; ADDRESS becomes the keeper that the deployment file names."""
    deployed = deployed_at(session.deployment)
    steps = [_keeper_step(deployed, address, allowed=True)]
    manage(session, deployed, steps, keeper=address, keepers=sorted({*deployed.keepers, address}))


@cli.command(cls=ConnectedProviderCommand)
@managing_options
@click.argument("address", type=ADDRESS)
def revoke(session: Session, address: str) -> None:
    """Take the keeper role back."""
    deployed = deployed_at(session.deployment)
    steps = [_keeper_step(deployed, address, allowed=False)]
    manage(session, deployed, steps, keepers=sorted(deployed.keepers - {address}))


@cli.command(cls=ConnectedProviderCommand)
@managing_options
@click.argument("new", type=ADDRESS)
@click.option(
    "--old", type=ADDRESS, help="The keeper that goes; the one that the deployment file names if left out."
)
def rotate(session: Session, new: str, old: str | None) -> None:
    """Grant the role to NEW, then revoke the old keeper: somebody holds it at every moment."""
    deployed = deployed_at(session.deployment)
    leaving = old or str(deployed.record["keeper"])
    if leaving.lower() == new.lower():
        raise DeploymentRefused(
            f"{new} is the keeper already: name another one, or the one that goes (--old)"
        )
    steps = [_keeper_step(deployed, new, allowed=True), _keeper_step(deployed, leaving, allowed=False)]
    manage(session, deployed, steps, keeper=new, keepers=sorted({*deployed.keepers - {leaving}, new}))


@cli.command(cls=ConnectedProviderCommand)
@managing_options
@click.argument("address", type=AddressParameter("none"))
def guardian(session: Session, address: str) -> None:
    """Name the guardian, who may pause; `none` for nobody."""
    deployed = deployed_at(session.deployment)
    named = NOBODY if address == "none" else address
    step = deployed.step(
        f"name {address} guardian",
        lambda: bool(deployed.executor.guardian() == named),
        "setGuardian",
        named,
    )
    written = None if address == "none" else address
    manage(session, deployed, [step], guardian=written)


@cli.command(cls=ConnectedProviderCommand)
@managing_options
@click.argument("address", type=ADDRESS)
def treasury(session: Session, address: str) -> None:
    """Name the treasury, which receives all profit from now on."""
    deployed = deployed_at(session.deployment)
    step = deployed.step(
        f"send the profit to {address}",
        lambda: bool(deployed.executor.treasury() == address),
        "setTreasury",
        address,
    )
    manage(session, deployed, [step], treasury=address)


@cli.command(cls=ConnectedProviderCommand)
@managing_options
@click.argument("address", type=ADDRESS)
def transfer(session: Session, address: str) -> None:
    """Offer the ownership to ADDRESS, who must accept; until then the owner stays."""
    deployed = deployed_at(session.deployment)
    step = deployed.step(
        f"offer ownership to {address}",
        lambda: address in (deployed.executor.pendingOwner(), deployed.executor.owner()),
        "transferOwnership",
        address,
    )
    manage(session, deployed, [step], pending_owner=address)


@cli.command(cls=ConnectedProviderCommand)
@managing_options
def accept(session: Session) -> None:
    """Accept the ownership; the account must be the one that it was offered to."""
    deployed = deployed_at(session.deployment)
    step = deployed.step(
        f"make {session.account.address} the owner",
        lambda: bool(deployed.executor.owner() == session.account.address),
        "acceptOwnership",
    )
    taken = {"owner": session.account.address, "pending_owner": None}
    manage(session, deployed, [step], **taken)


def _keeper_step(deployed: Deployed, keeper: str, *, allowed: bool) -> Step:
    return deployed.step(
        f"{'grant the keeper role to' if allowed else 'revoke the keeper role of'} {keeper}",
        lambda: bool(deployed.executor.isKeeper(keeper)) is allowed,
        "setKeeper",
        keeper,
        allowed,
    )
