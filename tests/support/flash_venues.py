"""Venues of the replica as fork tests trade on them: their legs, and their pools' own quotes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.replica.protocols import algebra, pancakeswap_v3, uniswap_v4
from steelyard.sandbox.replica.protocols.curve import FRAX_USDC, THREE_POOL, CurvePool
from tests.support.fork_chain import ForkChain, actor
from tests.support.fork_market import BALANCER_VAULT

NATIVE = "0x" + "00" * 20
V4_QUOTE = "quoteExactInputSingle(((address,address,uint24,int24,address),bool,uint128,bytes))"
SWAP = "swap((bytes32,uint8,address,address,uint256,bytes),(address,bool,address,bool),uint256,uint256)"
ROUTED = "swap(address,bool,uint256,uint160,address)"
LIST_VENUE = "listVenue((uint8,uint24,address,bytes32))"
LOWEST_PRICE_X96 = 4295128740
HIGHEST_PRICE_X96 = 1461446703485210103287273052203988822378723970341
PANCAKE_V3, ALGEBRA, UNISWAP_V4, BALANCER_V2, CURVE, WRAPPED_ETHER = range(2, 8)

Quote = Callable[[ForkChain, str, str, int], int]


@dataclass(frozen=True, kw_only=True)
class Leg:
    """A leg as the contract takes it; the least output is one unit."""

    kind: int
    token_out: str
    params: bytes = b""
    min_amount_out: int = 1

    @property
    def data(self) -> bytes:
        """Its place in a plan."""
        bought = int(self.token_out, 16).to_bytes(20) + self.min_amount_out.to_bytes(16)
        return bytes([self.kind]) + bought + bytes([len(self.params)]) + self.params


def plan_data(executor: str, deadline: int, lender: int, asset: str, amount: int, legs: list[Leg]) -> bytes:
    """A plan on mainnet of one loan, free of charge, that must gain a unit."""
    head = (1).to_bytes(8) + _address(executor) + deadline.to_bytes(5) + (1).to_bytes(16) + bytes(2)
    loan = bytes([lender]) + _address(asset) + amount.to_bytes(16) + bytes(16) + bytes(1)
    return head + loan + b"".join(leg.data for leg in legs)


def _address(text: str) -> bytes:
    return int(text, 16).to_bytes(20)


class ListedVenues:
    """The venues that the owner adds for these tests, and the ids that they got."""

    def __init__(self, chain: ForkChain, executor: str, owner: str) -> None:
        self._chain, self._executor, self._owner = chain, executor, owner
        self.pancake = self._list(PANCAKE_V3, pancakeswap_v3.POOL_DEPLOYER, pancakeswap_v3.INIT_CODE_HASH)
        self.algebra = self._list(ALGEBRA, algebra.POOL_DEPLOYER, algebra.INIT_CODE_HASH)
        self.three_pool = self._list(CURVE, THREE_POOL.address, "0x" + "00" * 32)
        self.frax_pool = self._list(CURVE, FRAX_USDC.address, "0x" + "00" * 32)

    def _list(self, kind: int, factory: str, init_code_hash: str) -> int:
        (venue_id,) = self._chain.read(self._executor, "venueCount()", "(uint256)")
        venue = (kind, 0, factory, bytes.fromhex(init_code_hash[2:]))
        self._chain.send(self._owner, self._executor, LIST_VENUE, venue)
        return int(venue_id)


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A pool: the leg over it in either direction, and what it says of an amount."""

    leg: Callable[[str, str], Leg]
    quote: Quote


def pancake(venues: ListedVenues, pool: str, fee_pips: int) -> Stop:
    """A PancakeSwap V3 pool."""
    params = venues.pancake.to_bytes(2) + fee_pips.to_bytes(3)
    return Stop(
        leg=lambda _sold, bought: Leg(kind=PANCAKE_V3, token_out=bought, params=params),
        quote=_routed(pancakeswap_v3.ROUTER, pool),
    )


