"""Signs requests to be relayed, and relays them: one file, or all of a directory, as many at once as fit.

::

    ape run relay sign request.json --account signer --relayer-contract 0x... --output signed/1.json
    ape run relay submit signed/ --account operator           # a live network: shows, sends nothing
    ape run relay submit signed/ --account operator --send
    ape run relay show signed/                                # what the chain says of each

Signing needs no ether, and no node but for the chain's id. On a live network nothing is sent without
``--send``; on a fork it is, unless ``--dry-run`` is given. Requests: docs/gasless.md.
"""

from __future__ import annotations

import json
from pathlib import Path

import ape
import click
from ape.api import AccountAPI
from ape.cli import ConnectedProviderCommand, account_option, network_option
from eth_account.messages import SignableMessage

from scripts._executor import DeploymentRefused
from scripts._relay import Batch, read_items
from scripts._steps import connected_chain
from steelyard.connect.hexes import checksum
from steelyard.connect.relay_batches import fit, refusal_in_words, sort_out
from steelyard.connect.relay_calls import RelayResult, read_nonce_used
from steelyard.connect.relay_files import parse_request, signed_as_json
from steelyard.connect.relay_requests import sign_request
from steelyard.exceptions import InvalidRequest
from steelyard.units import BPS, Address

REQUESTS = click.Path(path_type=Path)


@click.group()
def cli() -> None:
    """Sign and relay requests of GaslessTransactionRelayer."""


@cli.command(cls=ConnectedProviderCommand)
@network_option()
@account_option()
@click.argument("request_file", metavar="REQUEST", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--relayer-contract", "forwarder", required=True, help="GaslessTransactionRelayer's address.")
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Signed file.")
def sign(account: AccountAPI, request_file: Path, forwarder: str, output: Path) -> None:
    """Sign the REQUEST of a JSON file; the account is its signer. Sends nothing."""
    chain_id = ape.networks.provider.chain_id
    try:
        raw = json.loads(request_file.read_text(encoding="utf-8"))
        request = parse_request({"signer": account.address} | raw)
        signed = sign_request(request, chain_id, checksum(forwarder), lambda message: _sign(account, message))
    except (OSError, ValueError, TypeError, InvalidRequest) as error:
        raise DeploymentRefused(f"{request_file}: {error}") from None
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(signed_as_json(signed), encoding="utf-8")
    click.echo(f"signed {signed.id} as {account.address}; written to {output}")


def _sign(account: AccountAPI, message: SignableMessage) -> bytes:
    signature = account.sign_message(message)
    if signature is None:
        raise InvalidRequest(f"{account.address} refused to sign")
    return bytes(signature.encode_rsv())


@cli.command(cls=ConnectedProviderCommand)
@network_option()
@account_option()
@click.argument("requests", type=REQUESTS)
@click.option("--dry-run/--send", "dry_run", default=None, help="Dry on live networks, sent on forks.")
@click.option(
    "--fee-bps",
    type=click.IntRange(0, BPS),
    default=BPS,
    show_default=True,
    help="Share of each request's greatest fee to take.",
)
def submit(account: AccountAPI, requests: Path, dry_run: bool | None, fee_bps: int) -> None:
    """Relay REQUESTS, a file or a directory of them, and show the result of each."""
    chain = connected_chain()
    items = read_items(requests, chain, fee_bps)
    good, refused = sort_out(items, chain, Address(account.address))
    for item, reason in refused:
        click.echo(f"  left out     {item.signed.id}  {item.path.name}: {reason}")
    is_live = not ape.networks.provider.network.is_dev
    is_dry = is_live if dry_run is None else dry_run
    for group in fit(good):
        batch = Batch(chain, account, group)
        gas = batch.show()
        if not is_dry:
            for result in batch.send(gas):
                _tell(result)
    if is_dry:
        click.echo("nothing was sent" + ("; --send sends it" if is_live else ""))


def _tell(result: RelayResult) -> None:
    click.echo(f"  {'done' if result.done else 'not done':<12} {result.id}  {result.reason}".rstrip())


@cli.command(cls=ConnectedProviderCommand)
@network_option()
@click.argument("requests", type=REQUESTS)
def show(requests: Path) -> None:
    """Show what the chain says of each of REQUESTS: used up, or how it would fare now."""
    chain = connected_chain()
    items = read_items(requests, chain)
    for item in items:
        relayer = item.signed.request.relayer or Address(item.signed.request.signer)
        if read_nonce_used(chain, item.signed):
            state = "its nonce is used or cancelled"
        else:
            state = refusal_in_words(item, chain, relayer) or "ready to be relayed"
        click.echo(f"  {item.signed.id}  {item.path.name}: {state}")
