"""A market made of numbers alone, for benchmarks and tests of decisions: no chain, any size, always the same.

What it models: tokens with 6, 8 and 18 decimals, hubs that most pools trade against, parallel pools between
them, V2 pairs and V3 pools with stacked positions, prices near a common one, and blocks in which a share of
the pools is traded, those between hubs more often. What it leaves out: contracts, gas, mints and burns.

By default the market is an arbitraged one, as real ones are when a block ends: a pool's price stays so close
to the common one that no cycle through it pays its fees, until a trade strays out of that band, and mostly
for one block. With a ``drift`` it is wild: prices lie where chance put them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final, NamedTuple

from eth_utils.address import to_checksum_address

from steelyard.amm.pool import Pool
from steelyard.amm.tick_map import TickMap
from steelyard.amm.tick_math import MAX_TICK, sqrt_ratio_at_tick, tick_at_sqrt_ratio
from steelyard.amm.uniswap_v2 import UniswapV2Pool
from steelyard.amm.uniswap_v3 import UniswapV3Pool
from steelyard.model import (
    BlockRef,
    GasTerms,
    LenderKind,
    LenderTerms,
    MarketSnapshot,
    Token,
    Venue,
    VenueKind,
)
from steelyard.units import ETHER, GWEI, PIPS, Q96, Address

SYNC_TOPIC: Final = "0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1"
SWAP_V3_TOPIC: Final = "0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67"

_HUBS: Final = (("WETH", 18), ("USDC", 6), ("USDT", 6), ("DAI", 18), ("WBTC", 8))
_TIERS: Final = ((500, 10), (3_000, 60), (10_000, 200))
_V3_SHARE: Final = 0.4
_WIDE: Final = 2_000
_V2_FEE_PIPS: Final = 3_000
_HUB_POOLS: Final = 60
_TO_HUB: Final = 0.8
_HOMEWARDS: Final = 0.75
_BAND: Final = 0.8
"""Prices begin within this share of the pool's fee: |deviation| <= fee for all means that no cycle pays."""
_STRAYING: Final = 0.1
_BUSY_STRAYING: Final = 0.01
_STRAYS_BY: Final = 0.005
"""One trade in ten leaves its pool outside the band, by half a per cent on average; between hubs, where
everybody looks, one in a hundred."""
_RETURNING: Final = 0.8
_BUSY: Final = 0.3
"""Chances in a block that a pool outside comes back, and that a pool between hubs is traded."""
_BLOCK_SECONDS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticMarket:
    """A snapshot that can be moved on by a block, with the raw logs that say how.

    Attributes:
        wrapped_native: the first hub; the others are borrowable as well.
        worth_wei: what one base unit of each token is worth, for making trades.
        drift: of a wild market, see ``synthetic_market``; None for an arbitraged one.
        busy: the pools between hubs.
        strayed: the pools that the last trade left outside of their band.
    """

    snapshot: MarketSnapshot
    venues: tuple[Venue, ...]
    wrapped_native: Address
    worth_wei: Mapping[Address, float]
    drift: float | None
    busy: tuple[Address, ...]
    strayed: frozenset[Address] = frozenset()
    rng: Random = field(repr=False)

    def next_block(self, touched: int) -> tuple[SyntheticMarket, list[dict[str, Any]]]:
        """Trade in ``touched`` pools drawn by chance; return the market after the block and its raw logs."""
        pools = dict(self.snapshot.pools)
        chosen = self._chosen(min(touched, len(pools)))
        block = _child(self.snapshot.block, self.rng)
        logs = []
        for index, address in enumerate(chosen):
            pools[address] = self._traded(pools[address])
            logs.append(_log(pools[address], block, index))
        moved = replace(
            self.snapshot,
            block=block,
            pools=pools,
            touched=frozenset(chosen),
            observed_at_seconds=block.timestamp_seconds + 1,
        )
        outside = frozenset(address for address in chosen if self._is_outside(pools[address]))
        strayed = self.strayed.difference(chosen) | outside
        return replace(self, snapshot=moved, strayed=strayed), logs

    def _chosen(self, count: int) -> list[Address]:
        """Draw the block's pools: most of those that strayed, some between hubs, and any others."""
        rng, pools = self.rng, self.snapshot.pools
        back = sorted(self.strayed) if self.drift is None else []
        first = [address for address in back if rng.random() < _RETURNING]
        first += [address for address in self.busy if rng.random() < _BUSY]
        first = [address for address in first if address in pools]  # a test may have taken some out
        chosen = list(dict.fromkeys([*first, *rng.sample(sorted(pools), count)]))[:count]
        rng.shuffle(chosen)
        return chosen

    def _traded(self, pool: Pool) -> Pool:
        if self.drift is not None:
            token_in, amount = self._wild_trade(pool)
        else:
            token_in, amount = self._trade_to(pool, self._deviation_after(pool))
        _, after = pool.swap_exact_in(token_in, max(amount, 1_000))
        return after

    def _wild_trade(self, pool: Pool) -> tuple[Address, int]:
        """Sell up to a hundredth of what the pool holds, more often towards the common price than away."""
        homewards = pool.token0 if self._deviation(pool) > 0 else pool.token1
        token_in = homewards if self.rng.random() < _HOMEWARDS else pool.other(homewards)
        held = pool.virtual_reserves_q96(token_in)[0] >> 96
        return token_in, int(held * self.rng.uniform(0.0005, 0.01))

    def _deviation_after(self, pool: Pool) -> float:
        """Draw where a trade leaves the pool: within its band, or now and then outside."""
        band = _log_fee(pool.fee_pips)
        straying = _BUSY_STRAYING if pool.address in self.busy else _STRAYING
        if pool.address not in self.strayed and self.rng.random() < straying:
            return self.rng.choice((-1, 1)) * (band + self.rng.expovariate(1 / _STRAYS_BY))
        return self.rng.uniform(-_BAND, _BAND) * band

    def _trade_to(self, pool: Pool, deviation: float) -> tuple[Address, int]:
        """Return the sale that moves the pool there, as far as its present range of liquidity reaches."""
        moved = deviation - self._deviation(pool)
        token_in = pool.token0 if moved < 0 else pool.token1
        held = pool.virtual_reserves_q96(token_in)[0] / Q96
        return token_in, int(held * math.expm1(abs(moved) / 2) * PIPS / (PIPS - pool.fee_pips))

    def _deviation(self, pool: Pool) -> float:
        """Return by how much token0 is dearer in the pool than in the market, as a logarithm."""
        reserve0, reserve1 = pool.virtual_reserves_q96(pool.token0)
        return math.log(reserve1 / reserve0 * self.worth_wei[pool.token1] / self.worth_wei[pool.token0])

    def _is_outside(self, pool: Pool) -> bool:
        return abs(self._deviation(pool)) > _log_fee(pool.fee_pips)


