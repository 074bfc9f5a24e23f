"""What the scripts that manage a vault share: what is sent, and what waits for the administration's delay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from scripts._authority import administer
from scripts._executor import DeploymentRefused, Session, manage
from scripts._steps import Step, connected_chain
from scripts._vault_record import DeployedVault, roles_found
from steelyard.config.vault_terms import VaultTerms, load_vault_terms
from steelyard.connect.vault_calls import encode_state
from steelyard.exceptions import ConfigError
from steelyard.model.vault import PoolState, VaultStop
from steelyard.units import Address


def manage_as_administration(
    session: Session,
    deployed: DeployedVault,
    steps: Sequence[Step],
    *,
    first: Sequence[Step] = (),
    **changes: Any,
) -> bool:
    """Send, or schedule, steps of the administration's, and write ``changes`` once they are done.

    Args:
        first: what anybody may do, and has to be done before.

    Returns:
        Whether they are done: neither a rehearsal, nor scheduled only.

    Raises:
        StepRefused: the account is not the administration.
    """
    planned = administer(connected_chain(), deployed.authority, session.account.address, steps)
    written = changes if planned.is_complete else {}
    is_sent = manage(session, deployed, [*first, *planned.steps], **written)
    return is_sent and planned.is_complete


def read_terms(path: Path) -> VaultTerms:
    """Read a file that describes a vault. Raises DeploymentRefused, listing every fault with its place."""
    try:
        return load_vault_terms(path)
    except ConfigError as error:
        raise DeploymentRefused(str(error)) from None


def require_vault(**given: str | None) -> None:
    """Refuse options that mean nothing to an executor. Raises click.UsageError."""
    for name, value in given.items():
        if value is not None:
            raise click.UsageError(f"--{name} is of a vault: add --vault")


def renew_roles(deployed: DeployedVault) -> None:
    """Write down who holds which role by now."""
    deployed.amend(**roles_found(connected_chain(), deployed.vault, deployed.authority, deployed.since_block))


def state_step(deployed: DeployedVault, strategy: Address, state: PoolState) -> Step:
    """Return the step that puts a pool into a state."""
    name = state.name.lower()
    return Step(
        f"put {deployed.name_of(strategy)} into the state {name}",
        Address(deployed.vault.address),
        encode_state(strategy, state),
        lambda: int(deployed.vault.pool(strategy).state) == state,
    )


def stop_step(deployed: DeployedVault, level: VaultStop) -> Step:
    """Return the step that stops this much; what stops more already is left."""
    return deployed.step(
        f"stop {level.name.lower().replace('_', ' ')}",
        lambda: int(deployed.vault.state().stop) >= level,
        "stop",
        int(level),
    )


def resume_step(deployed: DeployedVault, level: VaultStop) -> Step:
    """Return the step that lets go on all but this."""
    return deployed.step(
        f"resume, but for {level.name.lower().replace('_', ' ')}",
        lambda: int(deployed.vault.state().stop) == level,
        "resume",
        int(level),
    )
