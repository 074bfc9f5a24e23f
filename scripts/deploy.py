"""Deploys FlashLoanArbitrage and its lens, the relayer, or a vault, and sets them up.

::

    ape run deploy executor --account deployer --treasury 0x... --keeper 0x... --dry-run
    ape run deploy executor --account deployer --treasury 0x... --keeper 0x...
    ape run deploy vault vault.toml --account deployer --dry-run

The address follows from what is deployed (CREATE2) and is shown before anything is sent. A run that was
interrupted is started again: what the chain has is not sent twice. Without ``--network`` all of it happens
on a fork of mainnet that ends with the command: a rehearsal. Then: ``ape run verify``, ``ape run roles``.
"""

from __future__ import annotations

from pathlib import Path

import ape
import click
from ape.api import AccountAPI
from ape.cli import ConnectedProviderCommand, account_option, network_option
from ape.contracts import ContractInstance

from scripts._deployment import Blueprint, Terms, deployment_record
from scripts._deployment_log import DeploymentLog
from scripts._executor import ADDRESS, DeploymentRefused, default_output, sending_options
from scripts._relayer_deployment import AllowedCall, RelayerBlueprint, relayer_output
from scripts._steps import Sending, connected_chain, run_steps
from scripts._vault_deployment import VaultBlueprint
from scripts._vault_management import read_terms
from scripts._vault_record import vault_output, vault_record
from steelyard.config.address_book import AddressBook, address_book
from steelyard.config.vault_terms import VaultTerms
from steelyard.exceptions import ConfigError
from steelyard.units import Address

DEFAULT_SALT = "steelyard"


def deploy_executor(
    account: AccountAPI,
    *,
    treasury: str,
    keeper: str,
    owner: str | None = None,
    guardian: str | None = None,
    forwarder: str | None = None,
    output: Path | None = None,
    confirmations: int | None = None,
    salt: str = DEFAULT_SALT,
    expected_chain_id: int | None = None,
    dry_run: bool = False,
) -> ContractInstance:
    """Deploy executor and lens, list the chain's venues in the order of its book, and give the roles.

    ``account`` signs everything and owns the executor while it is set up. Another ``owner`` is then offered
    the ownership and must accept it (``ape run roles accept``): until then the account still holds it.

    Args:
        forwarder: the relayer whose signed calls count as their signers'; none if None.
        output: file for what was deployed; ``.steelyard/deployments/<chain id>.json`` if None, and under
            ``fork/`` there on a fork.
        confirmations: blocks to wait for after each transaction; Ape's setting for the network if None.
        salt: another salt, another address.
        expected_chain_id: refuse any other chain.
        dry_run: show the steps and their costs, send nothing.

    Returns:
        The executor; after a dry run it need not stand there.

    Raises:
        DeploymentRefused: the chain is another one or has no book, a counterpart holds no code there, or the
            file names another executor.
    """
    chain_id = ape.networks.provider.chain_id
    terms = Terms(
        deployer=Address(account.address),
        treasury=treasury,
        keeper=keeper,
        guardian=guardian,
        owner=owner,
        forwarder=forwarder,
        salt=salt,
    )
    blueprint = Blueprint(connected_chain(), _book(chain_id, expected_chain_id), terms)
    path = output or default_output(chain_id)
    log = DeploymentLog(
        path,
        blueprint.site,
        kind="executor",
        address=blueprint.executor_address,
        first=blueprint.executor_address,
        record=lambda previous, creation: deployment_record(blueprint, previous, creation),
    )
    click.echo(f"FlashLoanArbitrage will stand at {blueprint.executor_address} on chain id {chain_id}")
    blueprint.place_proxy()
    run_steps(account, blueprint.steps(), Sending(dry_run, confirmations, log.write))
    if not dry_run:
        log.finish()
    return blueprint.executor


def deploy_vault(
    account: AccountAPI,
    terms: VaultTerms,
    *,
    output: Path | None = None,
    confirmations: int | None = None,
    dry_run: bool = False,
) -> ContractInstance:
    """Deploy a vault with all it stands on, list and score its pools, and hand it over to its owner.

    ``account`` signs everything and is the administration until the last step, which takes that from it.

    Returns:
        The vault; after a dry run it need not stand there.

    Raises:
        DeploymentRefused: the chain is another one, something that the terms name holds no code there, or the
            file names another vault.
    """
    chain_id = ape.networks.provider.chain_id
    if terms.chain_id != chain_id:
        raise DeploymentRefused(
            f"the node serves chain id {chain_id}, not {terms.chain_id}: name the right --network"
        )
    blueprint = VaultBlueprint(connected_chain(), terms, Address(account.address))
    log = DeploymentLog(
        output or vault_output(chain_id),
        blueprint.site,
        kind="vault",
        address=blueprint.vault_address,
        first=blueprint.authority_address,
        record=lambda previous, creation: vault_record(blueprint, previous, creation),
    )
    click.echo(f"AllocationVault will stand at {blueprint.vault_address} on chain id {chain_id}")
    blueprint.require_code()
    run_steps(account, blueprint.steps(), Sending(dry_run, confirmations, log.write))
    if not dry_run:
        log.finish()
    return blueprint.vault


