"""``steelyard report``: the records as one HTML page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from sqlalchemy.orm import Session

from steelyard.cli.options import config_option, open_records
from steelyard.cli.vault_section import vault_section
from steelyard.cli.wording import amount, route, symbol
from steelyard.config import Config
from steelyard.exceptions import ConfigError
from steelyard.model import Address, Token
from steelyard.record.reports import build_report, latest_reasons, read_records
from steelyard.record.tables import ArbitrageRecord
from steelyard.record.tokens import read_tokens
from steelyard.record.vault_reports import read_histories
from steelyard.web.report import Execution, ReportPage, VerdictCount, render_report


@click.command()
@config_option
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(".steelyard/report.html"),
    show_default=True,
    help="Where to write the page.",
)
def report(config: Config, output: Path) -> None:
    """Write the HTML report from the records."""
    write_report(config, output, title="Steelyard report")
    click.echo(f"Report: {output.resolve()}")


def write_report(config: Config, output: Path, *, title: str) -> ReportPage:
    """Write the page and return what it says.

    Raises:
        StoreUnavailable: there are no records.
        ConfigError: the page cannot be written there.
    """
    with open_records(config) as database, database.read() as session:
        page = _page(session, config, title)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(render_report(page), encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"the report cannot be written to {output} ({error.strerror}); name another file with --output"
        ) from None
    return page


def _page(session: Session, config: Config, title: str) -> ReportPage:
    facts = build_report(session)
    reasons = latest_reasons(session)
    tokens = read_tokens(session)
    records = [record for record in read_records(session) if record.mined_block is not None]
    numbers = [block.number for block in facts.blocks]
    return ReportPage(
        title=title,
        mode=config.keeper.mode,
        executor=_executor(records),
        first_block=min(numbers, default=0),
        last_block=max([*numbers, *(record.mined_block or 0 for record in records)], default=0),
        blocks_seen=len(numbers),
        reorgs=sum(event.kind == "reorg" for event in facts.events),
        executions=[_execution(record, tokens) for record in reversed(records)],
        verdicts=[
            VerdictCount(code=code, count=count, example=reasons.get(code, ""))
            for code, count in sorted(facts.verdicts.items(), key=lambda row: -row[1])
        ],
        alerts=[event.message for event in facts.events if event.severity != "info"],
        vaults=[vault_section(history) for history in read_histories(session)],
    )


def _execution(record: ArbitrageRecord, tokens: Mapping[Address, Token]) -> Execution:
    asset = tokens.get(Address(record.asset))
    legs = json.loads(record.route_json)
    return Execution(
        block_number=record.mined_block or 0,
        status=record.status,
        route=route([legs[0]["token_in"], *(leg["token_out"] for leg in legs)], tokens),
        lender=record.lender.replace("_", " "),
        asset=symbol(record.asset, tokens),
        amount=amount(record.amount, asset),
        profit=amount(record.realised_profit or 0, asset),
        estimated_net_wei=record.estimated_net_wei,
        net_wei=record.net_wei or 0,
        gas_cost_wei=record.gas_cost_wei or 0,
        builder_tip_wei=record.builder_tip_wei or 0,
        transaction_hash=record.transaction_hash or "",
    )


def _executor(records: Sequence[ArbitrageRecord]) -> str:
    return str(json.loads(records[0].solution_json)["executor"]) if records else "not used yet"
