"""A vault scored and rebalanced by script: what the table says, what is sent, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ape
import pytest
from click.testing import CliRunner

import scripts.allocate
import scripts.pools
from scripts._allocation import Desk
from scripts._executor import DeploymentRefused
from scripts._steps import StepRefused
from scripts._vault_record import DeployedVault, deployed_vault_at
from scripts.allocate import _desk
from scripts.deploy import deploy_vault
from steelyard.config.vault_scores import parse_score
from steelyard.model.vault import PoolState, RebalanceCode
from steelyard.sandbox.funding import allow, fund
from steelyard.units import Address
from tests.support.fork_market import USDC
from tests.support.vault_scene import Cast, written_terms

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fork_chain import ForkChain

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

UNIT = 10**6
STAKE = 20_000 * UNIT
ALLOCATE: Any = scripts.allocate.cli
NEW_SCORES = ("lending=9000,9000,9000", "usdc_weth=3000")
FREE_OF_WORTH = "[vault]\nmisplaced_bps_per_year = 0\n"


@pytest.fixture(scope="module")
def written(chain: ForkChain, cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault whose stake is all uninvested; the owner is manager and keeper too."""
    folder = tmp_path_factory.mktemp("deployed")
    terms = written_terms(folder, cast.deployer, cast, delay_seconds=0)
    vault = deploy_vault(cast.deployer, terms, output=folder / "1-vault.json")
    for role in (0, 1):
        vault.setRole(cast.owner, role, True, sender=cast.owner)
    holder = cast.guardian  # whoever saves
    fund(chain.rpc, Address(holder.address), Address(USDC), STAKE)
    allow(chain.rpc, Address(holder.address), Address(vault.address), Address(USDC), STAKE)
    vault.deposit(STAKE, holder, sender=holder)
    # Past the interval since the chain's beginning.
    ape.chain.mine(deltatime=3_600)
    return folder / "1-vault.json"


@pytest.fixture
def deployed(written: Path, tmp_path: Path) -> DeployedVault:
    copy = tmp_path / "1-vault.json"
    copy.write_text(written.read_text())
    return deployed_vault_at(copy)


def allocate(account: Any, deployed: DeployedVault, *scores: str, **options: Any) -> None:
    ALLOCATE.callback(
        account=account,
        listed=scores,
        deployment=deployed.path,
        **{
            "sheet": None,
            "at_any_cost": False,
            "wait": False,
            "config": None,
            "dry_run": False,
            "confirmations": None,
        }
        | options,
    )


def desk(account: Any, deployed: DeployedVault) -> Desk:
    return _desk(account, deployed, None, at_any_cost=False)


def asked(deployed: DeployedVault, *scores: str) -> dict[Address, Any]:
    return {deployed.strategy(pool): terms for pool, terms in map(parse_score, scores)}


def test_allocate__dry__shows_scores_targets_moves_and_costs_and_sends_nothing(
    cast: Cast, deployed: DeployedVault, capsys: pytest.CaptureFixture[str]
) -> None:
    nonce = cast.manager.nonce
    allocate(cast.manager, deployed, *NEW_SCORES, dry_run=True)
    said = capsys.readouterr().out
    lending, range_, uninvested, costs, verdict, end = said.splitlines()[1:]
    assert "7,559 -> 9,000" in lending
    assert "4,000 -> 3,000" in range_
    assert lending.split()[-2].startswith("+")
    assert uninvested.startswith("uninvested")
    assert "100.00 %" in uninvested
    assert "moves of 5000 USDC: lose" in costs
    assert "gas = 0." in costs
    assert verdict.startswith("accepted: ")
    assert end == "nothing was sent"
    assert cast.manager.nonce == nonce


def test_preview__of_new_scores__is_what_the_vault_says_once_it_is_scored(
    cast: Cast, deployed: DeployedVault
) -> None:
    # A pool that is left alone keeps what it has, whatever its score.
    allocate(cast.keeper, deployed)
    deployed.vault.setPoolState(deployed.strategy("lending"), PoolState.PAUSED, sender=cast.guardian)
    foreseen = desk(cast.owner, deployed).look(asked(deployed, *NEW_SCORES)).after
    for strategy, terms in asked(deployed, *NEW_SCORES).items():
        method = "setPoolScores" if len(terms.scores) == 3 else "setPoolCScore"
        getattr(deployed.vault, method)(strategy, *terms.scores, sender=cast.manager)
    found = desk(cast.owner, deployed).look({}).after
    assert foreseen.pools == found.pools
    assert found.pools[0].target == STAKE // 4
    assert foreseen.idle_target == found.idle_target


def test_allocate__scored_and_awaited__ends_at_the_targets_step_by_step(
    cast: Cast, deployed: DeployedVault, capsys: pytest.CaptureFixture[str]
) -> None:
    vault = deployed.vault
    allocate(cast.owner, deployed, *NEW_SCORES, wait=True, at_any_cost=True)
    said = capsys.readouterr().out
    # A fifth stays; the rest goes in steps of a quarter.
    assert said.count("moves of 5000 USDC") >= 3
    assert said.count("waits ") >= 3
    assert [vault.pool(strategy).cScore for strategy in vault.strategies()] == [9_000, 3_000]
    look = desk(cast.owner, deployed).look({})
    assert look.verdict.code is RebalanceCode.BELOW_THRESHOLD
    lending, range_ = look.after.pools
    assert lending.value == pytest.approx(lending.target, rel=0.02)
    assert range_.value == pytest.approx(range_.target, rel=0.06)
    assert vault.totalAssets() > STAKE * 0.998


