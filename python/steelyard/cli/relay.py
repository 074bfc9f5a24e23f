"""``steelyard relay``: sign requests, relay them, see what the chain says of them."""

from __future__ import annotations

import json
from pathlib import Path

import click

from steelyard.act.signers import load_request_signer
from steelyard.app.relaying import open_relay_signer, open_relay_submitter, open_relayer_chain
from steelyard.cli.options import config_option
from steelyard.config import Config
from steelyard.connect.hexes import checksum
from steelyard.connect.relay_batches import fit, load_items, refusal_in_words, sort_out
from steelyard.connect.relay_calls import read_nonce_used
from steelyard.connect.relay_files import parse_request, signed_as_json
from steelyard.connect.relay_requests import sign_request
from steelyard.exceptions import ConfigError
from steelyard.units import BPS

DEFAULT_JOURNAL = Path(".steelyard") / "relayed.jsonl"

_REQUESTS = click.Path(path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def relay() -> None:
    """Sign requests for GaslessTransactionRelayer, and relay them."""


@relay.command()
@config_option
@click.argument("request_file", metavar="REQUEST", type=_FILE)
@click.option("--account", required=True, help="Ape account that signs.")
@click.option("--relayer-contract", "forwarder", required=True, help="GaslessTransactionRelayer's address.")
@click.option("--output", required=True, type=_FILE, help="File for the signed request.")
def sign(config: Config, request_file: Path, account: str, forwarder: str, output: Path) -> None:
    """Sign the REQUEST of a JSON file. Needs no node and no ether."""
    try:
        raw = json.loads(request_file.read_text(encoding="utf-8"))
        contract = checksum(forwarder)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{request_file}: {error}") from None
    address, key = load_request_signer(account)
    named = {"signer": address} | raw if isinstance(raw, dict) else raw
    signed = sign_request(parse_request(named), config.chain.chain_id, contract, key)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(signed_as_json(signed), encoding="utf-8")
    click.echo(f"signed {signed.id} as {address}; written to {output}")


@relay.command()
@config_option
@click.argument("requests", type=_REQUESTS)
@click.option("--account", required=True, help="Ape account that pays the gas and is paid the fees.")
@click.option("--send", is_flag=True, help="Send; without it, only show.")
@click.option(
    "--fee-bps",
    type=click.IntRange(0, BPS),
    default=BPS,
    show_default=True,
    help="Share of each request's greatest fee to take.",
)
@click.option(
    "--journal",
    type=_FILE,
    default=DEFAULT_JOURNAL,
    show_default=True,
    help="What was sent is remembered here; the same requests are never sent by two transactions at once.",
)
def submit(config: Config, requests: Path, account: str, send: bool, fee_bps: int, journal: Path) -> None:
    """Relay REQUESTS, a file or a directory of them, and show the result of each."""
    chain = open_relayer_chain(config)
    signer = open_relay_signer(account, chain)
    items = load_items(requests, chain_id=chain.chain_id(), fee_bps=fee_bps)
    good, refused = sort_out(items, chain, signer.address)
    for item, reason in refused:
        click.echo(f"  left out     {item.signed.id}  {item.path.name}: {reason}")
    if not send:
        for item in good:
            click.echo(f"  would relay  {item.signed.id}  {item.path.name}")
        click.echo("nothing was sent; --send sends it")
        return
    submitter = open_relay_submitter(config, chain, signer, journal)
    for batch in fit(good):
        relayed = submitter.submit([one.signed for one in batch], [one.fee for one in batch])
        click.echo(
            f"mined {relayed.transaction_hash}, block {relayed.block_number}, {relayed.gas_used:,} gas"
        )
        for result in relayed.results:
            click.echo(f"  {'done' if result.done else 'not done':<12} {result.id}  {result.reason}".rstrip())


@relay.command()
@config_option
@click.argument("requests", type=_REQUESTS)
def show(config: Config, requests: Path) -> None:
    """Show what the chain says of each of REQUESTS: used up, or how it would fare now."""
    chain = open_relayer_chain(config)
    for item in load_items(requests, chain_id=chain.chain_id()):
        request = item.signed.request
        if read_nonce_used(chain, item.signed):
            state = "its nonce is used or cancelled"
        else:
            relayer = request.relayer or request.signer
            state = refusal_in_words(item, chain, relayer) or "ready to be relayed"
        click.echo(f"  {item.signed.id}  {item.path.name}: {state}")
