"""A vault upgraded by script: what is looked at before, what is refused, and what stays as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ape
import pytest
from click.testing import CliRunner

import scripts.upgrade
from scripts._executor import DeploymentRefused
from scripts._site import creation_code
from scripts._steps import StepRefused
from scripts._vault_code import implementation_code
from scripts._vault_record import DeployedVault, deployed_vault_at
from scripts._vault_verification import vault_comparisons
from scripts.deploy import deploy_vault
from steelyard.sandbox.funding import allow, fund
from steelyard.units import Address
from tests.support.fork_market import USDC, WETH
from tests.support.vault_scene import DELAY_SECONDS, Cast, written_terms

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fork_chain import ForkChain

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

STAKE = 20_000 * 10**6
FORWARDER = WETH
"""Any contract."""
UPGRADE: Any = scripts.upgrade.cli
VIRTUAL_SHARES, ONE_MORE = bytes.fromhex("620f4240"), bytes.fromhex("620f4241")
"""PUSH3 of a million, and of one more."""


@pytest.fixture(scope="module")
def written(chain: ForkChain, cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault with something in it, part of which is asked back."""
    folder = tmp_path_factory.mktemp("deployed")
    terms = written_terms(folder, cast.deployer, cast, delay_seconds=DELAY_SECONDS)
    vault = deploy_vault(cast.deployer, terms, output=folder / "1-vault.json")
    holder = cast.manager
    fund(chain.rpc, Address(holder.address), Address(USDC), STAKE)
    allow(chain.rpc, Address(holder.address), Address(vault.address), Address(USDC), STAKE)
    vault.deposit(STAKE, holder, sender=holder)
    vault.requestRedeem(vault.balanceOf(holder) // 4, holder, holder, sender=holder)
    return folder / "1-vault.json"


@pytest.fixture
def deployed(written: Path, tmp_path: Path) -> DeployedVault:
    copy = tmp_path / "1-vault.json"
    copy.write_text(written.read_text())
    return deployed_vault_at(copy)


def upgrade(account: Any, deployed: DeployedVault, *, dry_run: bool = False, **options: Any) -> None:
    UPGRADE.callback(
        account=account,
        deployment=deployed.path,
        dry_run=dry_run,
        confirmations=None,
        **{"forwarder": FORWARDER} | options,
    )


def test_upgrade__scheduled_and_done__keeps_everything_and_is_written_down(
    chain: ForkChain, cast: Cast, deployed: DeployedVault, capsys: pytest.CaptureFixture[str]
) -> None:
    vault, before = deployed.vault, deployed.record
    told = (vault.totalSupply(), vault.balanceOf(cast.manager), vault.pendingRedeemRequest(0, cast.manager))
    upgrade(cast.owner, deployed)
    said = capsys.readouterr().out
    assert "storage is compatible, and 3" in said
    assert "schedule, to be done by the same command in 172,800 seconds: upgrade to 0x" in said
    assert deployed.record == before
    ape.chain.mine(deltatime=DELAY_SECONDS + 1)
    upgrade(cast.owner, deployed)
    after = deployed.record
    assert after["implementation"] != before["implementation"]
    assert after["code_hashes"]["implementation"] != before["code_hashes"]["implementation"]
    assert (after["forwarder"], after["layout"]) == (FORWARDER, before["layout"])
    assert vault.isTrustedForwarder(FORWARDER)
    assert told == (
        vault.totalSupply(),
        vault.balanceOf(cast.manager),
        vault.pendingRedeemRequest(0, cast.manager),
    )
    assert [one.what for one in vault_comparisons(deployed) if not one.equal] == []
    capsys.readouterr()
    upgrade(cast.owner, deployed, forwarder=None)
    assert "nothing to do" in capsys.readouterr().out


def test_upgrade__dry__shows_what_would_be_sent_and_sends_nothing(
    cast: Cast, deployed: DeployedVault, capsys: pytest.CaptureFixture[str]
) -> None:
    nonce = cast.owner.nonce
    upgrade(cast.owner, deployed, dry_run=True)
    assert "2 transactions would be sent" in capsys.readouterr().out
    assert cast.owner.nonce == nonce


def test_upgrade__by_anybody_else__is_refused(cast: Cast, deployed: DeployedVault) -> None:
    with pytest.raises(StepRefused, match=f"{cast.keeper.address} may not upgrade to .*: that is the admin"):
        upgrade(cast.keeper, deployed)


def test_upgrade__storage_that_would_be_misread__is_refused_field_by_field(
    cast: Cast, deployed: DeployedVault
) -> None:
    layout = deployed.record["layout"]
    moved = [one | {"slot": 3, "offset": 26} if one["path"] == "lossUsed" else one for one in layout]
    deployed.amend(layout=[*moved, {"path": "gone", "slot": 99, "offset": 0, "type": "uint256", "bytes": 32}])
    with pytest.raises(DeploymentRefused) as refused:
        upgrade(cast.owner, deployed)
    assert refused.value.message.splitlines() == [
        "the vault's storage would be misread:",
        "  lossUsed is uint128 at slot 3, byte 26, and would be uint128 at slot 4, byte 0",
        "  gone is uint256 at slot 99, byte 0, and would be gone",
    ]


def test_upgrade__to_code_that_says_something_else__is_refused_with_what_it_says(
    cast: Cast, deployed: DeployedVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dearer(forwarder: str | None) -> bytes:
        code = implementation_code(forwarder)
        assert VIRTUAL_SHARES in code
        return code.replace(VIRTUAL_SHARES, ONE_MORE)

    monkeypatch.setattr("scripts.upgrade.implementation_code", dearer)
    nonce = cast.owner.nonce
    with pytest.raises(DeploymentRefused, match="what the vault says:\n(.*\n)*  convertToShares"):
        upgrade(cast.owner, deployed)
    assert cast.owner.nonce == nonce


def test_upgrade__to_what_is_no_implementation__is_refused(
    cast: Cast, deployed: DeployedVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "scripts.upgrade.implementation_code", lambda _forwarder: creation_code(ape.project.LenderLens)
    )
    with pytest.raises(DeploymentRefused, match="the vault would not take this code: UpgradeFailed"):
        upgrade(cast.owner, deployed)


def test_upgrade__with_a_forwarder_that_is_no_contract__is_refused(
    cast: Cast, deployed: DeployedVault
) -> None:
    with pytest.raises(DeploymentRefused, match=f"the forwarder holds no code at {cast.owner.address}"):
        upgrade(cast.owner, deployed, forwarder=cast.owner.address)


def test_upgrade__by_a_file_of_another_code__is_refused(cast: Cast, deployed: DeployedVault) -> None:
    deployed.amend(implementation=USDC)
    with pytest.raises(DeploymentRefused, match=f"the code at {USDC}, but the vault's is at"):
        upgrade(cast.owner, deployed)


def test_command__asked_for_help__says_what_it_does() -> None:
    said = CliRunner().invoke(UPGRADE, ["--help"]).output
    assert "the account must be its administration" in " ".join(said.split())
    assert "--dry-run" in said