def _book(chain_id: int, expected_chain_id: int | None) -> AddressBook:
    if expected_chain_id is not None and expected_chain_id != chain_id:
        raise DeploymentRefused(
            f"the node serves chain id {chain_id}, not {expected_chain_id}: name the right --network"
        )
    try:
        return address_book(chain_id)
    except ConfigError as error:
        raise DeploymentRefused(str(error)) from None


@click.group()
def cli() -> None:
    """Deploy the flash-loan executor and its lens, the relayer, or a vault."""


@cli.command(cls=ConnectedProviderCommand)
@network_option()
@account_option()
@click.option(
    "--treasury", type=ADDRESS, required=True, help="Receives all profit; only the owner can change it."
)
@click.option("--keeper", type=ADDRESS, required=True, help="May execute plans, and nothing else.")
@click.option("--guardian", type=ADDRESS, help="May pause, and nothing else.")
@click.option(
    "--owner", type=ADDRESS, help="Final owner, who must accept; the deploying account if left out."
)
@click.option(
    "--forwarder",
    type=ADDRESS,
    help="The relayer whose signed calls count as their signers'; none if left out.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File for what was deployed.")
@click.option("--chain-id", type=click.IntRange(min=1), help="Refuse any other chain.")
@click.option("--salt", default=DEFAULT_SALT, show_default=True, help="Another salt, another address.")
@sending_options
def executor(
    account: AccountAPI,
    treasury: str,
    keeper: str,
    guardian: str | None,
    owner: str | None,
    forwarder: str | None,
    output: Path | None,
    chain_id: int | None,
    salt: str,
    dry_run: bool,
    confirmations: int | None,
) -> None:
    """Deploy the executor, list the venues, give the roles; again, where that was interrupted."""
    deployed = deploy_executor(
        account,
        treasury=treasury,
        keeper=keeper,
        owner=owner,
        guardian=guardian,
        forwarder=forwarder,
        output=output,
        confirmations=confirmations,
        salt=salt,
        expected_chain_id=chain_id,
        dry_run=dry_run,
    )
    if dry_run:
        return
    path = output or default_output(ape.networks.provider.chain_id)
    click.echo(f"FlashLoanArbitrage stands at {deployed.address}; written down in {path}")
    if owner is not None and owner != account.address:
        click.echo(f"{owner} must accept (ape run roles accept); until then {account.address} owns it")


@cli.command(cls=ConnectedProviderCommand)
@network_option()
@account_option()
@click.option("--guardian", type=ADDRESS, help="May pause, and nothing else.")
@click.option(
    "--owner", type=ADDRESS, help="Final owner, who must accept; the deploying account if left out."
)
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    callback=lambda _context, _parameter, texts: tuple(AllowedCall.parse(text) for text in texts),
    help="A call that may be relayed, 0xTARGET:function(types); again for each, in this run or a later one.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File for what was deployed.")
@click.option("--salt", default=DEFAULT_SALT, show_default=True, help="Another salt, another address.")
@sending_options
def relayer(
    account: AccountAPI,
    guardian: str | None,
    owner: str | None,
    allowed: tuple[AllowedCall, ...],
    output: Path | None,
    salt: str,
    dry_run: bool,
    confirmations: int | None,
) -> None:
    """Deploy the relayer and fill its list; again, to go on or to allow more.

    It comes before the contracts that trust it: they name its address when they are deployed.
    """
    blueprint = RelayerBlueprint(
        connected_chain(),
        deployer=Address(account.address),
        owner=owner,
        guardian=guardian,
        salt=salt,
        calls=allowed,
    )
    chain_id = ape.networks.provider.chain_id
    click.echo(f"GaslessTransactionRelayer will stand at {blueprint.address} on chain id {chain_id}")
    blueprint.require_trust()
    run_steps(account, blueprint.steps(), Sending(dry_run, confirmations))
    if dry_run:
        return
    path = output or relayer_output(chain_id)
    blueprint.write(path)
    click.echo(f"GaslessTransactionRelayer stands at {blueprint.address}; written down in {path}")


@cli.command(cls=ConnectedProviderCommand)
@network_option()
@account_option()
@click.argument("terms", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File for what was deployed.")
@sending_options
def vault(
    account: AccountAPI, terms: Path, output: Path | None, dry_run: bool, confirmations: int | None
) -> None:
    """Deploy the vault that the TOML file TERMS describes; again, where that was interrupted.

    An example with every key explained: docs/examples/vault.toml.
    """
    read = read_terms(terms)
    deployed = deploy_vault(account, read, output=output, confirmations=confirmations, dry_run=dry_run)
    if dry_run:
        return
    path = output or vault_output(read.chain_id)
    click.echo(f"AllocationVault stands at {deployed.address}; written down in {path}")
    click.echo(f"{read.roles.owner} is its administration")
