"""Balancer's and Curve's pools on the served replica: exact prices, exact payments, and mainnet's manners."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from steelyard.exceptions import RpcRejected
from steelyard.sandbox.activity import MarketActivity
from steelyard.sandbox.activity.venues.registry import view_pools
from steelyard.sandbox.funding import allow, fund
from steelyard.sandbox.replica import PoolKind, PoolRecord, Replica, ensure_replica
from steelyard.sandbox.replica.protocols import balancer_v2, balancer_v2_pools
from steelyard.sandbox.replica.protocols.curve import FEE_ONE, FRAX_USDC, POOLS, THREE_POOL, CurvePool
from steelyard.sandbox.replica.tokens import USDC, USDT, token_at
from steelyard.units import UINT256_MAX, Address
from tests.support.exact_curves import stable_invariant, stable_out, weighted_out
from tests.support.replica_chain import ReplicaChain, snapshot_of

pytestmark = pytest.mark.e2e

TRADER = Address("0x0000000000000000000000000000000000007aDe")
KINDS = (PoolKind.BALANCER_WEIGHTED, PoolKind.BALANCER_STABLE, PoolKind.CURVE_STABLE)
EXCHANGE = "exchange(int128,int128,uint256,uint256)"
GET_DY = "get_dy(int128,int128,uint256)"
SWAP = "swap((bytes32,uint8,address,address,uint256,bytes),(address,bool,address,bool),uint256,uint256)"
WORTHS_USD = (1, 1_000, 750_000, 20_000_000)
NEWTON_UNITS = 8
"""How far, in units of 10^-18, the steps in whole numbers may end from the exact balance."""
PAIRS = [
    pytest.param(pool, i, j, id=f"{pool.name} {pool.coins[i].symbol}-{pool.coins[j].symbol}")
    for pool in POOLS
    for i, j in permutations(range(len(pool.coins)), 2)
]


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with ensure_replica() as running:
        yield running


@pytest.fixture
def chain(replica: Replica) -> Iterator[ReplicaChain]:
    with snapshot_of(replica) as chain:
        yield chain


def balances_of(chain: ReplicaChain, pool: CurvePool) -> list[int]:
    return [
        chain.read(pool.address, "balances(uint256)", "(uint256)", index) for index in range(len(pool.coins))
    ]


def scaled(pool: CurvePool, balances: list[int]) -> list[int]:
    return [balance * 10 ** (18 - coin.decimals) for coin, balance in zip(pool.coins, balances, strict=True)]


def endow(chain: ReplicaChain, token: Any, spender: Address, amount: int) -> None:
    fund(chain.rpc, TRADER, token.address, amount)
    allow(chain.rpc, TRADER, spender, token.address, UINT256_MAX)


# --------------------------------------------------------------------------------------------------- Curve


@pytest.mark.parametrize(("pool", "i", "j"), PAIRS)
def test_stable_pool_quotes_what_the_curve_gives_less_fee_and_rounding(
    chain: ReplicaChain, pool: CurvePool, i: int, j: int
) -> None:
    held = scaled(pool, balances_of(chain, pool))
    unit_in, unit_out = (10 ** (18 - pool.coins[k].decimals) for k in (i, j))
    for worth in WORTHS_USD:
        amount = pool.coins[i].base_units(worth)
        exact = stable_out(held, pool.leverage, i, j, amount * unit_in)
        kept = exact * (FEE_ONE - pool.fee_e10) / FEE_ONE
        quoted = chain.read(pool.address, GET_DY, "(uint256)", i, j, amount)
        # The fee rounds down, for the trader: to the coin's own units at the 3pool, to 10^-18 elsewhere.
        assert quoted * unit_out <= kept + (unit_out if pool == THREE_POOL else 1)
        assert quoted * unit_out > kept - 2 * unit_out - NEWTON_UNITS


@pytest.mark.parametrize(("pool", "i", "j"), PAIRS)
def test_stable_pool_pays_what_it_quotes_to_one_base_unit(
    chain: ReplicaChain, pool: CurvePool, i: int, j: int
) -> None:
    sold, bought = pool.coins[i], pool.coins[j]
    amount = sold.base_units(1_234_567) + 89
    endow(chain, sold, pool.address, amount)
    quoted = chain.read(pool.address, GET_DY, "(uint256)", i, j, amount)
    assert chain.send(TRADER, pool.address, EXCHANGE, i, j, amount, 0)["status"] == "0x1"
    paid = chain.balance(bought.address, TRADER)
    assert chain.balance(sold.address, TRADER) == 0
    # The 3pool's quote takes the fee after it converts, its exchange before.
    assert abs(paid - quoted) <= (1 if pool == THREE_POOL else 0)


def test_three_pool_pays_one_unit_less_than_it_quotes_for_some_amounts(chain: ReplicaChain) -> None:
    endow(chain, USDC, THREE_POOL.address, 10**9)
    differences = set()
    for amount in (9_000, 10_000, 10_001, 12_345, 15_000, 19_999, 20_003, 123_456):
        quoted = chain.read(THREE_POOL.address, GET_DY, "(uint256)", 1, 2, amount)
        before = chain.balance(USDT.address, TRADER)
        chain.send(TRADER, THREE_POOL.address, EXCHANGE, 1, 2, amount, 0)
        differences.add(chain.balance(USDT.address, TRADER) - before - quoted)
    assert differences == {-1, 0}


def test_old_pool_returns_nothing_and_the_newer_one_its_payment(chain: ReplicaChain) -> None:
    endow(chain, USDC, THREE_POOL.address, 10**9)
    assert chain.call(TRADER, THREE_POOL.address, EXCHANGE, 1, 0, 10**9, 0) == "0x"
    allow(chain.rpc, TRADER, FRAX_USDC.address, USDC.address, UINT256_MAX)
    returned = chain.call(TRADER, FRAX_USDC.address, EXCHANGE, 1, 0, 10**9, 0)
    assert int(returned, 16) == chain.read(FRAX_USDC.address, GET_DY, "(uint256)", 1, 0, 10**9)


@pytest.mark.parametrize("pool", POOLS, ids=lambda pool: pool.name)
def test_stable_pool_holds_the_callers_least_output(chain: ReplicaChain, pool: CurvePool) -> None:
    endow(chain, USDC, pool.address, 10**9)
    chain.send(TRADER, pool.address, EXCHANGE, 1, 0, 10**8, 0)
    least = chain.balance(pool.coins[0].address, TRADER)
    assert least > 0
    with pytest.raises(RpcRejected, match="Exchange resulted in fewer coins than expected"):
        chain.call(TRADER, pool.address, EXCHANGE, 1, 0, 10**8, 2 * least)


@pytest.mark.parametrize("pool", POOLS, ids=lambda pool: pool.name)
@pytest.mark.parametrize(("i", "j"), [(0, 0), (-1, 0), (0, -1), (0, 4), (9, 1)])
def test_stable_pool_refuses_coins_that_it_has_not(
    chain: ReplicaChain, pool: CurvePool, i: int, j: int
) -> None:
    for signature, rest in ((GET_DY, (10**6,)), (EXCHANGE, (10**6, 0))):
        with pytest.raises(RpcRejected):
            chain.call(TRADER, pool.address, signature, i, j, *rest)


@pytest.mark.parametrize(("pool", "i", "j"), PAIRS)
def test_trades_there_and_back_lose_and_leave_the_pool_richer(
    chain: ReplicaChain, pool: CurvePool, i: int, j: int
) -> None:
    sold, bought = pool.coins[i], pool.coins[j]
    amount = sold.base_units(5_000_000)
    endow(chain, sold, pool.address, amount)
    allow(chain.rpc, TRADER, pool.address, bought.address, UINT256_MAX)
    worth = stable_invariant(scaled(pool, balances_of(chain, pool)), pool.leverage)
    chain.send(TRADER, pool.address, EXCHANGE, i, j, amount, 0)
    got = chain.balance(bought.address, TRADER)
    chain.send(TRADER, pool.address, EXCHANGE, j, i, got, 0)
    assert chain.balance(sold.address, TRADER) < amount
    assert stable_invariant(scaled(pool, balances_of(chain, pool)), pool.leverage) > worth


def test_half_of_the_fee_leaves_what_trades_and_stays_in_the_pool(chain: ReplicaChain) -> None:
    amount = USDC.base_units(1_000_000)
    endow(chain, USDC, FRAX_USDC.address, amount)
    before = balances_of(chain, FRAX_USDC)
    chain.send(TRADER, FRAX_USDC.address, EXCHANGE, 1, 0, amount, 0)
    paid = chain.balance(FRAX_USDC.coins[0].address, TRADER)
    kept = chain.read(FRAX_USDC.address, "admin_balances(uint256)", "(uint256)", 0)
    after = balances_of(chain, FRAX_USDC)
    assert after == [before[0] - paid - kept, before[1] + amount]
    fee = paid * FRAX_USDC.fee_e10 / (FEE_ONE - FRAX_USDC.fee_e10)
    assert abs(kept / (fee / 2) - 1) < 1e-9


def test_three_pool_counts_the_usdt_that_arrives_when_usdt_takes_a_fee(chain: ReplicaChain) -> None:
    owner = to_checksum_address(chain.read(USDT.address, "owner()", "(address)"))
    chain.send(owner, USDT.address, "setParams(uint256,uint256)", 10, 49)
    amount = 10**9
    endow(chain, USDT, THREE_POOL.address, amount)
    before = balances_of(chain, THREE_POOL)
    arrives = amount - amount // 1_000
    quoted = chain.read(THREE_POOL.address, GET_DY, "(uint256)", 2, 1, arrives)
    chain.send(TRADER, THREE_POOL.address, EXCHANGE, 2, 1, amount, 0)
    assert balances_of(chain, THREE_POOL)[2] == before[2] + arrives
    assert abs(chain.balance(USDC.address, TRADER) - quoted) <= 1


# ------------------------------------------------------------------------------------------------ Balancer


def pools_of(chain: ReplicaChain, kind: PoolKind) -> tuple[PoolRecord, ...]:
    found = chain.replica.manifest.pools_of(kind)
    assert found
    return found


def vault_balances(chain: ReplicaChain, record: PoolRecord) -> dict[str, int]:
    types = "(address[],uint256[],uint256)"
    pool_id = bytes.fromhex(record.pool_id[2:])
    tokens, balances, _ = chain.read(balancer_v2.VAULT, "getPoolTokens(bytes32)", types, pool_id)
    held = {to_checksum_address(token): balance for token, balance in zip(tokens, balances, strict=True)}
    held.pop(record.address, None)  # a stable pool lists its own share
    return held


def fee_of(record: PoolRecord, amount: int) -> int:
    """Balancer's fee in base units: rounds up, against the trader."""
    return -(-amount * record.fee_pips // 10**6)


def swapped(chain: ReplicaChain, record: PoolRecord, sold: Any, bought: Any, amount: int) -> int:
    endow(chain, sold, balancer_v2.VAULT, amount)
    single = (bytes.fromhex(record.pool_id[2:]), 0, sold.address, bought.address, amount, b"")
    before = chain.balance(bought.address, TRADER)
    receipt = chain.send(TRADER, balancer_v2.VAULT, SWAP, single, (TRADER, False, TRADER, False), 0, 2**40)
    assert receipt["status"] == "0x1"
    return chain.balance(bought.address, TRADER) - before


def test_balancers_pools_come_from_its_factories_and_stand_where_the_first_ones_did(
    chain: ReplicaChain,
) -> None:
    for kind, factory, first in (
        (
            PoolKind.BALANCER_WEIGHTED,
            balancer_v2_pools.WEIGHTED_FACTORY,
            "0x1576d472d82A72a1Ec7C57FcA770BD752D124A62",
        ),
        (
            PoolKind.BALANCER_STABLE,
            balancer_v2_pools.STABLE_FACTORY,
            "0x222bc81C6F3C17e9e9Aba47a12f55a1Dea42f163",
        ),
    ):
        records = pools_of(chain, kind)
        assert records[0].address == first
        for record in records:
            assert chain.read(factory, "isPoolFromFactory(address)", "(bool)", record.address)
            fee = chain.read(record.address, "getSwapFeePercentage()", "(uint256)")
            assert fee == record.fee_pips * 10**12


@pytest.mark.parametrize("worth", [100, 10_000, 400_000])
def test_weighted_pools_pay_what_their_curve_gives(chain: ReplicaChain, worth: int) -> None:
    for record in pools_of(chain, PoolKind.BALANCER_WEIGHTED):
        weights = chain.read(record.address, "getNormalizedWeights()", "(uint256[])")
        for i, j in ((0, 1), (1, 0)):
            held = vault_balances(chain, record)
            sold, bought = (token_at((record.token0, record.token1)[k]) for k in (i, j))
            amount = sold.base_units(worth)
            paid = swapped(chain, record, sold, bought, amount)
            after_fee = amount - fee_of(record, amount)
            balance_in, balance_out = held[sold.address], held[bought.address]
            exact = weighted_out(balance_in, weights[i], balance_out, weights[j], after_fee)
            # Balancer's powers are good to 10^-14, and always against the trader.
            assert exact - balance_out * Decimal("2e-14") - 2 <= paid <= exact


@pytest.mark.parametrize("worth", [100, 50_000, 3_000_000])
def test_stable_pool_of_balancer_pays_what_its_curve_gives(chain: ReplicaChain, worth: int) -> None:
    (record,) = pools_of(chain, PoolKind.BALANCER_STABLE)
    coins = [token_at(token) for token in record.tokens]
    value, _, precision = chain.read(record.address, "getAmplificationParameter()", "(uint256,bool,uint256)")
    for i, j in permutations(range(3), 2):
        held = vault_balances(chain, record)
        wads = [held[coin.address] * 10 ** (18 - coin.decimals) for coin in coins]
        amount = coins[i].base_units(worth)
        paid = swapped(chain, record, coins[i], coins[j], amount)
        after_fee = (amount - fee_of(record, amount)) * 10 ** (18 - coins[i].decimals)
        unit = 10 ** (18 - coins[j].decimals)
        exact = stable_out(wads, value // precision, i, j, after_fee)
        # Balancer's divisions take up to 10^-21 of the balance from the trader.
        assert exact - 2 * unit - wads[j] // 10**21 <= paid * unit <= exact


# ---------------------------------------------------------------------------------------------- the market


def test_first_prices_are_fair_within_a_third_of_the_fee(chain: ReplicaChain) -> None:
    manifest = chain.replica.manifest
    prices = {token.address: (token.price_usd_e8, 10**token.decimals) for token in manifest.tokens}
    for view in view_pools(chain.rpc, manifest.pools_of(*KINDS)):
        (fair0, scale0), (fair1, scale1) = prices[view.record.token0], prices[view.record.token1]
        gap_ppm = view.gap_ppm(fair0, fair1, scale0, scale1)
        assert abs(gap_ppm) <= view.record.fee_pips // 3 + 2, view.record


def test_traders_trade_at_every_kind_and_no_trade_fails(chain: ReplicaChain) -> None:
    market = MarketActivity(chain.rpc, 42, chain.replica.manifest)
    curve = {pool.address.lower() for pool in POOLS}
    ids = {record.pool_id: record.kind for record in chain.replica.manifest.pools_of(*KINDS[:2])}
    exchanged = "0x" + keccak(text="TokenExchange(address,int128,uint256,int128,uint256)").hex()
    swapped = "0x" + keccak(text="Swap(bytes32,address,address,uint256,uint256)").hex()
    seen: dict[Any, int] = {}
    for _ in range(40):
        sent = market.submit()
        market.mine()
        receipts = chain.rpc.batch([("eth_getTransactionReceipt", [each]) for each in sent])
        ours = [receipt for receipt in receipts if receipt["to"] in curve | {balancer_v2.VAULT.lower()}]
        assert {receipt["status"] for receipt in ours} <= {"0x1"}
        for log in (log for receipt in ours for log in receipt["logs"]):
            if log["topics"][0] == exchanged and log["address"] in curve:
                seen[log["address"]] = seen.get(log["address"], 0) + 1
            if log["topics"][0] == swapped and log["topics"][1] in ids:
                kind = ids[log["topics"][1]]
                seen[kind] = seen.get(kind, 0) + 1
    assert set(seen) == curve | set(KINDS[:2])
    assert min(seen.values()) >= 5
