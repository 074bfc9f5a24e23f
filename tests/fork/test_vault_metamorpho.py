"""The lending strategy on a real MetaMorpho vault, from its cap to the day when nothing can be withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import ape
import pytest

from steelyard.sandbox.abi import selector_of
from steelyard.sandbox.funding import allow, fund
from steelyard.units import Address
from tests.support.effort import patient
from tests.support.fork_chain import refusal
from tests.support.fork_market import USDC
from tests.support.fork_vault import EVERYTHING, HOUR, deploy_prices, deploy_vault
from tests.support.metamorpho import IDLE, LLTVS, WAD, Market, Morpho

if TYPE_CHECKING:
    from tests.support.fork_chain import ForkChain

# Morpho's owner, and its list of rate models, are the replica's.
pytestmark = [pytest.mark.fork, pytest.mark.needs("replica"), *patient()]

UNIT: Final = 10**6
STAKE: Final = 50_000 * UNIT
CAP: Final = 30_000 * UNIT
LENT: Final = 27_000 * UNIT
"""Nine tenths of the market, which is what Morpho's rate model aims at."""
DAY: Final = 24 * HOUR
MAX_AGE_SECONDS: Final = 90 * DAY
"""Time passes here without the feeds, which are another test's."""
USDC_PER_WETH: Final = 2_000 * 10 ** (36 + 6 - 18)
BAND_BPS, GROWTH_BPS = 100, 1_000


@dataclass(frozen=True)
class Scene:
    """A vault over USDC with one MetaMorpho vault below, which lends in one market up to a cap."""

    chain: ForkChain
    morpho: Morpho
    market: Market
    meta: str
    vault: Any
    strategy: Any
    owner: Any
    holder: Any

    def meta_says(self, signature: str, *arguments: Any) -> int:
        return int(self.chain.read(self.meta, signature, "(uint256)", *arguments)[0])

    def rebalance(self, amount: int, *, into_pool: bool = True) -> None:
        self.vault.rebalance(
            [(self.strategy.address, into_pool, amount)], EVERYTHING, EVERYTHING, sender=self.owner
        )


@pytest.fixture(scope="module")
def scene(chain: ForkChain, owner: Any, keeper: Any) -> Scene:
    oracle = owner.deploy(ape.project.MorphoOracle, USDC_PER_WETH)
    morpho = Morpho(chain, oracle.address)
    market = morpho.open_market(LLTVS[0])
    meta = morpho.open_vault(owner.address, [(market, CAP)])
    authority = owner.deploy(ape.project.VaultAuthority, owner)
    prices = deploy_prices(chain, owner, authority, max_age_seconds=MAX_AGE_SECONDS)
    vault = deploy_vault(owner, USDC, authority, prices)
    strategy = owner.deploy(ape.project.Erc4626Strategy, vault, authority, meta, BAND_BPS, GROWTH_BPS)
    vault.addPool(strategy, sender=owner)
    fund(chain.rpc, Address(keeper.address), Address(USDC), STAKE)
    allow(chain.rpc, Address(keeper.address), Address(vault.address), Address(USDC), STAKE)
    vault.deposit(STAKE, keeper, sender=keeper)
    return Scene(chain, morpho, market, meta, vault, strategy, owner, keeper)


@pytest.fixture
def lent(scene: Scene) -> Scene:
    """As much as the cap allows is supplied, and nine tenths of it lent out."""
    scene.chain.let_pass(HOUR)
    scene.rebalance(CAP)
    scene.morpho.borrow(scene.market, LENT)
    return scene


def test_more_than_the_cap_is_refused_by_morpho_and_the_cap_is_filled_to_the_unit(scene: Scene) -> None:
    scene.chain.let_pass(HOUR)
    move = [(scene.strategy.address, True, CAP + 1)]
    plan = scene.vault.rebalance.encode_input(move, EVERYTHING, EVERYTHING)
    refused = scene.chain.answer(scene.owner.address, scene.vault.address, "0x" + bytes(plan).hex())
    assert refused == "0x" + selector_of("AllCapsReached()").hex()

    scene.rebalance(CAP)

    assert scene.meta_says("maxDeposit(address)", scene.strategy.address) == 0
    value, liquid, sound = scene.strategy.report()
    # Morpho rounds against who supplies: a unit.
    assert CAP - 1 <= value <= CAP
    assert (liquid, sound) == (value, True)
    assert STAKE - 1 <= scene.vault.totalAssets() <= STAKE
    assert scene.strategy.books()[0] == scene.meta_says("balanceOf(address)", scene.strategy.address)


