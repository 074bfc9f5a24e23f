"""Uniswap V4, PancakeSwap V3 and Algebra on the served replica: swaps, quotes, flash loans, moving fees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from steelyard.exceptions import RpcRejected
from steelyard.sandbox.abi import encode_call
from steelyard.sandbox.activity import NOISE_TRADERS, MarketActivity
from steelyard.sandbox.activity.pools import PoolView
from steelyard.sandbox.activity.traders import prepare, swap_transaction
from steelyard.sandbox.activity.trading import worths_of
from steelyard.sandbox.activity.venues.registry import VENUES, view_pools
from steelyard.sandbox.funding import fund
from steelyard.sandbox.mining import mine_block, read_block
from steelyard.sandbox.replica import PoolKind, PoolRecord, Replica, ensure_replica
from steelyard.sandbox.replica.manifest import NO_ADDRESS
from steelyard.sandbox.replica.pools.algebra import GLOBAL_STATE
from steelyard.sandbox.replica.protocols import algebra, pancakeswap_v3, permit2, uniswap_v4
from steelyard.sandbox.replica.tokens import USDC, WETH
from steelyard.sandbox.replica.workbench import ARCHITECT
from steelyard.units import ETHER, Address
from tests.support.callback_probe import PROBE, CallbackProbe, order
from tests.support.replica_chain import ReplicaChain, snapshot_of
from tests.support.watched import watched_pools

pytestmark = pytest.mark.e2e

TICK_KINDS = (PoolKind.UNISWAP_V4, PoolKind.PANCAKESWAP_V3, PoolKind.ALGEBRA)
TRADER = NOISE_TRADERS[0]
STRANGER = Address("0x0000000000000000000000000000000000005717")
DAY_SECONDS = 86_400
V4_QUOTE = "quoteExactInputSingle(((address,address,uint24,int24,address),bool,uint128,bytes))"


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with ensure_replica() as running:
        yield running


@pytest.fixture
def chain(replica: Replica) -> Iterator[ReplicaChain]:
    with snapshot_of(replica) as chain:
        yield chain


@pytest.fixture
def probe(chain: ReplicaChain) -> CallbackProbe:
    return CallbackProbe(chain)


def pools_of(chain: ReplicaChain, kind: PoolKind) -> tuple[PoolRecord, ...]:
    return chain.replica.manifest.pools_of(kind)


def view_of(chain: ReplicaChain, pool: PoolRecord) -> PoolView:
    (view,) = view_pools(chain.rpc, [pool])
    return view


def balance(chain: ReplicaChain, token: str, holder: str) -> int:
    if token == NO_ADDRESS:
        return int(chain.rpc.call("eth_getBalance", holder, "latest"), 16)
    return chain.balance(token, holder)


def trade(chain: ReplicaChain, pool: PoolRecord, move_ppm: int) -> tuple[int, int]:
    """Lets a prepared trader move a pool's price; what he paid in (ether's gas aside) and got out."""
    view = view_of(chain, pool)
    swap = view.swap_to_move(move_ppm)
    token_in, token_out = (pool.token0, pool.token1) if swap.zero_in else (pool.token1, pool.token0)
    before = [balance(chain, token, TRADER.address) for token in (token_in, token_out)]
    fee = {"maxFeePerGas": hex(2 * read_block(chain.rpc).next_base_fee_wei()), "maxPriorityFeePerGas": "0x0"}
    sent = chain.rpc.call("eth_sendTransaction", swap_transaction(TRADER, view, swap) | fee)
    chain.miner.mine()
    receipt = chain.rpc.call("eth_getTransactionReceipt", sent)
    assert receipt["status"] == "0x1"
    gas_wei = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    after = [balance(chain, token, TRADER.address) for token in (token_in, token_out)]
    for index, token in enumerate((token_in, token_out)):
        after[index] += gas_wei if token == NO_ADDRESS else 0
    return before[0] - after[0], after[1] - before[1]


@pytest.mark.parametrize("kind", TICK_KINDS)
@pytest.mark.parametrize("move_ppm", [2_000, -2_000])
def test_swap_at_every_pool_of_the_kind_moves_its_price_by_what_was_asked(
    chain: ReplicaChain, kind: PoolKind, move_ppm: int
) -> None:
    prepare(chain.rpc, chain.replica.manifest)
    for pool in pools_of(chain, kind):
        before = view_of(chain, pool).sqrt_price_x96
        paid, got = trade(chain, pool, move_ppm)
        after = view_of(chain, pool).sqrt_price_x96
        moved_ppm = after**2 * 10**6 // before**2 - 10**6
        # Liquidity changes within the move: it goes less far than asked, or on to the limit at twice that.
        assert abs(moved_ppm) >= abs(move_ppm) // 4
        assert abs(moved_ppm) <= 2 * abs(move_ppm) + 1
        assert (moved_ppm > 0) == (move_ppm > 0)
        assert paid > 0 < got


def v4_key(pool: PoolRecord) -> tuple[str, str, int, int, str]:
    return pool.token0, pool.token1, pool.fee_pips, pool.tick_spacing, pool.hooks


@pytest.mark.parametrize("zero_in", [True, False])
def test_v4_quoter_tells_the_swap_of_every_pool_to_the_last_unit(chain: ReplicaChain, zero_in: bool) -> None:
    prepare(chain.rpc, chain.replica.manifest)
    for pool in pools_of(chain, PoolKind.UNISWAP_V4):
        swap = view_of(chain, pool).swap_to_move(-300 if zero_in else 300)
        question = (v4_key(pool), zero_in, swap.amount, b"")
        quoted, gas = chain.read(uniswap_v4.QUOTER, V4_QUOTE, "(uint256,uint256)", question)
        paid, got = trade(chain, pool, -300 if zero_in else 300)
        assert (paid, got) == (swap.amount, quoted)
        assert 20_000 < gas < 1_000_000


def test_v4_holds_ether_itself_and_gives_back_what_a_swap_does_not_use(chain: ReplicaChain) -> None:
    prepare(chain.rpc, chain.replica.manifest)
    pool = pools_of(chain, PoolKind.UNISWAP_V4)[0]
    assert (pool.token0, pool.token1) == (NO_ADDRESS, USDC.address)
    held = balance(chain, NO_ADDRESS, uniswap_v4.POOL_MANAGER)
    assert held > 1_000 * ETHER
    view = view_of(chain, pool)
    limit = view.swap_to_move(-100).sqrt_price_limit_x96
    signature = "swap((address,address,uint24,int24,address),bool,uint256,uint160,address)"
    data = "0x" + encode_call(signature, v4_key(pool), True, 5_000 * ETHER, limit, STRANGER).hex()
    call = {"from": TRADER.address, "to": uniswap_v4.ROUTER, "data": data, "gas": hex(500_000)}
    fees = {"maxFeePerGas": hex(2 * read_block(chain.rpc).next_base_fee_wei()), "maxPriorityFeePerGas": "0x0"}
    chain.rpc.call("eth_sendTransaction", call | fees | {"value": hex(5_000 * ETHER)})
    chain.miner.mine()
    used = balance(chain, NO_ADDRESS, uniswap_v4.POOL_MANAGER) - held
    assert 0 < used < 100 * ETHER
    assert balance(chain, NO_ADDRESS, uniswap_v4.ROUTER) == 0
    assert chain.balance(USDC.address, STRANGER) > 0
    assert view_of(chain, pool).sqrt_price_x96 == limit


def test_v4_lends_any_currency_between_unlock_and_settle(chain: ReplicaChain, probe: CallbackProbe) -> None:
    manager, unlock = uniswap_v4.POOL_MANAGER, encode_call("unlock(bytes)", b"")
    usdc = chain.balance(USDC.address, manager)
    take = "take(address,address,uint256)"
    receipt = probe.ask(
        manager,
        unlock,
        order(manager, take, USDC.address, PROBE, usdc),
        order(manager, "sync(address)", USDC.address),
        order(USDC.address, "transfer(address,uint256)", manager, usdc),
        order(manager, "settle()"),
        order(manager, take, NO_ADDRESS, PROBE, 500 * ETHER),
        order(manager, "settle()", value_wei=500 * ETHER),
    )
    assert receipt["status"] == "0x1"
    assert probe.was_called_as("unlockCallback(bytes)")
    assert chain.balance(USDC.address, manager) == usdc


def test_v4_reverts_when_what_was_taken_is_not_settled(chain: ReplicaChain, probe: CallbackProbe) -> None:
    manager, unlock = uniswap_v4.POOL_MANAGER, encode_call("unlock(bytes)", b"")
    taken = order(manager, "take(address,address,uint256)", USDC.address, PROBE, 10**9)
    unsettled = "0x" + encode_call("CurrencyNotSettled()").hex()
    with pytest.raises(RpcRejected) as refusal:
        probe.refused(manager, unlock, taken)
    assert refusal.value.data == unsettled
    short = order(USDC.address, "transfer(address,uint256)", manager, 10**9 - 1)
    sync, settle = order(manager, "sync(address)", USDC.address), order(manager, "settle()")
    with pytest.raises(RpcRejected) as refusal:
        probe.refused(manager, unlock, taken, sync, short, settle)
    assert refusal.value.data == unsettled


def test_v4_positions_belong_to_the_position_manager_and_came_through_permit2(chain: ReplicaChain) -> None:
    positions, owner = uniswap_v4.POSITION_MANAGER, "ownerOf(uint256)"
    minted = chain.read(positions, "nextTokenId()", "(uint256)") - 1
    assert minted >= 5 * len(pools_of(chain, PoolKind.UNISWAP_V4))
    assert chain.read(positions, owner, "(address)", minted) == ARCHITECT.lower()
    allowance = "allowance(address,address,address)"
    pair = (ARCHITECT, USDC.address, positions)
    assert chain.read(permit2.PERMIT2, allowance, "(uint160,uint48,uint48)", *pair)[0] > 2**128


def test_permit2_signs_for_mainnet(chain: ReplicaChain) -> None:
    separator = chain.read(permit2.PERMIT2, "DOMAIN_SEPARATOR()", "(bytes32)")
    assert "0x" + separator.hex() == permit2.MAINNET_DOMAIN_SEPARATOR


FLASHES = {
    PoolKind.PANCAKESWAP_V3: "pancakeV3FlashCallback(uint256,uint256,bytes)",
    PoolKind.ALGEBRA: "algebraFlashCallback(uint256,uint256,bytes)",
}
SWAPS = {
    PoolKind.PANCAKESWAP_V3: "pancakeV3SwapCallback(int256,int256,bytes)",
    PoolKind.ALGEBRA: "algebraSwapCallback(int256,int256,bytes)",
}


def usdc_weth(chain: ReplicaChain, kind: PoolKind) -> PoolRecord:
    wanted = (USDC.address, WETH.address)
    return next(pool for pool in pools_of(chain, kind) if (pool.token0, pool.token1) == wanted)


@pytest.mark.parametrize("kind", list(FLASHES))
def test_pool_lends_for_its_fee_rounded_up_under_its_own_callback_name(
    chain: ReplicaChain, probe: CallbackProbe, kind: PoolKind
) -> None:
    pool, amount = usdc_weth(chain, kind), 1_000_000_000_001
    fee = -(-amount * pool.fee_pips // 10**6)
    fund(chain.rpc, PROBE, USDC.address, fee)
    flash = encode_call("flash(address,uint256,uint256,bytes)", PROBE, amount, 0, b"")
    back = "transfer(address,uint256)"
    with pytest.raises(RpcRejected):
        probe.refused(pool.address, flash, order(USDC.address, back, pool.address, amount + fee - 1))
    receipt = probe.ask(pool.address, flash, order(USDC.address, back, pool.address, amount + fee))
    assert receipt["status"] == "0x1"
    assert probe.was_called_as(FLASHES[kind])
    assert chain.balance(USDC.address, PROBE) == 0


@pytest.mark.parametrize("kind", list(SWAPS))
def test_pool_asks_for_payment_under_its_own_callback_name(
    chain: ReplicaChain, probe: CallbackProbe, kind: PoolKind
) -> None:
    pool, amount = usdc_weth(chain, kind), 50_000 * 10**6
    fund(chain.rpc, PROBE, USDC.address, amount)
    lowest = 4_295_128_740
    swap = encode_call("swap(address,bool,int256,uint160,bytes)", PROBE, True, amount, lowest, b"")
    with pytest.raises(RpcRejected):
        probe.refused(pool.address, swap)
    receipt = probe.ask(
        pool.address, swap, order(USDC.address, "transfer(address,uint256)", pool.address, amount)
    )
    assert receipt["status"] == "0x1"
    assert probe.was_called_as(SWAPS[kind])
    assert chain.balance(WETH.address, PROBE) > 20 * ETHER


def test_fee_of_an_algebra_pool_rises_with_volatility(chain: ReplicaChain) -> None:
    prepare(chain.rpc, chain.replica.manifest)
    pool = usdc_weth(chain, PoolKind.ALGEBRA)
    assert chain.read(pool.address, "globalState()", GLOBAL_STATE)[2] == pool.fee_pips
    for hour in range(12):
        trade(chain, pool, 40_000 if hour % 2 else -40_000)
        block = read_block(chain.rpc)
        mine_block(chain.rpc, block.timestamp_seconds + DAY_SECONDS // 24, block.next_base_fee_wei())
    risen = view_of(chain, pool).record.fee_pips
    assert risen > 2 * pool.fee_pips
    assert risen == chain.read(pool.address, "globalState()", GLOBAL_STATE)[2]


@pytest.mark.parametrize(
    ("router", "callback", "arguments", "refusal"),
    [
        (uniswap_v4.ROUTER, "unlockCallback(bytes)", (b"",), "NotTheManager(address)"),
        *(
            (router, f"{name}({types},bytes)", (1, 0, b""), "NotTheOpenPool(address)")
            for router, name, types in (
                (pancakeswap_v3.ROUTER, "pancakeV3SwapCallback", "int256,int256"),
                (pancakeswap_v3.ROUTER, "pancakeV3MintCallback", "uint256,uint256"),
                (algebra.ROUTER, "algebraSwapCallback", "int256,int256"),
                (algebra.ROUTER, "algebraMintCallback", "uint256,uint256"),
            )
        ),
    ],
)
def test_models_of_routers_answer_no_stranger(
    chain: ReplicaChain, router: str, callback: str, arguments: tuple[Any, ...], refusal: str
) -> None:
    with pytest.raises(RpcRejected) as refused:
        chain.call(STRANGER, router, callback, *arguments)
    assert refused.value.data == "0x" + encode_call(refusal, STRANGER).hex()


def test_pool_deployers_obey_their_factories_alone(chain: ReplicaChain) -> None:
    deploy = "deploy(address,address,address,uint24,int24)"
    pool = usdc_weth(chain, PoolKind.PANCAKESWAP_V3)
    arguments = (pancakeswap_v3.FACTORY, pool.token0, pool.token1, 100, 1)
    chain.call(pancakeswap_v3.FACTORY, pancakeswap_v3.POOL_DEPLOYER, deploy, *arguments)
    with pytest.raises(RpcRejected):
        chain.call(STRANGER, pancakeswap_v3.POOL_DEPLOYER, deploy, *arguments)
    with pytest.raises(RpcRejected):
        chain.call(STRANGER, pancakeswap_v3.POOL_DEPLOYER, "setFactoryAddress(address)", STRANGER)
    with pytest.raises(RpcRejected):
        chain.call(STRANGER, algebra.POOL_DEPLOYER, "setFactory(address)", STRANGER)


@pytest.mark.parametrize("kind", TICK_KINDS)
def test_first_prices_are_fair_within_a_third_of_the_fee(chain: ReplicaChain, kind: PoolKind) -> None:
    worths = worths_of(
        chain.replica.manifest, MarketActivity(chain.rpc, 1, chain.replica.manifest).fair_prices
    )
    for view in view_pools(chain.rpc, pools_of(chain, kind)):
        # The virtual reserves round, and one base unit of a small token is a millionth or so.
        assert abs(worths.gap_ppm(view)) <= view.record.fee_pips // 3 + 2


def ratio_of(view: PoolView) -> tuple[frozenset[str], float]:
    """The two tokens, ether being as good as wrapped ether, and the price in the order of their addresses."""
    tokens = [token.replace(NO_ADDRESS, WETH.address) for token in (view.record.token0, view.record.token1)]
    ratio = view.reserve1 / view.reserve0
    return frozenset(tokens), ratio if int(tokens[0], 16) < int(tokens[1], 16) else 1 / ratio


def cycles_with(view: PoolView, others: list[PoolView]) -> int:
    """How many of the others' prices are off by more than both fees: there and back would pay."""
    tokens, price = ratio_of(view)
    same = [(other, ratio) for other in others for pair, ratio in [ratio_of(other)] if pair == tokens]
    fees = [(view.record.fee_pips + other.record.fee_pips) / 10**6 for other, _ in same]
    return sum(abs(price / ratio - 1) > fee for (_, ratio), fee in zip(same, fees, strict=True))


def test_traders_push_every_kind_apart_from_the_others_by_more_than_both_fees(chain: ReplicaChain) -> None:
    manifest = chain.replica.manifest
    market = MarketActivity(chain.rpc, 42, manifest)
    kinds = {VENUES[kind].spenders[0].lower(): kind for kind in TICK_KINDS}
    tried, done, cycles = Counter[PoolKind](), Counter[PoolKind](), Counter[PoolKind]()
    for _ in range(30):
        sent = market.submit()
        market.mine()
        for receipt in chain.rpc.batch([("eth_getTransactionReceipt", [each]) for each in sent]):
            if receipt["to"] in kinds:
                tried[kinds[receipt["to"]]] += 1
                done[kinds[receipt["to"]]] += receipt["status"] == "0x1"
        others = view_pools(chain.rpc, watched_pools(manifest))
        for view in view_pools(chain.rpc, manifest.pools_of(*TICK_KINDS)):
            cycles[view.record.kind] += cycles_with(view, others)
    for kind in TICK_KINDS:
        assert cycles[kind] >= 10
        assert done[kind] >= 0.9 * tried[kind] > 10
