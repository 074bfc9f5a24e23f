"""Who may do what at a vault: ``ape run roles vault``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click
from ape.cli import ConnectedProviderCommand, network_option

from scripts._authority import ADMIN_ROLE, is_administrator
from scripts._executor import ADDRESS, DeploymentRefused, Session, deployment_option, managing_options
from scripts._steps import Step, call_step, connected_chain
from scripts._vault_deployment import role_step
from scripts._vault_management import manage_as_administration, renew_roles
from scripts._vault_record import ROLE_KEYS, DeployedVault, deployed_vault_at, roles_found
from steelyard.cli.tables import aligned
from steelyard.model.vault import VaultRole

_MOST_SECONDS: Final = 2**32 - 1
_ROLE = click.Choice([role.name.lower() for role in VaultRole])


@click.group()
def vault() -> None:
    """Show and change the roles of a vault."""


@vault.command(cls=ConnectedProviderCommand)
@network_option()
@deployment_option
def show(deployment: Path | None) -> None:
    """Show administration, keepers, managers and guardians, as the chain has them."""
    deployed = deployed_vault_at(deployment)
    found = roles_found(connected_chain(), deployed.vault, deployed.authority, deployed.since_block)
    rows = [("vault", deployed.vault.address), ("authority", deployed.authority.address)]
    rows += [
        ("administration", f"{one['account']}, after {one['delay_seconds']:,} seconds")
        for one in found["administration"]
    ]
    rows += [(role.name.lower(), account) for role, key in ROLE_KEYS.items() for account in found[key]]
    click.echo("\n".join(aligned(rows)))


@vault.command(cls=ConnectedProviderCommand)
@managing_options
@click.argument("role", type=_ROLE)
@click.argument("address", type=ADDRESS)
def grant(session: Session, role: str, address: str) -> None:
    """Grant ROLE to ADDRESS; the administration's."""
    _set_role(session, role, address, allowed=True)


@vault.command(cls=ConnectedProviderCommand)
@managing_options
@click.argument("role", type=_ROLE)
@click.argument("address", type=ADDRESS)
def revoke(session: Session, role: str, address: str) -> None:
    """Take ROLE back from ADDRESS; the administration's."""
    _set_role(session, role, address, allowed=False)


@vault.command(cls=ConnectedProviderCommand)
@managing_options
@click.argument("address", type=ADDRESS)
@click.option(
    "--delay-seconds",
    type=click.IntRange(0, _MOST_SECONDS),
    help="What its acts wait for; as long as those of the present one if left out.",
)
def transfer(session: Session, address: str, delay_seconds: int | None) -> None:
    """Give the administration to ADDRESS too, who then ends all others (accept); until then both have it."""
    deployed = deployed_vault_at(session.deployment)
    authority = deployed.authority
    delay = authority.hasRole(ADMIN_ROLE, session.account)[1] if delay_seconds is None else delay_seconds
    step = call_step(
        authority,
        f"give the administration to {address}, whose every act waits {delay:,} seconds",
        lambda: tuple(authority.hasRole(ADMIN_ROLE, address)) == (True, delay),
        "grantRole",
        ADMIN_ROLE,
        address,
        delay,
    )
    _change(session, deployed, [step])


@vault.command(cls=ConnectedProviderCommand)
@managing_options
def accept(session: Session) -> None:
    """End every other administration; the account must be one that it was given to."""
    deployed = deployed_vault_at(session.deployment)
    authority = deployed.authority
    taker = session.account.address
    if not is_administrator(authority, taker):
        raise DeploymentRefused(f"{taker} is no administration: ape run roles vault transfer {taker} first")
    found = roles_found(connected_chain(), deployed.vault, authority, deployed.since_block)
    others = [one["account"] for one in found["administration"] if one["account"] != taker]
    steps = [_ending(deployed, other) for other in others]
    _change(session, deployed, steps)


def _ending(deployed: DeployedVault, other: str) -> Step:
    return call_step(
        deployed.authority,
        f"end the administration of {other}",
        lambda: not is_administrator(deployed.authority, other),
        "revokeRole",
        ADMIN_ROLE,
        other,
    )


def _set_role(session: Session, role: str, address: str, *, allowed: bool) -> None:
    deployed = deployed_vault_at(session.deployment)
    named = VaultRole[role.upper()]
    step = role_step(deployed.step, deployed.vault, named, address, allowed=allowed)
    _change(session, deployed, [step])


def _change(session: Session, deployed: DeployedVault, steps: list[Step]) -> None:
    if manage_as_administration(session, deployed, steps):
        renew_roles(deployed)
