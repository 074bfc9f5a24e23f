"""The executor that a deployment file names, and the options of the scripts that manage it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar

import ape
import click
from ape.api import AccountAPI
from ape.cli import account_option, network_option
from ape.contracts import ContractInstance

from scripts._steps import Sending, Step, StepRefused, call_step, run_steps
from steelyard.config.schema import parse_address
from steelyard.units import Address

DEPLOYMENTS_FOLDER: Final = Path(".steelyard") / "deployments"
FORK_FOLDER: Final = "fork"
"""Forks end with the command; what stood on them is kept apart, where no keeper looks by itself."""

F = TypeVar("F", bound=Callable[..., Any])


class DeploymentRefused(StepRefused):
    """The deployment, or its file, is not what the command needs; the message says what would be right."""


@dataclass(frozen=True)
class Recorded:
    """A contract and the file that says where it stands."""

    contract: ContractInstance
    path: Path

    @property
    def record(self) -> dict[str, Any]:
        """What the file says."""
        found: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return found

    @property
    def since_block(self) -> int:
        """The block that brought the contract: it has no event before."""
        return int(self.record["block_number"])

    def amend(self, **changes: Any) -> None:
        """Write down what has just changed on chain."""
        write_record(self.path, self.record | changes)

    def step(self, title: str, done: Callable[[], bool], method: str, *arguments: Any) -> Step:
        """One call of the contract."""
        return call_step(self.contract, title, done, method, *arguments)


class Deployed(Recorded):
    """An executor and its file."""

    @property
    def executor(self) -> ContractInstance:
        """The executor."""
        return self.contract

    @property
    def keepers(self) -> set[str]:
        """Who may execute plans, as the file says; older files name the one of the deployment only."""
        record = self.record
        return set(record.get("keepers", [record["keeper"]]))


def default_output(chain_id: int) -> Path:
    """Where a keeper of this chain looks; forks have a folder of their own."""
    is_fork = ape.networks.provider.network.is_fork
    folder = DEPLOYMENTS_FOLDER / FORK_FOLDER if is_fork else DEPLOYMENTS_FOLDER
    return folder / f"{chain_id}.json"


def deployed_at(deployment: Path | None) -> Deployed:
    """Return the executor that a file names; the usual file of the connected chain if None.

    Raises:
        DeploymentRefused: there is no such file, it names no executor, another chain's, or one that is not
            there.
    """
    path = deployment or default_output(ape.networks.provider.chain_id)
    needed = {"block_number", "keeper", "lenders", "venues"}
    return Deployed(executor_at(recorded_address(path, "executor", needed)), path)


def recorded_address(path: Path, kind: str, needed: Set[str]) -> str:
    """Return where a deployment file says that the contract of this kind stands, and see that it does.

    Raises:
        DeploymentRefused: as ``deployed_at``; or what is ``needed`` is not written down yet.
    """
    chain_id = ape.networks.provider.chain_id
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        address, written_for = record[kind], record.get("chain_id", chain_id)
    except FileNotFoundError:
        raise DeploymentRefused(f"{path} does not exist; deploy first: ape run deploy {kind}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DeploymentRefused(f"{path} is no deployment file of a {kind}: {error!r}") from None
    if written_for != chain_id:
        raise DeploymentRefused(
            f"{path} is a deployment on chain id {written_for}; the node serves chain id {chain_id}"
        )
    if not ape.networks.provider.get_code(address):
        raise DeploymentRefused(f"{path} names {address}, where this chain has no contract")
    if not needed <= set(record):
        raise DeploymentRefused(f"{path} is of an unfinished deployment: run ape run deploy {kind} again")
    return str(address)


def executor_at(address: str) -> ContractInstance:
    """Return the executor at an address, where it need not stand yet.

    Ape's own ``at`` asks an explorer for the code on chains other than mainnet, and gives up without one.
    """
    return ContractInstance(address, ape.project.FlashLoanArbitrage.contract_type)


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write a deployment file, whole or not at all: a keeper may be reading."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(path)


def address_or_none(address: str) -> str | None:
    """Return None for the zero address."""
    return None if int(address, 16) == 0 else address


# --- options ---------------------------------------------------------------------------------------------


class AddressParameter(click.ParamType):
    """An address in one case or with a right checksum; given on with its checksum, as the chain answers."""

    name = "address"

    def __init__(self, *words: str) -> None:
        """``words`` may stand in its place and are given on as they are."""
        self._words = words

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Address | str:
        if value in self._words:
            return value
        try:
            return parse_address(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


ADDRESS: Final = AddressParameter()


deployment_option = click.option(
    "--deployment", type=click.Path(dir_okay=False, path_type=Path), help="Its deployment file."
)


vault_option = click.option("--vault", is_flag=True, help="The vault, and not the executor.")


pool_option = click.option(
    "--pool", help="This pool of the vault only, by its name in the deployment file or its address."
)


def sending_options(command: F) -> F:
    """Add ``--dry-run`` and ``--confirmations``."""
    for option in (
        click.option(
            "--confirmations", type=click.IntRange(min=0), help="Blocks to wait for after each transaction."
        ),
        click.option("--dry-run", is_flag=True, help="Show what would be sent and its cost; send nothing."),
    ):
        command = option(command)
    return command


@dataclass(frozen=True)
class Session:
    """What every command is given that sends something to a deployed contract.

    Attributes:
        account: who signs.
        deployment: the file that names the contract; the usual one if None.
        sending: whether anything is sent at all, and what is waited for.
    """

    account: AccountAPI
    deployment: Path | None
    sending: Sending


def managing_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a :class:`Session`, which the command gets as ``session``."""

    @wraps(command)
    def in_session(
        *,
        account: AccountAPI,
        deployment: Path | None,
        dry_run: bool,
        confirmations: int | None,
        **rest: Any,
    ) -> None:
        command(session=Session(account, deployment, Sending(dry_run, confirmations)), **rest)

    asking: Callable[..., None] = in_session
    for option in (deployment_option, sending_options, account_option(), network_option()):
        asking = option(asking)
    return asking


def manage(session: Session, deployed: Recorded, steps: Sequence[Step], **changes: Any) -> bool:
    """Send steps to a contract, then write ``changes`` into its file; tell whether they were sent."""
    name = deployed.contract.contract_type.name
    click.echo(f"{name} at {deployed.contract.address}, by {session.account.address}:")
    run_steps(session.account, steps, session.sending)
    is_sent = not session.sending.dry_run
    if changes and is_sent:
        deployed.amend(**changes)
    return is_sent