def test_interest_is_counted_as_it_accrues_and_believed(lent: Scene) -> None:
    before = lent.strategy.report()[0]
    lent.chain.let_pass(30 * DAY)
    lent.chain.rpc.call("evm_mine")

    value, _, sound = lent.strategy.report()
    # Compounded by the second, which a month does not show.
    assert value - before == pytest.approx(
        LENT * lent.morpho.rate_wad(lent.market) * 30 * DAY / WAD, rel=0.01
    )
    assert sound
    shares = lent.strategy.books()[0]
    assert value == lent.meta_says("previewRedeem(uint256)", shares)
    assert lent.vault.totalAssets() == lent.vault.state().idle + value


def test_what_morpho_cannot_pay_waits_as_a_request_and_is_paid_once_it_can(lent: Scene) -> None:
    vault, holder, chain = lent.vault, lent.holder, lent.chain
    at_once = vault.maxWithdraw(holder)
    assert at_once == STAKE - LENT
    beyond = vault.withdraw.encode_input(at_once + 1, holder, holder)
    refused = chain.answer(holder.address, vault.address, "0x" + bytes(beyond).hex())
    assert refusal(vault, refused).name == "NotPayableNow"

    vault.withdraw(at_once, holder, holder, sender=holder)
    assert chain.balance(USDC, lent.meta) == 0
    vault.requestRedeem(vault.balanceOf(holder), holder, holder, sender=holder)
    vault.fulfillRequests(1, sender=holder)
    assert vault.maxWithdraw(holder) == 0

    chain.let_pass(DAY)
    lent.morpho.repay(lent.market)
    vault.fulfillRequests(1, sender=holder)
    vault.claimRedeem(0, holder, sender=holder)

    paid = chain.balance(USDC, holder.address)
    assert STAKE < paid < STAKE + LENT // 1_000
    assert vault.totalSupply() == 0
    # What was rounded down on the way.
    assert vault.totalAssets() < 10


def test_exit_in_kind_takes_morphos_own_shares_while_nothing_is_liquid(lent: Scene) -> None:
    vault, holder, chain = lent.vault, lent.holder, lent.chain
    vault.withdraw(vault.maxWithdraw(holder), holder, holder, sender=holder)
    paid = chain.balance(USDC, holder.address)
    booked = lent.strategy.books()[0]

    vault.redeemInKind(vault.balanceOf(holder), holder, holder, [], sender=holder)

    assert vault.totalSupply() == 0
    got = lent.meta_says("balanceOf(address)", holder.address)
    assert got == pytest.approx(booked, rel=1e-9)
    assert got <= booked
    assert lent.meta_says("balanceOf(address)", lent.strategy.address) == lent.strategy.books()[0]
    # And they are worth what was left, to whoever waits at Morpho's instead.
    chain.let_pass(HOUR)
    lent.morpho.repay(lent.market)
    chain.send(
        holder.address, lent.meta, "redeem(uint256,address,address)", got, holder.address, holder.address
    )
    assert chain.balance(USDC, holder.address) - paid == pytest.approx(LENT, rel=1e-4)


def test_loss_in_morphos_market_is_counted_at_once_and_stops_entries(lent: Scene) -> None:
    """WETH falls to a tenth: all collateral is sold, and what is missing is the suppliers'."""
    vault = lent.vault
    before = lent.strategy.report()[0]
    lent.morpho.liquidate(lent.market, price=USDC_PER_WETH // 10)

    value, liquid, sound = lent.strategy.report()

    assert value < before - LENT // 2
    assert (liquid, sound) == (0, False)
    assert vault.maxDeposit(lent.holder) == 0
    assert vault.totalAssets() == vault.state().idle + value
    assert vault.payableNow() == vault.state().idle


def test_market_without_borrowers_is_supplied_beside_one_with_them(scene: Scene) -> None:
    """MetaMorpho's own buffer: an idle market, emptied last."""
    meta = scene.morpho.open_vault(scene.owner.address, [(IDLE, STAKE), (scene.market, CAP)])
    strategy = scene.owner.deploy(
        ape.project.Erc4626Strategy, scene.vault, scene.vault.authority(), meta, BAND_BPS, GROWTH_BPS
    )
    scene.vault.addPool(strategy, sender=scene.owner)
    scene.chain.let_pass(HOUR)
    scene.vault.rebalance([(strategy.address, True, EVERYTHING)], EVERYTHING, EVERYTHING, sender=scene.owner)
    value, liquid, sound = strategy.report()
    # Half of what the buffer leaves: two pools of one score.
    assert value == pytest.approx(STAKE * 0.4, rel=0.02)
    assert (liquid, sound) == (value, True)
