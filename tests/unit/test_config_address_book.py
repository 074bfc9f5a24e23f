"""The address books: complete, sourced, spelt right; what says it was checked is what the replica has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from steelyard.config.address_book import (
    LENDERS,
    AddressBook,
    Entry,
    VenueEntry,
    address_book,
    address_books,
    load_address_book,
)
from steelyard.connect.hexes import checksum
from steelyard.exceptions import ConfigError
from steelyard.model import LenderKind, VenueKind
from steelyard.sandbox.replica.protocols import (
    aave_v2,
    aave_v3,
    algebra,
    balancer_v2,
    curve,
    maker_flash,
    morpho_blue,
    pancakeswap_v3,
    sushiswap_v2,
    uniswap_v2,
    uniswap_v3,
    uniswap_v4,
)
from steelyard.sandbox.replica.tokens import USDC, WETH

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

BOOKS = sorted(address_books().values(), key=lambda book: book.chain_id)
VENUES = [
    pytest.param(book, venue, id=f"{book.name}-{venue.name}") for book in BOOKS for venue in book.venues
]
REPLICAS = {
    "balancer_v2": balancer_v2.VAULT,
    "aave_v3": aave_v3.POOL,
    "morpho_blue": morpho_blue.MORPHO,
    "aave_v2": aave_v2.POOL,
    "maker": maker_flash.DSS_FLASH,
    "uniswap_v4": uniswap_v4.POOL_MANAGER,
    "wrapped_native": WETH.address,
    "dollar": USDC.address,
    "venue uniswap_v2": uniswap_v2.FACTORY,
    "venue sushiswap_v2": sushiswap_v2.FACTORY,
    "venue uniswap_v3": uniswap_v3.FACTORY,
    "venue pancakeswap_v3": pancakeswap_v3.POOL_DEPLOYER,
    "venue curve_3pool": curve.THREE_POOL.address,
    "venue curve_frax_usdc": curve.FRAX_USDC.address,
}
HASHES = {
    "uniswap_v2": uniswap_v2.INIT_CODE_HASH,
    "quickswap_v2": uniswap_v2.INIT_CODE_HASH,
    "sushiswap_v2": sushiswap_v2.INIT_CODE_HASH,
    "uniswap_v3": uniswap_v3.INIT_CODE_HASH,
    "pancakeswap_v3": pancakeswap_v3.INIT_CODE_HASH,
    "quickswap_v3": algebra.INIT_CODE_HASH,
}
"""Of the pools' creation code in the packages that the replica is made of."""

NOT_IN_PACKAGES = {"pancakeswap_v2", "thena_fusion"}
GOOD = """
chain_id = 7
name = "seven"
[wrapped_native]
symbol = "W"
address = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
source = "https://example.org/w"
checked = "unchecked"
[dollar]
symbol = "D"
address = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
source = "https://example.org/d"
checked = "unchecked"
[lenders.aave_v3]
address = "0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2"
source = "https://example.org/a"
checked = "unchecked"
[[venues]]
name = "first"
kind = "uniswap_v2"
address = "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f"
source = "https://example.org/v"
checked = "unchecked"
init_code_hash = "0x96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f"
hash_source = "https://example.org/h"
fee_pips = 3000
"""


def test_books__of_the_five_chains__are_there_by_id_and_by_name() -> None:
    assert {book.chain_id: book.name for book in BOOKS} == {
        1: "ethereum",
        56: "bnb_chain",
        137: "polygon",
        8453: "base",
        42161: "arbitrum",
    }
    assert address_book("base") is address_book(8453) is address_book("8453")


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)
def test_book__of_each_chain__has_a_source_for_every_entry(book: AddressBook) -> None:
    assert all(entry.source.scheme == "https" and entry.source.host for entry in book.entries.values())
    assert all(entry.address == checksum(entry.address) for entry in book.entries.values())
    assert book.lenders
    assert book.venues


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)
def test_book__of_each_chain__says_checked_only_of_what_the_replica_places_there(book: AddressBook) -> None:
    said = {name: entry.address for name, entry in book.entries.items() if entry.checked == "replica"}
    assert said == (REPLICAS if book.chain_id == 1 else {})