def test_allocate__without_waiting__makes_one_step_and_says_when_the_next_may_follow(
    cast: Cast, deployed: DeployedVault, capsys: pytest.CaptureFixture[str]
) -> None:
    allocate(cast.keeper, deployed)
    assert deployed.vault.state().idle == STAKE * 3 // 4
    assert "too_early: the last rebalance is too near" in capsys.readouterr().out


def test_allocate__by_a_manager__scores_and_leaves_the_moves_to_a_keeper(
    cast: Cast, deployed: DeployedVault, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "scores.csv"
    sheet.write_text("pool,trust_score,liquidity_score,performance_score,c_score\nusdc_weth,,,,1234\n")
    allocate(cast.manager, deployed, sheet=sheet)
    assert "is no keeper: the moves are left to one" in capsys.readouterr().out
    assert deployed.vault.pool(deployed.strategy("usdc_weth")).cScore == 1_234
    assert deployed.vault.state().idle == STAKE
    with pytest.raises(DeploymentRefused, match="is no keeper of the vault, who alone rebalances it"):
        allocate(cast.manager, deployed)


def test_allocate__by_a_keeper__does_not_score(cast: Cast, deployed: DeployedVault) -> None:
    with pytest.raises(DeploymentRefused, match="is no manager of the vault, who alone scores pools"):
        allocate(cast.keeper, deployed, *NEW_SCORES)
    with pytest.raises(DeploymentRefused, match="no pool elsewhere is listed; the file has: lending"):
        allocate(cast.keeper, deployed, "elsewhere=1")


def test_allocate__what_does_not_pay__is_only_done_at_any_cost(
    cast: Cast, deployed: DeployedVault, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "steelyard.toml"
    config.write_text(FREE_OF_WORTH)
    nonce = cast.keeper.nonce
    allocate(cast.keeper, deployed, config=config)
    assert capsys.readouterr().out.splitlines()[-1].startswith("below_cost: ")
    assert cast.keeper.nonce == nonce
    allocate(cast.keeper, deployed, config=config, at_any_cost=True)
    assert deployed.vault.state().idle == STAKE * 3 // 4


def test_allocate__a_stopped_vault__is_refused_with_the_reason(
    cast: Cast, deployed: DeployedVault, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed.vault.stop(1, sender=cast.guardian)
    allocate(cast.keeper, deployed, dry_run=True)
    assert "stopped: the vault is stopped (entries)" in capsys.readouterr().out


# --- looking after a pool --------------------------------------------------------------------------------


def run(command: str, account: Any, deployed: DeployedVault, **options: Any) -> None:
    scripts.pools.cli.commands[command].callback(
        account=account, deployment=deployed.path, dry_run=False, confirmations=None, **options
    )


def test_range__tended__moves_where_the_keeper_says(cast: Cast, deployed: DeployedVault) -> None:
    strategy = ape.project.UniswapV3Strategy.at(deployed.strategy("usdc_weth"))
    run("tend", cast.keeper, deployed, pool="usdc_weth", ticks=(193_440, 202_440))
    assert tuple(strategy.range()) == (193_440, 202_440)
    run("tend", cast.keeper, deployed, pool="usdc_weth", ticks=None)
    with pytest.raises(StepRefused, match="failed: tend usdc_weth, .*: InvalidSetting"):
        run("tend", cast.keeper, deployed, pool="usdc_weth", ticks=(1, 2))


def test_requests__fulfilled_by_anybody__are_put_aside_at_the_price_of_the_moment(
    cast: Cast, deployed: DeployedVault, capsys: pytest.CaptureFixture[str]
) -> None:
    vault, holder = deployed.vault, cast.guardian
    asked = vault.balanceOf(holder) // 4
    vault.requestRedeem(asked, holder, holder, sender=holder)
    owed = vault.convertToAssets(asked)
    run("fulfil", cast.keeper, deployed, most=10)
    claimable = vault.state().claimable
    assert claimable == vault.claimableRedeemAssets(0, holder)
    # The management fee runs from block to block: a unit a second or so.
    assert 0 <= owed - claimable < UNIT // 100
    assert f"{claimable} base units are put aside for requests, 0 are waited for" in capsys.readouterr().out


def test_rate__that_jumped__is_believed_once_it_is_confirmed(
    chain: ForkChain, cast: Cast, deployed: DeployedVault, capsys: pytest.CaptureFixture[str]
) -> None:
    allocate(cast.keeper, deployed)
    target = deployed.terms.pools[0].target  # type: ignore[union-attr]
    chain.give(USDC, target, chain.balance(USDC, target) // 50)
    assert not deployed.vault.isSound()
    rate = 102 * 10**25
    run("confirm", cast.owner, deployed, pool="lending", minimum_ray=rate - 10**20, maximum_ray=rate)
    assert "the rate remembered is 1000000000000000000000000000" in capsys.readouterr().out
    assert deployed.vault.isSound()


def test_command__asked_for_help__says_what_it_does() -> None:
    said = CliRunner().invoke(ALLOCATE, ["--help"]).output
    for option in ("--score ", "--scores", "--wait", "--at-any-cost", "--dry-run"):
        assert option in said
