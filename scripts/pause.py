"""Stops the executor at once: no plan executes from the next transaction on.

::

    ape run pause --account guardian
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
    """Stop the executor; the account must be its guardian or its owner."""
    deployed = deployed_at(deployment)
    step = deployed.step("pause", lambda: bool(deployed.executor.paused()), "pause")
    manage(account, deployed, [step], dry_run=dry_run, confirmations=confirmations)
