"""A keeper looks after a real vault: what it reads is what the contracts say, what it sends is done."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import ape
import pytest
from eth_account import Account
from eth_utils.crypto import keccak

from steelyard.act.gas import GasSettings
from steelyard.act.submitter import Submitter
from steelyard.app.vault_sending import DirectCarrier, RelayedCarrier
from steelyard.connect.vault_calls import REBALANCE
from steelyard.exceptions import ConfigError
from steelyard.model import Address, IntentStatus, Mode, PoolState, RebalanceCode, VaultStop
from steelyard.observe.vault import VaultReader
from steelyard.record.vault_reports import read_histories, read_rebalances
from steelyard.sandbox.funding import fund_ether
from tests.support.dev_chain import KeySigner
from tests.support.fork_chain import ETHER, actor
from tests.support.fork_market import USDC, WETH
from tests.support.kept_vault import EAGER, HOUR, KEY, TIP_WEI, Stand

if TYPE_CHECKING:
    from steelyard.connect.chain import ChainClient
    from tests.support.fork_chain import ForkChain
    from tests.support.records import Store

pytestmark = [pytest.mark.fork, pytest.mark.needs("any")]

UNIT: Final = 10**6
STAKE: Final = 100_000 * UNIT
NOBODY: Final = "0x" + "0" * 40
FEEDS: Final = {
    USDC: "0x8fFfFfd4AfB6115b954Bd326cbe7B4BA576818f6",
    WETH: "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419",
}
MAX_AGE_SECONDS: Final = 90_000
KEEPER_ROLE, MANAGER_ROLE = 0, 1
SIGNING_KEY: Final = "0x" + keccak(text="steelyard test actor: vault keeper without ether").hex()


@pytest.fixture(scope="module")
def relayer(owner: Any) -> Any:
    return owner.deploy(ape.project.GaslessTransactionRelayer, owner)


@pytest.fixture(scope="module")
def contracts(chain: ForkChain, owner: Any, relayer: Any) -> tuple[Any, tuple[Any, Any], tuple[Any, Any]]:
    """The vault, its strategies, and what they lend to."""
    project = ape.project
    authority = owner.deploy(project.VaultAuthority, owner)
    prices = owner.deploy(project.FeedPriceSource, authority)
    for token, feed in FEEDS.items():
        answer = chain.read(feed, "latestRoundData()", "(uint80,int256,uint256,uint256,uint80)")[1] * 10**10
        prices.setFeed(token, (feed, 8, MAX_AGE_SECONDS, answer // 2, answer * 2, NOBODY, 0), sender=owner)
    model, curve = (5_000, 15_000, 2_500, 10_000, 3_000), (500, 2_000, 1_000_000)
    limits = (100, 10_000, 100, 100, HOUR, 24 * HOUR)
    policy = owner.deploy(project.AllocationPolicy, USDC, prices, model, curve, limits)
    settings = (policy, actor("fees"), 0, 0, 2**128 - 1)
    implementation = owner.deploy(project.AllocationVault, relayer)
    names = (b"Steelyard USDC".ljust(32, b"\0"), b"syUSDC".ljust(32, b"\0"))
    start = implementation.initialize.encode_input(USDC, *names, authority, settings)
    vault = project.AllocationVault.at(owner.deploy(project.VaultProxy, implementation, start).address)
    keepers = (KeySigner(KEY).address, Account.from_key(SIGNING_KEY).address)
    for account, role in (*((each, KEEPER_ROLE) for each in keepers), (owner, MANAGER_ROLE)):
        vault.setRole(account, role, True, sender=owner)
    relayer.allowCall(vault, REBALANCE, sender=owner)
    targets = tuple(owner.deploy(project.VaultTarget, USDC) for _ in range(2))
    pools = tuple(
        owner.deploy(project.Erc4626Strategy, vault, authority, target, 100, 3_000) for target in targets
    )
    for pool in pools:
        vault.addPool(pool, sender=owner)
    return vault, (pools[0], pools[1]), (targets[0], targets[1])


@pytest.fixture
def stand(
    chain: ForkChain, client: ChainClient, store: Store, contracts: Any, owner: Any, keeper: Any
) -> Stand:
    """The holder's stake in the buffer; nothing invested yet."""
    vault, pools, targets = contracts
    signer = KeySigner(KEY)
    fund_ether(chain.rpc, signer.address, 10 * ETHER)
    standing = Stand(chain, client, store, vault, pools, targets, owner, keeper, signer)
    standing.deposit(STAKE)
    standing.later()
    return standing


