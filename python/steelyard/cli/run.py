"""``steelyard run``: the keeper, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Protocol

import click
from rich.console import Console

from steelyard.app.notices import OnEvent
from steelyard.app.wiring import build_keeper
from steelyard.cli.options import config_option, open_records, record_option, with_recording
from steelyard.cli.turns import TurnTable
from steelyard.config import Config
from steelyard.record.reports import count_open

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LAST_WORDS = "after the block under way; Ctrl-C again leaves it unfinished"


class Runs(Protocol):
    """A keeper of whatever."""

    async def run(self, stop: asyncio.Event) -> None: ...
    async def close(self) -> None: ...


@click.command()
@config_option
@click.option("--live", is_flag=True, help='Send transactions (needs keeper.mode = "live" and an account).')
@record_option
def run(config: Config, live: bool, record: Path | None) -> None:
    """Run the keeper: paper by default, --live to send.

    Ctrl-C and SIGTERM finish the block under way and stop. Starting again goes on from the journal.
    """
    console = Console()
    config = with_recording(config, record)
    table = TurnTable(console, f"Steelyard, {'live' if live else 'paper'}")
    keeper = build_keeper(config, live=live, on_turn=table.show, on_event=table.say)
    with table:
        asyncio.run(run_until_signal(keeper, table.say))
    unfinished = _count_open(config)
    if unfinished:
        console.print(f"Open transactions: {unfinished}. The next run asks the chain about them.")
    console.print("Stopped; everything is recorded.")


def _count_open(config: Config) -> int:
    with open_records(config) as database, database.read() as session:
        return count_open(session)


async def run_until_signal(keeper: Runs, on_event: OnEvent = lambda kind, message, severity: None) -> None:
    """Run until SIGINT or SIGTERM, finish the turn under way, then close.

    Args:
        on_event: told when the first signal is heard.

    A second signal does what it always does: Ctrl-C interrupts after the request under way, SIGTERM ends the
    process. The journal is good for both.

    Raises:
        StopError: something that an operator must look at.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def listen_no_more() -> None:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

    def ask_to_stop() -> None:
        listen_no_more()
        stop.set()
        on_event("stopping", _LAST_WORDS, "info")

    for number in _SIGNALS:
        loop.add_signal_handler(number, ask_to_stop)
    try:
        await keeper.run(stop)
    finally:
        listen_no_more()
        await keeper.close()
