"""One stage for all stories about bad input: opening it takes longer than most of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from steelyard.cli.demo_stage import DemoStage
from tests.support.keeper_stage import keeper_stage


@pytest.fixture(scope="session")
def shared_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoStage]:
    """A replica with a market and a deployed executor; a story puts back what it changes on the chain."""
    with keeper_stage(tmp_path_factory.mktemp("stage")) as stage:
        for _ in range(2):
            stage.next_block()
        yield stage
