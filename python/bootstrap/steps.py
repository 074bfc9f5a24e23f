"""The steps of the set-up, in their order."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from bootstrap import compiler, environment, node_packages, prerequisites, project, replica_packages
from bootstrap.console import Step, say
from bootstrap.layout import LOG, ROOT
from bootstrap.one_at_a_time import only_one_setup


@dataclass(frozen=True)
class Task:
    """A step: what it makes, whether that is there already, and how it is made."""

    title: str
    is_current: Callable[[], bool]
    make: Callable[[], str]


TASKS = (
    Task("Python packages, by hash", environment.packages_are_current, environment.install_packages),
    Task("npm packages, by hash", node_packages.are_current, node_packages.install),
    Task("steelyard and its Ape plugin", environment.project_is_current, environment.install_project),
    Task("Foundry's native programs", node_packages.links_are_current, node_packages.link),
    Task("Solidity compiler", compiler.is_current, compiler.install),
    Task("Packages that are only read", replica_packages.are_current, replica_packages.download),
    Task("Contracts", project.contracts_are_current, project.build_contracts),
    Task("Mainnet replica", project.replica_is_current, project.build_replica),
)
DOWNLOADING = TASKS[:2]


def set_up() -> None:
    """Do every step that is not done yet; with nothing to do, say nothing.

    Raises:
        SetupError: a step cannot be done.
    """
    if _pending() is None:
        return
    environment.see_that_it_is_ours()
    with only_one_setup():
        # Whoever was waited for may have done it all.
        if _pending() is not None:
            _do_pending()


def _do_pending() -> None:
    started = time.monotonic()
    if not all(task.is_current() for task in DOWNLOADING):
        prerequisites.check_for_downloads()
    say(f"Setting up {ROOT} (log: {LOG.relative_to(ROOT)})")
    for number, task in enumerate(TASKS, start=1):
        if task.is_current():
            continue
        with Step(f"{number}/{len(TASKS)}", task.title) as step:
            step.outcome = task.make()
    say(f"Set up in {time.monotonic() - started:.0f} s.")


def _pending() -> Task | None:
    return next((task for task in TASKS if not task.is_current()), None)
