"""``steelyard address-book``: shows the addresses that we know, and asks a chain whether they are right."""

from __future__ import annotations

import json
import sys

import click
from rich.console import Console

from steelyard.cli.lazy import EXIT_RETRY
from steelyard.cli.options import json_option
from steelyard.cli.tables import show_table
from steelyard.config.address_book import AddressBook
from steelyard.config.address_book import address_book as find_book
from steelyard.connect.address_probes import Finding, Outcome, check_book
from steelyard.connect.chain import ChainClient
from steelyard.connect.rpc import RpcClient

EXIT_WRONG = 1


def _book(_context: click.Context, _parameter: click.Parameter, chain: str) -> AddressBook:
    return find_book(chain)


chain_option = click.option(
    "--chain", "book", required=True, callback=_book, help="Name or id of the chain: base, or 8453."
)


@click.group(name="address-book")
def address_book() -> None:
    """Show where lenders and venues stand, and check that against a node of the chain."""


@address_book.command()
@chain_option
@json_option
def show(book: AddressBook, as_json: bool) -> None:
    """Show a chain's addresses with their sources."""
    if as_json:
        click.echo(book.model_dump_json(indent=2))
        return
    rows = [
        (name, entry.address, str(entry.checked), str(entry.source)) for name, entry in book.entries.items()
    ]
    rows += [(f"relay {relay.name}", str(relay.url), "", str(relay.source)) for relay in book.relays]
    show_table(Console(), rows, title=_title(book), headings=("what", "where", "checked", "source"))


@address_book.command()
@chain_option
@click.option("--rpc-url", required=True, metavar="URL", help="A node of that chain.")
@json_option
def check(book: AddressBook, rpc_url: str, as_json: bool) -> None:
    """Ask a node about every entry.

    Each entry must hold code and give the answers that only the right contract gives; a factory's pool must
    stand where the listed init-code hash derives it. Exit code 0: all are right; 1: something is wrong; 75:
    nothing is wrong, but something was not reached.
    """
    with RpcClient(rpc_url) as rpc:
        findings = list(check_book(book, ChainClient(rpc)))
    if as_json:
        click.echo(json.dumps([_as_json(finding) for finding in findings], indent=2))
    else:
        rows = [(one.outcome.value, one.name, one.entry.address, one.said) for one in findings]
        show_table(Console(), rows, title=_title(book), headings=("", "what", "where", "answer"))
    outcomes = {finding.outcome for finding in findings}
    if Outcome.WRONG in outcomes:
        sys.exit(EXIT_WRONG)
    if Outcome.NOT_REACHED in outcomes:
        sys.exit(EXIT_RETRY)


def _title(book: AddressBook) -> str:
    return f"{book.name}, chain id {book.chain_id}"


def _as_json(finding: Finding) -> dict[str, str | None]:
    return {
        "name": finding.name,
        "address": finding.entry.address,
        "outcome": finding.outcome.value,
        "said": finding.said,
        "code_hash": finding.code_hash,
    }
