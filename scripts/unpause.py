"""Lets a paused executor, or a stopped vault, go on.

::

    ape run unpause --account owner
    ape run unpause --vault --account owner                      # everything
    ape run unpause --vault --level entries --account owner      # exits at a price again, entries not yet
    ape run unpause --vault --pool usdc_weth --account owner     # rebalances may use this pool again

Where a vault's administration has a delay, the first run schedules it, and the same command later does it.
"""

from __future__ import annotations

import click
from ape.cli import ConnectedProviderCommand

from scripts._executor import Session, deployed_at, manage, managing_options, pool_option, vault_option
from scripts._vault_management import manage_as_administration, require_vault, resume_step, state_step
from scripts._vault_record import deployed_vault_at
from steelyard.model.vault import PoolState, VaultStop

LEVELS = {"nothing": VaultStop.NOTHING, "entries": VaultStop.ENTRIES}


@click.command(cls=ConnectedProviderCommand)
@managing_options
@vault_option
@click.option("--level", type=click.Choice(list(LEVELS)), help="What stays stopped: nothing if left out.")
@pool_option
def cli(session: Session, vault: bool = False, level: str | None = None, pool: str | None = None) -> None:
    """Let the executor, or the vault, go on; the account must be its owner, or the vault's administration."""
    if vault:
        held = deployed_vault_at(session.deployment)
        step = resume_step(held, LEVELS[level or "nothing"])
        if pool is not None:
            step = state_step(held, held.strategy(pool), PoolState.ACTIVE)
        manage_as_administration(session, held, [step])
        return
    require_vault(level=level, pool=pool)
    deployed = deployed_at(session.deployment)
    step = deployed.step("unpause", lambda: not deployed.executor.paused(), "unpause")
    manage(session, deployed, [step])