def test_what_is_read_is_what_the_vault_its_policy_and_its_pools_say(stand: Stand) -> None:
    stand.vault.setPoolScores(stand.pools[0], 9_000, 8_000, 7_000, sender=stand.owner)
    stand.vault.setPoolCScore(stand.pools[1], 3_000, sender=stand.owner)
    assert stand.look(stand.watch()).is_sent
    stand.settle()
    stand.vault.requestRedeem(10**9, stand.holder, stand.holder, sender=stand.holder)
    vault = stand.vault
    seen = stand.reader().read(stand.client.block())

    weights, ratio = vault.targetAlmWeightsAndLiquidity()
    targets, idle_target = vault.targetAllocations()
    assert (seen.total_assets, seen.supply) == (vault.totalAssets(), vault.totalSupply())
    assert (seen.idle, seen.claimable) == (vault.state().idle, vault.state().claimable)
    assert (seen.idle_target, seen.liquidity_ratio_bps) == (idle_target, ratio)
    assert seen.tvl_usd_wad == vault.tvlUsdWad()
    assert seen.awaited == vault.convertToAssets(10**9) > 0
    assert seen.share_price_wad == vault.convertToAssets(10**12) * 10**12
    assert seen.last_rebalance_seconds == vault.state().lastRebalance > 0
    assert (seen.asset.symbol, seen.asset.decimals) == ("USDC", 6)
    assert (seen.stop, seen.trouble) == (VaultStop.NOTHING, None)
    assert seen.limits.min_interval_seconds == HOUR
    assert seen.native_usd_wad is not None
    assert seen.native_usd_wad > (seen.asset_usd_wad or 0) > 0
    for at, (pool, strategy) in enumerate(zip(seen.pools, stand.pools, strict=True)):
        assert (pool.value, pool.liquid, pool.is_sound) == tuple(strategy.report())
        assert (pool.target, pool.weight_wad) == (targets[at], weights[at])
        assert pool.state is PoolState.ACTIVE
    assert seen.pools[0].scores.c_score == vault.pool(stand.pools[0]).cScore > 7_900
    assert (seen.pools[1].scores.trust, seen.pools[1].scores.c_score) == (0, 3_000)


def test_a_deposit_is_carried_to_the_pools_settled_and_recorded_to_the_unit(stand: Stand) -> None:
    turn = stand.look(stand.watch())
    plan = turn.verdict.plan
    assert plan is not None
    assert turn.is_sent
    assert plan.moved == turn.snapshot.idle - turn.snapshot.idle_target

    (outcome,) = stand.settle()
    assert outcome.status is IntentStatus.CONFIRMED
    assert stand.vault.totalAssets() == STAKE
    allocations, idle = stand.vault.targetAllocations()
    assert [strategy.report().value for strategy in stand.pools] == list(allocations)
    assert stand.vault.state().idle == idle
    with stand.store.database.read() as session:
        (row,) = read_rebalances(session, stand.address)
        assert (row.status, row.moved, row.loss) == ("confirmed", plan.moved, 0)
        assert row.gas_cost_wei == outcome.gas_cost_wei > 0
        (history,) = read_histories(session)
    assert history.latest.total_assets == STAKE
    assert history.verdicts[0].code is RebalanceCode.ACCEPTED

    # And then there is nothing to do, for the reason that is true.
    again = stand.look(stand.watch())
    assert again.verdict.code is RebalanceCode.BELOW_THRESHOLD
    assert not again.is_sent


def test_while_a_rebalance_is_open_no_other_is_sent(stand: Stand) -> None:
    stand.chain.rpc.call("evm_setAutomine", False)
    try:
        watch = stand.watch()
        assert stand.look(watch).is_sent
        assert stand.look(stand.watch()).verdict.code is RebalanceCode.PENDING
    finally:
        stand.chain.rpc.call("evm_mine")
        stand.chain.rpc.call("evm_setAutomine", True)
    assert stand.settle()[0].status is IntentStatus.CONFIRMED


def test_drift_waits_for_the_interval_and_then_goes_from_pool_to_pool(stand: Stand) -> None:
    watch = stand.watch()
    stand.look(watch)
    stand.settle()
    stand.vault.setPoolCScore(stand.pools[1], 1_000, sender=stand.owner)
    assert stand.look(stand.watch()).verdict.code is RebalanceCode.TOO_EARLY

    stand.later()
    turn = stand.look(stand.watch())
    plan = turn.verdict.plan
    assert plan is not None
    assert [(move.strategy, move.is_deploy) for move in plan.moves] == [
        (stand.pools[1].address, False),
        (stand.pools[0].address, True),
    ]
    assert stand.settle()[0].status is IntentStatus.CONFIRMED
    allocations, _ = stand.vault.targetAllocations()
    assert [strategy.report().value for strategy in stand.pools] == list(allocations)


