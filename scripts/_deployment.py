"""How an executor comes to a chain: where it will stand, the steps to it, and what is written down."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import ape
import click
from ape.contracts import ContractInstance

from scripts._events import keepers_of, listed_lenders_of
from scripts._executor import DeploymentRefused, address_or_none, executor_at
from scripts._site import Site, code_hash, creation_block, creation_code
from scripts._steps import Step, is_development_node
from steelyard.config.address_book import LENDERS, AddressBook, ListedLenderEntry, VenueEntry
from steelyard.connect.chain import ChainClient
from steelyard.connect.create2 import DEPLOYMENT_PROXY, DEPLOYMENT_PROXY_CODE
from steelyard.model import LenderKind, VenueKind
from steelyard.units import Address

ZERO_ADDRESS: Final = "0x" + "00" * 20
NO_HASH: Final = bytes(32)


@dataclass(frozen=True)
class Terms:
    """What the one who deploys wants.

    Attributes:
        deployer: signs everything and owns the executor while it is set up.
        owner: the final owner, who must accept; the deployer if None.
        forwarder: the relayer whose signed calls count as their signers'; none if None.
        salt: another salt, another address; of this and the constructor's arguments the address follows.
    """

    deployer: Address
    treasury: str
    keeper: str
    guardian: str | None
    owner: str | None
    forwarder: str | None
    salt: str


class Blueprint:
    """An executor and its lens on one chain, before and after they stand there."""

    def __init__(self, chain: ChainClient, book: AddressBook, terms: Terms) -> None:
        """Compute where both will stand. Raises DeploymentRefused where a counterpart holds no code."""
        self.chain, self.book, self.terms = chain, book, terms
        left_out = self._left_out()
        self.venues = tuple(venue for venue in book.venues if venue not in left_out)
        self.listed_lenders = tuple(lender for lender in book.listed_lenders if lender not in left_out)
        self._require_code()
        self.site = Site(chain, terms.salt)
        self.executor_code = executor_code(
            terms.deployer, terms.treasury, lender_addresses(book), self.weth, terms.forwarder
        )
        self.lens_code = creation_code(ape.project.LenderLens)
        self.executor_address = self.site.address_of(self.executor_code)
        self.lens_address = self.site.address_of(self.lens_code)

    @property
    def weth(self) -> str:
        """The chain's wrapped coin."""
        return self.book.wrapped_native.address

    @cached_property
    def executor(self) -> ContractInstance:
        """The executor; it may not stand there yet."""
        return executor_at(self.executor_address)

    def stands(self, address: Address) -> bool:
        """Whether an address holds code."""
        return bool(self.chain.code(address))

    def steps(self) -> list[Step]:
        """All that is to be done, in order, whether or not it has been."""
        return [
            self.site.create("FlashLoanArbitrage", self.executor_code),
            self.site.create("LenderLens", self.lens_code),
            *[self._listing(venue) for venue in self.venues],
            *[self._lender_listing(lender) for lender in self.listed_lenders],
            *self._role_steps(),
        ]

    def lender_list(self) -> dict[int, str]:
        """The executor's ERC-3156 lenders, by id."""
        return listed_lenders_of(self.chain, self.executor, self.first_block)

    @cached_property
    def first_block(self) -> int:
        """The block that brought the executor, which must stand: it has no event before."""
        return creation_block(self.chain, self.executor_address)

    def place_proxy(self) -> None:
        """See that the deployment proxy stands. Raises DeploymentRefused."""
        place_proxy(self.chain)

    # --- the steps ---------------------------------------------------------------------------------------

    def _listing(self, venue: VenueEntry) -> Step:
        arguments = venue_arguments(venue)
        return self._call(
            f"list {venue.name}, {venue.kind} at {venue.address}",
            lambda: arguments in [listed for _, listed in listed_venues(self.executor)],
            "listVenue",
            arguments,
        )

    def _lender_listing(self, lender: ListedLenderEntry) -> Step:
        return self._call(
            f"list {lender.name}, lender at {lender.address}",
            lambda: lender.address in self.lender_list().values(),
            "listLender",
            lender.address,
        )

    def _role_steps(self) -> list[Step]:
        terms, executor = self.terms, self.executor
        steps = [
            self._call(
                f"grant the keeper role to {terms.keeper}",
                lambda: bool(executor.isKeeper(terms.keeper)),
                "setKeeper",
                terms.keeper,
                True,
            )
        ]
        if terms.guardian is not None:
            steps.append(
                self._call(
                    f"name {terms.guardian} guardian",
                    lambda: bool(executor.guardian() == terms.guardian),
                    "setGuardian",
                    terms.guardian,
                )
            )
        if terms.owner is not None and terms.owner != terms.deployer:
            steps.append(
                self._call(
                    f"offer ownership to {terms.owner}",
                    lambda: terms.owner in (executor.pendingOwner(), executor.owner()),
                    "transferOwnership",
                    terms.owner,
                )
            )
        return steps

    def _call(self, title: str, done: Callable[[], bool], method: str, *arguments: Any) -> Step:
        return self.site.call(self.executor, title, done, method, *arguments)

    # --- what must be there ------------------------------------------------------------------------------

    def _left_out(self) -> list[VenueEntry | ListedLenderEntry]:
        """A development chain need not have what nobody has checked; it is left out, and said."""
        entries: list[VenueEntry | ListedLenderEntry] = [*self.book.venues, *self.book.listed_lenders]
        missing = [
            entry
            for entry in entries
            if entry.checked == "unchecked" and not self.stands(Address(entry.address))
        ]
        if missing and not is_development_node(self.chain):
            return []
        for entry in missing:
            click.echo(f"left out: {entry.name}, which this development chain does not have")
        return missing

    def _require_code(self) -> None:
        named: dict[str, str] = {name: entry.address for name, entry in self.book.lenders.items()}
        named |= {"wrapped_native": self.weth}
        if self.terms.forwarder is not None:
            named["the forwarder"] = self.terms.forwarder
        named |= {venue.name: venue.address for venue in self.venues}
        named |= {lender.name: lender.address for lender in self.listed_lenders}
        for name, address in named.items():
            if not self.stands(Address(address)):
                raise DeploymentRefused(
                    f"{name} holds no code at {address}: is this the chain it claims to be?"
                )