def algebra_pool(venues: ListedVenues, pool: str) -> Stop:
    """An Algebra pool."""
    params = venues.algebra.to_bytes(2)
    return Stop(
        leg=lambda _sold, bought: Leg(kind=ALGEBRA, token_out=bought, params=params),
        quote=_routed(algebra.ROUTER, pool),
    )


def v4_pool(fee_pips: int, tick_spacing: int) -> Stop:
    """A Uniswap V4 pool without hooks, of any two currencies."""
    params = fee_pips.to_bytes(3) + tick_spacing.to_bytes(3, signed=True)

    def quote(chain: ForkChain, sold: str, bought: str, amount: int) -> int:
        zero_in = int(sold, 16) < int(bought, 16)
        key = (*((sold, bought) if zero_in else (bought, sold)), fee_pips, tick_spacing, NATIVE)
        quoted = chain.read(uniswap_v4.QUOTER, V4_QUOTE, "(uint256,uint256)", (key, zero_in, amount, b""))
        return int(quoted[0])

    return Stop(leg=lambda _sold, bought: Leg(kind=UNISWAP_V4, token_out=bought, params=params), quote=quote)


def balancer_pool(pool_id: str) -> Stop:
    """A pool of the vault: what the vault answers a funded stranger."""
    raw = bytes.fromhex(pool_id[2:])

    def quote(chain: ForkChain, sold: str, bought: str, amount: int) -> int:
        trader = _endowed(chain, sold, amount, BALANCER_VAULT)
        funds = (trader, False, trader, False)
        data = encode_call(SWAP, (raw, 0, sold, bought, amount, b""), funds, 0, 2**40)
        return _uint(chain.answer(trader, BALANCER_VAULT, "0x" + data.hex()))

    return Stop(leg=lambda _sold, bought: Leg(kind=BALANCER_V2, token_out=bought, params=raw), quote=quote)


def curve_pool(venue_id: int, pool: CurvePool) -> Stop:
    """A Curve pool; its indices follow from its coins."""
    coins = [coin.address.lower() for coin in pool.coins]

    def leg(sold: str, bought: str) -> Leg:
        indices = bytes([coins.index(sold.lower()), coins.index(bought.lower())])
        return Leg(kind=CURVE, token_out=bought, params=venue_id.to_bytes(2) + indices)

    def quote(chain: ForkChain, sold: str, bought: str, amount: int) -> int:
        i, j = coins.index(sold.lower()), coins.index(bought.lower())
        quoted = chain.read(pool.address, "get_dy(int128,int128,uint256)", "(uint256)", i, j, amount)
        return int(quoted[0])

    return Stop(leg=leg, quote=quote)


def _routed(router: str, pool: str) -> Quote:
    def quote(chain: ForkChain, sold: str, bought: str, amount: int) -> int:
        trader = _endowed(chain, sold, amount, router)
        zero_in = int(sold, 16) < int(bought, 16)
        limit = LOWEST_PRICE_X96 if zero_in else HIGHEST_PRICE_X96
        data = encode_call(ROUTED, pool, zero_in, amount, limit, trader)
        return _uint(chain.answer(trader, router, "0x" + data.hex()))

    return quote


def _endowed(chain: ForkChain, token: str, amount: int, spender: str) -> str:
    """A stranger who can sell ``amount``."""
    trader = actor("quoting trader")
    chain.give(token, trader, amount)
    chain.send(trader, token, "approve(address,uint256)", spender, 0)
    chain.send(trader, token, "approve(address,uint256)", spender, 2**160)
    return trader


def _uint(answer: str) -> int:
    raw = bytes.fromhex(answer[2:])
    assert len(raw) == 32, f"the pool refuses: {answer}"
    return int(decode_result("(uint256)", raw)[0])


def allowances(chain: ForkChain, owner: str, tokens: list[str], spenders: list[str]) -> dict[Any, int]:
    """Every allowance that is not zero."""
    found = {
        (token, spender): chain.read(token, "allowance(address,address)", "(uint256)", owner, spender)[0]
        for token in tokens
        for spender in spenders
    }
    return {pair: allowed for pair, allowed in found.items() if allowed}
