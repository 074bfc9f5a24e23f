"""The settings of a vault: shown, and brought to what a file says.

::

    ape run settings show
    ape run settings change vault.toml --account owner --dry-run

What counts of the file: ``[settings]``, and ``[model]``, ``[curve]`` and ``[limits]``, which are a policy's:
where one of them is another, a new policy is deployed, and the vault is told its address. What the
administration does waits for its delay: the first run schedules, the same command later does it.
"""

from __future__ import annotations

from pathlib import Path

import click
from ape.cli import ConnectedProviderCommand, network_option

from scripts._executor import Session, deployment_option, managing_options
from scripts._site import Site, code_hash
from scripts._steps import connected_chain
from scripts._vault_code import fields, policy_code, settings_of
from scripts._vault_management import manage_as_administration, read_terms
from scripts._vault_record import SETTINGS, DeployedVault, deployed_vault_at, settings_found
from steelyard.cli.tables import aligned
from steelyard.config.vault_terms import VaultTerms


@click.group()
def cli() -> None:
    """Show and change the settings of a vault."""


@cli.command(cls=ConnectedProviderCommand)
@network_option()
@deployment_option
def show(deployment: Path | None) -> None:
    """Show policy, fees and cap, as the chain has them."""
    deployed = deployed_vault_at(deployment)
    found = settings_found(deployed.vault)
    click.echo("\n".join(aligned([(name.replace("_", " "), str(found[name])) for name in found])))


@cli.command(cls=ConnectedProviderCommand)
@managing_options
@click.argument("terms", type=click.Path(dir_okay=False, path_type=Path))
def change(session: Session, terms: Path) -> None:
    """Bring settings and policy to what the file TERMS says; the administration's."""
    deployed, chain = deployed_vault_at(session.deployment), connected_chain()
    wanted = _changed(deployed.terms, read_terms(terms))
    code = policy_code(wanted, deployed.record["price_source"])
    site = Site(chain, wanted.place)
    policy = site.address_of(code)
    settings = settings_of(wanted, policy)
    for line in _differences(deployed, settings):
        click.echo(line)
    is_done = manage_as_administration(
        session,
        deployed,
        [
            deployed.step(
                f"change the settings to those of {terms}",
                lambda: fields(deployed.vault.settings()) == settings,
                "changeSettings",
                settings,
            )
        ],
        first=[site.create("AllocationPolicy", code)],
        policy=policy,
        settings=dict(zip(SETTINGS, settings, strict=True)),
        terms=wanted.model_dump(mode="json", exclude_none=True),
    )
    if is_done:
        hashes = deployed.record["code_hashes"] | {"policy": code_hash(chain, policy)}
        deployed.amend(code_hashes=hashes)


def _changed(known: VaultTerms, read: VaultTerms) -> VaultTerms:
    """What the vault was deployed with, but for what can change."""
    parts = ("settings", "model", "curve", "limits")
    return known.model_copy(update={part: getattr(read, part) for part in parts})


def _differences(deployed: DeployedVault, settings: tuple[object, ...]) -> list[str]:
    found = settings_found(deployed.vault)
    return [
        f"  {name.replace('_', ' ')}: {found[name]} -> {wanted}"
        for name, wanted in zip(SETTINGS, settings, strict=True)
        if found[name] != wanted
    ]
