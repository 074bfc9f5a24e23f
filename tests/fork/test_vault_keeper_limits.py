"""A keeper beside Morpho's real limits: a supply cap that is reached, and a market that is lent out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import ape
import pytest

from steelyard.model import Address, IntentStatus, RebalanceCode, RebalancePlan
from steelyard.observe.vaults_below import SPARE_PARTS
from steelyard.sandbox.funding import allow, fund, fund_ether
from tests.support.dev_chain import KeySigner
from tests.support.fork_chain import ETHER, actor
from tests.support.fork_market import USDC
from tests.support.fork_vault import deploy_prices, deploy_vault
from tests.support.kept_vault import EAGER, HOUR, KEY, Stand
from tests.support.metamorpho import LLTVS, Market, Morpho

if TYPE_CHECKING:
    from steelyard.connect.chain import ChainClient
    from tests.support.fork_chain import ForkChain
    from tests.support.records import Store

# Morpho's owner, and its list of rate models, are the replica's.
pytestmark = [pytest.mark.fork, pytest.mark.needs("replica")]

UNIT: Final = 10**6
STAKE: Final = 100_000 * UNIT
CAP: Final = 30_000 * UNIT
"""Less than half of what is invested, which is each pool's part."""
MAX_AGE_SECONDS: Final = 90 * 24 * HOUR
"""Time passes here without the feeds, which are another test's."""
USDC_PER_WETH: Final = 2_000 * 10 ** (36 + 6 - 18)
BAND_BPS, GROWTH_BPS = 100, 1_000
KEEPER_ROLE: Final = 0
URGENT: Final = replace(EAGER, urgent_interval_seconds=0)


@dataclass(frozen=True)
class Below:
    """What the vault's two pools stand on: a MetaMorpho vault with a cap, and a vault without limits."""

    morpho: Morpho
    market: Market
    meta: str


@pytest.fixture(scope="module")
def below(chain: ForkChain, owner: Any) -> Below:
    morpho = Morpho(chain, owner.deploy(ape.project.MorphoOracle, USDC_PER_WETH).address)
    market = morpho.open_market(LLTVS[0])
    return Below(morpho, market, morpho.open_vault(owner.address, [(market, CAP)]))


Contracts = tuple[Any, tuple[Any, Any], tuple[Any, Any]]


@pytest.fixture(scope="module")
def contracts(chain: ForkChain, owner: Any, below: Below) -> Contracts:
    return deploy(chain, owner, (below.meta, owner.deploy(ape.project.VaultTarget, USDC)))


def deploy(chain: ForkChain, owner: Any, below: tuple[Any, ...]) -> Contracts:
    """The vault, its strategies, and the two vaults that they stand on."""
    project = ape.project
    authority = owner.deploy(project.VaultAuthority, owner)
    prices = deploy_prices(chain, owner, authority, max_age_seconds=MAX_AGE_SECONDS)
    vault = deploy_vault(owner, USDC, authority, prices)
    vault.setRole(KeySigner(KEY).address, KEEPER_ROLE, True, sender=owner)
    first, second = (
        owner.deploy(project.Erc4626Strategy, vault, authority, target, BAND_BPS, GROWTH_BPS)
        for target in below
    )
    for pool in (first, second):
        vault.addPool(pool, sender=owner)
    return vault, (first, second), (below[0], below[1])


@pytest.fixture
def stand(
    chain: ForkChain, client: ChainClient, store: Store, contracts: Contracts, owner: Any, keeper: Any
) -> Stand:
    return open_stand(chain, client, store, contracts, owner, keeper)


def open_stand(
    chain: ForkChain, client: ChainClient, store: Store, contracts: Contracts, owner: Any, keeper: Any
) -> Stand:
    """The holder's stake in the buffer; nothing invested yet."""
    signer = KeySigner(KEY)
    fund_ether(chain.rpc, signer.address, 10 * ETHER)
    standing = Stand(chain, client, store, *contracts, owner, keeper, signer)
    standing.deposit(STAKE)
    standing.later()
    return standing


def max_deposit(stand: Stand, below: Below) -> int:
    signature = "maxDeposit(address)"
    return int(stand.chain.read(below.meta, signature, "(uint256)", stand.pools[0].address)[0])


def carried_out(stand: Stand, **changes: Any) -> RebalancePlan:
    """The plan of one look, which the chain has taken whole."""
    turn = stand.look(stand.watch(**changes))
    assert turn.is_sent, turn.verdict.reason
    assert turn.verdict.plan is not None
    (outcome,) = stand.settle()
    assert outcome.status is IntentStatus.CONFIRMED, outcome.reason
    return turn.verdict.plan


def amounts(plan: RebalancePlan) -> dict[str, int]:
    """What is put into each pool, or, negative, taken out."""
    return {move.strategy: move.assets if move.is_deploy else -move.assets for move in plan.moves}


