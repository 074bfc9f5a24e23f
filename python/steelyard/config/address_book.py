"""Where other protocols stand on each chain: addresses with their sources, as typed values.

The books are the files in ``address_books``, one a chain. Each address says where it was read
(``source``) and what else holds it (``checked``); ``steelyard address-book check`` asks a node of the chain.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, Literal

from eth_utils.address import is_hex_address, to_checksum_address
from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

from steelyard.config.toml_files import read_toml_as
from steelyard.exceptions import ConfigError
from steelyard.units import PIPS, Address

_BOOKS: Final = Path(str(files("steelyard.config"))) / "address_books"

LENDERS: Final = ("balancer_v2", "aave_v3", "morpho_blue", "aave_v2", "maker", "uniswap_v4")
"""Lenders that are one contract, in the order of the executor's ``Lenders``."""

LenderName = Literal["balancer_v2", "aave_v3", "morpho_blue", "aave_v2", "maker", "uniswap_v4"]
ListedKind = Literal["uniswap_v2", "uniswap_v3", "pancake_v3", "algebra", "curve_stable"]


def _checksummed(value: str) -> Address:
    """Return an address that is spelt as EIP-55 says: a slip of one digit is seen, not looked up."""
    if not is_hex_address(value) or not value.startswith("0x"):
        raise ValueError("must be 0x and 40 hexadecimal digits")
    if to_checksum_address(value) != value:
        raise ValueError(f"has a wrong checksum; if the digits are right, it is {to_checksum_address(value)}")
    return Address(value)


BookAddress = Annotated[str, AfterValidator(_checksummed)]
Hash = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Entry(_Part):
    """One contract.

    Attributes:
        source: the page or file of the project's own that names it.
        checked: ``replica`` where the offline mainnet has that project's contract at this address.
    """

    address: BookAddress
    source: AnyHttpUrl
    checked: Literal["replica", "unchecked"]


class TokenEntry(Entry):
    """A token that everything else is asked with."""

    symbol: str


class VenueEntry(Entry):
    """A factory, a deployer beside a factory, or a single pool, as the executor's owner lists it.

    Attributes:
        init_code_hash: of the pools' creation code; None for a single pool.
        fee_pips: the fee of all its pools where it has one (Uniswap V2), else 0.
        registry: the factory, where pools are deployed by another contract.
        asked_tier_pips: where there are fee tiers, one in which the wrapped coin and ``dollar`` have a pool.
    """

    name: Name
    kind: ListedKind
    init_code_hash: Hash | None = None
    hash_source: AnyHttpUrl | None = None
    fee_pips: Annotated[int, Field(ge=0, lt=PIPS)] = 0
    registry: BookAddress | None = None
    asked_tier_pips: Annotated[int, Field(ge=0, lt=PIPS)] = 0

    @model_validator(mode="after")
    def _is_complete(self) -> VenueEntry:
        if (self.init_code_hash is None) != (self.kind == "curve_stable"):
            raise ValueError(f"{self.name}: all kinds but curve_stable have an init_code_hash")
        if (self.init_code_hash is None) != (self.hash_source is None):
            raise ValueError(f"{self.name}: an init_code_hash needs its hash_source")
        if (self.fee_pips > 0) != (self.kind == "uniswap_v2"):
            raise ValueError(f"{self.name}: fee_pips belongs to uniswap_v2, and to no other kind")
        if (self.asked_tier_pips > 0) != (self.kind in ("uniswap_v3", "pancake_v3")):
            raise ValueError(f"{self.name}: asked_tier_pips belongs to kinds with fee tiers")
        return self


class ListedLenderEntry(Entry):
    """A lender of the owner's list (ERC-3156); ``asset`` is what it lends."""

    name: Name
    asset: BookAddress


class RelayEntry(_Part):
    """A private relay that anybody may use."""

    name: Name
    url: AnyHttpUrl
    source: AnyHttpUrl


class AddressBook(_Part):
    """All that is known of one chain; a lender that is missing is one that the chain has not."""

    chain_id: Annotated[int, Field(ge=1)]
    name: Name
    wrapped_native: TokenEntry
    dollar: TokenEntry
    lenders: dict[LenderName, Entry]
    venues: tuple[VenueEntry, ...]
    listed_lenders: tuple[ListedLenderEntry, ...] = ()
    relays: tuple[RelayEntry, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> AddressBook:
        for kind, names in (
            ("venues", [venue.name for venue in self.venues]),
            ("venues' addresses", [venue.address for venue in self.venues]),
            ("listed lenders", [lender.name for lender in self.listed_lenders]),
            ("relays", [relay.name for relay in self.relays]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"{kind} must differ from each other")
        return self

    @property
    def entries(self) -> dict[str, Entry]:
        """Every contract by what it is called here: lenders, tokens, venues, lenders of the list."""
        tokens = {"wrapped_native": self.wrapped_native, "dollar": self.dollar}
        venues = {f"venue {venue.name}": venue for venue in self.venues}
        listed = {f"listed lender {lender.name}": lender for lender in self.listed_lenders}
        return dict(self.lenders) | tokens | venues | listed


@cache
def address_books() -> dict[int, AddressBook]:
    """Return every book by its chain id. Raises ConfigError where a file is damaged."""
    books = [load_address_book(path) for path in sorted(_BOOKS.glob("*.toml"))]
    return {book.chain_id: book for book in books}


def address_book(chain: int | str) -> AddressBook:
    """Return the book of a chain, by its id or its name.

    Raises:
        ConfigError: there is none; the message names those that there are.
    """
    books = address_books()
    found = [book for book in books.values() if chain in (book.chain_id, book.name, str(book.chain_id))]
    if not found:
        known = ", ".join(f"{book.name} ({book.chain_id})" for book in books.values())
        asked = f"chain id {chain}" if isinstance(chain, int) else f"chain {chain!r}"
        raise ConfigError(f"no addresses are known on {asked}; known: {known}")
    return found[0]


def load_address_book(path: Path) -> AddressBook:
    """Read one book.

    Raises:
        ConfigError: it is not there, is no TOML, or an entry is incomplete or misspelt; the message lists
            every fault with its place.
    """
    return read_toml_as(AddressBook, path, "address book")
