"""Puts the code that was compiled here behind a vault.

::

    ape run upgrade --account owner --dry-run
    ape run upgrade --account owner          # with a delay: schedules it; the same command later does it

Before anything is sent: the storage layout is held against the one that was written down (fields may only be
added at the end), the vault is asked whether it takes the code, and everything that it says is compared with
what it would say. What differs is a reason to refuse.
"""

from __future__ import annotations

import click
from ape.cli import ConnectedProviderCommand

from scripts._deployment import place_proxy
from scripts._executor import DeploymentRefused, Session, managing_options
from scripts._site import Site, code_hash
from scripts._steps import connected_chain
from scripts._vault_code import implementation_code
from scripts._vault_layout import Layout, compiled_layout, layout_conflicts
from scripts._vault_management import manage_as_administration
from scripts._vault_record import DeployedVault, deployed_vault_at
from scripts._vault_upgrade import require_same_answers
from scripts._vault_verification import implementation_of
from steelyard.connect.chain import ChainClient


@click.command(cls=ConnectedProviderCommand)
@managing_options
@click.option("--forwarder", help="The relayer from now on, `none` for none; as until now if left out.")
def cli(session: Session, forwarder: str | None) -> None:
    """Upgrade the vault to the code that was compiled here; the account must be its administration."""
    deployed, chain = deployed_vault_at(session.deployment), connected_chain()
    relayer = {None: deployed.record.get("forwarder"), "none": None}.get(forwarder, forwarder)
    site = Site(chain, deployed.terms.place)
    if relayer is not None and not site.stands(relayer):
        raise DeploymentRefused(f"the forwarder holds no code at {relayer}")
    code = implementation_code(relayer)
    at = site.address_of(code)
    layout = _require_compatible(chain, deployed)
    if at == implementation_of(chain, deployed.vault.address):
        click.echo(f"the vault's code is the compiled one already, at {at}: nothing to do")
        return
    compared = require_same_answers(chain, deployed, at, code)
    click.echo(f"storage is compatible, and {compared} answers of the vault stay what they are")
    place_proxy(chain)
    step = deployed.step(
        f"upgrade to {at}",
        lambda: implementation_of(chain, deployed.vault.address) == at,
        "upgradeToAndCall",
        at,
        b"",
    )
    is_done = manage_as_administration(
        session,
        deployed,
        [step],
        first=[site.create("the code of AllocationVault", code)],
        implementation=at,
        forwarder=relayer,
        layout=layout,
    )
    if is_done:
        hashes = deployed.record["code_hashes"] | {"implementation": code_hash(chain, at)}
        deployed.amend(code_hashes=hashes)
        click.echo(f"the vault's code is at {at}; now: ape run verify --vault")


def _require_compatible(chain: ChainClient, deployed: DeployedVault) -> Layout:
    """See that the file speaks of the code that is there, and that its storage can be the new one's.

    Returns:
        The new layout.

    Raises:
        DeploymentRefused: it does not, or cannot; each field is named.
    """
    written, found = deployed.record["implementation"], implementation_of(chain, deployed.vault.address)
    if written != found:
        raise DeploymentRefused(
            f"{deployed.path} knows the layout of the code at {written}, but the vault's is at {found}: "
            "take the file that was written when it was upgraded"
        )
    layout = compiled_layout()
    conflicts = layout_conflicts(deployed.record["layout"], layout)
    if conflicts:
        raise DeploymentRefused(
            "the vault's storage would be misread:\n" + "\n".join(f"  {one}" for one in conflicts)
        )
    return layout