def place_proxy(chain: ChainClient) -> None:
    """See that the deployment proxy stands; a development node is given it.

    Raises:
        DeploymentRefused: a live chain has none.
    """
    if chain.code(DEPLOYMENT_PROXY) == DEPLOYMENT_PROXY_CODE:
        return
    if not is_development_node(chain):
        raise DeploymentRefused(
            f"the deployment proxy is not at {DEPLOYMENT_PROXY}: send its presigned transaction first, "
            "see https://github.com/Arachnid/deterministic-deployment-proxy"
        )
    chain.rpc.call("anvil_setCode", [DEPLOYMENT_PROXY, "0x" + DEPLOYMENT_PROXY_CODE.hex()])


# --- code ------------------------------------------------------------------------------------------------


def executor_code(
    owner: str, treasury: str, lenders: Sequence[str | None], weth: str, forwarder: str | None
) -> bytes:
    """Return the executor's creation code; ``lenders`` as ``LENDERS`` names them."""
    addresses = tuple(address or ZERO_ADDRESS for address in lenders)
    return creation_code(
        ape.project.FlashLoanArbitrage, owner, treasury, addresses, weth, forwarder or ZERO_ADDRESS
    )


def lender_addresses(book: AddressBook) -> list[str | None]:
    """Return the book's lenders in the order of the constructor; None where the chain has none."""
    return [book.lenders[name].address if name in book.lenders else None for name in LENDERS]


# --- venues ----------------------------------------------------------------------------------------------


