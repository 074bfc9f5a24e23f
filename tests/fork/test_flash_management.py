"""What an operator does with an executor after its deployment: verify, roles, plans, stop, sweep."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ape
import pytest
from click.testing import CliRunner

import scripts.arbitrage
import scripts.deploy
import scripts.pause
import scripts.roles
import scripts.sweep
import scripts.unpause
import scripts.verify
from scripts._events import keepers_of
from scripts._executor import DeploymentRefused, deployed_at
from scripts._steps import connected_chain
from scripts.deploy import deploy_executor
from steelyard.connect.deployment import load_deployment
from tests.support.fork_chain import ETHER
from tests.support.fork_market import USDC, WETH, Hop, VenueId

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fork_chain import ForkChain
    from tests.support.fork_market import ForkMarket

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

PAYS, LOSES = (1, 0), (0, 1)
"""From which venue to which, once SushiSwap (1) has been bent."""
SENT = {"dry_run": False, "confirmations": None}
COMMANDS = {
    "deploy executor": scripts.deploy.cli.commands["executor"],
    **{f"roles {name}": one for name, one in scripts.roles.cli.commands.items() if name != "vault"},
    "arbitrage": scripts.arbitrage.cli,
    "pause": scripts.pause.cli,
    "sweep": scripts.sweep.cli,
    "unpause": scripts.unpause.cli,
    "verify": scripts.verify.cli,
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("managed") / "1.json"


@pytest.fixture(scope="module")
def executor(owner: Any, keeper: Any, guardian: Any, treasury: str, written: Path) -> Any:
    return deploy_executor(
        owner, treasury=treasury, keeper=keeper.address, guardian=guardian.address, output=written
    )


@pytest.fixture
def path(executor: Any, written: Path, tmp_path: Path) -> Path:
    """The deployment's file, as it was written; each test changes a copy."""
    copy = tmp_path / "1.json"
    copy.write_text(written.read_text())
    return copy


def run(command: str, account: Any, path: Path, **options: Any) -> None:
    COMMANDS[command].callback(account=account, deployment=path, **SENT | options)


def keepers(path: Path) -> set[str]:
    deployed = deployed_at(path)
    return keepers_of(connected_chain(), deployed.executor, deployed.since_block)


def differences(path: Path) -> list[str]:
    return [one.what for one in scripts.verify.comparisons(deployed_at(path)) if not one.equal]


# --- verify ----------------------------------------------------------------------------------------------


