"""The deployment that most stories begin with, and one stage for all stories about bad input."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from steelyard.cli.demo_stage import DemoStage
from steelyard.sandbox.replica.build import ReplicaState
from tests.support.keeper_stage import deploy_once, keeper_stage


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> ReplicaState:
    """The replica with the executor on it, deployed once for all processes of a run."""
    own = tmp_path_factory.getbasetemp()
    return deploy_once((own if worker_id == "master" else own.parent) / "deployed")


@pytest.fixture(scope="session")
def opened_stage(deployed: ReplicaState, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoStage]:
    with keeper_stage(tmp_path_factory.mktemp("stage"), deployed) as stage:
        for _ in range(2):
            stage.next_block()
        yield stage


@pytest.fixture
def shared_stage(opened_stage: DemoStage) -> DemoStage:
    """A replica with a market and a deployed executor; a story puts back what it changes on the chain.

    What an earlier story's keeper left in the node's pool is gone: whose story it was depends on the worker.
    """
    opened_stage.rpc.call("anvil_dropAllTransactions")
    return opened_stage
