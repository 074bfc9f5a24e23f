"""A wrong configuration ends before anything begins: one message says what is wrong and what is right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from steelyard.cli.demo_stage import DemoStage
from tests.support.operator import SECRET, database_of, refusal, write_config
from tests.support.plans import make_plan
from tests.support.records import open_store

pytestmark = pytest.mark.e2e

COMMANDS = ("run", "plan")
WETH = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
NOBODY = "0x" + "22" * 20


@pytest.fixture(params=COMMANDS)
def command(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def deployment_with(stage: DemoStage, folder: Path, **changes: Any) -> dict[str, str]:
    """Write a changed copy of the stage's deployment file and return the key that names it."""
    values = written_deployment(stage)
    file = folder / "deployment.json"
    file.write_text(json.dumps(values | changes), encoding="utf-8")
    return {"deployment": str(file)}


@pytest.mark.parametrize("name", ["run", "plan", "status", "report", "resume"])
def test_missing_file_is_named(name: str, tmp_path: Path) -> None:
    file = tmp_path / "nowhere.toml"
    said = refusal(name, "--config", file)
    assert f"{file} does not exist" in said
    assert "docs/configuration.md" in said


def test_file_that_is_not_toml_is_named_with_the_line(tmp_path: Path) -> None:
    file = tmp_path / "steelyard.toml"
    file.write_text("[chain]\nchain_id: 1\n", encoding="utf-8")
    said = refusal("run", "--config", file)
    assert "is not TOML" in said
    assert "line 2" in said


def test_every_fault_of_a_file_is_listed_with_its_key(tmp_path: Path) -> None:
    file = tmp_path / "steelyard.toml"
    file.write_text(
        '[chain]\nrpc_ulr = "http://node"\n'
        '[limits]\nmax_trade = "-5 ether"\nmax_loss_per_day = "2e30 ether"\nmax_failures_in_a_row = 0\n'
        "max_gas_per_hour = 0.05\n"
        "[arbitrage]\nslippage_bps = 10001\n"
        '[keeper]\nmode = "turbo"\n',
        encoding="utf-8",
    )
    said = refusal("run", "--config", file)
    assert "chain.rpc_ulr: unknown key; did you mean rpc_url?" in said
    for key in (
        "limits.max_trade",
        "limits.max_loss_per_day",
        "limits.max_failures_in_a_row",
        "limits.max_gas_per_hour",
        "arbitrage.slippage_bps",
        "keeper.mode",
    ):
        assert f"  {key}: " in said, key


@pytest.mark.parametrize("url", [f"ws://node/{SECRET}", f"http://user:{SECRET}@node:port", "http://"])
def test_wrong_node_address_is_refused_without_showing_it(
    shared_stage: DemoStage, tmp_path: Path, command: str, url: str
) -> None:
    file = write_config(shared_stage, tmp_path, chain={"rpc_url": url})
    assert "http" in refusal(command, "--config", file)
    environment = {"STEELYARD_RPC_URL": url}
    assert "http" in refusal(
        command, "--config", write_config(shared_stage, tmp_path), environment=environment
    )


def test_no_tokens_are_no_market(shared_stage: DemoStage, tmp_path: Path, command: str) -> None:
    said = refusal(command, "--config", write_config(shared_stage, tmp_path, market={"tokens": []}))
    assert "market.tokens is empty" in said


def test_tokens_without_the_wrapped_native_coin_are_refused(shared_stage: DemoStage, tmp_path: Path) -> None:
    file = write_config(shared_stage, tmp_path, market={"tokens": [NOBODY]})
    assert "market.tokens must hold market.wrapped_native" in refusal("run", "--config", file)


def test_wrong_chain_id_names_both(shared_stage: DemoStage, tmp_path: Path, command: str) -> None:
    file = write_config(shared_stage, tmp_path, chain={"chain_id": 10})
    said = refusal(command, "--config", file)
    assert "serves chain id 1, but chain id 10 is configured" in said


