"""Aave V2, Balancer's factories and the stable curve: what can be known of them without a chain."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.activity.venues import balancer_v2 as balancer_venue
from steelyard.sandbox.activity.venues.stable import stable_views
from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.sandbox.replica.packages import Packages
from steelyard.sandbox.replica.pools.stable_swap import balances_at, invariant_of, virtual_reserves
from steelyard.sandbox.replica.protocols import aave_v2, balancer_v2_pools
from steelyard.sandbox.replica.tokens import AAVE, DAI, USDC, USDT, WETH
from steelyard.units import WAD
from tests.support.exact_curves import stable_invariant, stable_out, weighted_out

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
BALANCER = "@balancer-labs/v2-deployments"
TASKS = "dist/tasks"
POOLS = (
    ([10**24, 10**24], 1500),
    ([3 * 10**24, 10**24], 100),
    ([68 * 10**24, 55 * 10**24, 44 * 10**24], 2000),
    ([10**24, 2 * 10**24, 3 * 10**24, 4 * 10**24], 10),
)


@pytest.fixture(scope="module")
def packages() -> Packages:
    return Packages(ROOT)


def created(creator: str, nonce: int) -> str:
    """CREATE: keccak of the RLP list of sender and nonce; a nonce below 128 is its own RLP."""
    return to_checksum_address(keccak(b"\xd6\x94" + bytes.fromhex(creator[2:]) + bytes([nonce]))[-20:])


def test_aave_v2_providers_first_two_creations_are_mainnets_pool_and_configurator() -> None:
    assert created(aave_v2.PROVIDER, 1) == aave_v2.POOL
    assert created(aave_v2.PROVIDER, 2) == aave_v2.CONFIGURATOR


def test_aave_v2_reserves_take_the_nonces_that_make_mainnets_token_addresses() -> None:
    for reserve in aave_v2.RESERVES:
        assert created(aave_v2.CONFIGURATOR, reserve.nonce) == reserve.a_token


def test_balancers_first_pools_stand_where_mainnets_record_has_them() -> None:
    # `MockWeightedPool` and `MockComposableStablePool` of the deployments' own output.
    for factory, first in (
        (balancer_v2_pools.WEIGHTED_FACTORY, "0x1576d472d82A72a1Ec7C57FcA770BD752D124A62"),
        (balancer_v2_pools.STABLE_FACTORY, "0x222bc81C6F3C17e9e9Aba47a12f55a1Dea42f163"),
    ):
        assert balancer_v2_pools.pool_address(factory, 0) == first
        assert balancer_v2_pools.pool_address(factory, 1) == created(factory, 4)


@pytest.mark.parametrize(
    ("task", "pool"),
    [
        ("20230206-weighted-pool-v3", "WeightedPool"),
        ("20230206-composable-stable-pool-v3", "ComposableStablePool"),
    ],
)
def test_balancers_factories_carry_the_recorded_pools(packages: Packages, task: str, pool: str) -> None:
    factory = packages.npm_artifact(BALANCER, f"{TASKS}/{task}/artifact/{pool}Factory.json")
    recorded = packages.npm_artifact(BALANCER, f"{TASKS}/{task}/artifact/{pool}.json")
    assert recorded.creation in factory.creation


@pytest.mark.parametrize(("balances", "leverage"), POOLS)
def test_invariant_is_the_exact_one_to_a_few_units(balances: list[int], leverage: int) -> None:
    assert abs(invariant_of(balances, leverage) - stable_invariant(balances, leverage)) < 4


def test_equal_prices_take_equal_balances_that_add_up_to_the_invariant() -> None:
    for count in (2, 3, 4):
        balances = balances_at([7] * count, count * WAD, 100)
        assert len(set(balances)) == 1
        assert 0 <= count * WAD - sum(balances) <= count


def test_balances_put_every_coin_at_its_price() -> None:
    prices, leverage = [99_980_000, 100_000_000, 100_020_000], 2000
    balances = balances_at(prices, 165 * 10**24, leverage)
    assert abs(stable_invariant(balances, leverage) - 165 * 10**24) < 10
    assert balances[0] > balances[1] > balances[2]
    for i, j in combinations(range(3), 2):
        amount = 10**20
        out = stable_out(balances, leverage, i, j, amount)
        assert abs(float(out) / amount / (prices[i] / prices[j]) - 1) < 1e-8


@pytest.mark.parametrize(("balances", "leverage"), POOLS)
def test_virtual_reserves_trade_as_the_stable_pool_does(balances: list[int], leverage: int) -> None:
    for sold, bought in combinations(range(len(balances)), 2):
        reserve_in, reserve_out = virtual_reserves(balances, leverage, sold, bought)
        amount = reserve_in // 10**6
        exact = float(stable_out(balances, leverage, sold, bought, amount))
        flat = amount * reserve_out / reserve_in
        virtual = reserve_out * amount / (reserve_in + amount)
        # Price and slope agree: what is left is of the second order in the trade.
        assert abs(exact / virtual - 1) < 1e-2 * abs(exact / flat - 1)


def test_weighted_pool_is_seen_with_the_price_and_slope_of_its_curve() -> None:
    record = PoolRecord(
        kind=PoolKind.BALANCER_WEIGHTED,
        address=WETH.address,
        token0=AAVE.address,
        token1=WETH.address,
        fee_pips=3000,
        pool_id="0x" + "00" * 32,
    )
    balances, weights = (80_000 * WAD, 900 * WAD), (8 * WAD // 10, 2 * WAD // 10)
    tokens = [AAVE.address, WETH.address]
    answers = (
        encode_arguments("(address[],uint256[],uint256)", tokens, balances, 0),
        encode_arguments("(uint256[])", weights),
    )
    (view,) = balancer_venue.WEIGHTED.views(record, answers)
    amount = balances[0] // 10**5
    exact = float(weighted_out(balances[0], weights[0], balances[1], weights[1], amount))
    virtual = view.reserve1 * amount / (view.reserve0 + amount)
    flat = view.reserve1 * amount / view.reserve0
    assert abs(exact / virtual - 1) < 1e-3 * abs(exact / flat - 1)


def test_pool_of_three_coins_is_seen_as_three_pairs_in_base_units() -> None:
    coins = (DAI, USDC, USDT)
    record = PoolRecord(
        kind=PoolKind.CURVE_STABLE,
        address=DAI.address,
        token0=DAI.address,
        token1=USDC.address,
        fee_pips=100,
        tokens=tuple(coin.address for coin in coins),
    )
    views = stable_views(record, [coin.base_units(1_000_000) for coin in coins], 100)
    pairs = [(view.record.token0, view.record.token1) for view in views]
    assert pairs == [(one.address, other.address) for one, other in combinations(coins, 2)]
    # DAI has twelve digits more than USDC, and a pool of nearly equal worths is nearly at par.
    assert abs(views[0].reserve0 / views[0].reserve1 / 10**12 - 1) < 1e-3
    assert abs(views[2].reserve0 / views[2].reserve1 - 1) < 1e-3
