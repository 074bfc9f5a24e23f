"""Deploys FlashLoanArbitrage and sets it up: venues, keeper, guardian, treasury.

::

    ape run deploy executor --account deployer --treasury 0x... --keeper 0x...
    ape run deploy keeper --account owner 0x...            # grant; --revoke takes it back
    ape run deploy treasury --account owner 0x...

Without ``--network`` all of it happens on a fork of mainnet that ends with the command: a rehearsal.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

import ape
import click
from ape.api import AccountAPI
from ape.cli import ConnectedProviderCommand, account_option, network_option
from ape.contracts import ContractInstance

DEPLOYMENTS_FOLDER: Final = Path(".steelyard") / "deployments"
LENDER_KINDS: Final = {
    "balancer_v2": 0,
    "aave_v3": 1,
    "morpho_blue": 2,
    "aave_v2": 3,
    "maker": 4,
    "uniswap_v4": 7,
}
FORK_FOLDER: Final = "fork"
"""Forks end with the command; what stood on them is kept apart, where no keeper looks by itself."""


# Named tuples: Ape runs scripts outside of sys.modules, where a dataclass cannot resolve its annotations.
class VenueEntry(NamedTuple):
    """A family of pools to be listed; ``kind`` is the name of its VenueKind in lower case."""

    name: str
    kind: str
    factory: str
    init_code_hash: str
    fee_pips: int

    @property
    def arguments(self) -> tuple[int, int, str, bytes]:
        """The contract's ``Venue``."""
        kind = {"uniswap_v2": 0, "uniswap_v3": 1}[self.kind]
        return kind, self.fee_pips, self.factory, bytes.fromhex(self.init_code_hash.removeprefix("0x"))


class ChainBook(NamedTuple):
    """Where the executor's counterparts stand on one chain; None is a lender that the chain has not."""

    balancer_v2: str | None
    aave_v3: str | None
    morpho_blue: str | None
    aave_v2: str | None
    maker: str | None
    uniswap_v4: str | None
    weth: str
    venues: tuple[VenueEntry, ...]

    @property
    def lenders(self) -> dict[str, str | None]:
        """Addresses by the lender's name, in the order of the contract's ``Lenders``."""
        return {
            "balancer_v2": self.balancer_v2,
            "aave_v3": self.aave_v3,
            "morpho_blue": self.morpho_blue,
            "aave_v2": self.aave_v2,
            "maker": self.maker,
            "uniswap_v4": self.uniswap_v4,
        }


# Sources: the projects' own deployment pages; the test of the replica's manifest holds the addresses, and
# tests/forge/PoolAddress.t.sol holds the init-code hashes against well-known pools.
CHAIN_BOOKS: Final = {
    1: ChainBook(
        balancer_v2="0xBA12222222228d8Ba445958a75a0704d566BF2C8",
        aave_v3="0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2",
        morpho_blue="0xBBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb",
        aave_v2="0x7d2768dE32b0b80b7a3454c06BdAc94A69DDc7A9",
        maker="0x60744434d6339a6B27d73d9Eda62b6F66a0a04FA",
        uniswap_v4="0x000000000004444c5dc75cB358380D2e3dE08A90",
        weth="0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
        venues=(
            VenueEntry(
                name="uniswap_v2",
                kind="uniswap_v2",
                factory="0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f",
                init_code_hash="0x96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f",
                fee_pips=3000,
            ),
            VenueEntry(
                name="sushiswap_v2",
                kind="uniswap_v2",
                factory="0xC0AEe478e3658e2610c5F7A4A2E1777cE9e4f2Ac",
                init_code_hash="0xe18a34eb0e04b04f7a0ac29a6e80748dca96319b42c54d679cb821dca90c6303",
                fee_pips=3000,
            ),
            VenueEntry(
                name="uniswap_v3",
                kind="uniswap_v3",
                factory="0x1F98431c8aD98523631AE4a59f267346ea31F984",
                init_code_hash="0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54",
                fee_pips=0,
            ),
        ),
    ),
}


class DeploymentRefused(click.ClickException):
    """What was asked for cannot be right on this chain; the message says what would be."""


