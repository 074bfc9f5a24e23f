"""The deployment that a user makes: what stands on chain, what is written down, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scripts.deploy import (
    CHAIN_BOOKS,
    DeploymentRefused,
    default_output,
    deploy_executor,
    set_keeper,
    set_treasury,
)
from steelyard.connect.deployment import load_deployment
from steelyard.model.lending import LenderKind
from tests.support.fork_market import AAVE_POOL, BALANCER_VAULT, MORPHO, WETH

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fork_chain import ForkChain

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]


def test_deploy__by_final_owner__chain_and_file_say_the_same(
    tmp_path: Path, owner: Any, keeper: Any, guardian: Any, treasury: str
) -> None:
    path = tmp_path / "deployments" / "1.json"
    deployed = deploy_executor(
        owner, treasury=treasury, keeper=keeper.address, guardian=guardian.address, output=path
    )
    written = load_deployment(path)
    assert (written.chain_id, written.executor, written.treasury) == (1, deployed.address, treasury)
    assert written.lenders == {
        LenderKind.BALANCER_V2: BALANCER_VAULT,
        LenderKind.AAVE_V3: AAVE_POOL,
        LenderKind.MORPHO_BLUE: MORPHO,
        LenderKind.AAVE_V2: CHAIN_BOOKS[1].aave_v2,
        LenderKind.MAKER: CHAIN_BOOKS[1].maker,
        LenderKind.UNISWAP_V4: CHAIN_BOOKS[1].uniswap_v4,
    }
    assert [venue.name for venue in written.venues] == ["uniswap_v2", "sushiswap_v2", "uniswap_v3"]
    for venue in written.venues:
        listed = deployed.venueAt(venue.venue_id)
        assert (listed.kind, listed.feePips, listed.factory) == (venue.kind, venue.fee_pips, venue.factory)
    assert deployed.venueCount() == len(written.venues)
    assert (deployed.owner(), deployed.treasury(), deployed.guardian()) == (owner, treasury, guardian)
    assert deployed.isKeeper(keeper)
    assert not deployed.isKeeper(owner)
    assert not deployed.paused()
    assert deployed.WETH() == WETH


def test_deploy__for_another_owner__is_offered_and_taken_in_two_steps(
    tmp_path: Path, owner: Any, keeper: Any, attacker: Any, treasury: str
) -> None:
    deployer = attacker  # whoever pays for it
    deployed = deploy_executor(
        deployer, treasury=treasury, keeper=keeper.address, owner=owner.address, output=tmp_path / "1.json"
    )
    assert (deployed.owner(), deployed.pendingOwner()) == (deployer, owner)
    deployed.acceptOwnership(sender=owner)
    assert deployed.owner() == owner


def test_deploy__counterpart_without_code__is_refused_by_name(
    chain: ForkChain, tmp_path: Path, owner: Any, keeper: Any, treasury: str
) -> None:
    code = chain.rpc.call("eth_getCode", MORPHO, "latest")
    chain.rpc.call("anvil_setCode", MORPHO, "0x")
    with pytest.raises(DeploymentRefused, match="morpho_blue holds no code at 0xBBBB"):
        deploy_executor(owner, treasury=treasury, keeper=keeper.address, output=tmp_path / "1.json")
    chain.rpc.call("anvil_setCode", MORPHO, code)
    assert not (tmp_path / "1.json").exists()


def test_default_output__on_a_fork__is_where_no_keeper_looks() -> None:
    assert default_output(1).as_posix() == ".steelyard/deployments/fork/1.json"


def test_chain_books__of_every_chain__name_different_venues() -> None:
    for book in CHAIN_BOOKS.values():
        assert len({venue.name for venue in book.venues}) == len(book.venues)


def test_keeper_command__rotation__chain_and_file_follow(
    tmp_path: Path, owner: Any, keeper: Any, attacker: Any, treasury: str
) -> None:
    path = tmp_path / "1.json"
    deployed = deploy_executor(owner, treasury=treasury, keeper=keeper.address, output=path)
    successor = attacker  # any other account
    set_keeper.callback(account=owner, address=successor.address, revoke=False, deployment=path)
    set_keeper.callback(account=owner, address=keeper.address, revoke=True, deployment=path)
    assert deployed.isKeeper(successor)
    assert not deployed.isKeeper(keeper)
    assert load_deployment(path).keeper == successor.address


def test_treasury_command__new_treasury__chain_and_file_follow(
    tmp_path: Path, owner: Any, keeper: Any, guardian: Any, treasury: str
) -> None:
    path = tmp_path / "1.json"
    deployed = deploy_executor(owner, treasury=treasury, keeper=keeper.address, output=path)
    set_treasury.callback(account=owner, address=guardian.address, deployment=path)
    assert deployed.treasury() == load_deployment(path).treasury == guardian.address


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "does not exist; deploy first"),
        ("not json", "is no deployment file"),
        ("[]", "is no deployment file"),
        ('{"executor": "0x00000000000000000000000000000000DeaDBeef"}', "where this chain has no contract"),
    ],
    ids=["missing", "not_json", "not_an_object", "nothing_there"],
)
def test_commands__without_a_usable_deployment_file__say_what_is_wrong(
    tmp_path: Path, owner: Any, content: str | None, complaint: str
) -> None:
    path = tmp_path / "1.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(DeploymentRefused, match=complaint):
        set_treasury.callback(account=owner, address=owner.address, deployment=path)


@pytest.mark.needs("replica")
def test_chain_book__of_mainnet__names_what_the_replicas_manifest_places() -> None:
    from steelyard.sandbox.replica import ensure_state, project_root

    manifest = ensure_state(project_root()).manifest
    placed = {contract.name: contract.address for contract in manifest.contracts}
    book = CHAIN_BOOKS[1]
    assert book.balancer_v2 == placed["Balancer V2 Vault"]
    assert book.aave_v3 == placed["Aave V3 Pool"]
    assert book.morpho_blue == placed["Morpho Blue"]
    assert book.weth == placed["WETH9"]
    factories = [placed[f"{name} factory"] for name in ("Uniswap V2", "SushiSwap V2", "Uniswap V3")]
    assert [venue.factory for venue in book.venues] == factories
