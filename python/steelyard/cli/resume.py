"""``steelyard resume``: an operator has looked at the failures in a row; counting begins anew."""

from __future__ import annotations

import getpass

import click

from steelyard.cli.options import config_option, open_records
from steelyard.config import Config
from steelyard.record.risk import acknowledge_failures
from steelyard.record.writer import Writer


@click.command()
@config_option
def resume(config: Config) -> None:
    """Allow new risk again after a limit on failures was reached.

    Losses and gas are limited per time: they allow new risk by themselves when the time is over, or when the
    operator raises the limit.
    """
    with open_records(config) as database, Writer(database) as writer:
        acknowledge_failures(writer, who=getpass.getuser())
    click.echo("Failures acknowledged; counting begins anew.")
    if config.keeper.kill_file.exists():
        click.echo(f"The kill file {config.keeper.kill_file} still exists: remove it to allow new risk.")
