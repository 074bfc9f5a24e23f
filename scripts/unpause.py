"""Lets a paused executor execute plans again.

::

    ape run unpause --account owner
"""

from __future__ import annotations

from pathlib import Path

import click
from ape.api import AccountAPI
from ape.cli import ConnectedProviderCommand

from scripts._executor import deployed_at, manage, managing_options


@click.command(cls=ConnectedProviderCommand)
@managing_options
def cli(account: AccountAPI, deployment: Path | None, dry_run: bool, confirmations: int | None) -> None:
    """Let the executor execute again; the account must be its owner."""
    deployed = deployed_at(deployment)
    step = deployed.step("unpause", lambda: not deployed.executor.paused(), "unpause")
    manage(account, deployed, [step], dry_run=dry_run, confirmations=confirmations)
