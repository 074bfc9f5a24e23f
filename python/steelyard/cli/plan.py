"""``steelyard plan``: decide once, explain, send nothing."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.console import Console

from steelyard.app.desk import open_chain
from steelyard.app.first_look import check_market
from steelyard.app.wiring import open_decider, open_deployment, open_follower, past_attempts
from steelyard.cli.options import config_option, json_option
from steelyard.cli.tables import GAP, aligned, show_lines
from steelyard.cli.wording import amount, ether, route, symbol
from steelyard.config import Config
from steelyard.connect.plan_codec import plan_id
from steelyard.exceptions import RpcInconsistent
from steelyard.model import Decision, MarketSnapshot, Verdict


@click.command()
@config_option
@click.option(
    "--top",
    default=20,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many verdicts to print, best first.",
)
@json_option
def plan(config: Config, top: int, as_json: bool) -> None:
    """Decide once on the newest block, print it, send nothing."""
    chain = open_chain(config)
    deployment = open_deployment(config, chain)
    snapshot = open_follower(config, chain, deployment).poll()
    if snapshot is None:
        raise RpcInconsistent(f"RPC {chain.rpc.name} names no newest block; try again")
    check_market(snapshot, config.market)
    decision = open_decider(config, deployment)(
        snapshot, busy_pools=frozenset(), stopped_reason=None, attempts=past_attempts(config)
    )
    if as_json:
        click.echo(json.dumps(_as_json(decision, snapshot), indent=2))
    else:
        show_lines(Console(), _as_text(decision, snapshot, top))


def _as_text(decision: Decision, snapshot: MarketSnapshot, top: int) -> list[str]:
    lines = [
        f"Block {decision.block.number}: {len(snapshot.pools)} pools, {len(decision.verdicts)} candidates, "
        f"{len(decision.plans)} plans. Nothing is sent."
    ]
    lines += [f"left out: {reason}" for _, reason in sorted(snapshot.unusable.items())]
    shown = decision.verdicts[:top]
    headings = ("verdict", "route", "borrow", "profit", "net, ether")
    first, *rows = aligned([headings, *(_row(verdict, snapshot) for verdict in shown)])
    lines.append(first)
    for row, verdict in zip(rows, shown, strict=True):
        lines += [row, f"{GAP}{GAP}{verdict.reason}"]
    if len(decision.verdicts) > top:
        lines.append(f"... and {len(decision.verdicts) - top} more; --top shows more of them")
    return lines + [f"not looked at: {limit}" for limit in decision.search_limits]


def _row(verdict: Verdict, snapshot: MarketSnapshot) -> tuple[str, ...]:
    asset = snapshot.tokens.get(verdict.asset)
    name = symbol(verdict.asset, snapshot.tokens)
    return (
        verdict.code.value.replace("_", " "),
        route([verdict.asset, *(leg.token_out for leg in verdict.route)], snapshot.tokens),
        f"{amount(verdict.amount, asset)} {name}",
        f"{amount(verdict.profit, asset)} {name}",
        "-" if verdict.net_wei is None else ether(verdict.net_wei),
    )


def _as_json(decision: Decision, snapshot: MarketSnapshot) -> dict[str, Any]:
    """Amounts are decimal strings: most JSON readers would round them."""
    return {
        "chain_id": snapshot.chain_id,
        "block": {"number": decision.block.number, "hash": decision.block.hash},
        "base_fee_wei": str(decision.block.base_fee_wei),
        "pools": len(snapshot.pools),
        "left_out": dict(sorted(snapshot.unusable.items())),
        "verdicts": [_verdict_json(verdict) for verdict in decision.verdicts],
        "search_limits": list(decision.search_limits),
    }


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": verdict.code.value,
        "asset": verdict.asset,
        "tokens": [verdict.asset, *(leg.token_out for leg in verdict.route)],
        "pools": [leg.pool for leg in verdict.route],
        "amount": str(verdict.amount),
        "profit": str(verdict.profit),
        "net_wei": None if verdict.net_wei is None else str(verdict.net_wei),
        "gap_wei": None if verdict.gap_wei is None else str(verdict.gap_wei),
        "reason": verdict.reason,
        "plan_id": plan_id(verdict.plan) if verdict.plan else None,
    }
