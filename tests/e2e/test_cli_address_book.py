"""``steelyard address-book`` against the replica: what is right is found right, each fault is found."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any, cast

import pytest
from click.testing import CliRunner, Result

from steelyard.cli import main
from steelyard.config.address_book import AddressBook, Entry, VenueEntry, address_book
from steelyard.connect.address_probes import Finding, Outcome, check_book
from steelyard.connect.chain import ChainClient
from steelyard.connect.rpc import RpcClient
from steelyard.exceptions import RpcUnavailable, WrongChain
from steelyard.sandbox.replica import Replica, ensure_replica
from steelyard.units import Address

pytestmark = pytest.mark.e2e

ETHEREUM = address_book("ethereum")
NOT_ON_THE_REPLICA = ("venue pancakeswap_v2", "listed lender gho_flash_minter")
OTHER_CONTRACT = "0xE592427A0AEce92De3Edee1F18E0157C05861564"
"""Uniswap's SwapRouter: code, and none of the answers that the others give."""

DAI = "0x6B175474E89094C44Da98b954EedeAC495271d0F"


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with ensure_replica() as running:
        yield running


@pytest.fixture(scope="module")
def chain(replica: Replica) -> Iterator[ChainClient]:
    with RpcClient(replica.rpc_url) as rpc:
        yield ChainClient(rpc)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["address-book", *arguments], catch_exceptions=False)


def with_entry(name: str, **changes: Any) -> AddressBook:
    """The book of Ethereum with one entry changed, and no other."""
    if name.startswith("venue "):
        venues = [venue for venue in ETHEREUM.venues if f"venue {venue.name}" == name]
        changed = tuple(venue.model_copy(update=changes) for venue in venues)
        return ETHEREUM.model_copy(update={"venues": changed, "lenders": {}})
    if name in ("wrapped_native", "dollar"):
        entry: Entry = getattr(ETHEREUM, name).model_copy(update=changes)
        return ETHEREUM.model_copy(update={name: entry, "venues": (), "lenders": {}})
    lenders = {name: ETHEREUM.entries[name].model_copy(update=changes)}
    return ETHEREUM.model_copy(update={"lenders": lenders, "venues": ()})


def finding(book: AddressBook, chain: ChainClient, name: str) -> Finding:
    return next(found for found in check_book(book, chain) if found.name == name)


def test_check__on_the_replica__finds_right_what_it_has_and_wrong_what_it_has_not(replica: Replica) -> None:
    result = run("check", "--chain", "ethereum", "--rpc-url", replica.rpc_url, "--json")
    outcomes = {one["name"]: one["outcome"] for one in json.loads(result.output)}
    assert outcomes == dict.fromkeys(ETHEREUM.entries, "ok") | dict.fromkeys(NOT_ON_THE_REPLICA, "wrong")
    assert result.exit_code == 1
    table = run("check", "--chain", "1", "--rpc-url", replica.rpc_url)
    assert [line.split("  ")[0] for line in table.output.splitlines()[2:]] == list(outcomes.values())
    assert "holds no code" in table.output


@pytest.mark.parametrize("name", [name for name in ETHEREUM.entries if name not in NOT_ON_THE_REPLICA])
def test_check__another_contract_at_the_address__is_wrong(chain: ChainClient, name: str) -> None:
    assert finding(ETHEREUM, chain, name).outcome is Outcome.OK
    found = finding(with_entry(name, address=OTHER_CONTRACT), chain, name)
    assert found.outcome is Outcome.WRONG, found.said


@pytest.mark.parametrize("name", ["uniswap_v2", "sushiswap_v2", "uniswap_v3", "pancakeswap_v3"])
def test_check__another_init_code_hash__is_wrong(chain: ChainClient, name: str) -> None:
    name = f"venue {name}"
    found = finding(with_entry(name, init_code_hash="0x" + "ab" * 32), chain, name)
    assert found.outcome is Outcome.WRONG
    assert "the listed init-code hash derives 0x" in found.said