VenueArguments = tuple[int, int, str, bytes]


def venue_arguments(venue: VenueEntry) -> VenueArguments:
    """Return the contract's ``Venue`` for an entry of a book."""
    init_code_hash = NO_HASH if venue.init_code_hash is None else bytes.fromhex(venue.init_code_hash[2:])
    return int(VenueKind[venue.kind.upper()]), venue.fee_pips, venue.address, init_code_hash


def listed_venues(executor: ContractInstance) -> list[tuple[int, VenueArguments]]:
    """Return what the executor lists, with the ids; those that were delisted are left out."""
    found = []
    for venue_id in range(executor.venueCount()):
        try:
            listed = executor.venueAt(venue_id)
        except ape.exceptions.ContractLogicError:
            continue
        values = (int(listed.kind), int(listed.feePips), str(listed.factory), bytes(listed.initCodeHash))
        found.append((venue_id, values))
    return found


# --- the record ------------------------------------------------------------------------------------------


def deployment_record(
    blueprint: Blueprint, previous: dict[str, Any], creation: dict[str, Any]
) -> dict[str, Any]:
    """Return what is written down of a deployment, read from the chain where the chain knows it.

    Args:
        previous: the file as it was; what it says of transactions is kept.
        creation: ``block_number`` and ``transaction`` of the executor's creation, where this run made it.
    """
    executor, chain = blueprint.executor, blueprint.chain
    made = {"block_number": blueprint.first_block, "transaction": previous.get("transaction")} | creation
    kinds = {name: int(LenderKind[name.upper()]) for name in LENDERS}
    return {
        "chain_id": blueprint.book.chain_id,
        "executor": blueprint.executor_address,
        "lender_lens": blueprint.lens_address,
        "salt": blueprint.terms.salt,
        "code_hashes": {
            "executor": code_hash(chain, blueprint.executor_address),
            "lender_lens": code_hash(chain, blueprint.lens_address),
        },
        "forwarder": blueprint.terms.forwarder,
        "treasury": executor.treasury(),
        "owner": executor.owner(),
        "pending_owner": address_or_none(executor.pendingOwner()),
        "guardian": address_or_none(executor.guardian()),
        "keeper": blueprint.terms.keeper,
        "keepers": sorted(keepers_of(chain, executor, blueprint.first_block)),
        **made,
        "lenders": {name: address_or_none(executor.lenderAddress(kind)) for name, kind in kinds.items()},
        "weth": executor.WETH(),
        "venues": _venue_records(blueprint),
        "listed_lenders": _lender_records(blueprint),
        "steps": previous.get("steps", []),
    }


def _venue_records(blueprint: Blueprint) -> list[dict[str, Any]]:
    names = {venue_arguments(venue): venue.name for venue in blueprint.book.venues}
    kinds = {int(kind): kind.name.lower() for kind in VenueKind}
    return [
        {
            "venue_id": venue_id,
            "name": names.get(listed, f"venue_{venue_id}"),
            "kind": kinds[listed[0]],
            "factory": listed[2],
            "init_code_hash": "0x" + listed[3].hex(),
            "fee_pips": listed[1],
        }
        for venue_id, listed in listed_venues(blueprint.executor)
    ]


def _lender_records(blueprint: Blueprint) -> list[dict[str, Any]]:
    names = {lender.address: lender.name for lender in blueprint.book.listed_lenders}
    return [
        {"lender_id": lender_id, "name": names.get(address, f"lender_{lender_id}"), "address": address}
        for lender_id, address in blueprint.lender_list().items()
    ]


def read_previous(path: Path) -> dict[str, Any]:
    """Return an earlier run's file, empty where there is none. Raises DeploymentRefused: it is damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise DeploymentRefused(f"{path} is no deployment file: {error}; move it away") from None
    if not isinstance(found, dict):
        raise DeploymentRefused(f"{path} is no deployment file; move it away")
    return found
