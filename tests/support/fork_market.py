"""Pools of the fork as its tests use them: where they are, what they quote, and how to bend one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from math import isqrt

from eth_utils.address import to_checksum_address

from tests.support.fork_chain import ForkChain, actor

WETH = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"

BALANCER_VAULT = "0xBA12222222228d8Ba445958a75a0704d566BF2C8"
AAVE_POOL = "0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2"
MORPHO = "0xBBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb"

V2_FACTORIES = {
    0: "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f",
    1: "0xC0AEe478e3658e2610c5F7A4A2E1777cE9e4f2Ac",
}
V3_FACTORY = "0x1F98431c8aD98523631AE4a59f267346ea31F984"
SWAP_ROUTER = "0xE592427A0AEce92De3Edee1F18E0157C05861564"
POSITION_MANAGER = "0xC36442b4a4522E871399CD717aBDD847Ab11FE88"
QUOTER_V2 = "0x61fFE014bA17989E743c5F6cB21bF9697530B21e"

_FOREVER = 2**40
_WIDEST_TICK_AT_3000 = 887_220
_EXACT_INPUT = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"
_MINT = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
_QUOTE = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"


class VenueId(IntEnum):
    """Order in which ``scripts/deploy.py`` lists them."""

    UNISWAP_V2 = 0
    SUSHISWAP_V2 = 1
    UNISWAP_V3 = 2


@dataclass(frozen=True)
class Hop:
    """A venue and, for V3, its fee tier."""

    venue: VenueId
    fee_pips: int = 0


class ForkMarket:
    """Reads and bends pools; the ``trader`` is a stranger to the executor."""

    def __init__(self, chain: ForkChain) -> None:
        self.chain = chain
        self.trader = actor("trader")

    def pool(self, hop: Hop, token_a: str, token_b: str) -> str:
        """The pool's address by its factory; the zero address where there is none."""
        if hop.venue is VenueId.UNISWAP_V3:
            signature, arguments = "getPool(address,address,uint24)", (token_a, token_b, hop.fee_pips)
            found = self.chain.read(V3_FACTORY, signature, "(address)", *arguments)[0]
        else:
            factory = V2_FACTORIES[hop.venue]
            found = self.chain.read(factory, "getPair(address,address)", "(address)", token_a, token_b)[0]
        return str(to_checksum_address(found))

    def quote(self, hop: Hop, token_in: str, token_out: str, amount_in: int) -> int:
        """Exact output of a swap now; rounds down as the pools do."""
        if hop.venue is VenueId.UNISWAP_V3:
            arguments = (token_in, token_out, amount_in, hop.fee_pips, 0)
            quoted = self.chain.read(QUOTER_V2, _QUOTE, "(uint256,uint160,uint32,uint256)", arguments)
            return int(quoted[0])
        pair = self.pool(hop, token_in, token_out)
        reserves = self.chain.read(pair, "getReserves()", "(uint112,uint112,uint32)")[:2]
        zero_for_one = int(token_in, 16) < int(token_out, 16)
        reserve_in, reserve_out = reserves if zero_for_one else reversed(reserves)
        paid = amount_in * 997
        return int(paid * reserve_out // (reserve_in * 1000 + paid))

    def depth(self, hop: Hop, token: str, other: str) -> int:
        """Base units of ``token`` that lie in the pool."""
        return self.chain.balance(token, self.pool(hop, token, other))

    def bend(self, hop: Hop, token_in: str, token_out: str, share_percent: int) -> None:
        """The trader sells as much ``token_in`` as is ``share_percent`` of what the pool holds of it."""
        amount = self.depth(hop, token_in, token_out) * share_percent // 100
        self.chain.give(token_in, self.trader, amount)
        if hop.venue is VenueId.UNISWAP_V3:
            self._sell_on_v3(hop, token_in, token_out, amount)
        else:
            self._sell_on_v2(hop, token_in, token_out, amount)

    def _sell_on_v2(self, hop: Hop, token_in: str, token_out: str, amount: int) -> None:
        pair = self.pool(hop, token_in, token_out)
        out = self.quote(hop, token_in, token_out, amount)
        outs = (0, out) if int(token_in, 16) < int(token_out, 16) else (out, 0)
        self.chain.send(self.trader, token_in, "transfer(address,uint256)", pair, amount)
        self.chain.send(self.trader, pair, "swap(uint256,uint256,address,bytes)", *outs, self.trader, b"")

    def _sell_on_v3(self, hop: Hop, token_in: str, token_out: str, amount: int) -> None:
        self._approve(token_in, SWAP_ROUTER, amount)
        arguments = (token_in, token_out, hop.fee_pips, self.trader, _FOREVER, amount, 0, 0)
        self.chain.send(self.trader, SWAP_ROUTER, _EXACT_INPUT, arguments)

    def _approve(self, token: str, spender: str, amount: int) -> None:
        # USDT approves only from zero.
        self.chain.send(self.trader, token, "approve(address,uint256)", spender, 0)
        self.chain.send(self.trader, token, "approve(address,uint256)", spender, amount)

    # --- new pools: the tokens must lie with the trader -----------------------------------------------------

    def open_v2_pair(self, venue: VenueId, token_a: str, amount_a: int, token_b: str, amount_b: int) -> None:
        """Create and fill a real pair."""
        factory = V2_FACTORIES[venue]
        self.chain.send(self.trader, factory, "createPair(address,address)", token_a, token_b)
        pair = self.pool(Hop(venue), token_a, token_b)
        self.chain.send(self.trader, token_a, "transfer(address,uint256)", pair, amount_a)
        self.chain.send(self.trader, token_b, "transfer(address,uint256)", pair, amount_b)
        self.chain.send(self.trader, pair, "mint(address)", self.trader)

    def open_v3_pool(self, token_a: str, amount_a: int, token_b: str, amount_b: int) -> Hop:
        """Create a real pool of 0.3 % and fill it over the whole range, at the price of the amounts."""
        hop = Hop(VenueId.UNISWAP_V3, 3000)
        sides = sorted(((token_a, amount_a), (token_b, amount_b)), key=lambda side: int(side[0], 16))
        (token0, amount0), (token1, amount1) = sides
        sqrt_price_x96 = isqrt((amount1 << 192) // amount0)
        create = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
        self.chain.send(self.trader, POSITION_MANAGER, create, token0, token1, 3000, sqrt_price_x96)
        self._approve(token0, POSITION_MANAGER, amount0)
        self._approve(token1, POSITION_MANAGER, amount1)
        ticks = (-_WIDEST_TICK_AT_3000, _WIDEST_TICK_AT_3000)
        position = (token0, token1, 3000, *ticks, amount0, amount1, 0, 0, self.trader, _FOREVER)
        self.chain.send(self.trader, POSITION_MANAGER, _MINT, position)
        return hop
