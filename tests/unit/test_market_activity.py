"""The arithmetic behind the sandbox's market: walks, fees and the size of a trade, all in integers."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from steelyard.model.chain import BlockRef
from steelyard.sandbox.activity import FairPrices
from steelyard.sandbox.activity.crowd import HOME_WEI, memory_offset, wanted_gas
from steelyard.sandbox.activity.pools import PoolView
from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.sandbox.replica.tokens import USDC, WETH

pytestmark = pytest.mark.unit

GAS_LIMIT = 30_000_000
START_USD_E8 = {"WETH": 2_200_00000000, "LINK": 14_00000000, "USDC": 1_00000000}
PINNED_AFTER_100_STEPS = [219200171026, 1390556705, 100002665]


def pair(reserve0: int, reserve1: int) -> PoolView:
    record = PoolRecord(
        kind=PoolKind.UNISWAP_V2,
        address=WETH.address,
        token0=USDC.address,
        token1=WETH.address,
        fee_pips=3000,
    )
    return PoolView(record=record, reserve0=reserve0, reserve1=reserve1)


def walk(seed: int, steps: int) -> FairPrices:
    prices = FairPrices(START_USD_E8, seed)
    for _ in range(steps):
        prices.step()
    return prices


def test_prices_walk_the_same_way_for_the_same_seed() -> None:
    # Pinned: a change of this line is a change of every market that was ever made with a seed.
    assert [walk(42, 100)[symbol] for symbol in START_USD_E8] == PINNED_AFTER_100_STEPS


def test_prices_walk_another_way_for_another_seed() -> None:
    assert walk(1, 10)["WETH"] != walk(2, 10)["WETH"]


def test_stable_coin_stays_near_its_dollar_while_others_move() -> None:
    prices = walk(7, 5_000)
    assert abs(prices["USDC"] - START_USD_E8["USDC"]) < START_USD_E8["USDC"] // 500
    assert prices["WETH"] != START_USD_E8["WETH"]


def test_base_fee_that_follows_the_crowd_wanders_around_its_home() -> None:
    random = Random(3)
    block = BlockRef(
        number=0,
        hash="",
        parent_hash="",
        timestamp_seconds=0,
        base_fee_wei=HOME_WEI,
        gas_used=GAS_LIMIT // 2,
        gas_limit=GAS_LIMIT,
    )
    fees = []
    for _ in range(5_000):
        used = wanted_gas(block.base_fee_wei, GAS_LIMIT, random)
        assert 0 <= used <= GAS_LIMIT
        block = replace(block, base_fee_wei=replace(block, gas_used=used).next_base_fee_wei())
        fees.append(block.base_fee_wei)
    assert HOME_WEI // 10 < min(fees) < HOME_WEI < max(fees) < HOME_WEI * 10


@pytest.mark.parametrize("gas", [0, 1, 10_000, 1_000_000, 12_000_000])
def test_memory_offset_costs_what_was_asked_and_no_more(gas: int) -> None:
    words = memory_offset(gas) // 32 + 1
    price = 3 * words + words * words // 512
    following = 3 * (words + 1) + (words + 1) ** 2 // 512
    assert price <= max(gas, 3) < following + 3


@pytest.mark.parametrize("move_ppm", [-100_000, -9_000, -500, 500, 9_000, 100_000])
def test_swap_to_move_moves_a_pair_by_what_was_asked(move_ppm: int) -> None:
    view = pair(50_000_000 * 10**6, 22_700 * 10**18)
    swap = view.swap_to_move(move_ppm)
    paid = swap.amount * 997 // 1000
    product = view.reserve0 * view.reserve1
    if swap.zero_in:
        reserve0 = view.reserve0 + paid
        reserve1 = product // reserve0
    else:
        reserve1 = view.reserve1 + paid
        reserve0 = product // reserve1
    moved_ppm = (reserve1 * view.reserve0 * 10**6) // (reserve0 * view.reserve1) - 10**6
    assert abs(moved_ppm - move_ppm) <= 2


def test_gap_is_zero_at_the_fair_price_and_signed_beside_it() -> None:
    fair = pair(2_200 * 10**6 * 1_000, 1_000 * 10**18)
    prices = (1_00000000, 2_200_00000000, 10**6, 10**18)
    assert fair.gap_ppm(*prices) == 0
    # Too much token1 for each token0: token0 is priced too high, and would have to fall.
    assert pair(fair.reserve0, fair.reserve1 * 101 // 100).gap_ppm(*prices) < 0
    assert pair(fair.reserve0, fair.reserve1 * 99 // 100).gap_ppm(*prices) > 0