class _Place(NamedTuple):
    """What a pool is told where it is made."""

    address: Address
    token0: Address
    token1: Address
    fee_pips: int


def synthetic_market(pools: int, *, seed: int = 1, drift: float | None = None) -> SyntheticMarket:
    """Return a market of ``pools`` pools over a tenth as many tokens (twelve at least).

    Args:
        drift: standard deviation of a pool's price around the common one, as a fraction; None for prices
            within the pools' fees.
    """
    rng = Random(seed)
    tokens = [_token(rng, index) for index in range(max(pools // 10, 12))]
    worth_wei = {token.address: _worth_wei(rng, token) for token in tokens}
    made: dict[Address, Pool] = {}
    for token0, token1 in _pairs(rng, [token.address for token in tokens], pools):
        depth_wei = int(ETHER * rng.lognormvariate(4.5, 1.0))
        fee_pips, spacing = rng.choice(_TIERS) if rng.random() < _V3_SHARE else (_V2_FEE_PIPS, 0)
        off = rng.uniform(-_BAND, _BAND) * _log_fee(fee_pips) if drift is None else rng.gauss(0, drift)
        price = worth_wei[token0] / worth_wei[token1] * math.exp(off)
        reserve0, reserve1 = int(depth_wei / worth_wei[token0]), int(depth_wei / worth_wei[token0] * price)
        place = _Place(_address(rng), token0, token1, fee_pips)
        reserves = max(reserve0, 10_000), max(reserve1, 10_000)
        made[place.address] = (
            _v3_pool(rng, place, spacing, *reserves) if spacing else _v2_pool(rng, place, *reserves)
        )
    hubs = [token.address for token in tokens[: len(_HUBS)]]
    block = BlockRef(
        number=1,
        hash=_hash(1),
        parent_hash=_hash(0),
        timestamp_seconds=1_700_000_000,
        base_fee_wei=20 * GWEI,
        gas_used=15_000_000,
        gas_limit=30_000_000,
    )
    snapshot = MarketSnapshot(
        chain_id=1,
        block=block,
        gas=GasTerms(base_fee_wei=block.base_fee_wei, priority_fee_wei=GWEI),
        tokens={token.address: token for token in tokens},
        pools=made,
        lenders=tuple(_lenders(hubs, worth_wei)),
        touched=frozenset(made),
        observed_at_seconds=block.timestamp_seconds + 1,
    )
    return SyntheticMarket(
        snapshot=snapshot,
        venues=_venues(rng),
        wrapped_native=hubs[0],
        worth_wei=worth_wei,
        drift=drift,
        busy=tuple(at for at, pool in sorted(made.items()) if {pool.token0, pool.token1} <= set(hubs)),
        rng=rng,
    )


def _log_fee(fee_pips: int) -> float:
    return -math.log1p(-fee_pips / PIPS)


def _address(rng: Random) -> Address:
    return Address(to_checksum_address(f"0x{rng.getrandbits(160):040x}"))


def _hash(number: int) -> str:
    return f"0x{number:064x}"


def _token(rng: Random, index: int) -> Token:
    symbol, decimals = _HUBS[index] if index < len(_HUBS) else (f"T{index}", rng.choice((6, 8, 18, 18, 18)))
    return Token(address=_address(rng), symbol=symbol, decimals=decimals)


def _worth_wei(rng: Random, token: Token) -> float:
    whole = {"WETH": 1.0, "USDC": 1 / 3_000, "USDT": 1 / 3_000, "DAI": 1 / 3_000, "WBTC": 20.0}
    of_one: float = whole.get(token.symbol, math.exp(rng.gauss(-6, 2)))
    return of_one * ETHER / float(10**token.decimals)


def _pairs(rng: Random, tokens: list[Address], count: int) -> Iterator[tuple[Address, Address]]:
    """Draw sorted pairs: some sixty between hubs, most of the rest from a token to a hub."""
    hubs = tokens[: len(_HUBS)]
    for made in range(count):
        between_hubs = made < min(count // 6, _HUB_POOLS)
        first = rng.choice(hubs if between_hubs else tokens[len(hubs) :])
        second = first
        while second == first:
            second = rng.choice(hubs if between_hubs or rng.random() < _TO_HUB else tokens)
        yield min(first, second, key=_as_number), max(first, second, key=_as_number)


def _as_number(address: Address) -> int:
    return int(address, 16)


def _v2_pool(rng: Random, place: _Place, reserve0: int, reserve1: int) -> Pool:
    return UniswapV2Pool(
        **place._asdict(),
        venue=rng.choice(("uniswap_v2", "sushiswap_v2")),
        reserve0=reserve0,
        reserve1=reserve1,
    )


def _v3_pool(rng: Random, place: _Place, spacing: int, reserve0: int, reserve1: int) -> Pool:
    """Spread the reserves' liquidity over a wide position and a few narrow ones around the price."""
    sqrt_price_x96 = math.isqrt(reserve1 * Q96 * Q96 // reserve0)
    tick = tick_at_sqrt_ratio(sqrt_price_x96)
    initialised: dict[int, tuple[int, int]] = {}
    base = math.isqrt(reserve0 * reserve1)
    centre = tick // spacing * spacing
    widths = [(_WIDE, _WIDE), *((rng.randrange(1, 60), rng.randrange(1, 60)) for _ in range(8))]
    for below, above in widths:
        lower = max(centre - below * spacing, -MAX_TICK // spacing * spacing + spacing)
        upper = min(centre + above * spacing, MAX_TICK // spacing * spacing)
        added = base if below == _WIDE else base // 4 + 1
        for at, sign in ((lower, 1), (upper, -1)):
            gross, net = initialised.get(at, (0, 0))
            initialised[at] = gross + added, net + sign * added
    ticks = TickMap.of(initialised)
    return UniswapV3Pool(
        **place._asdict(),
        venue="uniswap_v3",
        tick_spacing=spacing,
        sqrt_price_x96=max(sqrt_price_x96, sqrt_ratio_at_tick(tick)),
        tick=tick,
        liquidity=ticks.liquidity_at(tick),
        ticks=ticks,
    )


def _venues(rng: Random) -> tuple[Venue, ...]:
    kinds = (
        ("uniswap_v2", VenueKind.UNISWAP_V2, _V2_FEE_PIPS),
        ("sushiswap_v2", VenueKind.UNISWAP_V2, _V2_FEE_PIPS),
        ("uniswap_v3", VenueKind.UNISWAP_V3, 0),
    )
    return tuple(
        Venue(
            venue_id=at, name=name, kind=kind, factory=_address(rng), init_code_hash=_hash(at), fee_pips=fee
        )
        for at, (name, kind, fee) in enumerate(kinds)
    )


def _lenders(assets: list[Address], worth_wei: Mapping[Address, float]) -> Iterator[LenderTerms]:
    for asset in assets:
        for kind, ether, fee_wad in (
            (LenderKind.BALANCER_V2, 2_000, 0),
            (LenderKind.AAVE_V3, 100_000, 5 * 10**14),
            (LenderKind.MORPHO_BLUE, 5_000, 0),
        ):
            yield LenderTerms(
                kind=kind, asset=asset, available=int(ether * ETHER / worth_wei[asset]), fee_wad=fee_wad
            )


def _child(parent: BlockRef, rng: Random) -> BlockRef:
    return replace(
        parent,
        number=parent.number + 1,
        hash=_hash(rng.getrandbits(256)),  # two children of one block are two blocks
        parent_hash=parent.hash,
        timestamp_seconds=parent.timestamp_seconds + _BLOCK_SECONDS,
    )


def _log(pool: Pool, block: BlockRef, index: int) -> dict[str, Any]:
    """Return the event that carries the pool's state after a swap, as a node's JSON has it."""
    if isinstance(pool, UniswapV2Pool):
        topics, words = [SYNC_TOPIC], [pool.reserve0, pool.reserve1]
    elif isinstance(pool, UniswapV3Pool):
        topics = [SWAP_V3_TOPIC, _hash(0), _hash(0)]
        words = [0, 0, pool.sqrt_price_x96, pool.liquidity, pool.tick % (1 << 256)]
    else:
        raise TypeError(f"no event is known for {type(pool).__name__}")
    return {
        "address": pool.address.lower(),
        "topics": topics,
        "data": "0x" + "".join(f"{word:064x}" for word in words),
        "blockHash": block.hash,
        "blockNumber": hex(block.number),
        "logIndex": hex(index),
        "transactionHash": _hash(index),
        "removed": False,
    }
