"""The deployment that a user makes: where it stands, what is written down, and what it refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ape
import pytest

from scripts._deployment import venue_arguments
from scripts._executor import DeploymentRefused, default_output, deployed_at
from scripts._steps import connected_chain
from scripts.deploy import deploy_executor
from steelyard.config.address_book import ListedLenderEntry, address_book
from steelyard.connect.create2 import DEPLOYMENT_PROXY, DEPLOYMENT_PROXY_CODE
from steelyard.connect.deployment import load_deployment
from steelyard.model import LenderKind
from tests.support.fork_market import MORPHO, WETH

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fork_chain import ForkChain

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

BOOK = address_book(1)
CHECKED = [venue for venue in BOOK.venues if venue.checked == "replica"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deployments" / "1.json"


@pytest.fixture
def terms(treasury: str, keeper: Any, guardian: Any, path: Path) -> dict[str, Any]:
    return {"treasury": treasury, "keeper": keeper.address, "guardian": guardian.address, "output": path}


def test_deploy__by_final_owner__chain_and_file_say_the_same(
    owner: Any, keeper: Any, guardian: Any, treasury: str, path: Path, terms: dict[str, Any]
) -> None:
    deployed = deploy_executor(owner, **terms)
    written = load_deployment(path)
    assert (written.chain_id, written.executor, written.treasury) == (1, deployed.address, treasury)
    assert written.lenders == {
        LenderKind[name.upper()]: entry.address for name, entry in BOOK.lenders.items()
    }
    names = [venue.name for venue in written.venues]
    assert names[: len(CHECKED)] == [venue.name for venue in CHECKED]
    for venue in written.venues:
        listed = deployed.venueAt(venue.venue_id)
        assert (listed.kind, listed.feePips, listed.factory) == (venue.kind, venue.fee_pips, venue.factory)
    assert deployed.venueCount() == len(written.venues)
    assert (deployed.owner(), deployed.treasury(), deployed.guardian()) == (owner, treasury, guardian)
    assert deployed.isKeeper(keeper)
    assert not deployed.isKeeper(owner)
    assert not deployed.paused()
    assert deployed.WETH() == WETH
    raw = json.loads(path.read_text())
    assert set(raw["code_hashes"]) == {"executor", "lender_lens"}
    assert len(raw["steps"]) == 2 + len(names) + 2
    assert ape.project.LenderLens.at(raw["lender_lens"]).termsOfMany(deployed.address, []) == []


def test_deploy__again__sends_nothing_and_says_so(
    owner: Any, path: Path, terms: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    deployed = deploy_executor(owner, **terms)
    nonce, first = owner.nonce, json.loads(path.read_text())
    capsys.readouterr()
    assert deploy_executor(owner, **terms).address == deployed.address
    assert (owner.nonce, json.loads(path.read_text())) == (nonce, first)
    assert capsys.readouterr().out.count("done already") == len(first["steps"])


def test_deploy__interrupted_anywhere__goes_on_where_it_stopped(
    owner: Any, path: Path, terms: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cut(Exception):
        pass

    sent, allowed = [], [0]
    transfer = type(owner).transfer

    def cut_after(account: Any, *arguments: Any, **options: Any) -> Any:
        if len(sent) >= allowed[0]:
            raise Cut
        sent.append(arguments)
        return transfer(account, *arguments, **options)

    monkeypatch.setattr(type(owner), "transfer", cut_after)
    for several in (1, 4, 7):
        allowed[0] = several
        with pytest.raises(Cut):
            deploy_executor(owner, **terms)
        assert len(json.loads(path.read_text())["steps"]) == several
        with pytest.raises(DeploymentRefused, match="is of an unfinished deployment"):
            deployed_at(path)
    allowed[0] = 100
    deployed = deploy_executor(owner, **terms)
    raw = json.loads(path.read_text())
    assert len(sent) == len(raw["steps"]) == 2 + len(raw["venues"]) + 2
    assert [venue["venue_id"] for venue in raw["venues"]] == list(range(deployed.venueCount()))
    assert raw["transaction"] == raw["steps"][0]["transaction"]


def test_deploy__file_lost__is_written_again_from_the_chain(
    owner: Any, path: Path, terms: dict[str, Any]
) -> None:
    deploy_executor(owner, **terms)
    before = load_deployment(path)
    path.unlink()
    deploy_executor(owner, **terms)
    assert load_deployment(path) == before


def test_deploy__dry__shows_steps_and_costs_and_sends_nothing(
    owner: Any, path: Path, terms: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    nonce = owner.nonce
    would_stand = deploy_executor(owner, **terms, dry_run=True).address
    said = capsys.readouterr().out
    assert f"deploy FlashLoanArbitrage at {would_stand}" in said
    assert "transactions would be sent" in said
    assert (owner.nonce, path.exists()) == (nonce, False)
    assert not ape.networks.provider.get_code(would_stand)
    assert deploy_executor(owner, **terms).address == would_stand


def test_deploy__same_terms__stand_at_one_address_and_other_terms_at_another(
    owner: Any, attacker: Any, tmp_path: Path, terms: dict[str, Any]
) -> None:
    addresses = {
        deploy_executor(owner, **terms, dry_run=True).address,
        deploy_executor(owner, **terms, dry_run=True).address,
        deploy_executor(owner, **terms, salt="another", dry_run=True).address,
        deploy_executor(attacker, **terms, dry_run=True).address,
        deploy_executor(owner, **terms | {"treasury": attacker.address}, dry_run=True).address,
    }
    assert len(addresses) == 4


def test_deploy__on_a_development_node_without_the_proxy__places_it(
    chain: ForkChain, owner: Any, terms: dict[str, Any]
) -> None:
    chain.rpc.call("anvil_setCode", DEPLOYMENT_PROXY, "0x")
    deploy_executor(owner, **terms)
    assert connected_chain().code(DEPLOYMENT_PROXY) == DEPLOYMENT_PROXY_CODE


def test_deploy__live_chain_without_the_proxy__is_refused(
    chain: ForkChain, owner: Any, terms: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.rpc.call("anvil_setCode", DEPLOYMENT_PROXY, "0x")
    monkeypatch.setattr("scripts._deployment.is_development_node", lambda _chain: False)
    monkeypatch.setattr("scripts.deploy.address_book", lambda _id: _only_checked())
    with pytest.raises(DeploymentRefused, match="the deployment proxy is not at 0x4e59"):
        deploy_executor(owner, **terms)


def _only_checked() -> Any:
    return BOOK.model_copy(update={"venues": tuple(CHECKED), "listed_lenders": ()})


def test_deploy__for_another_owner__is_offered_and_taken_in_two_steps(
    owner: Any, attacker: Any, terms: dict[str, Any]
) -> None:
    deployer = attacker  # whoever pays for it
    deployed = deploy_executor(deployer, **terms, owner=owner.address)
    assert (deployed.owner(), deployed.pendingOwner()) == (deployer, owner)
    deployed.acceptOwnership(sender=owner)
    assert deployed.owner() == owner


def test_deploy__counterpart_without_code__is_refused_by_name(
    chain: ForkChain, owner: Any, path: Path, terms: dict[str, Any]
) -> None:
    code = chain.rpc.call("eth_getCode", MORPHO, "latest")
    chain.rpc.call("anvil_setCode", MORPHO, "0x")
    with pytest.raises(DeploymentRefused, match="morpho_blue holds no code at 0xBBBB"):
        deploy_executor(owner, **terms)
    chain.rpc.call("anvil_setCode", MORPHO, code)
    assert not path.exists()


def test_deploy__another_chain_than_expected__is_refused(owner: Any, terms: dict[str, Any]) -> None:
    with pytest.raises(DeploymentRefused, match="serves chain id 1, not 8453: name the right --network"):
        deploy_executor(owner, **terms, expected_chain_id=8453)


def test_deploy__file_of_another_executor__is_refused_and_kept(
    owner: Any, path: Path, terms: dict[str, Any]
) -> None:
    first = deploy_executor(owner, **terms)
    written = path.read_text()
    with pytest.raises(DeploymentRefused, match=f"names another executor, {first.address}"):
        deploy_executor(owner, **terms, salt="another")
    assert path.read_text() == written


@pytest.mark.parametrize("content", ["not json", "[]"])
def test_deploy__damaged_file__is_refused_and_kept(
    owner: Any, path: Path, terms: dict[str, Any], content: str
) -> None:
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(DeploymentRefused, match="is no deployment file"):
        deploy_executor(owner, **terms)
    assert path.read_text() == content


def test_deploy__a_lender_in_the_book__is_listed_once_and_written_down(
    owner: Any, path: Path, terms: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = BOOK.lenders["maker"]
    listed = ListedLenderEntry(
        name="a_minter", asset=WETH, address=maker.address, source=maker.source, checked="replica"
    )
    book = _only_checked().model_copy(update={"listed_lenders": (listed,)})
    monkeypatch.setattr("scripts.deploy.address_book", lambda _id: book)
    for _ in range(2):
        deployed = deploy_executor(owner, **terms)
        assert load_deployment(path).listed_lenders == {0: maker.address}
    assert deployed.lenderAt(0) == maker.address
    deployed.delistLender(0, sender=owner)
    deploy_executor(owner, **terms)
    assert load_deployment(path).listed_lenders == {1: maker.address}


def test_default_output__on_a_fork__is_where_no_keeper_looks() -> None:
    assert default_output(1).as_posix() == ".steelyard/deployments/fork/1.json"


def test_venue_arguments__of_a_single_pool__have_no_hash() -> None:
    (pool,) = (venue for venue in BOOK.venues if venue.name == "curve_3pool")
    assert venue_arguments(pool) == (6, 0, pool.address, bytes(32))
