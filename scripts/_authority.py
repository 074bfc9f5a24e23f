"""OpenZeppelin's AccessManager as a vault's administration: what needs its leave, and what has to wait first.

Without a delay, what the administration does is done at once. With one it is scheduled by a first run of the
command, and done by a second, the same, when its time has come.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final

import ape
import click
from ape.contracts import ContractContainer, ContractInstance
from ethpm_types import ContractType

from scripts._steps import Step, StepRefused, call_step
from steelyard.connect.chain import ChainClient

ADMIN_ROLE: Final = 0
_ARTIFACT: Final = "node_modules/@openzeppelin/contracts/build/contracts/AccessManager.json"
_SELECTOR_BYTES: Final = 4


@cache
def authority_container() -> ContractContainer:
    """Return AccessManager as OpenZeppelin compiled and published it with the release that is locked."""
    built = json.loads((ape.project.path / _ARTIFACT).read_text(encoding="utf-8"))
    contract = {"contractName": built["contractName"], "abi": built["abi"]}
    contract["deploymentBytecode"] = {"bytecode": built["bytecode"]}
    return ContractContainer(ContractType.model_validate(contract))


def authority_at(address: str) -> ContractInstance:
    """Return the AccessManager at an address, where it need not stand yet."""
    return ContractInstance(address, authority_container().contract_type)


def is_administrator(authority: ContractInstance, account: str) -> bool:
    """Tell whether an account is the administration, or part of it."""
    return bool(authority.hasRole(ADMIN_ROLE, account)[0])


@dataclass(frozen=True)
class Administered:
    """What can be sent now of steps that the administration takes.

    Attributes:
        is_complete: after it nothing is left to do; otherwise something was scheduled, or still waits.
    """

    steps: list[Step]
    is_complete: bool


def administer(
    chain: ChainClient, authority: ContractInstance, sender: str, steps: Sequence[Step]
) -> Administered:
    """Return what ``sender`` can send now: each step itself, or what schedules it, or nothing while it waits.

    Raises:
        StepRefused: the account may not do it, now or later.
    """
    sendable: list[Step] = []
    is_complete = True
    for step in steps:
        immediate, delay = authority.canCall(sender, step.target, step.data[:_SELECTOR_BYTES])
        if step.done() or immediate:
            sendable.append(step)
            continue
        if not delay:
            raise StepRefused(f"{sender} may not {step.title}: that is the administration's")
        ready = authority.getSchedule(_operation(authority, sender, step))
        if not ready:
            sendable.append(_scheduling(authority, sender, step, delay))
        elif ready <= chain.block().timestamp_seconds:
            sendable.append(step)
            continue
        else:
            click.echo(f"  waits until {date_text(ready)}: {step.title}; then give the same command again")
        is_complete = False
    return Administered(sendable, is_complete)


def _scheduling(authority: ContractInstance, sender: str, step: Step, delay_seconds: int) -> Step:
    return call_step(
        authority,
        f"schedule, to be done by the same command in {delay_seconds:,} seconds: {step.title}",
        lambda: authority.getSchedule(_operation(authority, sender, step)) != 0,
        "schedule",
        step.target,
        step.data,
        0,
    )


def _operation(authority: ContractInstance, sender: str, step: Step) -> bytes:
    return bytes(authority.hashOperation(sender, step.target, step.data))


def date_text(seconds: int) -> str:
    """Return a moment as people read it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
