"""``steelyard status``: what the keeper has done, what is open, and whether it may go on."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import click
from rich.console import Console

from steelyard.act.kill_switch import kill_reason
from steelyard.app.desk import risk_limits
from steelyard.cli.options import config_option, json_option, open_records
from steelyard.cli.tables import show_lines, show_table
from steelyard.cli.vault_as_json import history_as_json
from steelyard.cli.vault_words import POOL_HEADINGS, headline, history_rows, pool_rows, whole_rows
from steelyard.cli.wording import ether, moment
from steelyard.config import Config
from steelyard.decide.limits import RiskLimits, check_limits
from steelyard.model.risk import RiskState
from steelyard.record.database import Database
from steelyard.record.lock import database_lock_path, lock_holder
from steelyard.record.reports import (
    BlockSummary,
    Event,
    Totals,
    add_up,
    count_open,
    read_blocks,
    read_events,
    read_records,
)
from steelyard.record.risk import read_risk_state
from steelyard.record.vault_reports import VaultHistory, read_histories

EVENTS_SHOWN = 5
_STANDING = ("risk_stopped", "risk_allowed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the command shows.

    Attributes:
        process: of the keeper that runs on this database, None where none does.
        stopped: why no new risk may be taken, None where it may.
    """

    process: str | None
    block: BlockSummary | None
    totals: Totals
    unfinished: int
    risk: RiskState
    limits: RiskLimits
    stopped: str | None
    events: Sequence[Event]
    vaults: Sequence[VaultHistory]


@click.command()
@config_option
@json_option
def status(config: Config, as_json: bool) -> None:
    """Show what the keeper has done and whether it may go on."""
    with open_records(config) as database:
        standing = _read(config, database)
    if as_json:
        click.echo(json.dumps(_as_json(standing), indent=2))
    else:
        _show(standing, Console())


def _read(config: Config, database: Database) -> Standing:
    limits = risk_limits(config)
    process = None if database.path is None else lock_holder(database_lock_path(database.path))
    with database.read() as session:
        risk = read_risk_state(session, now_seconds=int(time.time()))
        newest = read_blocks(session, limit=1)
        said = _last_said(read_events(session)) if process else None
        return Standing(
            process=process,
            block=newest[0] if newest else None,
            totals=add_up(read_records(session)),
            unfinished=count_open(session),
            risk=risk,
            limits=limits,
            stopped=kill_reason(config.keeper.kill_file) or check_limits(limits, risk) or said,
            events=read_events(session, limit=EVENTS_SHOWN),
            vaults=read_histories(session),
        )


def _last_said(events: Sequence[Event]) -> str | None:
    """Return why a running keeper says that it stands still: it also asks the executor."""
    newest = next((event for event in events if event.kind in _STANDING), None)
    return newest.message if newest and newest.kind == "risk_stopped" else None


def _show(standing: Standing, console: Console) -> None:
    running = f"runs as process {standing.process}" if standing.process else "does not run"
    lines = [f"The keeper {running}."]
    if standing.block:
        block = standing.block
        lines.append(f"Last decision: block {block.number} of {moment(block.timestamp_seconds)}")
    show_lines(console, lines)
    show_table(console, _totals_rows(standing), title="Records")
    show_table(
        console, _limits_rows(standing), title="Limits", headings=("limit", "now", "stops new risk at")
    )
    for history in standing.vaults:
        _show_vault(history, console)
    if standing.stopped:
        show_lines(console, [f"New risk is stopped: {standing.stopped}."], style="red")
    else:
        show_lines(console, ["New risk is allowed."], style="green")
    show_lines(console, [_event_line(event) for event in standing.events])


def _show_vault(history: VaultHistory, console: Console) -> None:
    latest = history.latest
    show_lines(console, [headline(latest)])
    show_table(console, pool_rows(latest), title="Pools", headings=POOL_HEADINGS)
    show_table(console, [*whole_rows(latest), *history_rows(history)], title="Vault")


def _totals_rows(standing: Standing) -> list[tuple[str, str]]:
    totals = standing.totals
    statuses = ", ".join(f"{name} {count}" for name, count in sorted(totals.by_status.items()))
    return [
        ("by status", statuses or "none"),
        ("open", str(standing.unfinished)),
        ("net, ether", ether(totals.net_wei)),
        ("gas, ether", ether(totals.gas_cost_wei)),
        ("tips to builders, ether", ether(totals.builder_tip_wei)),
    ]


def _limits_rows(standing: Standing) -> list[tuple[str, str, str]]:
    risk, limits = standing.risk, standing.limits
    gas_wei = risk.gas_hour_wei + risk.gas_open_wei
    return [
        ("loss in 24 h, ether", ether(risk.loss_day_wei), ether(limits.max_loss_per_day_wei)),
        ("gas in 1 h, ether", ether(gas_wei), ether(limits.max_gas_per_hour_wei)),
        ("failures in a row", str(risk.failures_in_a_row), str(limits.max_failures_in_a_row)),
    ]


def _event_line(event: Event) -> str:
    return f"{moment(event.timestamp_seconds)}  {event.severity}  {event.kind}: {event.message}"


def _as_json(standing: Standing) -> dict[str, Any]:
    """Amounts are decimal strings: most JSON readers would round them."""
    block = standing.block
    return {
        "running_process": int(standing.process)
        if standing.process and standing.process.isdecimal()
        else None,
        "new_risk_allowed": standing.stopped is None,
        "stopped_reason": standing.stopped,
        "last_block": None if block is None else {"number": block.number, "hash": block.hash},
        "records": standing.totals.by_status,
        "open": standing.unfinished,
        "net_wei": str(standing.totals.net_wei),
        "gas_cost_wei": str(standing.totals.gas_cost_wei),
        "builder_tip_wei": str(standing.totals.builder_tip_wei),
        "risk": _amounts_as_text(asdict(standing.risk)),
        "limits": _amounts_as_text(asdict(standing.limits)),
        "vaults": [history_as_json(history) for history in standing.vaults],
        "events": [asdict(event) for event in standing.events],
    }


def _amounts_as_text(values: dict[str, int]) -> dict[str, int | str]:
    return {name: str(value) if name.endswith("_wei") else value for name, value in values.items()}
