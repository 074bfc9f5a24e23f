"""What an operator does with a vault after its deployment: verify, roles, stops, pools."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ape
import click
import pytest
from click.testing import CliRunner

import scripts.pause
import scripts.pools
import scripts.roles
import scripts.scheduled
import scripts.settings
import scripts.unpause
import scripts.verify
from scripts._executor import DeploymentRefused
from scripts._steps import StepRefused
from scripts._vault_code import policy_at
from scripts._vault_record import DeployedVault, deployed_vault_at
from scripts._vault_roles import vault as roles
from scripts._vault_verification import vault_comparisons
from scripts.deploy import deploy_vault
from steelyard.config.vault_terms import VaultTerms
from steelyard.connect.chain import ChainClient
from steelyard.exceptions import RpcRejected
from tests.support.fork_market import USDC
from tests.support.vault_scene import DELAY_SECONDS, EXAMPLE, Cast, fill_in, written_terms

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fork_chain import ForkChain

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

SENT = {"dry_run": False, "confirmations": None}
COMMANDS: dict[str, Any] = {
    **{f"roles {name}": command for name, command in roles.commands.items()},
    **{f"pools {name}": command for name, command in scripts.pools.cli.commands.items()},
    **{f"scheduled {name}": command for name, command in scripts.scheduled.cli.commands.items()},
    **{f"settings {name}": command for name, command in scripts.settings.cli.commands.items()},
    "pause": scripts.pause.cli,
    "unpause": scripts.unpause.cli,
    "verify": scripts.verify.cli,
}


@pytest.fixture(scope="module")
def terms(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> VaultTerms:
    return written_terms(tmp_path_factory.mktemp("terms"), cast.deployer, cast, delay_seconds=DELAY_SECONDS)


@pytest.fixture(scope="module")
def written(cast: Cast, terms: VaultTerms, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deployed") / "1-vault.json"
    deploy_vault(cast.deployer, terms, output=path)
    return path


@pytest.fixture
def deployed(written: Path, tmp_path: Path) -> DeployedVault:
    """The vault that stands; each test changes a copy of its file."""
    copy = tmp_path / "1-vault.json"
    copy.write_text(written.read_text())
    return deployed_vault_at(copy)


def run(command: str, account: Any, deployed: DeployedVault, **options: Any) -> None:
    COMMANDS[command].callback(account=account, deployment=deployed.path, **SENT | options)


def run_twice(command: str, account: Any, deployed: DeployedVault, **options: Any) -> None:
    """Scheduled first, and done when the delay is over."""
    run(command, account, deployed, **options)
    ape.chain.mine(deltatime=DELAY_SECONDS + 1)
    run(command, account, deployed, **options)


def differences(deployed: DeployedVault) -> list[str]:
    return [one.what for one in vault_comparisons(deployed) if not one.equal]


# --- verify ----------------------------------------------------------------------------------------------


def test_verify__what_was_just_deployed__agrees_in_everything(
    deployed: DeployedVault, capsys: pytest.CaptureFixture[str]
) -> None:
    COMMANDS["verify"].callback(deployment=deployed.path, vault=True)
    said = capsys.readouterr().out
    for what in (
        "code of implementation",
        "code of usdc weth",
        "administration",
        "limits",
        f"feed of {USDC}",
    ):
        assert f"ok  {what}" in said
    assert "DIFFERS" not in said


def test_verify__anything_changed_on_chain__differs_by_name(
    chain: ForkChain, cast: Cast, deployed: DeployedVault
) -> None:
    lending, range_ = deployed.vault.strategies()
    deployed.vault.stop(1, sender=cast.guardian)
    deployed.vault.setPoolState(range_, 2, sender=cast.guardian)
    code = chain.rpc.call("eth_getCode", lending, "latest")
    chain.rpc.call("anvil_setCode", lending, code[:-2] + ("00" if code[-2:] != "00" else "01"))
    record = deployed.record
    record["keepers"], record["settings"]["deposit_cap"] = [], 1
    record["terms"]["limits"]["max_step_bps"] = 1
    record["terms"]["feeds"][0]["max_price_usd"] = "2"
    record["forwarder"] = USDC
    deployed.amend(**record)
    assert differences(deployed) == [
        "code of implementation",
        "code of lending",
        "keepers",
        "stopped",
        "deposit cap",
        "limits",
        f"feed of {USDC}",
        "state of usdc_weth",
    ]
    with pytest.raises(SystemExit) as left:
        COMMANDS["verify"].callback(deployment=deployed.path, vault=True)
    assert left.value.code == 1


def test_verify__a_constructor_that_cannot_run_now__says_so_and_goes_on(
    chain: ForkChain, deployed: DeployedVault
) -> None:
    chain.rpc.call("anvil_setCode", deployed.terms.feeds[0].feed, "0x")
    found = {one.what: one.expected for one in vault_comparisons(deployed) if not one.equal}
    assert list(found) == ["code of policy"]
    assert found["code of policy"].startswith("code that cannot be made now: reverted")


def test_verify__by_a_node_without_state_overrides__says_what_is_missing(
    deployed: DeployedVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ChainClient.eth_call

    def plain(client: ChainClient, *arguments: Any, **options: Any) -> bytes:
        if options.get("overrides"):
            raise RpcRejected("too many arguments, want at most 2", code=-32602)
        return call(client, *arguments, **options)

    monkeypatch.setattr(ChainClient, "eth_call", plain)
    with pytest.raises(StepRefused, match="takes no state overrides in eth_call, .*: too many arguments"):
        vault_comparisons(deployed)


# --- roles -----------------------------------------------------------------------------------------------


def test_roles__granted_and_revoked__wait_for_the_delay_and_file_and_chain_follow(
    cast: Cast, attacker: Any, deployed: DeployedVault, capsys: pytest.CaptureFixture[str]
) -> None:
    successor = attacker.address  # any other account
    granting = {"role": "manager", "address": successor}
    run("roles grant", cast.owner, deployed, **granting)
    assert "schedule, to be done by the same command in 172,800 seconds: grant the" in capsys.readouterr().out
    assert not deployed.vault.hasRole(successor, 1)
    run("roles grant", cast.owner, deployed, **granting)
    assert "waits until" in capsys.readouterr().out
    assert deployed.record["managers"] == [cast.manager.address]
    ape.chain.mine(deltatime=DELAY_SECONDS + 1)
    run("roles grant", cast.owner, deployed, **granting)
    assert deployed.vault.hasRole(successor, 1)
    assert deployed.record["managers"] == sorted([cast.manager.address, successor])
    run_twice("roles revoke", cast.owner, deployed, role="manager", address=cast.manager.address)
    assert deployed.record["managers"] == [successor]
    assert not deployed.vault.hasRole(cast.manager, 1)


def test_administration__transferred__is_the_new_ones_alone_once_it_accepts(
    cast: Cast, attacker: Any, deployed: DeployedVault
) -> None:
    successor = attacker  # any other account
    with pytest.raises(DeploymentRefused, match=f"roles vault transfer {successor.address} first"):
        run("roles accept", successor, deployed)
    run_twice("roles transfer", cast.owner, deployed, address=successor.address, delay_seconds=60)
    accounts = {one["account"]: one["delay_seconds"] for one in deployed.record["administration"]}
    assert accounts == {cast.owner.address: DELAY_SECONDS, successor.address: 60}
    run("roles accept", successor, deployed)
    ape.chain.mine(deltatime=61)
    run("roles accept", successor, deployed)
    assert deployed.record["administration"] == [{"account": successor.address, "delay_seconds": 60}]
    with pytest.raises(
        StepRefused, match="may not grant the keeper role to .*: that is the administration's"
    ):
        run("roles grant", cast.owner, deployed, role="keeper", address=cast.owner.address)


def test_roles__dry__schedule_nothing(cast: Cast, deployed: DeployedVault) -> None:
    nonce = cast.owner.nonce
    run("roles grant", cast.owner, deployed, role="keeper", address=cast.owner.address, dry_run=True)
    assert cast.owner.nonce == nonce


# --- what is scheduled -----------------------------------------------------------------------------------


def scheduled(deployed: DeployedVault, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    COMMANDS["scheduled show"].callback(deployment=deployed.path)
    return capsys.readouterr().out.splitlines()


def test_scheduled__is_shown_in_words_and_called_off_at_once(
    cast: Cast, attacker: Any, deployed: DeployedVault, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scheduled(deployed, capsys) == ["nothing is scheduled"]
    granting = {"role": "keeper", "address": attacker.address}
    run("roles grant", cast.owner, deployed, **granting)
    operation, what, who = scheduled(deployed, capsys)
    assert what == f"  setRole(account={attacker.address}, role=0, allowed=True) of {deployed.vault.address}"
    assert who.startswith(f"  by {cast.owner.address}, from 20")
    with pytest.raises(StepRefused, match="would fail: call off .*: AccessManagerUnauthorizedCancel"):
        run("scheduled cancel", attacker, deployed, operation=operation, dry_run=True)
    with pytest.raises(DeploymentRefused, match=f"0x12 is not scheduled; scheduled is: {operation}"):
        run("scheduled cancel", cast.owner, deployed, operation="0x12")
    run("scheduled cancel", cast.owner, deployed, operation=operation)
    assert scheduled(deployed, capsys) == ["nothing is scheduled"]
    ape.chain.mine(deltatime=DELAY_SECONDS + 1)
    run("roles grant", cast.owner, deployed, **granting)  # scheduled anew
    assert not deployed.vault.hasRole(attacker, 0)


def test_scheduled__done_or_a_week_late__is_no_longer_shown(
    cast: Cast, deployed: DeployedVault, capsys: pytest.CaptureFixture[str]
) -> None:
    run_twice("roles transfer", cast.owner, deployed, address=cast.keeper.address, delay_seconds=None)
    assert scheduled(deployed, capsys) == ["nothing is scheduled"]
    run("pools remove", cast.owner, deployed, pool="lending", write_off=True)
    for data in ("0x12345678", deployed.vault.setRole.encode_input(cast.owner, 0, True)[:40]):
        deployed.authority.schedule(deployed.vault, data, 0, sender=cast.owner)
    removing, unknown, cut = scheduled(deployed, capsys)[1::3]
    assert removing == f"  removePool(strategy={deployed.strategy('lending')}, writeOff=True) of " + str(
        deployed.vault.address
    )
    assert unknown == f"  the call 0x12345678 of {deployed.vault.address}"
    assert cut.startswith("  the call 0x")
    ape.chain.mine(deltatime=DELAY_SECONDS + 8 * 86_400)
    assert scheduled(deployed, capsys) == ["nothing is scheduled"]


# --- stops -----------------------------------------------------------------------------------------------


def test_pause__by_the_guardian__stops_at_once_and_only_ever_more(
    cast: Cast, deployed: DeployedVault
) -> None:
    run("pause", cast.guardian, deployed, vault=True)
    assert deployed.vault.state().stop == 1
    run("pause", cast.guardian, deployed, vault=True, level="priced-exits")
    assert deployed.vault.state().stop == 2
    run("pause", cast.guardian, deployed, vault=True, level="entries")  # stops as much already
    assert deployed.vault.state().stop == 2
    run_twice("unpause", cast.owner, deployed, vault=True, level="entries")
    assert deployed.vault.state().stop == 1
    run_twice("unpause", cast.owner, deployed, vault=True)
    assert deployed.vault.state().stop == 0


def test_pause__by_anybody_else__fails_in_the_vaults_own_words(
    cast: Cast, attacker: Any, deployed: DeployedVault
) -> None:
    said = f"MissingRole.caller={attacker.address}, role=2"
    for options, verb in (({"dry_run": True}, "would fail"), ({}, "failed")):
        with pytest.raises(StepRefused, match=f"{verb}: stop entries: {said}"):
            run("pause", attacker, deployed, vault=True, **options)


def test_pool__paused_drained_and_put_to_work_again(cast: Cast, deployed: DeployedVault) -> None:
    lending, range_ = deployed.vault.strategies()
    run("pause", cast.guardian, deployed, vault=True, pool="usdc_weth")
    assert [deployed.vault.pool(one).state for one in (lending, range_)] == [1, 2]
    run("pools drain", cast.manager, deployed, pool=lending)
    assert [deployed.vault.pool(one).state for one in (lending, range_)] == [3, 2]
    run_twice("unpause", cast.owner, deployed, vault=True, pool="usdc_weth")
    assert deployed.vault.pool(range_).state == 1
    with pytest.raises(
        DeploymentRefused, match=f"no pool nothing is listed; the file has: lending .{lending}"
    ):
        run("pause", cast.guardian, deployed, vault=True, pool="nothing")


def test_pause__a_vaults_options_without_the_vault__are_refused(cast: Cast, deployed: DeployedVault) -> None:
    for command, options in (("pause", {"pool": "lending"}), ("unpause", {"level": "entries"})):
        with pytest.raises(click.UsageError, match="is of a vault: add --vault"):
            run(command, cast.guardian, deployed, **options)


# --- pools -----------------------------------------------------------------------------------------------


def test_pool__added_and_removed__chain_and_file_follow(
    cast: Cast, deployed: DeployedVault, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = fill_in(EXAMPLE.read_text(encoding="utf-8"), deployed.terms.pools[0].target, cast)  # type: ignore[union-attr]
    path = tmp_path / "more.toml"
    path.write_text(text.replace('name = "lending"', 'name = "more_lending"'), encoding="utf-8")
    with pytest.raises(DeploymentRefused, match="describes no pool lending; it has: more_lending, usdc_weth"):
        run("pools add", cast.owner, deployed, terms=path, name="lending")
    run_twice("pools add", cast.owner, deployed, terms=path, name="more_lending")
    assert len(deployed.vault.strategies()) == len(deployed.record["pools"]) == 3
    assert differences(deployed) == []
    capsys.readouterr()
    COMMANDS["pools show"].callback(deployment=deployed.path)
    assert "more_lending  0x" in capsys.readouterr().out
    run_twice("pools remove", cast.owner, deployed, pool="lending", write_off=False)
    assert [pool["name"] for pool in deployed.record["pools"]] == ["usdc_weth", "more_lending"]
    assert differences(deployed) == []


# --- settings --------------------------------------------------------------------------------------------


def test_settings__changed_by_file__name_another_policy_and_leave_the_rest(
    cast: Cast, deployed: DeployedVault, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = fill_in(EXAMPLE.read_text(encoding="utf-8"), USDC, cast)
    path = tmp_path / "changed.toml"
    for old, new in (
        ("management_fee_bps = 50 ", "management_fee_bps = 20 "),
        ("max_step_bps = 2_500", "max_step_bps = 1_000"),
        (f'keepers = ["{cast.keeper.address}"]', "keepers = []"),
    ):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    policy = deployed.vault.settings().policy
    run("settings change", cast.owner, deployed, terms=path)
    assert "  management fee bps: 50 -> 20" in capsys.readouterr().out.splitlines()
    ape.chain.mine(deltatime=DELAY_SECONDS + 1)
    run("settings change", cast.owner, deployed, terms=path)
    settings = deployed.vault.settings()
    assert (settings.managementFeeBps, settings.performanceFeeBps) == (20, 1_000)
    assert settings.policy == deployed.record["policy"] != policy
    assert policy_at(settings.policy).limits().maxStepBps == 1_000
    assert deployed.vault.hasRole(cast.keeper, 0)
    assert differences(deployed) == []
    capsys.readouterr()
    COMMANDS["settings show"].callback(deployment=deployed.path)
    assert "management fee bps   20" in capsys.readouterr().out


# --- as a user types them --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_commands__asked_for_help__say_what_they_do_and_offer_a_dry_run(name: str) -> None:
    result = CliRunner().invoke(COMMANDS[name], ["--help"])
    assert result.exit_code == 0
    only_reads = name in ("verify", "roles show", "pools show", "scheduled show", "settings show")
    assert ("--dry-run" in result.output) is not only_reads


def test_commands__without_a_vaults_file__say_what_is_wrong(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "1-vault.json"
    for content, complaint in (
        (None, "ape run deploy vault"),
        ('{"executor": "0x"}', "no deployment file of a v"),
    ):
        if content is not None:
            path.write_text(content, encoding="utf-8")
        with pytest.raises(DeploymentRefused, match=complaint):
            COMMANDS["pause"].callback(account=cast.guardian, deployment=path, vault=True, **SENT)


def test_commands__as_a_user_types_them(
    cast: Cast, deployed: DeployedVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each command finds the session's node running. Ape would go through all networks to forget it: 8 s each.
    monkeypatch.setattr(type(ape.networks.provider), "disconnect", lambda _provider: None)
    where = ["--network", ape.networks.provider.network_choice, "--deployment", str(deployed.path)]

    def typed(command: Any, *arguments: str) -> str:
        result = CliRunner().invoke(command, [*arguments, *where], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    said = typed(scripts.roles.cli, "vault", "show")
    for account in (cast.owner, cast.keeper, cast.manager, cast.guardian):
        assert account.address in said
    assert "after 172,800 seconds" in said
    assert "usdc_weth" in typed(scripts.pools.cli, "show")
    assert "DIFFERS" not in typed(scripts.verify.cli, "--vault")
    assert json.loads(deployed.path.read_text())["vault"] == deployed.vault.address
