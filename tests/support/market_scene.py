"""The replica as a stage for observation: a liquidity provider, traders, blocks, and followers to compare."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, Final

from steelyard.connect.chain import ChainClient
from steelyard.connect.hexes import checksum
from steelyard.connect.rpc import RetrySchedule, RpcClient
from steelyard.model import Address, BlockRef, LenderKind, MarketSnapshot, Venue, VenueKind
from steelyard.observe.follower import MarketFollower
from steelyard.observe.watch import WatchList
from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.activity import MarketActivity
from steelyard.sandbox.funding import allow, fund, fund_ether
from steelyard.sandbox.mining import BLOCK_SECONDS, mine_block
from steelyard.sandbox.replica import PoolKind, PoolRecord, Replica, ensure_replica
from steelyard.sandbox.replica.protocols import (
    aave_v2,
    aave_v3,
    balancer_v2,
    maker_flash,
    morpho_blue,
    sushiswap_v2,
    uniswap_v2,
    uniswap_v3,
    uniswap_v4,
)
from steelyard.units import ETHER, GWEI, UINT256_MAX

PROVIDER: Final = checksum("0x" + "9a" * 20)
SECONDS_NOW: Final = 1_800_000_000
FOREVER: Final = 2**40
COMPARED: Final = ("chain_id", "block", "gas", "tokens", "pools", "lenders", "unusable")
QUICK: Final = RetrySchedule(attempts=2, first_delay_seconds=0.01)

VENUES: Final = (
    Venue(
        venue_id=0,
        name="uniswap_v2",
        kind=VenueKind.UNISWAP_V2,
        factory=uniswap_v2.FACTORY,
        init_code_hash=uniswap_v2.INIT_CODE_HASH,
        fee_pips=3000,
    ),
    Venue(
        venue_id=1,
        name="sushiswap_v2",
        kind=VenueKind.UNISWAP_V2,
        factory=sushiswap_v2.FACTORY,
        init_code_hash=sushiswap_v2.INIT_CODE_HASH,
        fee_pips=3000,
    ),
    Venue(
        venue_id=2,
        name="uniswap_v3",
        kind=VenueKind.UNISWAP_V3,
        factory=uniswap_v3.FACTORY,
        init_code_hash=uniswap_v3.INIT_CODE_HASH,
        fee_pips=0,
    ),
)
LENDERS: Final = {
    LenderKind.BALANCER_V2: balancer_v2.VAULT,
    LenderKind.AAVE_V3: aave_v3.POOL,
    LenderKind.MORPHO_BLUE: morpho_blue.MORPHO,
    LenderKind.AAVE_V2: aave_v2.POOL,
    LenderKind.MAKER: maker_flash.DSS_FLASH,
    LenderKind.UNISWAP_V4: uniswap_v4.POOL_MANAGER,
}

_MINT: Final = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
_DECREASE: Final = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
_CREATE_V3: Final = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
_SPACING: Final = {100: 1, 500: 10, 3_000: 60, 10_000: 200}


class Scene:
    """A replica, one liquidity provider and its positions."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.rpc = replica.connect()
        self.tokens = tuple(token.address for token in replica.manifest.tokens)
        self.client = ChainClient(RpcClient(replica.rpc_url))
        self.positions: list[tuple[int, int]] = []
        self._fund_provider()

    def _fund_provider(self) -> None:
        self.rpc.call("anvil_impersonateAccount", PROVIDER)
        fund_ether(self.rpc, PROVIDER, 10**6 * ETHER)
        for token in self.replica.manifest.tokens:
            purse = 10**9 * 10**8 * 10**token.decimals // token.price_usd_e8
            fund(self.rpc, PROVIDER, token.address, purse)
            for spender in (uniswap_v3.POSITION_MANAGER, uniswap_v2.ROUTER):
                allow(self.rpc, PROVIDER, spender, token.address, UINT256_MAX)

    def watch(self, **changes: Any) -> WatchList:
        fields: dict[str, Any] = {
            "chain_id": 1,
            "tokens": self.tokens,
            "venues": VENUES,
            "lenders": LENDERS,
        }
        return WatchList(**(fields | changes))

    def follower(
        self, url: str | None = None, *, timeout_seconds: float = 60, **options: Any
    ) -> MarketFollower:
        rpc = RpcClient(
            url or self.replica.rpc_url, timeout_seconds=timeout_seconds, retry=QUICK, sleep=lambda _: None
        )
        watch = options.pop("watch", None) or self.watch()
        return MarketFollower(
            ChainClient(rpc), watch, priority_fee_wei=GWEI, clock=lambda: SECONDS_NOW, **options
        )

    def cold(self, **options: Any) -> MarketSnapshot:
        """What somebody who knows nothing reads at the newest block."""
        snapshot = self.follower(**options).poll()
        assert snapshot is not None
        return snapshot

    def send(self, to: Address, data: bytes) -> str:
        transaction = {
            "from": PROVIDER,
            "to": to,
            "data": "0x" + data.hex(),
            "gas": hex(7_000_000),
            "maxFeePerGas": hex(200 * GWEI),
            "maxPriorityFeePerGas": hex(GWEI),
        }
        sent: str = self.rpc.call("eth_sendTransaction", transaction)
        return sent

    def mine(self, blocks: int = 1) -> BlockRef:
        for _ in range(blocks):
            head = self.client.block()
            mine_block(self.rpc, head.timestamp_seconds + BLOCK_SECONDS, 20 * GWEI)
        return self.client.block()

    def must_succeed(self, transaction_hash: str) -> None:
        receipt = self.client.receipt(transaction_hash)
        assert receipt is not None
        assert receipt.succeeded

    def v3_pools(self) -> list[PoolRecord]:
        return [pool for pool in self.replica.manifest.pools if pool.kind is PoolKind.UNISWAP_V3]

    def tick_of(self, pool: PoolRecord) -> int:
        raw = self.client.eth_call(pool.address, encode_call("slot0()"))
        tick: int = decode_result("(uint160,int24)", raw[:64])[1]
        return tick

    def provide(self, pool: PoolRecord, lower_steps: int, upper_steps: int) -> str:
        """Mint a position; its edges are given in tick spacings from the current tick."""
        spacing = _SPACING[pool.fee_pips]
        here = self.tick_of(pool) // spacing
        edges = (here + lower_steps) * spacing, (here + upper_steps) * spacing
        return self.provide_between(pool.token0, pool.token1, pool.fee_pips, *edges)

    def provide_between(self, token0: Address, token1: Address, fee_pips: int, lower: int, upper: int) -> str:
        prices = {token.address: token for token in self.replica.manifest.tokens}
        amounts = [
            50_000 * 10**8 * 10 ** prices[token].decimals // prices[token].price_usd_e8
            for token in (token0, token1)
        ]
        fields = (token0, token1, fee_pips, lower, upper, *amounts, 0, 0, PROVIDER, FOREVER)
        return self.send(uniswap_v3.POSITION_MANAGER, encode_call(_MINT, fields))

    def remember_position(self, transaction_hash: str) -> None:
        """Note the id and liquidity of a position that was minted in a mined transaction."""
        receipt = self.client.receipt(transaction_hash)
        for log in () if receipt is None else receipt.logs:
            if log.address == uniswap_v3.POSITION_MANAGER and len(log.data) == 96:
                self.positions.append((int.from_bytes(log.topics[1]), int.from_bytes(log.data[:32])))

    def withdraw(self, percent: int, random: Random) -> str | None:
        """Burn a part of one position, or nothing where there is none."""
        if not self.positions:
            return None
        at = random.randrange(len(self.positions))
        token_id, liquidity = self.positions[at]
        part = liquidity * percent // 100
        self.positions[at] = (token_id, liquidity - part)
        if percent == 100:
            del self.positions[at]
        fields = (token_id, part, 0, 0, FOREVER)
        return self.send(uniswap_v3.POSITION_MANAGER, encode_call(_DECREASE, fields))

    def create_v3(self, token0: Address, token1: Address, fee_pips: int, sqrt_price_x96: int | None) -> str:
        """Create a pool; leave it uninitialised where no price is given."""
        if sqrt_price_x96 is None:
            data = encode_call("createPool(address,address,uint24)", token0, token1, fee_pips)
            return self.send(uniswap_v3.FACTORY, data)
        data = encode_call(_CREATE_V3, token0, token1, fee_pips, sqrt_price_x96)
        return self.send(uniswap_v3.POSITION_MANAGER, data)

    def create_pair(self, token0: Address, token1: Address) -> str:
        return self.send(uniswap_v2.FACTORY, encode_call("createPair(address,address)", token0, token1))

    def fill_pair(self, token0: Address, token1: Address) -> str:
        signature = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
        data = encode_call(signature, token0, token1, 10**9, 10**9, 0, 0, PROVIDER, FOREVER)
        return self.send(uniswap_v2.ROUTER, data)


