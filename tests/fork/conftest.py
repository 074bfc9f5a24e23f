"""What fork tests share: actors by role, the chain and its market, and a deployed executor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ape
import pytest

from scripts.deploy import deploy_executor
from steelyard.connect.chain import ChainClient
from steelyard.connect.known_errors import KNOWN_ERRORS
from steelyard.connect.rpc import RpcClient
from steelyard.sandbox.funding import fund_ether
from tests.support.fork_chain import ETHER, ForkChain, actor
from tests.support.fork_market import ForkMarket
from tests.support.patience import PATIENCE_SECONDS
from tests.support.records import Store, open_store
from tests.support.vault_scene import Cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from steelyard.units import Address


@pytest.fixture(scope="module")
def chain() -> Iterator[ForkChain]:
    forked = ForkChain(ape.networks.provider.uri)
    yield forked
    forked.rpc.close()


@pytest.fixture(scope="module")
def market(chain: ForkChain) -> ForkMarket:
    return ForkMarket(chain)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A keeper's records."""
    with open_store(tmp_path / "keeper.sqlite") as opened:
        yield opened


@pytest.fixture
def client() -> Iterator[ChainClient]:
    """The fork as the keeper sees it."""
    with RpcClient(ape.networks.provider.uri, timeout_seconds=PATIENCE_SECONDS) as rpc:
        yield ChainClient(rpc, errors=KNOWN_ERRORS)


def _account(chain: ForkChain, role: str) -> Any:
    address = actor(role)
    fund_ether(chain.rpc, address, 1_000 * ETHER)
    return ape.accounts.test_accounts.impersonate_account(address)


@pytest.fixture(scope="module")
def owner(chain: ForkChain) -> Any:
    return _account(chain, "owner")


@pytest.fixture(scope="module")
def keeper(chain: ForkChain) -> Any:
    return _account(chain, "keeper")


@pytest.fixture(scope="module")
def guardian(chain: ForkChain) -> Any:
    return _account(chain, "guardian")


@pytest.fixture(scope="module")
def attacker(chain: ForkChain) -> Any:
    return _account(chain, "attacker")


@pytest.fixture(scope="module")
def cast(chain: ForkChain, owner: Any, keeper: Any, guardian: Any) -> Cast:
    deployer, manager = _account(chain, "deployer"), _account(chain, "manager")
    return Cast(deployer=deployer, owner=owner, keeper=keeper, manager=manager, guardian=guardian)


@pytest.fixture(scope="module")
def treasury() -> Address:
    return actor("treasury")


@pytest.fixture(scope="module")
def executor(
    owner: Any, keeper: Any, guardian: Any, treasury: Address, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    output = tmp_path_factory.mktemp("deployment") / "1.json"
    return deploy_executor(
        owner, treasury=treasury, keeper=keeper.address, guardian=guardian.address, output=output
    )
