"""A relayer deployed by script, and an executor that it runs for a keeper whose key holds no ether."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
import pytest

import scripts.deploy
from scripts._executor import DeploymentRefused
from scripts._relayer_deployment import AllowedCall, relayer_at
from scripts._steps import connected_chain
from scripts.deploy import deploy_executor
from steelyard.connect.relay_calls import Refusal, encode_one, read_refusal
from steelyard.connect.relay_requests import RelayRequest, SignedRequest, sign_request
from steelyard.units import Address
from tests.support.drawn_requests import signing_with
from tests.support.flash import Lender, prepare
from tests.support.fork_market import USDC, WETH, Hop, VenueId
from tests.support.relay import key

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fork_chain import ForkChain
    from tests.support.fork_market import ForkMarket

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

RELAYER: Any = scripts.deploy.cli.commands["relayer"].callback
KEEPER = key("keeper without ether")
EXECUTE = "execute(bytes)"


def deploy(account: Any, path: Path, *allowed: str, **options: Any) -> None:
    RELAYER(
        account=account,
        allowed=tuple(AllowedCall.parse(text) for text in allowed),
        output=path,
        **{
            "guardian": None,
            "owner": None,
            "salt": "test",
            "dry_run": False,
            "confirmations": None,
        }
        | options,
    )


def test_relayer__is_deployed_before_what_trusts_it__and_runs_it_for_a_key_without_ether(
    chain: ForkChain,
    market: ForkMarket,
    owner: Any,
    attacker: Any,
    guardian: Any,
    treasury: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "relayer.json"
    deploy(owner, path, dry_run=True)
    assert not path.exists()
    deploy(owner, path, guardian=guardian.address)
    record = json.loads(path.read_text())
    relayer = relayer_at(record["relayer"])
    assert (relayer.owner(), relayer.guardian()) == (owner.address, guardian.address)

    executor = deploy_executor(
        owner,
        treasury=treasury,
        keeper=KEEPER.address,
        forwarder=relayer.address,
        output=tmp_path / "executor.json",
    )
    capsys.readouterr()
    deploy(owner, path, f"{executor.address}:{EXECUTE}", guardian=guardian.address)
    said = capsys.readouterr().out
    assert "done already   deploy GaslessTransactionRelayer" in said
    listed = [{"target": executor.address, "selector": "0x09c5eabe"}]
    assert json.loads(path.read_text())["allowed_calls"] == listed

    signed = plan_of_keeper(market, executor, relayer)
    assert chain.ether(KEEPER.address) == 0
    before = chain.balance(WETH, treasury)
    # Anybody with ether may relay it, and only gets the gas's bill.
    attacker.transfer(relayer.address, 0, data=encode_one(signed), gas_limit=4_000_000)
    assert chain.balance(WETH, treasury) > before
    assert read_refusal(connected_chain(), signed, 0, attacker.address) is Refusal.NONCE_USED


def plan_of_keeper(market: ForkMarket, executor: Any, relayer: Any) -> SignedRequest:
    """A plan that pays, signed by the keeper to be relayed."""
    hops = (Hop(VenueId.SUSHISWAP_V2), Hop(VenueId.UNISWAP_V2))
    plan = prepare(market, executor, Lender.MORPHO_BLUE, WETH, USDC, hops)
    request = RelayRequest(
        signer=Address(KEEPER.address),
        target=Address(executor.address),
        data=bytes(executor.execute.encode_input(plan.data)),
        gas=2_000_000,
        nonce=0,
        valid_until_seconds=plan.deadline,
    )
    return sign_request(request, 1, Address(relayer.address), signing_with(KEEPER))


def test_relayer__with_another_owner__offers_it_the_ownership(
    owner: Any, guardian: Any, tmp_path: Path
) -> None:
    path = tmp_path / "relayer.json"
    deploy(owner, path, owner=guardian.address, salt="offered")
    relayer = relayer_at(json.loads(path.read_text())["relayer"])
    assert relayer.pendingOwner() == guardian.address
    relayer.acceptOwnership(sender=guardian)
    deploy(owner, path, owner=guardian.address, salt="offered")  # nothing left to do
    assert json.loads(path.read_text())["owner"] == guardian.address


def test_target__that_does_not_trust_the_relayer__is_refused_by_name(owner: Any, tmp_path: Path) -> None:
    path = tmp_path / "relayer.json"
    deploy(owner, path, salt="distrusted")
    with pytest.raises(DeploymentRefused, match=f"{USDC} does not trust"):
        deploy(owner, path, f"{USDC}:poke()", salt="distrusted")


@pytest.mark.parametrize(
    "text", ["execute(bytes)", f"{WETH}:execute", f"{WETH}:execute(bytes a)", "0x12:f()"]
)
def test_call__that_is_not_written_right__is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        AllowedCall.parse(text)