def test_capped_pool_is_filled_as_far_as_it_takes_and_the_other_to_its_target(
    stand: Stand, below: Below
) -> None:
    capped, other = stand.pools
    seen = stand.reader().read(stand.client.block())
    room = CAP - CAP // SPARE_PARTS
    assert [(pool.pays, pool.room) for pool in seen.pools] == [(0, room), (0, None)]
    targets, buffer = stand.vault.targetAllocations()
    assert targets[0] > CAP

    plan = carried_out(stand)

    assert amounts(plan) == {other.address: targets[1], capped.address: room}
    assert f"{capped.address} takes 29700 USDC now of" in plan.reason
    assert stand.vault.state().idle == buffer + targets[0] - room
    pays = stand.reader().read(stand.client.block()).pools[0].pays
    assert room - 1 <= (pays or 0) <= room, "as much as it pays"

    # Full but for what is left free, and then for dust: the next plan's, and no plan's. What is left of three
    # dollars then is less the interest of thirty thousand.
    stand.later()
    assert amounts(carried_out(stand)) == {capped.address: CAP // SPARE_PARTS * 99 // 100}
    stand.later()
    verdict = stand.look(stand.watch()).verdict
    assert verdict.code is RebalanceCode.NOTHING_TO_MOVE
    assert f"{capped.address} takes 2.70003 USDC now of" in verdict.reason


def test_room_that_interest_fills_until_the_plan_arrives_is_left_free(stand: Stand, below: Below) -> None:
    """Half of the cap is somebody else's, and lent out: with each block less is left of the other half."""
    chain, somebody = stand.chain, actor("who lends to Morpho beside the vault")
    fund(chain.rpc, somebody, Address(USDC), CAP // 2)
    allow(chain.rpc, somebody, Address(below.meta), Address(USDC), CAP // 2)
    chain.send(somebody, below.meta, "deposit(uint256,address)", CAP // 2, somebody)
    below.morpho.borrow(below.market, CAP // 2)
    stand.later()
    room = max_deposit(stand, below)

    chain.rpc.call("evm_setAutomine", False)
    try:
        # Mined twelve seconds after it was decided.
        plan = carried_out(stand)
    finally:
        chain.rpc.call("evm_setAutomine", True)

    placed = amounts(plan)[stand.pools[0].address]
    assert placed == room - -(-room // SPARE_PARTS)
    assert max_deposit(stand, below) < room - placed, "some of it is interest's by now"


def test_nothing_is_taken_out_for_a_pool_that_is_full(stand: Stand, below: Below) -> None:
    capped, other = stand.pools
    carried_out(stand)
    stand.vault.setPoolCScore(other, 1_000, sender=stand.owner)
    stand.later()
    targets, _ = stand.vault.targetAllocations()
    assert targets[0] > stand.vault.totalAssets() // 2, "which the full pool should hold now"

    # What it still takes comes from the buffer, which is too full since; all else stays where it earns.
    assert amounts(carried_out(stand)) == {capped.address: CAP // SPARE_PARTS * 99 // 100}
    stand.later()
    verdict = stand.look(stand.watch()).verdict
    assert verdict.code is RebalanceCode.NOTHING_TO_MOVE
    assert f"{capped.address} takes" in verdict.reason
    assert other.report().value > targets[1]


def test_requests_are_served_by_what_a_lent_out_pool_still_pays_and_by_the_other(
    stand: Stand, below: Below
) -> None:
    capped, other = stand.pools
    carried_out(stand)
    held, lent = capped.report().value, 20_000 * UNIT  # held without the interest that runs from now on
    below.morpho.borrow(below.market, lent)
    stand.request_everything()
    _, liquid, is_sound = capped.report()
    assert (liquid, is_sound) == (pytest.approx(held - lent, abs=1), True)

    plan = carried_out(stand, settings=URGENT)

    assert plan.is_urgent
    assert amounts(plan)[capped.address] == -liquid
    assert f"{capped.address} pays {liquid // 10**4 / 100:g}" in plan.reason
    assert other.report().value == 0
    # All that there is for now. What Morpho lent is waited for, and that is said.
    short = stand.look(stand.watch(settings=URGENT)).verdict
    assert short.code is RebalanceCode.NOTHING_TO_MOVE
    assert "nothing can be moved for requests of" in short.reason
    assert f"{capped.address} pays 0 USDC now of" in short.reason
    stand.vault.fulfillRequests(1, sender=stand.holder)

    below.morpho.repay(below.market)
    last = carried_out(stand, settings=URGENT)
    assert amounts(last) == {capped.address: pytest.approx(-lent, rel=0.001)}
    stand.vault.fulfillRequests(1, sender=stand.holder)
    assert stand.vault.state().claimable == pytest.approx(STAKE, rel=0.001)


def test_where_pools_would_pay_from_the_same_purse_one_of_them_does(
    chain: ForkChain, client: ChainClient, store: Store, owner: Any, keeper: Any, below: Below
) -> None:
    """Two MetaMorpho vaults lend in one market. Each says it pays what the market has left; both cannot."""
    metas = tuple(below.morpho.open_vault(owner.address, [(below.market, STAKE)]) for _ in range(2))
    stand = open_stand(chain, client, store, deploy(chain, owner, metas), owner, keeper)
    plan = carried_out(stand)
    assert len(plan.moves) == 2
    left = 10_000 * UNIT
    below.morpho.borrow(below.market, plan.moved - left)
    stand.request_everything()
    assert [pool.report().liquid for pool in stand.pools] == [pytest.approx(left, abs=1)] * 2

    urgent = carried_out(stand, settings=URGENT)

    (move,) = urgent.moves
    assert (move.is_deploy, move.assets) == (False, pytest.approx(left, abs=1))
    (other,) = {pool.address for pool in stand.pools} - {move.strategy}
    assert f"{other} refused: NotEnoughLiquidity()" in urgent.reason
    assert [pool.report().liquid for pool in stand.pools] == [0, 0]
