"""``steelyard replica``: build, serve and inspect the offline mainnet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from steelyard.cli.tables import show_table
from steelyard.sandbox.activity import MarketActivity
from steelyard.sandbox.mining import BLOCK_SECONDS
from steelyard.sandbox.replica import (
    ContractRecord,
    Kind,
    Manifest,
    ReplicaError,
    ensure_replica,
    ensure_state,
    find_state,
    project_root,
)

DEFAULT_PORT = 8545
HEADINGS = ("contract", "address", "code", "from", "code hash", "how its truth was checked")


@click.group()
def replica() -> None:
    """Build, serve and inspect the offline replica of mainnet."""


@replica.command()
def build() -> None:
    """Build the replica's state, unless the cache holds it already."""
    with build_progress() as advance:
        state = ensure_state(project_root(), advance)
    click.echo(
        f"block {state.manifest.block_number:,}, {len(state.manifest.contracts)} contracts, "
        f"{len(state.manifest.pools)} pools, in {state.state_file.parent}"
    )


@replica.command()
@click.option(
    "--port",
    default=DEFAULT_PORT,
    show_default=True,
    help="Port for HTTP and websocket; 0: any free one.",
)
@click.option(
    "--activity",
    type=int,
    metavar="SEED",
    help="Let the market trade with this seed. Without it, blocks are yours to mine (evm_mine).",
)
@click.option(
    "--block-seconds",
    type=click.FloatRange(min=0.1),
    default=float(BLOCK_SECONDS),
    show_default=True,
    help="Real time between two blocks of --activity; the chain's clock moves 12 s whatever this is.",
)
def up(port: int, activity: int | None, block_seconds: float) -> None:
    """Serve the replica over JSON-RPC and websocket until Ctrl-C."""
    with build_progress() as advance:
        running = ensure_replica(port=port or None, progress=advance)
    with running:
        click.echo(f"mainnet replica at block {running.manifest.block_number:,}, chain id 1")
        click.echo(f"  {running.rpc_url}\n  {running.ws_url}\nCtrl-C stops it.")
        try:
            if activity is None:
                _wait_while(lambda: running.running)
            else:
                with running.connect() as rpc:
                    _trade_while(MarketActivity(rpc, activity, running.manifest), block_seconds)
        except KeyboardInterrupt:
            click.echo("stopped")


@replica.command()
def status() -> None:
    """Show what stands where, and how its truth was checked."""
    root = project_root()
    state = find_state(root)
    if state is None:
        raise ReplicaError(
            "no state of the current packages and sources is built; `steelyard replica build` builds it"
        )
    console = Console()
    if console.is_terminal:
        console.print(_contracts_table(state.manifest))
    else:
        rows = [_contract_row(record) for record in state.manifest.contracts]
        show_table(console, rows, title=_title(state.manifest), headings=HEADINGS)
    console.print(_market_line(state.manifest))
    console.print(f"state: {state.state_file}", soft_wrap=True)


def _contracts_table(manifest: Manifest) -> Table:
    table = Table(title=_title(manifest))
    for column in HEADINGS:
        table.add_column(column, no_wrap=column == "address", overflow="fold")
    for record in manifest.contracts:
        table.add_row(*_contract_row(record), style="" if record.kind is Kind.REAL else "yellow")
    return table


def _title(manifest: Manifest) -> str:
    return f"Mainnet replica {manifest.key}, block {manifest.block_number:,}"


def _contract_row(record: ContractRecord) -> tuple[str, ...]:
    return (
        record.name,
        record.address,
        record.kind.value,
        record.package,
        record.code_hash[:10],
        record.check,
    )


def _market_line(manifest: Manifest) -> str:
    symbols = ", ".join(token.symbol for token in manifest.tokens)
    return f"{len(manifest.pools)} pools over {len(manifest.tokens)} tokens: {symbols}"


@contextmanager
def build_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a build's progress, where there is one; yields what the build tells its steps to."""
    columns = (
        TextColumn("building the replica"),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    # Shown only once there is something to build: a cached state is served without a word.
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, visible=False)

        def advance(step: str, done: int, total: int) -> None:
            bar.update(task, description=step, completed=done, total=total, visible=True)

        yield advance


def _wait_while(running: Callable[[], bool]) -> None:
    while running():
        time.sleep(0.5)
    raise ReplicaError("anvil ended by itself")


def _trade_while(market: MarketActivity, block_seconds: float) -> None:
    while True:
        market.submit()
        number = market.mine()
        click.echo(f"block {number:,}")
        time.sleep(block_seconds)