def deploy_executor(
    account: AccountAPI,
    *,
    treasury: str,
    keeper: str,
    owner: str | None = None,
    guardian: str | None = None,
    output: Path | None = None,
    confirmations: int | None = None,
) -> ContractInstance:
    """Deploy the executor, list the chain's venues in the order of its book, and name the keeper.

    ``account`` signs everything and owns the executor while it is set up. Another ``owner`` is then offered
    the ownership and must accept it (``acceptOwnership``): until then the account still holds it.

    Args:
        output: file for what was deployed; ``.steelyard/deployments/<chain id>.json`` if None, and under
            ``fork/`` there on a fork.
        confirmations: blocks to wait for after each transaction; Ape's setting for the network if None.

    Raises:
        DeploymentRefused: no book for this chain, or a counterpart holds no code there.
    """
    provider = ape.networks.provider
    chain_id = provider.chain_id
    book = CHAIN_BOOKS.get(chain_id)
    if book is None:
        known = ", ".join(map(str, CHAIN_BOOKS))
        raise DeploymentRefused(f"no addresses are known on chain id {chain_id}; known: {known}")
    _require_code(book)
    wait = {} if confirmations is None else {"required_confirmations": confirmations}
    executor = account.deploy(
        ape.project.FlashLoanArbitrage,
        account.address,
        treasury,
        tuple(address or ape.utils.ZERO_ADDRESS for address in book.lenders.values()),
        book.weth,
        **wait,
    )
    for venue in book.venues:
        executor.listVenue(venue.arguments, sender=account, **wait)
    _give_roles(executor, {"sender": account, **wait}, keeper=keeper, guardian=guardian, owner=owner)
    write_deployment(executor, book, keeper, output or default_output(chain_id))
    return executor


def _give_roles(
    executor: ContractInstance, terms: dict[str, Any], *, keeper: str, guardian: str | None, owner: str | None
) -> None:
    """Name keeper, guardian and final owner; ``terms`` are Ape's, for each of the transactions."""
    executor.setKeeper(keeper, True, **terms)
    if guardian is not None:
        executor.setGuardian(guardian, **terms)
    if owner is not None and owner != terms["sender"].address:
        executor.transferOwnership(owner, **terms)


def default_output(chain_id: int) -> Path:
    """Where a keeper of this chain looks; forks have a folder of their own."""
    is_fork = ape.networks.provider.network.is_fork
    folder = DEPLOYMENTS_FOLDER / FORK_FOLDER if is_fork else DEPLOYMENTS_FOLDER
    return folder / f"{chain_id}.json"


def write_deployment(executor: ContractInstance, book: ChainBook, keeper: str, path: Path) -> None:
    """Write what was deployed as JSON, read back from the chain where the chain knows it."""
    record = {
        "chain_id": ape.networks.provider.chain_id,
        "executor": executor.address,
        "treasury": executor.treasury(),
        "owner": executor.owner(),
        "pending_owner": _address_or_none(executor.pendingOwner()),
        "guardian": _address_or_none(executor.guardian()),
        "keeper": keeper,
        "block_number": executor.creation_metadata.block,
        "transaction": executor.txn_hash,
        "lenders": {name: _lender(executor, name) for name in book.lenders},
        "weth": executor.WETH(),
        "venues": [_venue_record(executor, venue_id, venue) for venue_id, venue in enumerate(book.venues)],
    }
    _write(path, record)


def _require_code(book: ChainBook) -> None:
    named = book.lenders | {"weth": book.weth} | {venue.name: venue.factory for venue in book.venues}
    for name, address in named.items():
        if address is not None and not ape.networks.provider.get_code(address):
            raise DeploymentRefused(f"{name} holds no code at {address}: is this the chain it claims to be?")


def _lender(executor: ContractInstance, name: str) -> str | None:
    return _address_or_none(executor.lenderAddress(LENDER_KINDS[name]))


def _address_or_none(address: str) -> str | None:
    return None if address == ape.utils.ZERO_ADDRESS else address


