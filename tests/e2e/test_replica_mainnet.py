"""What stands on the served replica: mainnet's addresses, live lenders, models that do as they say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from websockets.sync.client import connect

from steelyard.exceptions import RpcRejected
from steelyard.sandbox.funding import CannotFund, allow, fund, fund_ether
from steelyard.sandbox.mining import read_block
from steelyard.sandbox.replica import Kind, PoolKind, Replica, ensure_replica
from steelyard.sandbox.replica.packages import code_hash
from steelyard.sandbox.replica.protocols import (
    aave_v3,
    balancer_v2,
    morpho_blue,
    sushiswap_v2,
    uniswap_v2,
    uniswap_v3,
)
from steelyard.sandbox.replica.protocols.price_feeds import FEEDS, TRANSMITTER
from steelyard.sandbox.replica.tokens import BORROWABLE, DAI, MARKET_TOKENS, USDC, USDT, WBTC, WETH
from steelyard.units import ETHER, Address
from tests.support.patience import PATIENCE_SECONDS
from tests.support.replica_chain import ReplicaChain, snapshot_of
from tests.support.watched import watched_pools

pytestmark = pytest.mark.e2e

HOLDER = Address("0x00000000000000000000000000000000000A11A5")
SPENDER = Address("0x00000000000000000000000000000000000b0B05")
STATIC_CODE_LIMIT = 24_576


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with ensure_replica() as running:
        yield running


@pytest.fixture
def chain(replica: Replica) -> Iterator[ReplicaChain]:
    with snapshot_of(replica) as chain:
        yield chain


def test_code_at_every_address_is_what_the_manifest_says(chain: ReplicaChain) -> None:
    for record in chain.replica.manifest.contracts:
        code = bytes.fromhex(chain.rpc.call("eth_getCode", record.address, "latest")[2:])
        assert code, record.name
        assert code_hash(code) == record.code_hash, record.name
        assert len(code) <= STATIC_CODE_LIMIT, record.name


def test_models_are_called_models(chain: ReplicaChain) -> None:
    models = {record.name for record in chain.replica.manifest.contracts if record.kind is Kind.MODEL}
    assert {"DAI", "USDT", "ETH / USD feed"} <= models
    assert not models & {"WETH9", "USDC", "Uniswap V3 factory", "Balancer V2 Vault", "Morpho Blue"}


def test_wrapped_ether_has_the_length_of_mainnets_code(chain: ReplicaChain) -> None:
    assert len(chain.rpc.call("eth_getCode", WETH.address, "latest")) == 2 + 2 * 3_124


def test_factories_know_the_pools_of_the_manifest(chain: ReplicaChain) -> None:
    factories = {
        PoolKind.UNISWAP_V2: uniswap_v2.FACTORY,
        PoolKind.SUSHISWAP_V2: sushiswap_v2.FACTORY,
    }
    for pool in watched_pools(chain.replica.manifest):
        pair = (pool.token0, pool.token1)
        if pool.kind is PoolKind.UNISWAP_V3:
            signature = "getPool(address,address,uint24)"
            found = chain.read(uniswap_v3.FACTORY, signature, "(address)", *pair, pool.fee_pips)
        else:
            found = chain.read(factories[pool.kind], "getPair(address,address)", "(address)", *pair)
        assert to_checksum_address(found) == pool.address


def test_well_known_pools_stand_where_they_stand_on_mainnet(chain: ReplicaChain) -> None:
    pools = {pool.address for pool in chain.replica.manifest.pools}
    assert "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc" in pools
    assert "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640" in pools


@pytest.mark.parametrize("token", BORROWABLE, ids=lambda token: token.symbol)
def test_every_lender_holds_every_borrowable_token(chain: ReplicaChain, token: Any) -> None:
    a_token = next(each.a_token for each in aave_v3.RESERVES if each.token == token)
    for lender in (balancer_v2.VAULT, morpho_blue.MORPHO, a_token):
        held = chain.read(token.address, "balanceOf(address)", "(uint256)", lender)
        assert held >= token.base_units(10_000_000)


def test_flash_loans_cost_what_they_cost_on_mainnet(chain: ReplicaChain) -> None:
    assert chain.read(aave_v3.POOL, "FLASHLOAN_PREMIUM_TOTAL()", "(uint128)") == 5
    collector = balancer_v2.FEES_COLLECTOR
    assert chain.read(collector, "getFlashLoanFeePercentage()", "(uint256)") == 0


def test_aave_prices_follow_the_feeds(chain: ReplicaChain) -> None:
    feed = next(address for token, _, address in FEEDS if token == WETH)
    assert chain.send(TRANSMITTER, feed, "post(int256)", 1_900_00000000)["status"] == "0x1"
    assert chain.read(aave_v3.ORACLE, "getAssetPrice(address)", "(uint256)", WETH.address) == 1_900_00000000


def test_feeds_are_as_fresh_as_the_latest_block(chain: ReplicaChain) -> None:
    chain.miner.mine()
    now = int(chain.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    types = "(uint80,int256,uint256,uint256,uint80)"
    for _, _, feed in FEEDS:
        round_id, answer, _, updated_at, answered_in = chain.read(feed, "latestRoundData()", types)
        assert answer > 0
        assert (updated_at, answered_in) == (now, round_id)


def test_stranger_cannot_post_a_price(chain: ReplicaChain) -> None:
    with pytest.raises(RpcRejected):
        chain.call(HOLDER, FEEDS[0][2], "post(int256)", 1)


def test_usdt_returns_nothing_and_approves_only_from_or_to_zero(chain: ReplicaChain) -> None:
    fund(chain.rpc, HOLDER, USDT.address, 10**9)
    assert chain.call(HOLDER, USDT.address, "transfer(address,uint256)", SPENDER, 1) == "0x"
    assert chain.call(HOLDER, USDT.address, "approve(address,uint256)", SPENDER, 5) == "0x"
    allow(chain.rpc, HOLDER, SPENDER, USDT.address, 5)
    with pytest.raises(RpcRejected):
        chain.call(HOLDER, USDT.address, "approve(address,uint256)", SPENDER, 6)
    assert chain.call(HOLDER, USDT.address, "approve(address,uint256)", SPENDER, 0) == "0x"


def test_usdt_can_take_a_fee_once_its_owner_switches_it_on(chain: ReplicaChain) -> None:
    owner = to_checksum_address(chain.read(USDT.address, "owner()", "(address)"))
    fund(chain.rpc, HOLDER, USDT.address, 10**9)
    chain.send(owner, USDT.address, "setParams(uint256,uint256)", 10, 1)
    chain.send(HOLDER, USDT.address, "transfer(address,uint256)", SPENDER, 10**8)
    assert chain.read(USDT.address, "balanceOf(address)", "(uint256)", SPENDER) == 10**8 - 10**5


def test_dai_needs_no_allowance_for_ones_own_and_never_uses_up_an_unlimited_one(chain: ReplicaChain) -> None:
    fund(chain.rpc, HOLDER, DAI.address, 10**18)
    move = "transferFrom(address,address,uint256)"
    assert int(chain.call(HOLDER, DAI.address, move, HOLDER, SPENDER, 10**18), 16) == 1
    with pytest.raises(RpcRejected, match="Dai/insufficient-allowance"):
        chain.call(SPENDER, DAI.address, move, HOLDER, SPENDER, 1)
    allow(chain.rpc, HOLDER, SPENDER, DAI.address, 2**256 - 1)
    chain.send(SPENDER, DAI.address, move, HOLDER, SPENDER, 10**17)
    left = chain.read(DAI.address, "allowance(address,address)", "(uint256)", HOLDER, SPENDER)
    assert left == 2**256 - 1


@pytest.mark.parametrize("token", MARKET_TOKENS, ids=lambda token: token.symbol)
def test_any_token_can_be_funded_exactly_and_spent(chain: ReplicaChain, token: Any) -> None:
    amount = 12_345 * 10**token.decimals
    fund(chain.rpc, HOLDER, token.address, amount)
    assert chain.read(token.address, "balanceOf(address)", "(uint256)", HOLDER) == amount
    receipt = chain.send(HOLDER, token.address, "transfer(address,uint256)", SPENDER, amount)
    assert receipt["status"] == "0x1"
    assert chain.read(token.address, "balanceOf(address)", "(uint256)", SPENDER) == amount


def test_funded_wrapped_ether_is_backed_and_can_be_unwrapped(chain: ReplicaChain) -> None:
    supply = chain.read(WETH.address, "totalSupply()", "(uint256)")
    fund(chain.rpc, HOLDER, WETH.address, 5 * ETHER)
    assert chain.read(WETH.address, "totalSupply()", "(uint256)") == supply + 5 * ETHER
    assert chain.send(HOLDER, WETH.address, "withdraw(uint256)", 5 * ETHER)["status"] == "0x1"


def test_balance_that_is_computed_from_shares_cannot_be_funded(chain: ReplicaChain) -> None:
    a_token = aave_v3.RESERVES[0].a_token
    with pytest.raises(CannotFund):
        fund(chain.rpc, HOLDER, a_token, 10**18 + 1)


def test_oversized_code_is_refused_as_on_mainnet(chain: ReplicaChain) -> None:
    # PUSH3 size, PUSH0, RETURN: deploys that many zero bytes.
    def creation(size: int) -> str:
        return "0x62" + size.to_bytes(3, "big").hex() + "5ff3"

    fund_ether(chain.rpc, HOLDER, 10 * ETHER)
    call = {"from": HOLDER, "gas": hex(10_000_000)}
    chain.rpc.call("eth_call", call | {"data": creation(STATIC_CODE_LIMIT)}, "latest")
    with pytest.raises(RpcRejected, match="(?i)size"):
        chain.rpc.call("eth_call", call | {"data": creation(STATIC_CODE_LIMIT + 1)}, "latest")


def test_blocks_have_mainnets_gas_limit_and_the_times_and_fees_that_were_asked_for(
    chain: ReplicaChain,
) -> None:
    before = chain.rpc.call("eth_getBlockByNumber", "latest", False)
    fee = read_block(chain.rpc).next_base_fee_wei()
    number = chain.miner.mine()
    block = chain.rpc.call("eth_getBlockByNumber", hex(number), False)
    assert int(block["gasLimit"], 16) == 30_000_000
    assert int(block["timestamp"], 16) == int(before["timestamp"], 16) + 12
    assert int(block["baseFeePerGas"], 16) == fee


def test_websocket_announces_new_blocks(chain: ReplicaChain) -> None:
    with connect(chain.replica.ws_url) as socket:
        socket.send(
            json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]})
        )
        assert "result" in json.loads(socket.recv(timeout=PATIENCE_SECONDS))
        number = chain.miner.mine()
        heard = json.loads(socket.recv(timeout=PATIENCE_SECONDS))
        assert int(heard["params"]["result"]["number"], 16) == number


def test_first_prices_agree_within_the_fees(chain: ReplicaChain) -> None:
    """A round trip through any two pools of WETH and USDC gives back less than it took."""
    slot0 = "(uint160,int24,uint16,uint16,uint16,uint8,bool)"
    fair = WETH.price_usd_e8 / USDC.price_usd_e8
    for pool in watched_pools(chain.replica.manifest):
        if {pool.token0, pool.token1} != {USDC.address, WETH.address}:
            continue
        if pool.kind is PoolKind.UNISWAP_V3:
            root = chain.read(pool.address, "slot0()", slot0)[0] / 2**96
            price = 10**12 / root**2
        else:
            reserve0, reserve1, _ = chain.read(pool.address, "getReserves()", "(uint112,uint112,uint32)")
            price = 10**12 * reserve0 / reserve1
        assert abs(price / fair - 1) < pool.fee_pips / 10**6 / 2


def test_wbtc_pool_has_positions_whose_edges_a_swap_crosses(chain: ReplicaChain) -> None:
    pool = next(
        pool
        for pool in chain.replica.manifest.pools
        if pool.kind is PoolKind.UNISWAP_V3
        and {pool.token0, pool.token1} == {WBTC.address, WETH.address}
        and pool.fee_pips == 3000
    )
    quote = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
    returns = "(uint256,uint160,uint32,uint256)"
    amount = WBTC.base_units(5_000_000)
    crossed = chain.read(
        uniswap_v3.QUOTER_V2,
        quote,
        returns,
        (WBTC.address, WETH.address, amount, pool.fee_pips, 0),
    )[2]
    assert crossed >= 2
