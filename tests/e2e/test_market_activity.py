"""The market in motion on the replica: the same for the same seed, and worth a keeper's while."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from steelyard.sandbox.abi import selector_of
from steelyard.sandbox.activity import FOLLOWERS, NOISE_TRADERS, MarketActivity
from steelyard.sandbox.activity.venues.registry import VENUES
from steelyard.sandbox.funding import fund_ether
from steelyard.sandbox.mining import read_block
from steelyard.sandbox.replica import ensure_replica
from steelyard.sandbox.replica.protocols.price_feeds import FEEDS
from steelyard.sandbox.rpc import SandboxRpc
from steelyard.units import ETHER, GWEI, Address
from tests.support.cycles import best_profit_usd
from tests.support.watched import WATCHED_KINDS

pytestmark = pytest.mark.e2e

KEEPER = Address("0x00000000000000000000000000000000000cEE9e")
DEFAULT_SEED = 42
WORTHWHILE_USD = 10
ABSURD_USD = 5_000
PINNED_TRADES = "d5d24fa061ff7a04f67a21eb007b43133014f0691f3f37b60344001244faf840"
LATEST_ANSWER = "0x" + selector_of("latestAnswer()").hex()


def block(rpc: SandboxRpc, number: int) -> dict[str, Any]:
    found: dict[str, Any] = rpc.call("eth_getBlockByNumber", hex(number), False)
    return found


def hashes_of_blocks(seed: int, blocks: int) -> list[object]:
    with ensure_replica() as replica, replica.connect() as rpc:
        market = MarketActivity(rpc, seed, replica.manifest)
        hashes = []
        for _ in range(blocks):
            market.submit()
            hashes.append(block(rpc, market.mine())["hash"])
        return hashes


def test_same_seed_gives_the_same_blocks_hash_for_hash() -> None:
    assert hashes_of_blocks(DEFAULT_SEED, 10) == hashes_of_blocks(DEFAULT_SEED, 10)


def test_default_seeds_trades_at_the_oldest_kinds_are_what_they_always_were() -> None:
    """Pinned: whatever joins the market, what was found on the seeded market stays true of these pools."""
    routers = {VENUES[kind].spenders[0].lower() for kind in WATCHED_KINDS}
    digest = hashlib.sha256()
    with ensure_replica() as replica, replica.connect() as rpc:
        market = MarketActivity(rpc, DEFAULT_SEED, replica.manifest)
        for _ in range(10):
            for sent in market.submit():
                trade = rpc.call("eth_getTransactionByHash", sent)
                if trade["to"] in routers:
                    digest.update("".join((trade["from"], trade["to"], trade["input"])).encode())
            market.mine()
    assert digest.hexdigest() == PINNED_TRADES


def test_another_seed_gives_other_blocks() -> None:
    assert hashes_of_blocks(1, 2)[0] != hashes_of_blocks(2, 2)[0]


def test_every_block_holds_the_markets_trades_in_their_order() -> None:
    traders = {trader.address.lower() for trader in (*NOISE_TRADERS, *FOLLOWERS)}
    with ensure_replica() as replica, replica.connect() as rpc:
        market = MarketActivity(rpc, DEFAULT_SEED, replica.manifest)
        for _ in range(10):
            sent = market.submit()
            assert block(rpc, market.mine())["transactions"] == sent
            senders = {rpc.call("eth_getTransactionByHash", each)["from"] for each in sent}
            assert senders & traders


def test_trades_go_through_save_for_a_limit_passed_earlier_in_the_block() -> None:
    with ensure_replica() as replica, replica.connect() as rpc:
        market = MarketActivity(rpc, DEFAULT_SEED, replica.manifest)
        statuses = []
        for _ in range(20):
            sent = market.submit()
            market.mine()
            receipts = rpc.batch([("eth_getTransactionReceipt", [each]) for each in sent])
            statuses += [receipt["status"] for receipt in receipts]
        assert statuses.count("0x1") >= 0.95 * len(statuses)


def test_whoever_tips_more_than_the_market_goes_first() -> None:
    with ensure_replica() as replica, replica.connect() as rpc:
        market = MarketActivity(rpc, DEFAULT_SEED, replica.manifest)
        fund_ether(rpc, KEEPER, ETHER)
        rpc.call("anvil_impersonateAccount", KEEPER)
        for nonce in range(5):
            market.submit()
            base_fee = int(block(rpc, int(rpc.call("eth_blockNumber"), 16))["baseFeePerGas"], 16)
            fees = {"maxFeePerGas": hex(base_fee * 9 // 8 + GWEI), "maxPriorityFeePerGas": hex(GWEI)}
            call = {"from": KEEPER, "to": KEEPER, "gas": hex(21_000), "nonce": hex(nonce)}
            sent = rpc.call("eth_sendTransaction", call | fees)
            assert block(rpc, market.mine())["transactions"][0] == sent


def test_default_seed_offers_worthwhile_cycles_in_most_of_forty_blocks() -> None:
    with ensure_replica() as replica, replica.connect() as rpc:
        market = MarketActivity(rpc, DEFAULT_SEED, replica.manifest)
        profits = []
        for _ in range(40):
            market.submit()
            market.mine()
            gas_price = read_block(rpc).next_base_fee_wei() + GWEI
            profits.append(best_profit_usd(rpc, replica.manifest, market.fair_prices, gas_price))
        assert sum(profit >= WORTHWHILE_USD for profit in profits) > 20
        assert max(profits) < ABSURD_USD


def test_feeds_follow_the_fair_prices_and_are_posted_when_off_by_half_a_per_cent() -> None:
    with ensure_replica() as replica, replica.connect() as rpc:
        market = MarketActivity(rpc, DEFAULT_SEED, replica.manifest)
        for _ in range(60):
            market.submit()
            market.mine()
        moved = 0
        for token, _, feed in FEEDS:
            answer = int(rpc.call("eth_call", {"to": feed, "data": LATEST_ANSWER}, "latest"), 16)
            assert abs(answer / market.fair_prices[token.symbol] - 1) <= 0.0051
            moved += answer != token.price_usd_e8
        assert moved >= 2