def test_requests_above_the_buffer_are_served_at_once(stand: Stand) -> None:
    stand.look(stand.watch())
    stand.settle()
    shares = stand.vault.balanceOf(stand.holder) // 2
    stand.vault.requestRedeem(shares, stand.holder, stand.holder, sender=stand.holder)
    calm = replace(EAGER, urgent_interval_seconds=0)

    turn = stand.look(stand.watch(settings=calm))
    assert turn.verdict.plan is not None
    assert turn.verdict.plan.is_urgent
    assert stand.settle()[0].status is IntentStatus.CONFIRMED
    assert stand.vault.state().idle >= stand.vault.convertToAssets(shares)
    stand.vault.fulfillRequests(10, sender=stand.holder)
    assert stand.vault.state().claimable == pytest.approx(STAKE // 2, abs=2)


def test_a_keeper_without_ether_is_carried_by_the_relayer(stand: Stand, relayer: Any) -> None:
    signing = Account.from_key(SIGNING_KEY)
    assert stand.chain.ether(signing.address) == 0
    payer = KeySigner("0x" + keccak(text="steelyard test actor: who pays for the vault's keeper").hex())
    fund_ether(stand.chain.rpc, payer.address, ETHER)
    carrier = RelayedCarrier(
        Address(signing.address),
        lambda message: bytes(signing.sign_message(message).signature),
        forwarder=Address(relayer.address),
        payer=payer.address,
    )
    gas = GasSettings(priority_fee_wei=TIP_WEI)
    submitter = Submitter(stand.client, stand.store.journal, payer, gas)

    turn = stand.look(stand.watch(carrier=carrier, submitter=submitter))
    assert turn.is_sent, turn.verdict.reason
    (outcome,) = stand.settle()
    assert outcome.status is IntentStatus.CONFIRMED, outcome.reason
    assert turn.verdict.plan is not None
    assert outcome.gas_used <= turn.verdict.plan.gas_units
    assert stand.vault.state().lastRebalance > 0


def test_every_no_has_its_reason_and_is_recorded(stand: Stand) -> None:
    stranger = DirectCarrier(actor("no keeper of this vault"))
    no_role = stand.look(stand.watch(carrier=stranger)).verdict
    assert no_role.code is RebalanceCode.SIMULATION
    assert "MissingRole" in no_role.reason

    stingy = replace(EAGER, misplaced_bps_per_year=0)
    assert stand.look(stand.watch(settings=stingy)).verdict.code is RebalanceCode.BELOW_COST

    halted = stand.look(stand.watch(), stopped="the kill file is there").verdict
    assert (halted.code, halted.reason) == (RebalanceCode.STOPPED, "the kill file is there")

    stand.look(stand.watch())
    stand.settle()
    stand.targets[0].setBroken(True, sender=stand.owner)
    unknown = stand.look(stand.watch())
    assert unknown.verdict.code is RebalanceCode.NO_PRICE
    assert f"pool {stand.pools[0].address} has no value" in unknown.verdict.reason
    assert unknown.snapshot.total_assets is None
    stand.store.writer.flush()
    with stand.store.database.read() as session:
        (history,) = read_histories(session)
    assert history.latest.trouble == unknown.verdict.reason
    told = [verdict.code for verdict in history.verdicts]
    assert told == [
        RebalanceCode.NO_PRICE,
        RebalanceCode.ACCEPTED,
        RebalanceCode.STOPPED,
        RebalanceCode.BELOW_COST,
        RebalanceCode.SIMULATION,
    ]


def test_a_feed_that_has_gone_stale_is_the_reason_that_is_told(stand: Stand) -> None:
    feed = stand.owner.deploy(ape.project.VaultFeed, 8, 10**8)
    policy = ape.project.AllocationPolicy.at(stand.vault.settings().policy)
    prices = ape.project.FeedPriceSource.at(policy.priceSource())
    listed = (feed, 8, HOUR, 9 * 10**17, 11 * 10**17, NOBODY, 0)
    prices.setFeed(USDC, listed, sender=stand.owner)
    assert stand.reader().read(stand.client.block()).asset_usd_wad == 10**18
    feed.freeze(ape.chain.pending_timestamp - 2 * HOUR, sender=stand.owner)

    turn = stand.look(stand.watch())
    assert turn.verdict.code is RebalanceCode.NO_PRICE
    assert "the asset has no price: PriceStale" in turn.verdict.reason
    assert turn.snapshot.total_assets == STAKE
    assert turn.snapshot.tvl_usd_wad is None


def test_paper_mode_tries_everything_and_sends_nothing(stand: Stand) -> None:
    before = stand.client.nonce(stand.signer.address)
    turn = stand.look(stand.watch(mode=Mode.PAPER))
    assert turn.is_sent
    assert stand.client.nonce(stand.signer.address) == before
    assert not stand.store.journal.unfinished()
    assert stand.signer.signatures == 0


def test_what_is_no_vault_is_refused_by_name(stand: Stand) -> None:
    reader = VaultReader(stand.client, Address(USDC), wrapped_native=Address(WETH))
    with pytest.raises(ConfigError, match=f"there is no vault at {USDC}"):
        reader.read(stand.client.block())
