"""``steelyard status``: what the keeper has done, what is open, and whether it may go on."""

from __future__ import annotations

import time

import click
from rich.console import Console
from rich.table import Table

from steelyard.app.wiring import risk_limits
from steelyard.cli.options import config_option, open_records
from steelyard.cli.wording import ether, moment
from steelyard.config import Config
from steelyard.decide.limits import RiskLimits, check_limits
from steelyard.model.risk import RiskState
from steelyard.record.reports import Totals, add_up, count_open, read_blocks, read_events, read_records
from steelyard.record.risk import read_risk_state

EVENTS_SHOWN = 5


@click.command()
@config_option
def status(config: Config) -> None:
    """Show what the keeper has done and whether it may go on."""
    limits = risk_limits(config)
    with open_records(config) as database, database.read() as session:
        totals = add_up(read_records(session))
        risk = read_risk_state(session, now_seconds=int(time.time()))
        unfinished = count_open(session)
        newest = read_blocks(session, limit=1)
        events = read_events(session, limit=EVENTS_SHOWN)
    console = Console()
    if newest:
        block = newest[0]
        console.print(f"Last decision: block {block.number} of {moment(block.timestamp_seconds)}")
    console.print(_totals_table(totals, unfinished))
    console.print(_limits_table(limits, risk))
    console.print(_verdict(config, limits, risk))
    for event in events:
        console.print(
            f"{moment(event.timestamp_seconds)}  {event.severity}  {event.kind}: {event.message}",
            markup=False,
        )


def _totals_table(totals: Totals, unfinished: int) -> Table:
    table = Table(title="Records", show_header=False)
    table.add_row(
        "by status",
        ", ".join(f"{name} {count}" for name, count in sorted(totals.by_status.items())) or "none",
    )
    table.add_row("open", str(unfinished))
    table.add_row("net, ether", ether(totals.net_wei))
    table.add_row("gas, ether", ether(totals.gas_cost_wei))
    return table


def _limits_table(limits: RiskLimits, risk: RiskState) -> Table:
    table = Table("limit", "now", "at most", title="Limits")
    table.add_row("loss in 24 h, ether", ether(risk.loss_day_wei), ether(limits.max_loss_per_day_wei))
    table.add_row(
        "gas in 1 h, ether", ether(risk.gas_hour_wei + risk.gas_open_wei), ether(limits.max_gas_per_hour_wei)
    )
    table.add_row("failures in a row", str(risk.failures_in_a_row), str(limits.max_failures_in_a_row))
    return table


def _verdict(config: Config, limits: RiskLimits, risk: RiskState) -> str:
    if config.keeper.kill_file.exists():
        return f"[red]New risk is stopped: the kill file {config.keeper.kill_file} exists.[/red]"
    reason = check_limits(limits, risk)
    if reason:
        return f"[red]New risk is stopped: {reason}.[/red]"
    return "[green]New risk is allowed.[/green]"
