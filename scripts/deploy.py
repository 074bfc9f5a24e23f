"""Deploys FlashLoanArbitrage and its lens, and sets them up: venues, keeper, guardian, owner.

::

    ape run deploy executor --account deployer --treasury 0x... --keeper 0x... --dry-run
    ape run deploy executor --account deployer --treasury 0x... --keeper 0x...

The address follows from what is deployed (CREATE2) and is shown before anything is sent. A run that was
interrupted is started again: what the chain has is not sent twice. Without ``--network`` all of it happens
on a fork of mainnet that ends with the command: a rehearsal. Then: ``ape run verify``, ``ape run roles``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ape
import click
from ape.api import AccountAPI, ReceiptAPI
from ape.cli import ConnectedProviderCommand, account_option, network_option
from ape.contracts import ContractInstance

from scripts._deployment import Blueprint, Terms, deployment_record, read_previous
from scripts._executor import DeploymentRefused, default_output, sending_options, write_record
from scripts._relayer_deployment import AllowedCall, RelayerBlueprint, relayer_output
from scripts._steps import Sending, Step, connected_chain, run_steps
from steelyard.config.address_book import AddressBook, address_book
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
    _carry_out(account, blueprint, output or default_output(chain_id), dry_run, confirmations)
    return blueprint.executor


def _carry_out(
    account: AccountAPI, blueprint: Blueprint, path: Path, dry_run: bool, confirmations: int | None
) -> None:
    """Do the blueprint's steps that are not done yet, and write down in ``path`` what stands."""
    log = _Log(path, blueprint, _previous(path, blueprint))
    chain_id = blueprint.book.chain_id
    click.echo(f"FlashLoanArbitrage will stand at {blueprint.executor_address} on chain id {chain_id}")
    blueprint.place_proxy()
    run_steps(account, blueprint.steps(), Sending(dry_run, confirmations, log.write))
    if not dry_run:
        log.finish()


class _Log:
    """Writes down each step once it is mined, and the whole, read from the chain, at the end."""

    def __init__(self, path: Path, blueprint: Blueprint, previous: dict[str, Any]) -> None:
        self._path, self._blueprint, self._previous = path, blueprint, previous
        self._creation: dict[str, Any] = {}

    def write(self, step: Step, receipt: ReceiptAPI) -> None:
        steps = [*self._previous.get("steps", []), {"step": step.title, "transaction": receipt.txn_hash}]
        if self._blueprint.creates_executor(step):
            self._creation = {"block_number": receipt.block_number, "transaction": receipt.txn_hash}
            self._previous |= {"executor": self._blueprint.executor_address} | self._creation
        self._previous["steps"] = steps
        write_record(self._path, {"chain_id": self._blueprint.book.chain_id} | self._previous)

    def finish(self) -> None:
        write_record(self._path, deployment_record(self._blueprint, self._previous, self._creation))


def _book(chain_id: int, expected_chain_id: int | None) -> AddressBook:
    if expected_chain_id is not None and expected_chain_id != chain_id:
        raise DeploymentRefused(
            f"the node serves chain id {chain_id}, not {expected_chain_id}: name the right --network"
        )
    try:
        return address_book(chain_id)
    except ConfigError as error:
        raise DeploymentRefused(str(error)) from None


def _previous(path: Path, blueprint: Blueprint) -> dict[str, Any]:
    """Return what an earlier run wrote of this executor; nothing of one that is gone with its fork."""
    previous = read_previous(path)
    named = previous.get("executor")
    if named == blueprint.executor_address:
        return previous if blueprint.stands(blueprint.executor_address) else {}
    if isinstance(named, str) and blueprint.stands(Address(named)):
        raise DeploymentRefused(
            f"{path} names another executor, {named}; these arguments make {blueprint.executor_address}. "
            "Take the arguments of the first run, or another --output"
        )
    return {}


@click.group()
def cli() -> None:
    """Deploy the flash-loan executor and its lens, or the relayer."""


@cli.command(cls=ConnectedProviderCommand)
@network_option()
@account_option()
@click.option("--treasury", required=True, help="Receives all profit; only the owner can change it.")
@click.option("--keeper", required=True, help="May execute plans, and nothing else.")
@click.option("--guardian", help="May pause, and nothing else.")
@click.option("--owner", help="Final owner, who must accept; the deploying account if left out.")
@click.option("--forwarder", help="The relayer whose signed calls count as their signers'; none if left out.")
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
@click.option("--guardian", help="May pause, and nothing else.")
@click.option("--owner", help="Final owner, who must accept; the deploying account if left out.")
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
