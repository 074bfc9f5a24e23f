"""``steelyard demo``: the main job from deployment to report, on the replica."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

import click
from rich.console import Console
from sqlalchemy.orm import Session

from steelyard.app.wiring import build_keeper
from steelyard.cli.demo_stage import DemoStage, open_stage
from steelyard.cli.options import with_recording
from steelyard.cli.report import write_report
from steelyard.cli.turns import TurnTable, profits_by_asset
from steelyard.cli.vault_words import assets_text
from steelyard.cli.wording import ether
from steelyard.config import Config
from steelyard.model import Address, Token
from steelyard.record.database import Database
from steelyard.record.reports import Report, build_report
from steelyard.record.tokens import read_tokens
from steelyard.record.vault_reports import add_up_rebalances, read_histories
from steelyard.sandbox.replica import project_root

FOLDER = Path(".steelyard") / "demo"
RECORDING = "recording.jsonl.gz"


@click.command()
@click.option(
    "--blocks", default=40, show_default=True, type=click.IntRange(1, 10_000), help="Blocks to trade."
)
@click.option("--seed", default=42, show_default=True, help="Of the market: the same seed, the same blocks.")
@click.option("--record", is_flag=True, help="Also record what decisions are given, for `steelyard replay`.")
def demo(blocks: int, seed: int, record: bool) -> None:
    """Watch the keeper work on the replica, from deployment to report.

    The market trades in lock-step with the keeper: it sees a block, sends, and the next block is mined.
    """
    console = Console()
    folder = project_root() / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    started = time.monotonic()
    table = TurnTable(console, f"Steelyard on the mainnet replica, seed {seed}")
    recording = folder / RECORDING if record else None
    with open_stage(folder, seed, console, with_vault=True) as stage, table:
        asyncio.run(_trade(with_recording(stage.config, recording), stage, table, blocks))
    page = folder / "report.html"
    write_report(stage.config, page, title=f"Steelyard demo, seed {seed}")
    _summarise(stage.config, console)
    if recording is not None:
        shown = recording.relative_to(Path.cwd()) if recording.is_relative_to(Path.cwd()) else recording
        console.print(f"Recorded; decide it all again with: steelyard replay {shown}", soft_wrap=True)
    console.print(
        f"The whole took {time.monotonic() - started:.0f} s. The report with plots: {page}", soft_wrap=True
    )


async def _trade(config: Config, stage: DemoStage, table: TurnTable, blocks: int) -> None:
    keeper = build_keeper(config, live=True, on_turn=table.show, on_event=table.say)
    try:
        await keeper.start()
        for block in range(blocks):
            await keeper.turn()
            if stage.vault is not None:
                stage.vault.play(block, blocks)
            stage.next_block()
        await keeper.settle()
    finally:
        await keeper.close()


def _summarise(config: Config, console: Console) -> None:
    with Database(config.keeper.database_url, create=False) as database, database.read() as session:
        report = build_report(session)
        tokens = dict(read_tokens(session))
        vault = _vault_summary(session)
    for line in [*_summary(report, tokens), *vault]:
        console.print(line, soft_wrap=True)


def _summary(report: Report, tokens: dict[Address, Token]) -> list[str]:
    totals = report.totals
    reverted = totals.by_status.get("reverted", 0)
    return [
        "",
        f"{totals.confirmed} profitable executions, {reverted} reverted, over {len(report.blocks)} blocks.",
        f"Gross profit at the treasury: {profits_by_asset(totals.realised_profit, tokens) or 'none'}.",
        f"After gas: {ether(totals.net_wei)} ether ({ether(totals.gas_cost_wei)} ether paid for gas).",
    ]


def _vault_summary(session: Session) -> list[str]:
    lines = []
    for history in read_histories(session):
        state, totals = history.latest, add_up_rebalances(history.rebalances)
        moved, lost = assets_text(totals.moved, state), assets_text(totals.loss, state)
        done, count = totals.confirmed, len(history.rebalances)
        held, idle, awaited = (
            assets_text(assets, state) for assets in (state.total_assets, state.idle, state.awaited)
        )
        lines += [
            f"The vault: {done} of {count} rebalances confirmed; {moved} moved, {lost} lost by it.",
            f"It holds {held}, {idle} of it ready for requests of {awaited}.",
        ]
    return lines