class LivelyScene(Scene):
    """A scene in which seeded traders swap, and the provider mints and burns."""

    def __init__(self, replica: Replica, seed: int = 7) -> None:
        super().__init__(replica)
        self.activity = MarketActivity(replica.connect(), seed, replica.manifest)
        self.random = Random(seed)
        self._minted: list[str] = []

    def turn(self) -> None:
        """Let one block happen: swaps, one mint, now and then a burn in whole or part."""
        for transaction in self._minted:
            self.remember_position(transaction)
        pool = self.random.choice(self.v3_pools())
        lower = self.random.randint(-8, 6)
        self._minted = [self.provide(pool, lower, lower + self.random.randint(1, 8))]
        self.withdraw(self.random.choice((30, 100)), self.random)
        self.activity.submit()
        self.activity.mine()


def assert_same_market(warm: MarketSnapshot | None, cold: MarketSnapshot) -> None:
    """Compare field by field, so that a failure names the pool that differs."""
    assert warm is not None
    for address in warm.pools.keys() | cold.pools.keys():
        assert warm.pools.get(address) == cold.pools.get(address), address
    for name in COMPARED:
        assert getattr(warm, name) == getattr(cold, name), name


@contextmanager
def running_replica() -> Iterator[Replica]:
    with ensure_replica() as replica:
        yield replica
