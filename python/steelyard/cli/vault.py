"""``steelyard vault``: look at the configured vault, or keep it."""

from __future__ import annotations

import asyncio
import json
import time

import click
from rich.console import Console

from steelyard.app.desk import open_chain
from steelyard.app.vault_watch import VaultTurn
from steelyard.app.vault_wiring import build_vault_keeper, look_once
from steelyard.cli.options import config_option, json_option
from steelyard.cli.run import run_until_signal
from steelyard.cli.tables import GAP, show_lines, show_table
from steelyard.cli.vault_as_json import turn_as_json
from steelyard.cli.vault_words import POOL_HEADINGS, code_text, headline, pool_rows, turn_line, whole_rows
from steelyard.cli.wording import moment
from steelyard.config import Config

_STYLES = {"critical": "bold red", "warning": "yellow"}


@click.group()
def vault() -> None:
    """Look at the configured vault, or keep it."""


@vault.command()
@config_option
@json_option
def show(config: Config, as_json: bool) -> None:
    """Show the vault at the newest block, and what a keeper would do; send nothing."""
    chain = open_chain(config)
    turn = look_once(config, chain)
    if as_json:
        click.echo(json.dumps(turn_as_json(turn), indent=2))
        return
    console = Console()
    show_lines(console, [headline(turn.snapshot)])
    show_table(console, pool_rows(turn.snapshot), title="Pools", headings=POOL_HEADINGS)
    show_table(console, whole_rows(turn.snapshot), title="Vault")
    verdict = turn.verdict
    show_lines(console, [f"A keeper would say: {code_text(verdict.code)}: {verdict.reason}"])


@vault.command()
@config_option
@click.option("--live", is_flag=True, help='Send transactions (needs keeper.mode = "live" and an account).')
def run(config: Config, live: bool) -> None:
    """Keep the vault alone, without arbitrage: paper by default, --live to send.

    `steelyard run` keeps it beside the arbitrage. Ctrl-C and SIGTERM finish the look under way and stop.
    """
    console = Console()

    def look(turn: VaultTurn) -> None:
        show_lines(console, [turn_line(turn)])

    def say(kind: str, message: str, severity: str) -> None:
        line = f"{moment(int(time.time()))}{GAP}{severity}{GAP}{kind}: {message}"
        show_lines(console, [line], style=_STYLES.get(severity))

    keeper = build_vault_keeper(config, live=live, on_look=look, on_event=say)
    asyncio.run(run_until_signal(keeper, say))
    console.print("Stopped; everything is recorded.")