def test_verify__what_was_just_deployed__agrees_in_everything(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    COMMANDS["verify"].callback(deployment=path)
    said = capsys.readouterr().out
    for what in ("code of the executor", "code of the lens", "owner", "keepers", "lender maker", "venue 0"):
        assert f"ok  {what}" in said
    assert "DIFFERS" not in said


def test_verify__anything_changed_on_chain__differs_by_name(
    chain: ForkChain, executor: Any, owner: Any, guardian: Any, attacker: Any, path: Path
) -> None:
    executor.setKeeper(attacker, True, sender=owner)
    executor.setTreasury(attacker, sender=owner)
    executor.transferOwnership(attacker, sender=owner)
    executor.delistVenue(1, sender=owner)
    executor.pause(sender=guardian)
    executor.listLender(WETH, sender=owner)
    assert differences(path) == [
        "offered owner",
        "treasury",
        "keepers",
        "paused",
        "listed lender 0",
        "venue 1 sushiswap_v2",
    ]
    with pytest.raises(SystemExit) as left:
        COMMANDS["verify"].callback(deployment=path)
    assert left.value.code == 1


def test_verify__one_byte_of_code_changed__differs(chain: ForkChain, executor: Any, path: Path) -> None:
    lens = json.loads(path.read_text())["lender_lens"]
    for address, what in ((executor.address, "code of the executor"), (lens, "code of the lens")):
        code = chain.rpc.call("eth_getCode", address, "latest")
        flipped = code[:-2] + ("00" if code[-2:] != "00" else "01")
        chain.rpc.call("anvil_setCode", address, flipped)
        assert differences(path) == [what]
        chain.rpc.call("anvil_setCode", address, code)


def test_verify__another_lender_in_the_file__is_another_code(path: Path) -> None:
    record = json.loads(path.read_text())
    record["lenders"]["aave_v2"] = None
    path.write_text(json.dumps(record))
    assert differences(path) == ["code of the executor", "lender aave_v2"]


# --- roles -----------------------------------------------------------------------------------------------


def test_roles__grant_and_revoke__chain_and_file_follow(
    executor: Any, owner: Any, keeper: Any, attacker: Any, path: Path
) -> None:
    successor = attacker  # any other account
    run("roles grant", owner, path, address=successor.address)
    assert keepers(path) == {keeper.address, successor.address}
    assert (load_deployment(path).keeper, differences(path)) == (successor.address, [])
    run("roles revoke", owner, path, address=keeper.address)
    assert keepers(path) == {successor.address}
    assert differences(path) == []


def test_roles__rotate__grants_the_new_keeper_before_the_old_one_goes(
    executor: Any, owner: Any, keeper: Any, attacker: Any, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("roles rotate", owner, path, new=attacker.address, old=None)
    said = capsys.readouterr().out
    assert said.index(f"grant the keeper role to {attacker}") < said.index(f"role of {keeper}")
    assert keepers(path) == {attacker.address}
    assert differences(path) == []
    with pytest.raises(DeploymentRefused, match="is the keeper already"):
        run("roles rotate", owner, path, new=attacker.address, old=None)


def test_roles__a_dry_run__changes_neither_chain_nor_file(
    executor: Any, owner: Any, attacker: Any, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = path.read_text()
    nonce = owner.nonce
    run("roles rotate", owner, path, new=attacker.address, old=None, dry_run=True)
    assert "2 transactions would be sent" in capsys.readouterr().out
    assert (owner.nonce, path.read_text()) == (nonce, before)


def test_roles__a_dry_run_by_a_stranger__says_what_would_fail(
    executor: Any, attacker: Any, path: Path
) -> None:
    with pytest.raises(DeploymentRefused.__mro__[1], match="would fail: .*OwnableUnauthorizedAccount"):
        run("roles grant", attacker, path, address=attacker.address, dry_run=True)


def test_roles__ownership__goes_over_in_two_steps(
    executor: Any, owner: Any, attacker: Any, path: Path
) -> None:
    run("roles transfer", owner, path, address=attacker.address)
    assert (executor.owner(), executor.pendingOwner()) == (owner, attacker)
    assert differences(path) == []
    run("roles accept", attacker, path)
    assert executor.owner() == attacker
    assert differences(path) == []


def test_roles__guardian_and_treasury__chain_and_file_follow(
    executor: Any, owner: Any, attacker: Any, path: Path
) -> None:
    run("roles guardian", owner, path, address=attacker.address)
    run("roles treasury", owner, path, address=attacker.address)
    assert executor.guardian() == executor.treasury() == load_deployment(path).treasury == attacker.address
    assert differences(path) == []
    run("roles guardian", owner, path, address="none")
    assert differences(path) == []


def test_roles__show__names_every_holder(
    executor: Any, owner: Any, keeper: Any, guardian: Any, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    COMMANDS["roles show"].callback(deployment=path)
    shown = capsys.readouterr().out.split()[2:8]
    assert shown == ["owner", owner.address, "guardian", guardian.address, "keeper", keeper.address]


# --- stop and sweep --------------------------------------------------------------------------------------


def test_pause__by_the_guardian__stops_and_the_owner_lets_go_on(
    executor: Any, owner: Any, guardian: Any, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("pause", guardian, path)
    assert executor.paused()
    run("pause", guardian, path)
    assert "done already   pause" in capsys.readouterr().out
    run("unpause", owner, path)
    assert not executor.paused()


def test_sweep__tokens_and_ether__go_to_the_treasury(
    chain: ForkChain, executor: Any, owner: Any, treasury: str, path: Path
) -> None:
    chain.give(USDC, executor.address, 1_000)
    chain.rpc.call("anvil_setBalance", executor.address, hex(ETHER))
    before = chain.balance(USDC, treasury), chain.ether(treasury)
    run("sweep", owner, path, token=USDC, amount=300)
    run("sweep", owner, path, token=USDC, amount=None)
    run("sweep", owner, path, token="ether", amount=None)
    assert (chain.balance(USDC, treasury), chain.ether(treasury)) == (before[0] + 1_000, before[1] + ETHER)
    assert chain.balance(USDC, executor.address) == chain.ether(executor.address) == 0


@pytest.mark.parametrize(
    ("token", "complaint"),
    [
        (USDC, "holds 0 base units"),
        ("ether", "holds 0 base units of ether"),
        ("usdc", "neither a token's address nor 'ether'"),
        ("0x00000000000000000000000000000000DeaDBeef", "is no token on this chain"),
    ],
)
def test_sweep__nothing_there__is_refused(
    executor: Any, owner: Any, path: Path, token: str, complaint: str
) -> None:
    with pytest.raises(DeploymentRefused, match=complaint):
        run("sweep", owner, path, token=token, amount=None)


# --- one plan --------------------------------------------------------------------------------------------


def plan_file(folder: Path, venues: tuple[int, int], **changes: Any) -> Path:
    """USDC from Balancer, into WETH at one venue, back at the other."""
    legs = [
        {"kind": "uniswap_v2", "token_out": token, "min_amount_out": "1", "params": {"venue_id": venue_id}}
        for token, venue_id in zip((WETH, USDC), venues, strict=True)
    ]
    loan = {"kind": "balancer_v2", "asset": USDC, "amount": "20000000000"}
    path = folder / "plan.json"
    path.write_text(json.dumps({"min_profit": "1", "loans": [loan], "legs": legs} | changes))
    return path


def execute(account: Any, path: Path, plan: Path, dry_run: bool | None = None) -> None:
    scripts.arbitrage.cli.callback(
        account=account, plan=plan, deployment=path, dry_run=dry_run, deadline_seconds=120
    )


def test_arbitrage__a_plan_that_pays__is_quoted_and_sent_and_brings_what_was_quoted(
    chain: ForkChain,
    market: ForkMarket,
    keeper: Any,
    treasury: str,
    path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    market.bend(Hop(VenueId.SUSHISWAP_V2), WETH, USDC, 10)
    plan = plan_file(tmp_path, PAYS)
    before, nonce = chain.balance(USDC, treasury), keeper.nonce
    execute(keeper, path, plan, dry_run=True)
    dry = capsys.readouterr().out
    assert "nothing was sent" in dry
    assert (chain.balance(USDC, treasury), keeper.nonce) == (before, nonce)
    execute(keeper, path, plan)  # a fork: sent without being asked
    said = capsys.readouterr().out
    gained = chain.balance(USDC, treasury) - before
    assert gained > 0
    assert f"profit    {gained:>30,} base units" in dry
    assert f"the treasury received {gained:,} base units" in said


def test_arbitrage__on_a_live_network__is_sent_only_when_asked(
    chain: ForkChain,
    market: ForkMarket,
    keeper: Any,
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    market.bend(Hop(VenueId.SUSHISWAP_V2), WETH, USDC, 10)
    plan = plan_file(tmp_path, PAYS)
    monkeypatch.setattr(type(ape.networks.provider.network), "is_dev", False)
    nonce = keeper.nonce
    execute(keeper, path, plan)
    assert ("--send sends it" in capsys.readouterr().out, keeper.nonce) == (True, nonce)


def test_arbitrage__a_plan_that_loses__is_refused_with_the_contracts_reason(
    keeper: Any, path: Path, tmp_path: Path
) -> None:
    nonce = keeper.nonce
    with pytest.raises(DeploymentRefused, match="it would fail: .*LoanNotCovered"):
        execute(keeper, path, plan_file(tmp_path, LOSES))
    assert keeper.nonce == nonce


def test_arbitrage__by_a_stranger__is_quoted_and_refused(
    market: ForkMarket, attacker: Any, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    market.bend(Hop(VenueId.SUSHISWAP_V2), WETH, USDC, 10)
    with pytest.raises(DeploymentRefused, match="it would fail: NotKeeper"):
        execute(attacker, path, plan_file(tmp_path, PAYS))
    assert "profit" in capsys.readouterr().out


def test_arbitrage__a_plan_with_a_fault__is_refused_by_its_place(
    keeper: Any, path: Path, tmp_path: Path
) -> None:
    with pytest.raises(DeploymentRefused, match="min_profit must not be negative"):
        execute(keeper, path, plan_file(tmp_path, PAYS, min_profit=-1))
    with pytest.raises(DeploymentRefused, match="does not fit uint128"):
        execute(keeper, path, plan_file(tmp_path, PAYS, min_profit=2**128))


# --- what they have in common ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "does not exist; deploy first"),
        ("not json", "is no deployment file"),
        ("[]", "is no deployment file"),
        ('{"executor": "0x00000000000000000000000000000000DeaDBeef"}', "where this chain has no contract"),
        ('{"executor": "0x00000000000000000000000000000000DeaDBeef", "chain_id": 8453}', "on chain id 8453"),
    ],
    ids=["missing", "not_json", "not_an_object", "nothing_there", "another_chain"],
)
def test_commands__without_a_usable_deployment_file__say_what_is_wrong(
    tmp_path: Path, owner: Any, content: str | None, complaint: str
) -> None:
    path = tmp_path / "1.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(DeploymentRefused, match=complaint):
        run("pause", owner, path)


@pytest.mark.parametrize("name", COMMANDS)
def test_commands__asked_for_help__say_what_they_do_and_offer_a_dry_run(name: str) -> None:
    result = CliRunner().invoke(COMMANDS[name], ["--help"])
    assert result.exit_code == 0
    only_reads = name in ("verify", "roles show")
    assert ("--dry-run" in result.output) is not only_reads
    assert "--network" in result.output


def test_commands__as_a_user_types_them__from_deployment_to_stop(
    tmp_path: Path, treasury: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each command finds the session's node running. Ape would go through all networks to forget it: 8 s each.
    monkeypatch.setattr(type(ape.networks.provider), "disconnect", lambda _provider: None)
    deployer, keeper = (ape.accounts.test_accounts[index] for index in (0, 1))
    file = str(tmp_path / "1.json")
    network = ["--network", ape.networks.provider.network_choice]
    signed = [*network, "--account", "TEST::0"]

    def typed(command: str, *arguments: str) -> str:
        result = CliRunner().invoke(COMMANDS[command], list(arguments), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    as_logs_say_it = ["--treasury", treasury.lower(), "--keeper", keeper.address.lower()]
    terms = [*as_logs_say_it, "--guardian", keeper.address.lower(), "--output", file, "--chain-id", "1"]
    assert "would be sent" in typed("deploy executor", *signed, *terms, "--dry-run")
    assert "stands at 0x" in typed("deploy executor", *signed, *terms)
    assert " gas   " not in typed("deploy executor", *signed, *terms)
    assert "DIFFERS" not in typed("verify", *network, "--deployment", file)
    assert keeper.address in typed("roles show", *network, "--deployment", file)
    typed("roles rotate", deployer.address.lower(), *signed, "--deployment", file)
    typed("pause", *signed, "--deployment", file)
    refused = CliRunner().invoke(COMMANDS["verify"], [*network, "--deployment", file])
    assert (refused.exit_code, "DIFFERS  paused" in refused.output) == (1, True)
    typed("unpause", *signed, "--deployment", file)
    assert "DIFFERS" not in typed("verify", *network, "--deployment", file)
