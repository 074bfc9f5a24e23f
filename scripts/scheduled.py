"""What a vault's administration has scheduled and not done yet: shown, and called off.

::

    ape run scheduled show
    ape run scheduled cancel 0xOPERATION --account owner      # at once: calling off waits for nothing

Whoever scheduled something calls it off, or any administration of the vault. What does it is the same command
that scheduled it, once its time has come; a week after that it is void.
"""

from __future__ import annotations

from pathlib import Path

import click
from ape.cli import ConnectedProviderCommand, network_option

from scripts._executor import DeploymentRefused, Session, deployment_option, manage, managing_options
from scripts._scheduled import Operation, scheduled_operations
from scripts._steps import call_step, connected_chain
from scripts._vault_record import deployed_vault_at


@click.group()
def cli() -> None:
    """Show and call off what a vault's administration has scheduled."""


@cli.command(cls=ConnectedProviderCommand)
@network_option()
@deployment_option
def show(deployment: Path | None) -> None:
    """Show what is scheduled: what it would do, by whom, from when on."""
    deployed = deployed_vault_at(deployment)
    found = scheduled_operations(connected_chain(), deployed)
    for operation in found:
        click.echo(operation.text)
    if not found:
        click.echo("nothing is scheduled")


@cli.command(cls=ConnectedProviderCommand)
@managing_options
@click.argument("operation")
def cancel(session: Session, operation: str) -> None:
    """Call off the scheduled OPERATION, by its id as `show` says it."""
    deployed = deployed_vault_at(session.deployment)
    found = _asked_for(operation, scheduled_operations(connected_chain(), deployed))
    authority = deployed.authority
    step = call_step(
        authority,
        f"call off {found.what}, scheduled by {found.caller}",
        lambda: authority.getSchedule(bytes.fromhex(found.id[2:])) == 0,
        "cancel",
        found.caller,
        found.target,
        found.data,
    )
    manage(session, deployed, [step])


def _asked_for(asked: str, scheduled: list[Operation]) -> Operation:
    for operation in scheduled:
        if operation.id == asked.lower():
            return operation
    known = ", ".join(operation.id for operation in scheduled) or "nothing"
    raise DeploymentRefused(f"{asked} is not scheduled; scheduled is: {known}")