def test_check__a_factory_beside_another_deployer__is_wrong(chain: ChainClient) -> None:
    name, registry = "venue pancakeswap_v3", "0x411b0fAcC3489691f28ad58c47006AF5E3Ab3A28"
    found = finding(with_entry(name, registry=registry), chain, name)
    assert found.outcome is Outcome.WRONG
    assert "poolDeployer() of 0x411b" in found.said


def test_check__a_tier_without_a_pool__proves_nothing(chain: ChainClient) -> None:
    found = finding(with_entry("venue uniswap_v3", asked_tier_pips=77), chain, "venue uniswap_v3")
    assert (found.outcome, "no pool of the wrapped coin" in found.said) == (Outcome.NOT_REACHED, True)


def test_check__algebra__is_held_with_a_registry_and_without(chain: ChainClient) -> None:
    (algebra,) = (venue for venue in address_book("polygon").venues if venue.kind == "algebra")
    alone = algebra.model_copy(update={"registry": None})
    wrong = alone.model_copy(update={"init_code_hash": "0x" + "ab" * 32})
    outcomes = []
    for venue in (algebra, alone, wrong):
        book = ETHEREUM.model_copy(update={"venues": (cast("VenueEntry", venue),)})
        outcomes.append(finding(book, chain, "venue quickswap_v3").outcome)
    assert outcomes == [Outcome.OK, Outcome.OK, Outcome.NOT_REACHED]


@pytest.mark.parametrize(
    ("address", "asset", "outcome"),
    [
        ("0x60744434d6339a6B27d73d9Eda62b6F66a0a04FA", DAI, Outcome.OK),
        ("0x60744434d6339a6B27d73d9Eda62b6F66a0a04FA", OTHER_CONTRACT, Outcome.WRONG),
        (OTHER_CONTRACT, DAI, Outcome.WRONG),
    ],
    ids=["lends it", "does not lend it", "is no lender"],
)
def test_check__a_lender_of_the_list__must_lend_its_asset(
    chain: ChainClient, address: str, asset: str, outcome: Outcome
) -> None:
    lender = ETHEREUM.listed_lenders[0].model_copy(update={"address": address, "asset": asset})
    book = ETHEREUM.model_copy(update={"listed_lenders": (lender,), "venues": (), "lenders": {}})
    assert finding(book, chain, "listed lender gho_flash_minter").outcome is outcome


def test_check__a_node_of_another_chain__is_refused(replica: Replica) -> None:
    result = CliRunner().invoke(
        main, ["address-book", "check", "--chain", "base", "--rpc-url", replica.rpc_url]
    )
    assert result.exit_code == 2
    assert "serves chain id 1, but chain id 8453" in result.output


def test_check__no_node__asks_to_be_tried_again() -> None:
    with socket.socket() as taken:  # and nobody listens on it
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        result = CliRunner().invoke(main, ["address-book", "check", "--chain", "base", "--rpc-url", url])
    assert result.exit_code == 75


class _Silent(ChainClient):
    """A node that falls silent after its first answer."""

    def __init__(self) -> None:
        self.asked = 0

    def chain_id(self) -> int:
        return 1

    def require_chain(self, expected: int) -> None:
        if expected != self.chain_id():
            raise WrongChain("not this one")

    def code(self, address: Address, block: int | str = "latest") -> bytes:
        raise RpcUnavailable("no answer within 1 s")


def test_check__a_node_that_falls_silent__leaves_every_entry_unreached() -> None:
    findings = list(check_book(ETHEREUM, _Silent()))
    assert {one.outcome for one in findings} == {Outcome.NOT_REACHED}
    assert [one.name for one in findings] == list(ETHEREUM.entries)


def test_show__of_a_chain__names_every_source() -> None:
    shown = run("show", "--chain", "bnb_chain")
    assert shown.exit_code == 0
    for entry in address_book("bnb_chain").entries.values():
        assert f"{entry.address}  {entry.checked}" in shown.output
        assert str(entry.source) in shown.output
    assert json.loads(run("show", "--chain", "56", "--json").output)["chain_id"] == 56


def test_show__of_an_unknown_chain__is_refused() -> None:
    result = CliRunner().invoke(main, ["address-book", "show", "--chain", "moon"])
    assert (result.exit_code, "no addresses are known on chain 'moon'" in result.output) == (2, True)