def _venue_record(executor: ContractInstance, venue_id: int, entry: VenueEntry) -> dict[str, Any]:
    listed = executor.venueAt(venue_id)
    return {
        "venue_id": venue_id,
        "name": entry.name,
        "kind": entry.kind,
        "factory": listed.factory,
        "init_code_hash": "0x" + bytes(listed.initCodeHash).hex(),
        "fee_pips": listed.feePips,
    }


def _write(path: Path, record: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Whole or not at all: a keeper may be reading.
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(path)


class _Deployed(NamedTuple):
    """An executor and the file that says where it stands."""

    executor: ContractInstance
    path: Path

    def amend(self, key: str, value: str) -> None:
        """Write down what has just changed on chain."""
        _write(self.path, json.loads(self.path.read_text(encoding="utf-8")) | {key: value})


def _deployed(deployment: Path | None) -> _Deployed:
    path = deployment or default_output(ape.networks.provider.chain_id)
    try:
        address = json.loads(path.read_text(encoding="utf-8"))["executor"]
    except FileNotFoundError:
        raise DeploymentRefused(f"{path} does not exist; deploy first: ape run deploy executor") from None
    except (ValueError, KeyError, TypeError) as error:
        raise DeploymentRefused(f"{path} is no deployment file: {error!r}") from None
    if not ape.networks.provider.get_code(address):
        raise DeploymentRefused(f"{path} names {address}, where this chain has no contract")
    return _Deployed(ape.project.FlashLoanArbitrage.at(address), path)


@click.group()
def cli() -> None:
    """Deploy the flash-loan executor, and name its keeper and treasury."""


@cli.command(cls=ConnectedProviderCommand)
@network_option()
@account_option()
@click.option("--treasury", required=True, help="Receives all profit; only the owner can change it.")
@click.option("--keeper", required=True, help="May execute plans, and nothing else.")
@click.option("--guardian", help="May pause, and nothing else.")
@click.option("--owner", help="Final owner, who must accept; the deploying account if left out.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File for what was deployed.")
@click.option(
    "--confirmations", type=click.IntRange(min=0), help="Blocks to wait for after each transaction."
)
def executor(
    account: AccountAPI,
    treasury: str,
    keeper: str,
    guardian: str | None,
    owner: str | None,
    output: Path | None,
    confirmations: int | None,
) -> None:
    """Deploy the executor, list the venues, name the keeper."""
    deployed = deploy_executor(
        account,
        treasury=treasury,
        keeper=keeper,
        owner=owner,
        guardian=guardian,
        output=output,
        confirmations=confirmations,
    )
    path = output or default_output(ape.networks.provider.chain_id)
    click.echo(f"FlashLoanArbitrage stands at {deployed.address}; written down in {path}")
    if owner is not None and owner != account.address:
        click.echo(f"{owner} must call acceptOwnership(); until then {account.address} owns it")


@cli.command(name="keeper", cls=ConnectedProviderCommand)
@network_option()
@account_option()
@click.argument("address")
@click.option("--revoke", is_flag=True, help="Take the role back.")
@click.option("--deployment", type=click.Path(dir_okay=False, path_type=Path), help="Its deployment file.")
def set_keeper(account: AccountAPI, address: str, revoke: bool, deployment: Path | None) -> None:
    """Grant or revoke the keeper role; the account must be the owner.

    A keeper that is granted the role becomes the one that the deployment file names.
    """
    deployed = _deployed(deployment)
    deployed.executor.setKeeper(address, not revoke, sender=account)
    if not revoke:
        deployed.amend("keeper", address)
    click.echo(f"{address} {'is no longer' if revoke else 'is now'} a keeper of {deployed.executor.address}")


@cli.command(name="treasury", cls=ConnectedProviderCommand)
@network_option()
@account_option()
@click.argument("address")
@click.option("--deployment", type=click.Path(dir_okay=False, path_type=Path), help="Its deployment file.")
def set_treasury(account: AccountAPI, address: str, deployment: Path | None) -> None:
    """Name the treasury, on chain and in the deployment file; the account must be the owner."""
    deployed = _deployed(deployment)
    deployed.executor.setTreasury(address, sender=account)
    deployed.amend("treasury", address)
    click.echo(f"{address} receives the profit of {deployed.executor.address} from now on")
