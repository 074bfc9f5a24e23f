"""An operator and a vault: looked at, kept alone by a process of its own, stopped, and told of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from steelyard.cli.demo_stage import KEEPER, DemoStage
from tests.support.keeper_stage import fresh_stage
from tests.support.operator import ask, refusal, running_keeper

pytestmark = pytest.mark.e2e

FAREWELL = "Stopped; everything is recorded."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vault")


@pytest.fixture(scope="module")
def stage(folder: Path) -> Iterator[DemoStage]:
    with fresh_stage(folder, with_vault=True) as opened:
        yield opened


@pytest.fixture
def config(stage: DemoStage, folder: Path) -> Path:
    return folder / "steelyard.toml"


def nonce(stage: DemoStage) -> int:
    return int(stage.rpc.call("eth_getTransactionCount", KEEPER, "pending"), 16)


def test_a_look_shows_pools_targets_and_what_a_keeper_would_do(stage: DemoStage, config: Path) -> None:
    assert stage.vault is not None
    before = nonce(stage)
    shown = ask("vault", "show", "--config", config).output
    for pool in stage.vault.pools:
        assert pool in shown
    assert "300,000 USDC" in shown
    assert "A keeper would say: accepted: 1 move of 75000 USDC towards the targets" in shown

    told = json.loads(ask("vault", "show", "--json", "--config", config).output)
    assert told["total_assets"] == str(300_000 * 10**6)
    assert told["verdict"]["code"] == "accepted"
    assert nonce(stage) == before, "a look sends nothing"


def test_a_keeper_of_the_vault_alone_rebalances_it_until_it_is_stopped_and_status_tells(
    stage: DemoStage, config: Path
) -> None:
    with running_keeper(config, "--live", command=("vault", "run")) as keeper:
        keeper.wait_for("sent: 1 move of 75000 USDC towards the targets")
        keeper.wait_for("too early", stage)
        assert keeper.stop() == 0
    assert FAREWELL in keeper.lines

    stage.next_block()
    told = ask("status", "--config", config).output
    assert "too early" in told
    assert "below cost" not in told
    status = json.loads(ask("status", "--json", "--config", config).output)
    (vault,) = status["vaults"]
    assert vault["rebalances"]["by_status"] == {"confirmed": 1}


def test_without_a_vault_the_commands_say_what_is_missing(config: Path, tmp_path: Path) -> None:
    text = config.read_text(encoding="utf-8").split("[vault]")[0]
    bare = tmp_path / "steelyard.toml"
    bare.write_text(text, encoding="utf-8")
    for command in (("vault", "show"), ("vault", "run")):
        assert "vault.address names the vault" in refusal(*command, "--config", bare)
