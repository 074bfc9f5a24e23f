"""The executor's lists of venues and lenders, shown and shortened as an operator does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ape
import pytest
from click.testing import CliRunner

import scripts.listings
import scripts.verify
from scripts._executor import DeploymentRefused, deployed_at
from scripts._steps import StepRefused
from scripts.deploy import deploy_executor
from steelyard.connect.deployment import load_deployment
from tests.support.fork_market import WETH

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

COMMANDS: dict[str, Any] = dict(scripts.listings.cli.commands)
SHOW, DELIST_VENUE, DELIST_LENDER = (COMMANDS[name] for name in ("show", "delist-venue", "delist-lender"))
SENT = {"dry_run": False, "confirmations": None}
SUSHISWAP_ID = 1


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("listed") / "1.json"


@pytest.fixture(scope="module")
def executor(owner: Any, keeper: Any, treasury: str, written: Path) -> Any:
    return deploy_executor(owner, treasury=treasury, keeper=keeper.address, output=written)


@pytest.fixture
def path(executor: Any, written: Path, tmp_path: Path) -> Path:
    """The deployment's file, as it was written; each test changes a copy."""
    copy = tmp_path / "1.json"
    copy.write_text(written.read_text())
    return copy


def venue_ids(path: Path) -> list[int]:
    return [venue.venue_id for venue in load_deployment(path).venues]


def differences(path: Path) -> list[str]:
    return [one.what for one in scripts.verify.comparisons(deployed_at(path)) if not one.equal]


@pytest.mark.parametrize("asked", ["sushiswap_v2", str(SUSHISWAP_ID)])
def test_delist_venue__by_name_or_id__chain_and_file_follow(
    executor: Any, owner: Any, path: Path, asked: str
) -> None:
    before = venue_ids(path)
    DELIST_VENUE.callback(account=owner, venue=asked, deployment=path, **SENT)
    assert venue_ids(path) == [at for at in before if at != SUSHISWAP_ID]
    with pytest.raises(ape.exceptions.ContractLogicError):
        executor.venueAt(SUSHISWAP_ID)
    assert differences(path) == []


def test_delist_venue__again__mends_the_file_and_sends_nothing(
    executor: Any, owner: Any, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    executor.delistVenue(SUSHISWAP_ID, sender=owner)
    nonce = owner.nonce
    DELIST_VENUE.callback(account=owner, venue="sushiswap_v2", deployment=path, **SENT)
    assert "done already   take venue 1, sushiswap_v2, off the list" in capsys.readouterr().out
    assert owner.nonce == nonce
    assert differences(path) == []


def test_delist_lender__by_its_id__chain_and_file_follow(executor: Any, owner: Any, path: Path) -> None:
    executor.listLender(WETH, sender=owner)
    record = json.loads(path.read_text())
    lender_id = len(record["listed_lenders"])
    assert differences(path) == [f"listed lender {lender_id}"]
    DELIST_LENDER.callback(account=owner, lender=str(lender_id), deployment=path, **SENT)
    with pytest.raises(ape.exceptions.ContractLogicError):
        executor.lenderAt(lender_id)
    assert differences(path) == []


def test_delist__a_dry_run__changes_neither_chain_nor_file(
    executor: Any, owner: Any, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, nonce = path.read_text(), owner.nonce
    DELIST_VENUE.callback(account=owner, venue="0", deployment=path, dry_run=True, confirmations=None)
    assert "nothing was sent" in capsys.readouterr().out
    assert (path.read_text(), owner.nonce) == (before, nonce)
    assert executor.venueAt(0).factory == load_deployment(path).venues[0].factory


def test_delist__by_a_stranger__is_refused_before_anything_is_sent(attacker: Any, path: Path) -> None:
    with pytest.raises(StepRefused, match="would fail: take venue 0"):
        DELIST_VENUE.callback(account=attacker, venue="0", deployment=path, dry_run=True, confirmations=None)


@pytest.mark.parametrize(("command", "what"), [(DELIST_VENUE, "venue"), (DELIST_LENDER, "lender")])
def test_delist__what_is_not_listed__names_what_is(owner: Any, path: Path, command: Any, what: str) -> None:
    with pytest.raises(DeploymentRefused, match=f"no {what} nowhere is listed; listed are: "):
        command.callback(account=owner, deployment=path, **SENT, **{what: "nowhere"})


def test_show__after_a_delisting__names_the_others(
    executor: Any, owner: Any, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    executor.delistVenue(SUSHISWAP_ID, sender=owner)
    SHOW.callback(deployment=path)
    said = capsys.readouterr().out
    assert executor.address in said
    assert f"uniswap_v2 at {load_deployment(path).venues[0].factory}" in said
    assert "sushiswap_v2" not in said


def test_listings__as_a_user_types_them__from_the_list_to_what_is_left(
    executor: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(ape.networks.provider), "disconnect", lambda _provider: None)
    network = ["--network", ape.networks.provider.network_choice, "--deployment", str(path)]

    def typed(command: str, *arguments: str) -> str:
        result = CliRunner().invoke(COMMANDS[command], [*arguments, *network], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    assert "sushiswap_v2" in typed("show")
    for command, chosen in COMMANDS.items():
        help_text = CliRunner().invoke(chosen, ["--help"]).output
        assert ("--dry-run" in help_text) is (command != "show")
        assert "--network" in help_text