def test_missing_deployment_says_how_to_deploy(shared_stage: DemoStage, tmp_path: Path, command: str) -> None:
    file = write_config(shared_stage, tmp_path, keeper={"deployment": str(tmp_path / "none.json")})
    assert "none.json does not exist; deploy first: ape run deploy" in refusal(command, "--config", file)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"chain_id": 10}, "is a deployment on chain id 10, but chain.chain_id is 1"),
        ({"executor": NOBODY}, f"there is no contract at the executor's address {NOBODY}"),
        ({"executor": "0x1234"}, "executor must be an address"),
        ({"venues": None}, "venues must be a list"),
    ],
    ids=["other chain", "chain was reset", "no address", "no venues"],
)
def test_deployment_of_another_world_is_refused(
    shared_stage: DemoStage, tmp_path: Path, command: str, changes: dict[str, Any], words: str
) -> None:
    keeper = deployment_with(shared_stage, tmp_path, **changes)
    assert words in refusal(command, "--config", write_config(shared_stage, tmp_path, keeper=keeper))
    assert not database_of(tmp_path).exists()


def written_deployment(stage: DemoStage) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(Path(str(stage.config.keeper.deployment)).read_text(encoding="utf-8"))
    return values


def test_venue_that_the_executor_does_not_list_is_named(
    shared_stage: DemoStage, tmp_path: Path, command: str
) -> None:
    venues = written_deployment(shared_stage)["venues"]
    changed = [venues[0], venues[1] | {"fee_pips": 2_500}, *venues[2:]]
    keeper = deployment_with(shared_stage, tmp_path, venues=changed)
    said = refusal(command, "--config", write_config(shared_stage, tmp_path, keeper=keeper))
    assert "venue 1 (sushiswap_v2) of the deployment file is not what the executor" in said
    unlisted = [*venues, venues[1] | {"venue_id": len(venues), "name": "elsewhere"}]
    keeper = deployment_with(shared_stage, tmp_path, venues=unlisted)
    said = refusal(command, "--config", write_config(shared_stage, tmp_path, keeper=keeper))
    assert f"venue {len(venues)} (elsewhere) of the deployment file is not what the executor" in said


def test_lender_that_the_executor_does_not_borrow_from_is_named(
    shared_stage: DemoStage, tmp_path: Path, command: str
) -> None:
    lenders = written_deployment(shared_stage)["lenders"] | {"aave_v3": NOBODY}
    keeper = deployment_with(shared_stage, tmp_path, lenders=lenders)
    said = refusal(command, "--config", write_config(shared_stage, tmp_path, keeper=keeper))
    assert f"lender aave_v3 of the deployment file is {NOBODY}, but the executor" in said


def test_executor_that_reads_other_plans_is_told_apart_from_ours(
    shared_stage: DemoStage, tmp_path: Path, command: str
) -> None:
    wrapped = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"  # a contract, and no executor
    keeper = deployment_with(shared_stage, tmp_path, executor=wrapped)
    said = refusal(command, "--config", write_config(shared_stage, tmp_path, keeper=keeper))
    assert f"the contract at {wrapped} does not read plans as this version writes them" in said


def test_live_needs_two_switches_and_an_account(shared_stage: DemoStage, tmp_path: Path) -> None:
    paper = write_config(shared_stage, tmp_path, keeper={"mode": "paper"})
    assert "two switches" in refusal("run", "--live", "--config", paper)
    nobody = write_config(shared_stage, tmp_path, keeper={"account": None})
    assert "keeper.account names no Ape account" in refusal("run", "--live", "--config", nobody)
    slip = write_config(shared_stage, tmp_path, keeper={"account": "TEST::one"})
    assert "TEST::0" in refusal("run", "--live", "--config", slip)


def test_journal_of_another_chain_is_not_settled_on_this_one(shared_stage: DemoStage, tmp_path: Path) -> None:
    with open_store(database_of(tmp_path)) as store:
        store.journal.open(make_plan(chain_id=10))
    said = refusal("run", "--config", write_config(shared_stage, tmp_path))
    assert "holds open transactions on chain id 10, but chain.chain_id is 1" in said
    with open_store(database_of(tmp_path)) as store:
        assert len(store.journal.unfinished()) == 1
