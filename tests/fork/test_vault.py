"""The vault among real contracts, from deposit to last exit: USDC, Uniswap V3's WETH pool, price feeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import ape
import pytest

from steelyard.decide.allocation.rebalance import Proposal, RebalanceSettings, propose
from steelyard.model import PoolState
from steelyard.observe.vault import VaultReader
from steelyard.sandbox.funding import allow, fund
from steelyard.units import Address
from tests.support.effort import patient
from tests.support.fork_market import USDC, WETH, Hop, VenueId
from tests.support.fork_vault import EVERYTHING, HOUR, deploy_prices, deploy_vault

if TYPE_CHECKING:
    from steelyard.connect.chain import ChainClient
    from tests.support.fork_chain import ForkChain
    from tests.support.fork_market import ForkMarket

pytestmark = [pytest.mark.fork, pytest.mark.needs("any"), *patient()]

UNIT: Final = 10**6
STAKE: Final = 20_000 * UNIT
POOL: Final = Hop(VenueId.UNISWAP_V3, 3000)
# A day and an hour: the heartbeat of the slowest, and what a fork lags behind.
MAX_AGE_SECONDS: Final = 90_000
SPACING: Final = 60


@dataclass(frozen=True)
class Scene:
    """A vault over USDC with one range around the price of WETH, and who acts on it."""

    chain: ForkChain
    market: ForkMarket
    vault: Any
    strategy: Any
    owner: Any
    holder: Any

    def give(self, amount: int) -> None:
        """USDC for the holder, and leave for the vault to take it."""
        fund(self.chain.rpc, Address(self.holder.address), Address(USDC), amount)
        allow(
            self.chain.rpc, Address(self.holder.address), Address(self.vault.address), Address(USDC), amount
        )

    def rebalance(self, *, into_pool: bool) -> None:
        """The keeper moves as much as the vault lets it."""
        ape.chain.pending_timestamp += HOUR
        now = ape.chain.pending_timestamp
        move = (self.strategy.address, into_pool, EVERYTHING)
        self.vault.rebalance([move], EVERYTHING, now + HOUR, sender=self.owner)


@pytest.fixture(scope="module")
def scene(chain: ForkChain, market: ForkMarket, owner: Any, keeper: Any) -> Scene:
    authority = owner.deploy(ape.project.VaultAuthority, owner)
    prices = deploy_prices(chain, owner, authority, max_age_seconds=MAX_AGE_SECONDS)
    vault = deploy_vault(owner, USDC, authority, prices)
    strategy = owner.deploy(ape.project.UniswapV3Strategy, vault, _range(chain, market, prices.address))
    vault.addPool(strategy, sender=owner)
    return Scene(chain, market, vault, strategy, owner, keeper)


def _range(chain: ForkChain, market: ForkMarket, prices: str) -> tuple[str, str, str, int, int, int, int]:
    """Some 80 % to each side of the present price."""
    pool = market.pool(POOL, USDC, WETH)
    tick = (
        chain.read(pool, "slot0()", "(uint160,int24,uint16,uint16,uint16,uint8,bool)")[1] // SPACING * SPACING
    )
    return (pool, pool, prices, 500, 200, tick - 100 * SPACING, tick + 100 * SPACING)


@pytest.fixture
def deposited(scene: Scene) -> Scene:
    """The holder's stake, most of it in the range."""
    scene.give(STAKE)
    scene.vault.deposit(STAKE, scene.holder, sender=scene.holder)
    scene.rebalance(into_pool=True)
    return scene


def test_stake_works_in_the_pool_and_counts_at_the_feeds_price(deposited: Scene) -> None:
    value, liquid, sound = deposited.strategy.report()

    # By weight the pool takes all that the buffer of a small vault (a fifth) leaves.
    assert value == pytest.approx(STAKE * 0.8, rel=0.02)
    assert liquid < STAKE // 100
    assert sound
    assert deposited.vault.totalAssets() == pytest.approx(STAKE, rel=0.01)
    assert deposited.vault.tvlUsdWad() == pytest.approx(STAKE * 10**12, rel=0.02)


def test_trades_of_others_earn_fees_that_are_counted_before_they_are_collected(deposited: Scene) -> None:
    before = deposited.strategy.report()[0]
    for token, other in ((WETH, USDC), (USDC, WETH)) * 2:
        deposited.market.bend(POOL, token, other, 1)
    earned = deposited.strategy.report()[0]
    assert earned > before

    deposited.vault.tend(deposited.strategy, b"", sender=deposited.owner)

    assert deposited.strategy.report()[0] == earned


def test_pool_that_is_bent_stops_entries_and_moves_no_price(deposited: Scene) -> None:
    price = deposited.vault.convertToAssets(10**18)

    deposited.market.bend(POOL, USDC, WETH, 200)

    assert not deposited.vault.isSound()
    assert deposited.vault.maxDeposit(deposited.holder) == 0
    assert deposited.vault.convertToAssets(10**18) == pytest.approx(price, rel=0.005)
    assert deposited.vault.payableNow() == deposited.vault.state().idle


def test_range_names_no_limit_and_a_keeper_takes_more_of_it_than_it_pays_at_once(
    deposited: Scene, client: ChainClient
) -> None:
    reader = VaultReader(client, Address(deposited.vault.address), wrapped_native=Address(WETH))
    (seen,) = reader.read(client.block()).pools
    assert (seen.pays, seen.room) == (None, None)
    deposited.vault.setPoolState(deposited.strategy, int(PoolState.DRAINING), sender=deposited.owner)
    ape.chain.mine(timestamp=ape.chain.pending_timestamp + HOUR)

    found = propose(reader.read(client.block()), RebalanceSettings())
    assert isinstance(found, Proposal), found.reason
    ((strategy, is_deploy, assets),) = [(each.strategy, each.is_deploy, each.assets) for each in found.moves]
    deposited.vault.rebalance([(strategy, is_deploy, assets)], EVERYTHING, EVERYTHING, sender=deposited.owner)

    assert (seen.liquid, assets) == (pytest.approx(0, abs=STAKE // 100), seen.value)
    assert deposited.strategy.report()[0] < STAKE // 100


def test_everything_leaves_by_buffer_request_and_drained_pool(deposited: Scene) -> None:
    vault, holder = deposited.vault, deposited.holder
    at_once = vault.maxWithdraw(holder)
    vault.withdraw(at_once, holder, holder, sender=holder)
    vault.requestRedeem(vault.balanceOf(holder), holder, holder, sender=holder)
    assert vault.maxWithdraw(holder) == 0

    deposited.rebalance(into_pool=False)
    vault.fulfillRequests(1, sender=holder)
    vault.claimRedeem(0, holder, sender=holder)

    assert deposited.chain.balance(USDC, holder.address) == pytest.approx(STAKE, rel=0.01)
    assert vault.totalSupply() == 0
    assert vault.totalAssets() < STAKE // 1_000


def test_last_exit_takes_both_tokens_without_a_price(deposited: Scene) -> None:
    vault, holder = deposited.vault, deposited.holder
    deposited.market.bend(POOL, USDC, WETH, 200)

    vault.redeemInKind(vault.balanceOf(holder), holder, holder, [], sender=holder)

    assert deposited.chain.balance(USDC, holder.address) > 0
    assert deposited.chain.balance(WETH, holder.address) > 0
    assert vault.balanceOf(holder) == 0
