"""A vault deployed by script: where it stands, who may do what, what is written down, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ape
import pytest
from click.testing import CliRunner

import scripts.deploy
from scripts._authority import authority_at
from scripts._executor import DeploymentRefused
from scripts._relayer_deployment import AllowedCall
from scripts._steps import StepRefused
from scripts._vault_record import DeployedVault, deployed_vault_at, vault_output
from scripts.deploy import deploy_vault
from steelyard.connect.abi import selector
from steelyard.connect.deployment import newest_deployment
from steelyard.connect.vault_calls import REBALANCE
from steelyard.exceptions import ConfigError
from tests.support.fork_market import USDC, WETH
from tests.support.vault_scene import DELAY_SECONDS, EXAMPLE, Cast, written_terms

if TYPE_CHECKING:
    from pathlib import Path

    from steelyard.config.vault_terms import VaultTerms

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

KEEPER, MANAGER, GUARDIAN = 0, 1, 2
ADMINISTRATION = 0


@pytest.fixture(scope="module")
def terms(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> VaultTerms:
    return written_terms(tmp_path_factory.mktemp("terms"), cast.deployer, cast, delay_seconds=DELAY_SECONDS)


@pytest.fixture(scope="module")
def written(cast: Cast, terms: VaultTerms, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deployed") / "1-vault.json"
    deploy(cast, terms, path)
    return path


@pytest.fixture
def deployed(written: Path, tmp_path: Path) -> DeployedVault:
    """The vault that stands; each test changes a copy of its file."""
    copy = tmp_path / "1-vault.json"
    copy.write_text(written.read_text())
    return deployed_vault_at(copy)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deployments" / "1-vault.json"


def deploy(cast: Cast, terms: VaultTerms, path: Path, **options: Any) -> Any:
    return deploy_vault(cast.deployer, terms, output=path, **options)


def changed(terms: VaultTerms, part: str, **values: Any) -> VaultTerms:
    return terms.model_copy(update={part: getattr(terms, part).model_copy(update=values)})


def test_deploy__by_the_example__chain_and_file_say_the_same(cast: Cast, deployed: DeployedVault) -> None:
    vault, record = deployed.vault, deployed.record
    assert (record["chain_id"], record["vault"]) == (1, vault.address)
    assert (vault.asset(), vault.symbol(), vault.name()) == (USDC, "syUSDC", "Steelyard USDC")
    roles = [
        [vault.hasRole(who, role) for role in range(3)] for who in (cast.keeper, cast.manager, cast.guardian)
    ]
    assert roles == [[True, False, False], [False, True, False], [False, False, True]]
    assert (record["keepers"], record["managers"]) == ([cast.keeper.address], [cast.manager.address])
    assert vault.strategies() == [pool["strategy"] for pool in record["pools"]]
    lending, range_ = (vault.pool(strategy) for strategy in vault.strategies())
    assert (lending.trustScore, lending.liquidityScore, lending.performanceScore) == (8_000, 9_000, 6_000)
    assert (lending.cScore, range_.cScore) == (7_559, 4_000)
    assert (vault.settings().policy, vault.settings().depositCap) == (record["policy"], 5_000_000 * 10**6)
    assert len(record["code_hashes"]) == 7
    assert None not in record["code_hashes"].values()
    assert record["transaction"] == record["steps"][6]["transaction"]
    assert {"path": "idle", "slot": 1, "offset": 0, "type": "uint128", "bytes": 16} in record["layout"]


def test_deploy__when_it_is_done__the_administration_is_the_owners_and_waits(
    cast: Cast, deployed: DeployedVault
) -> None:
    vault, authority = deployed.vault, deployed.authority
    assert tuple(authority.hasRole(ADMINISTRATION, cast.owner)) == (True, DELAY_SECONDS)
    assert not authority.hasRole(ADMINISTRATION, cast.deployer)[0]
    assert not any(vault.hasRole(cast.deployer, role) for role in (KEEPER, MANAGER, GUARDIAN))
    for account in (cast.deployer, cast.owner):
        with ape.reverts():
            vault.setRole(account, GUARDIAN, True, sender=account)
    held = deployed.record["administration"]
    assert held == [{"account": cast.owner.address, "delay_seconds": DELAY_SECONDS}]


def test_deploy__again__sends_nothing_also_where_a_manager_scored_since(
    cast: Cast, terms: VaultTerms, deployed: DeployedVault, capsys: pytest.CaptureFixture[str]
) -> None:
    vault = deployed.vault
    vault.setPoolCScore(vault.strategies()[0], 1, sender=cast.manager)
    nonce, first = cast.deployer.nonce, deployed.record
    assert deploy(cast, terms, deployed.path).address == vault.address
    assert (cast.deployer.nonce, deployed.record) == (nonce, first)
    assert capsys.readouterr().out.count("done already") == len(first["steps"])


def test_deploy__handed_over__leaves_to_the_owner_what_the_terms_want_besides(
    cast: Cast, terms: VaultTerms, deployed: DeployedVault, capsys: pytest.CaptureFixture[str]
) -> None:
    more = changed(terms, "roles", guardians=(cast.guardian.address, cast.owner.address))
    deploy(cast, more, deployed.path)
    assert f"left to owner  grant the guardian role to {cast.owner.address}" in capsys.readouterr().out
    assert deployed.record["guardians"] == [cast.guardian.address]
    again = terms.pools[0].model_copy(update={"name": "another"})
    with pytest.raises(DeploymentRefused, match="by ape run pools add, not: deploy Erc4626Strategy for anot"):
        deploy(cast, terms.model_copy(update={"pools": (*terms.pools, again)}), deployed.path)


def test_deploy__interrupted_anywhere__goes_on_where_it_stopped(
    cast: Cast, terms: VaultTerms, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cut(Exception):
        pass

    sent, allowed = [], [0]
    transfer = type(cast.deployer).transfer

    def cut_after(account: Any, *arguments: Any, **options: Any) -> Any:
        if len(sent) >= allowed[0]:
            raise Cut
        sent.append(arguments)
        return transfer(account, *arguments, **options)

    monkeypatch.setattr(type(cast.deployer), "transfer", cut_after)
    terms = terms.model_copy(update={"salt": "interrupted", "pools": terms.pools[1:]})
    # Before the policy, among the roles, before the score, before the last step.
    for several in (3, 9, 13, 16):
        allowed[0] = several
        with pytest.raises(Cut):
            deploy(cast, terms, path)
        assert len(json.loads(path.read_text())["steps"]) == several
        with pytest.raises(DeploymentRefused, match="no contract" if several < 7 else "unfinished"):
            deployed_vault_at(path)
    allowed[0] = 100
    vault = deploy(cast, terms, path)
    record = json.loads(path.read_text())
    assert len(sent) == len(record["steps"]) == 17
    assert record["transaction"] == record["steps"][6]["transaction"]
    assert not vault.hasRole(cast.deployer, MANAGER)


def test_deploy__file_lost__is_written_again_from_the_chain(
    cast: Cast, terms: VaultTerms, deployed: DeployedVault
) -> None:
    before = deployed.record
    deployed.path.unlink()
    deploy(cast, terms, deployed.path)
    assert deployed.record == before | {"transaction": None, "steps": []}


def test_deploy__dry__shows_every_step_with_its_gas_and_sends_nothing(
    cast: Cast, terms: VaultTerms, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nonce, terms = cast.deployer.nonce, terms.model_copy(update={"salt": "dry"})
    would_stand = deploy(cast, terms, path, dry_run=True).address
    said = capsys.readouterr().out
    assert f"deploy AllocationVault at {would_stand}" in said
    assert "20 transactions would be sent" in said
    assert (cast.deployer.nonce, path.exists()) == (nonce, False)
    assert not ape.networks.provider.get_code(would_stand)


def test_deploy__by_the_owner_itself__keeps_the_administration_and_its_delay(
    cast: Cast, terms: VaultTerms, path: Path
) -> None:
    mine = changed(terms, "roles", owner=cast.deployer.address, managers=(cast.deployer.address,))
    mine = mine.model_copy(update={"pools": terms.pools[1:], "salt": "mine"})
    vault = deploy(cast, mine, path)
    authority = authority_at(vault.authority())
    assert tuple(authority.hasRole(ADMINISTRATION, cast.deployer)) == (True, DELAY_SECONDS)
    assert vault.hasRole(cast.deployer, MANAGER)
    assert vault.pool(vault.strategies()[0]).cScore == 4_000


def test_deploy__with_a_relayer_as_forwarder__may_be_allowed_its_keepers_calls(
    cast: Cast, terms: VaultTerms, path: Path, tmp_path: Path
) -> None:
    relayer: Any = scripts.deploy.cli.commands["relayer"].callback
    options = {"guardian": None, "owner": None, "salt": "vault", "dry_run": False, "confirmations": None}
    written = tmp_path / "1-relayer.json"
    relayer(account=cast.deployer, allowed=(), output=written, **options)
    forwarder = json.loads(written.read_text())["relayer"]
    relayed = terms.model_copy(update={"forwarder": forwarder, "pools": ()})
    with pytest.raises(DeploymentRefused, match="which is its owner's already: take another salt"):
        deploy(cast, relayed, path)
    vault = deploy(cast, relayed.model_copy(update={"salt": "relayed"}), path)
    calls = ("rebalance((address,bool,uint256)[],uint256,uint256)", "tend(address,bytes)")
    allowed = tuple(AllowedCall.parse(f"{vault.address}:{call}") for call in calls)
    relayer(account=cast.deployer, allowed=allowed, output=written, **options)
    listed = {call["selector"] for call in json.loads(written.read_text())["allowed_calls"]}
    assert listed == {"0x" + method.hex() for method in (REBALANCE, selector(calls[1]))}


# --- refusals --------------------------------------------------------------------------------------------


def test_deploy__for_another_chain__is_refused(cast: Cast, terms: VaultTerms, path: Path) -> None:
    with pytest.raises(DeploymentRefused, match="serves chain id 1, not 8453: name the right --network"):
        deploy(cast, terms.model_copy(update={"chain_id": 8453}), path)


def test_deploy__what_the_terms_name_is_not_there__is_refused_by_name(
    cast: Cast, terms: VaultTerms, path: Path
) -> None:
    lending = terms.pools[0].model_copy(update={"target": cast.owner.address})
    with pytest.raises(DeploymentRefused, match=f"lending holds no code at {cast.owner.address}"):
        deploy(cast, terms.model_copy(update={"pools": (lending,)}), path)
    assert not path.exists()


def test_deploy__a_price_outside_of_its_band__says_which_step_fails_and_why(
    cast: Cast, terms: VaultTerms, path: Path
) -> None:
    usdc, weth = terms.feeds
    swapped = (usdc, weth.model_copy(update={"feed": usdc.feed}))
    wrong = terms.model_copy(update={"feeds": swapped, "salt": "swapped"})
    said = f"read the price of {WETH} from {usdc.feed}: PriceOutOfBand.token={WETH}, answer=1"
    with pytest.raises(StepRefused, match=f"would fail: {said}"):
        deploy(cast, wrong, path, dry_run=True)
    with pytest.raises(StepRefused, match=f"failed: {said}"):
        deploy(cast, wrong, path)
    # What was sent before it stands and is written down: put right, the next run goes on from there.
    assert len(json.loads(path.read_text())["steps"]) == 3


def test_deploy__file_of_another_vault__is_refused_and_kept(
    cast: Cast, terms: VaultTerms, deployed: DeployedVault
) -> None:
    other, before = changed(terms, "limits", max_loss_bps=1), deployed.record
    with pytest.raises(DeploymentRefused, match=f"names another vault, {deployed.vault.address}"):
        deploy(cast, other, deployed.path)
    assert deployed.record == before


def test_command__with_a_file_that_is_not_filled_in__lists_every_fault(cast: Cast, path: Path) -> None:
    command: Any = scripts.deploy.cli.commands["vault"]
    with pytest.raises(DeploymentRefused) as refused:
        command.callback(account=cast.deployer, terms=EXAMPLE, output=path, dry_run=True, confirmations=None)
    said = refused.value.message
    for place in ("roles.owner", "roles.keepers.0", "settings.fee_recipient", "pools.0.erc4626.target"):
        assert f"  {place}: must be 0x and 40 hexadecimal digits" in said
    assert "--dry-run" in CliRunner().invoke(command, ["--help"]).output


def test_vaults_file__lies_beside_the_executors__and_is_not_taken_for_one(tmp_path: Path) -> None:
    assert vault_output(1).as_posix() == ".steelyard/deployments/fork/1-vault.json"
    (tmp_path / "1-vault.json").write_text(json.dumps({"chain_id": 1, "vault": USDC}))
    with pytest.raises(ConfigError, match="no deployment on chain id 1"):
        newest_deployment(tmp_path, chain_id=1)
