"""Stops the executor, or a vault, at once.

::

    ape run pause --account guardian                                  # no plan executes any more
    ape run pause --vault --account guardian                          # no deposit, no rebalance
    ape run pause --vault --level priced-exits --account guardian     # nor withdrawal, redemption, fulfilment
    ape run pause --vault --pool usdc_weth --account guardian         # rebalances leave this pool alone
"""

from __future__ import annotations

import click
from ape.cli import ConnectedProviderCommand

from scripts._executor import Session, deployed_at, manage, managing_options, pool_option, vault_option
from scripts._vault_management import require_vault, state_step, stop_step
from scripts._vault_record import deployed_vault_at
from steelyard.model.vault import PoolState, VaultStop

LEVELS = {"entries": VaultStop.ENTRIES, "priced-exits": VaultStop.PRICED_EXITS}


@click.command(cls=ConnectedProviderCommand)
@managing_options
@vault_option
@click.option(
    "--level", type=click.Choice(list(LEVELS)), help="How much of the vault stops: entries if left out."
)
@pool_option
def cli(session: Session, vault: bool = False, level: str | None = None, pool: str | None = None) -> None:
    """Stop the executor, or the vault; the account must be its guardian (the executor's owner may too)."""
    if vault:
        held = deployed_vault_at(session.deployment)
        step = stop_step(held, LEVELS[level or "entries"])
        if pool is not None:
            step = state_step(held, held.strategy(pool), PoolState.PAUSED)
        manage(session, held, [step])
        return
    require_vault(level=level, pool=pool)
    deployed = deployed_at(session.deployment)
    step = deployed.step("pause", lambda: bool(deployed.executor.paused()), "pause")
    manage(session, deployed, [step])
