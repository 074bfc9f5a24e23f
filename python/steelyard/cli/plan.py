"""``steelyard plan``: decide once, explain, send nothing."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from steelyard.app.wiring import open_chain, open_decider, open_deployment, open_follower
from steelyard.cli.options import config_option
from steelyard.cli.wording import amount, ether, route, symbol
from steelyard.config import Config
from steelyard.exceptions import RpcInconsistent
from steelyard.model import Decision, MarketSnapshot, Verdict


@click.command()
@config_option
@click.option("--top", default=20, show_default=True, help="How many verdicts to print, best first.")
def plan(config: Config, top: int) -> None:
    """Decide once on the newest block, print it, send nothing."""
    chain = open_chain(config)
    deployment = open_deployment(config, chain)
    snapshot = open_follower(config, chain, deployment).poll()
    if snapshot is None:
        raise RpcInconsistent(f"RPC {chain.rpc.name} names no newest block; try again")
    decision = open_decider(config, deployment)(snapshot, busy_pools=frozenset(), stopped_reason=None)
    console = Console()
    console.print(
        f"Block {decision.block.number}: {len(snapshot.pools)} pools, {len(decision.verdicts)} candidates, "
        f"{len(decision.plans)} plans. Nothing is sent."
    )
    for address, reason in sorted(snapshot.unusable.items()):
        console.print(f"left out: {address}: {reason}", markup=False)
    console.print(_verdicts_table(decision, snapshot, top))


def _verdicts_table(decision: Decision, snapshot: MarketSnapshot, top: int) -> Table:
    table = Table("verdict", "route", "borrow", "profit", "net, ether", "reason")
    for verdict in decision.verdicts[:top]:
        table.add_row(*_row(verdict, snapshot))
    return table


def _row(verdict: Verdict, snapshot: MarketSnapshot) -> tuple[str, ...]:
    asset = snapshot.tokens.get(verdict.asset)
    name = symbol(verdict.asset, snapshot.tokens)
    return (
        verdict.code.value.replace("_", " "),
        route([verdict.asset, *(leg.token_out for leg in verdict.route)], snapshot.tokens),
        f"{amount(verdict.amount, asset)} {name}",
        f"{amount(verdict.profit, asset)} {name}",
        "-" if verdict.net_wei is None else ether(verdict.net_wei),
        verdict.reason,
    )