@pytest.mark.parametrize(("book", "venue"), VENUES)
def test_venue__with_pools__has_the_init_code_hash_of_its_package(
    book: AddressBook, venue: VenueEntry
) -> None:
    if venue.kind != "curve_stable" and venue.name not in NOT_IN_PACKAGES:
        assert venue.init_code_hash == HASHES[venue.name], book.name


def test_names__of_lenders_and_kinds__are_the_contracts() -> None:
    assert [LenderKind[name.upper()] for name in LENDERS] == [
        kind for kind in LenderKind if not kind.needs_source
    ]
    listed = {venue.kind for book in BOOKS for venue in book.venues}
    assert {VenueKind[kind.upper()] for kind in listed} == {kind for kind in VenueKind if kind.is_listed}


def test_book__of_an_unknown_chain__is_refused_with_those_that_are_known() -> None:
    with pytest.raises(
        ConfigError, match=r"known on chain id 5; known: arbitrum \(42161\), base \(8453\), bnb"
    ):
        address_book(5)
    with pytest.raises(ConfigError, match="known on chain 'moon'"):
        address_book("moon")


def test_book__that_is_complete__is_taken(tmp_path: Path) -> None:
    path = tmp_path / "seven.toml"
    path.write_text(GOOD, encoding="utf-8")
    book = load_address_book(path)
    assert list(book.entries) == ["aave_v3", "wrapped_native", "dollar", "venue first"]
    assert all(isinstance(entry, Entry) for entry in book.entries.values())


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("0x87870B", "0x87870b", "lenders.aave_v3.address: .*if the digits are right, it is 0x87870Bca3F3f"),
        ("0x87870B", "87870B", "lenders.aave_v3.address: .*must be 0x and 40 hexadecimal"),
        ('source = "https://example.org/v"\n', "", "venues.0.source: Field required"),
        ("https://example.org/v", "a friend", "venues.0.source: .*valid URL"),
        ("lenders.aave_v3", "lenders.aave_v9", "lenders.aave_v9.*'aave_v3'"),
        ('"uniswap_v2"', '"uniswap_v9"', "venues.0.kind: .*'uniswap_v2'"),
        ("fee_pips = 3000", "", "first: fee_pips belongs to uniswap_v2"),
        ('hash_source = "https://example.org/h"', "", "first: an init_code_hash needs its hash_source"),
        ('kind = "uniswap_v2"', 'kind = "curve_stable"', "first: all kinds but curve_stable have"),
        ('kind = "uniswap_v2"', 'kind = "uniswap_v3"', "first: fee_pips belongs to uniswap_v2"),
        ("845f", "845", "venues.0.init_code_hash: .*pattern"),
        ("chain_id = 7", "chain_id = 7\nchain = 8", "chain: Extra inputs"),
        ("chain_id = 7", "chain_id", "cannot be read as TOML"),
    ],
)
def test_book__with_a_fault__is_refused_by_its_place(
    tmp_path: Path, right: str, wrong: str, complaint: str
) -> None:
    path = tmp_path / "seven.toml"
    assert right in GOOD
    path.write_text(GOOD.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_address_book(path)
    assert re.search(complaint, str(refused.value))


def test_book__with_a_venue_twice__is_refused(tmp_path: Path) -> None:
    path = tmp_path / "seven.toml"
    venue = GOOD[GOOD.index("[[venues]]") :]
    path.write_text(GOOD + venue, encoding="utf-8")
    with pytest.raises(ConfigError, match="venues must differ"):
        load_address_book(path)
    path.write_text(GOOD + venue.replace('"first"', '"second"'), encoding="utf-8")
    with pytest.raises(ConfigError, match="venues' addresses must differ"):
        load_address_book(path)
