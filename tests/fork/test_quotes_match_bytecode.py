"""Python and EVM agree to the wei: hypothesis draws pools and amounts, the contracts' own code answers.

Each example is one ``eth_call`` on the real pool with its storage overridden, so nothing is left behind: not
in the chain, and not for the next example. The tokens are overridden too, by code that answers every call
with one number; a pool asks its tokens nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import assume, event, example, given, settings
from hypothesis import strategies as st

from steelyard.amm import TickMap, UniswapV3Pool
from steelyard.amm.uniswap_v2 import RESERVE_MAX
from steelyard.exceptions import QuoteError, RpcRejected
from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.units import Address
from tests.support.effort import is_deep, patient, reading
from tests.support.fork_chain import ForkChain, actor
from tests.support.fork_market import QUOTER_V2, USDC, V3_FACTORY, WETH, ForkMarket, Hop, VenueId
from tests.support.pools import (
    AMOUNTS,
    SPACING_OF_TIER,
    TOKEN0,
    TOKENS,
    magnitudes,
    v2_pool,
    v2_pools,
    v3_pool,
    v3_pools,
)

if TYPE_CHECKING:
    from steelyard.amm import Quote, UniswapV2Pool
    from steelyard.amm.side import Side

pytestmark = [pytest.mark.fork, pytest.mark.needs("any"), *patient()]

V2_ROUTER = "0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D"
MIN_LIMIT_X96 = 4_295_128_740
MAX_LIMIT_X96 = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_341
GAS = hex(500_000_000)
TICK_INFO = "(uint128,int128,uint256,uint256,int56,uint160,uint32,bool)"

DEEP_EXAMPLES = 10_000
"""A kind, where the run is to look for news."""

# Fixtures of the chain are read, never changed, by the examples.
exact = reading(max_examples=DEEP_EXAMPLES if is_deep() else 3 * settings().max_examples)


def slot(value: int) -> str:
    return f"0x{value % (1 << 256):064x}"


def answering(number: int) -> dict[str, str]:
    """Code that returns ``number`` whatever is asked."""
    return {"code": f"0x7f{number:064x}60005260206000f3"}


def mapped(key: int, base_slot: int) -> str:
    return "0x" + keccak(encode(["int256", "uint256"], [key, base_slot])).hex()


def ask(chain: ForkChain, to: str, data: bytes, overrides: dict[str, Any]) -> bytes | str:
    """The answer, or the reason of the revert."""
    call = {"from": actor("trader"), "to": to, "data": "0x" + data.hex(), "gas": GAS}
    try:
        answer: str = chain.rpc.call("eth_call", call, "latest", overrides)
    except RpcRejected as error:
        return f"{error} {bytes.fromhex((error.data or '0x')[2:])!r}"
    return bytes.fromhex(answer[2:])


# --- V2: the pair's swap and the router's view ------------------------------------------------------------


def pair_storage(pool: UniswapV2Pool) -> dict[str, Any]:
    return {"stateDiff": {slot(8): slot(pool.reserve1 << 112 | pool.reserve0)}}


def swaps(chain: ForkChain, pair: str, pool: UniswapV2Pool, token_in: Address, paid: int, taken: int) -> str:
    """Empty where the real pair accepts to take ``paid`` for ``taken``, else why it does not."""
    sells0 = token_in == TOKEN0
    balance0 = pool.reserve0 + paid if sells0 else max(pool.reserve0 - taken, 0)
    balance1 = max(pool.reserve1 - taken, 0) if sells0 else pool.reserve1 + paid
    outs = (0, taken) if sells0 else (taken, 0)
    overrides = {pair: pair_storage(pool), USDC: answering(balance0), WETH: answering(balance1)}
    data = encode_call("swap(uint256,uint256,address,bytes)", *outs, actor("trader"), b"")
    answer = ask(chain, pair, data, overrides)
    return answer if isinstance(answer, str) else ""


@pytest.fixture(scope="module", params=["uniswap", "sushiswap"])
def pair(request: pytest.FixtureRequest, market: ForkMarket) -> str:
    venue = VenueId.UNISWAP_V2 if request.param == "uniswap" else VenueId.SUSHISWAP_V2
    return market.pool(Hop(venue), USDC, WETH)


@exact
@given(pool=v2_pools(fees=st.just(3_000)), token_in=TOKENS, amount=magnitudes(1, RESERVE_MAX))
def test_a_pair_pays_the_quote_and_not_a_unit_more(
    chain: ForkChain, pair: str, pool: UniswapV2Pool, token_in: Address, amount: int
) -> None:
    reserve_out = pool.reserve1 if token_in == TOKEN0 else pool.reserve0
    side = pool.side(token_in)
    try:
        out = pool.quote_exact_in(token_in, amount).amount_out
    except QuoteError:
        event("overflow")
        assert side.output(amount) == 0
        assume(reserve_out > 1)
        reserve_in = pool.reserve0 if token_in == TOKEN0 else pool.reserve1
        earns_a_unit = amount * 997 * (reserve_out - 1) >= reserve_in * 1_000
        reason = "UniswapV2: OVERFLOW" if earns_a_unit else "UniswapV2: K"
        assert reason in swaps(chain, pair, pool, token_in, amount, 1)
        return
    assert side.output(amount) == out
    if out:
        assert swaps(chain, pair, pool, token_in, amount, out) == ""
    if out + 1 < reserve_out:
        assert "UniswapV2: K" in swaps(chain, pair, pool, token_in, amount, out + 1)


@exact
@given(pool=v2_pools(fees=st.just(3_000)), token_in=TOKENS, data=st.data())
def test_a_pair_accepts_the_least_input_and_not_a_unit_less(
    chain: ForkChain, pair: str, pool: UniswapV2Pool, token_in: Address, data: st.DataObject
) -> None:
    reserve_out = pool.reserve1 if token_in == TOKEN0 else pool.reserve0
    assume(reserve_out > 1)
    out = data.draw(magnitudes(1, reserve_out - 1))
    try:
        paid = pool.quote_exact_out(token_in, out).amount_in
    except QuoteError:
        assert pool.side(token_in).least_input(out) is None
        return
    assert pool.side(token_in).least_input(out) == paid
    assert swaps(chain, pair, pool, token_in, paid, out) == ""
    assert swaps(chain, pair, pool, token_in, paid - 1, out) != ""


@pytest.mark.parametrize(("reserve0", "reserve1"), [(0, 0), (10**9, 0)])
@pytest.mark.parametrize("amount", [1, 10**18])
def test_a_pair_without_a_side_pays_nothing(
    chain: ForkChain, pair: str, reserve0: int, reserve1: int, amount: int
) -> None:
    pool = v2_pool(reserve0, reserve1)
    assert pool.side(TOKEN0).output(amount) == 0
    with pytest.raises(QuoteError, match="empty"):
        pool.quote_exact_in(TOKEN0, amount)
    assert "INSUFFICIENT_LIQUIDITY" in swaps(chain, pair, pool, TOKEN0, amount, 1)


@exact
@given(pool=v2_pools(fees=st.just(3_000)), token_in=TOKENS, amount=magnitudes(1, 2**100))
def test_the_router_quotes_the_same(
    chain: ForkChain, market: ForkMarket, pool: UniswapV2Pool, token_in: Address, amount: int
) -> None:
    overrides = {market.pool(Hop(VenueId.UNISWAP_V2), USDC, WETH): pair_storage(pool)}
    path = [USDC, WETH] if token_in == TOKEN0 else [WETH, USDC]
    data = encode_call("getAmountsOut(uint256,address[])", amount, path)
    answer = ask(chain, V2_ROUTER, data, overrides)
    try:
        quote = pool.quote_exact_in(token_in, amount)
    except QuoteError:
        return  # the router does not know that the pair would overflow
    assert isinstance(answer, bytes), answer
    assert decode_result("(uint256[])", answer)[0] == (amount, quote.amount_out)


# --- V3: the quoter runs the pool's own swap ----------------------------------------------------------------


OVERFLOWING = v3_pool(
    [(-54 * 16_383, 54 * 16_383, 2**119)], fee_pips=50_000, sqrt_price_x96=MAX_LIMIT_X96 // 2
)
"""Amount times price passes 2**256 here: the contract then divides in another order, and rounds otherwise."""


def pool_storage(pool: UniswapV3Pool) -> dict[str, Any]:
    """All of a V3 pool's storage that a swap reads; fees and oracle start from nothing."""
    one_observation, unlocked = 1 << 200 | 1 << 216, 1 << 240
    slots = {
        slot(0): slot(pool.sqrt_price_x96 | (pool.tick % (1 << 24)) << 160 | one_observation | unlocked),
        slot(4): slot(pool.liquidity),
        slot(8): slot(1 << 248),
    }
    words: dict[int, int] = {}
    for tick, net, gross in zip(
        pool.ticks.indices, pool.ticks.liquidity_net, pool.ticks.liquidity_gross, strict=True
    ):
        slots[mapped(tick, 5)] = slot((net % (1 << 128)) << 128 | gross)
        compressed = tick // pool.tick_spacing
        words[compressed >> 8] = words.get(compressed >> 8, 0) | 1 << (compressed & 255)
    slots |= {mapped(word, 6): slot(bits) for word, bits in words.items()}
    return {"state": slots}


def quoter_says(
    chain: ForkChain,
    where: dict[int, str],
    pool: UniswapV3Pool,
    token_in: Address,
    amount: int,
    *,
    sells: bool,
) -> tuple[int, int] | str:
    """The quoter's amount and price after the swap, or why it reverted."""
    sold, bought = (USDC, WETH) if token_in == TOKEN0 else (WETH, USDC)
    limit = 0 if sells else MIN_LIMIT_X96 if token_in == TOKEN0 else MAX_LIMIT_X96
    name = "quoteExactInputSingle" if sells else "quoteExactOutputSingle"
    signature = f"{name}((address,address,uint256,uint24,uint160))"
    data = encode_call(signature, (sold, bought, amount, pool.fee_pips, limit))
    overrides = {where[pool.fee_pips]: pool_storage(pool), USDC: answering(1), WETH: answering(1)}
    answer = ask(chain, QUOTER_V2, data, overrides)
    if isinstance(answer, str):
        return answer
    quoted = decode_result("(uint256,uint160,uint32,uint256)", answer)
    event("no tick crossed" if quoted[2] == 0 else "ticks crossed")
    return quoted[0], quoted[1]


def agrees(side: Side, quote: Quote, amount: int) -> None:
    """Hold that a side pays what the contract paid, and that its least input is just enough for that."""
    assert side.output(quote.amount_in) == quote.amount_out
    if quote.amount_in < amount:
        assert side.output(amount) == 0
        assert side.capacity == quote.amount_in
    if quote.amount_out:
        least = side.least_input(quote.amount_out)
        assert least is not None
        assert least <= quote.amount_in
        assert side.output(least) >= quote.amount_out > side.output(least - 1)


@pytest.fixture(scope="module")
def v3_addresses(chain: ForkChain, market: ForkMarket) -> dict[int, str]:
    """A real pool of each tier; tier and pool created where the chain has none."""
    found = {}
    for tier, spacing in SPACING_OF_TIER.items():
        if chain.read(V3_FACTORY, "feeAmountTickSpacing(uint24)", "(int24)", tier)[0] == 0:
            (owner,) = chain.read(V3_FACTORY, "owner()", "(address)")
            chain.send(owner, V3_FACTORY, "enableFeeAmount(uint24,int24)", tier, spacing)
        hop = Hop(VenueId.UNISWAP_V3, tier)
        if int(market.pool(hop, USDC, WETH), 16) == 0:
            signature = "createPool(address,address,uint24)"
            chain.send(market.trader, V3_FACTORY, signature, USDC, WETH, tier)
        found[tier] = market.pool(hop, USDC, WETH)
    return found


@exact
@example(pool=OVERFLOWING, token_in=TOKEN0, amount=2**101)
@given(pool=v3_pools(), token_in=TOKENS, amount=AMOUNTS)
def test_the_quoter_sells_for_the_same_and_ends_at_the_same_price(
    chain: ForkChain, v3_addresses: dict[int, str], pool: UniswapV3Pool, token_in: Address, amount: int
) -> None:
    answer = quoter_says(chain, v3_addresses, pool, token_in, amount, sells=True)
    side = pool.side(token_in)
    try:
        quote, after = pool.swap_exact_in(token_in, amount)
    except QuoteError:
        assert isinstance(answer, str)
        assert side.capacity == 0
        return
    event("liquidity ended" if quote.amount_in < amount else "filled")
    assert answer == (quote.amount_out, after.sqrt_price_x96)
    agrees(side, quote, amount)


@exact
@given(pool=v3_pools(), token_in=TOKENS, amount=AMOUNTS)
def test_the_quoter_buys_for_the_same(
    chain: ForkChain, v3_addresses: dict[int, str], pool: UniswapV3Pool, token_in: Address, amount: int
) -> None:
    answer = quoter_says(chain, v3_addresses, pool, token_in, amount, sells=False)
    try:
        quote = pool.fill_exact_out(token_in, amount)
    except QuoteError:
        assert isinstance(answer, str)
        return
    if quote.amount_in == 0:
        assert isinstance(answer, str), "the quoter reverts where nothing moves"
        return
    assert not isinstance(answer, str), answer
    assert answer[0] == quote.amount_in


@exact
@given(pool=v3_pools(), token_in=TOKENS, data=st.data())
def test_amounts_that_end_exactly_on_a_tick_are_quoted_alike(
    chain: ForkChain,
    v3_addresses: dict[int, str],
    pool: UniswapV3Pool,
    token_in: Address,
    data: st.DataObject,
) -> None:
    side = pool.side(token_in)
    curve = side.curve(data.draw(AMOUNTS))
    assume(curve)
    assert curve is not None
    amount = (curve.high or 0) + data.draw(st.integers(-2, 2))
    assume(0 < amount < 2**255)
    quote, after = pool.swap_exact_in(token_in, amount)
    answer = quoter_says(chain, v3_addresses, pool, token_in, amount, sells=True)
    assert answer == (quote.amount_out, after.sqrt_price_x96)
    agrees(side, quote, amount)


@exact
@given(pool=v3_pools(), token_in=TOKENS, amount=AMOUNTS)
def test_the_least_input_buys_as_much_from_the_pool_and_a_unit_less_does_not(
    chain: ForkChain, v3_addresses: dict[int, str], pool: UniswapV3Pool, token_in: Address, amount: int
) -> None:
    side = pool.side(token_in)
    wanted = side.output(amount) or side.output(side.capacity)
    assume(wanted)
    least = side.least_input(wanted)
    assert least is not None
    enough = quoter_says(chain, v3_addresses, pool, token_in, least, sells=True)
    assert isinstance(enough, tuple), enough
    assert enough[0] >= wanted
    if least > 1:
        short = quoter_says(chain, v3_addresses, pool, token_in, least - 1, sells=True)
        assert isinstance(short, str) or short[0] < wanted


# --- state after real swaps ---------------------------------------------------------------------------------


@pytest.mark.parametrize("share_percent", [1, 20, 70])
@pytest.mark.parametrize("buys_ether", [True, False], ids=["usdc_in", "weth_in"])
def test_a_pair_ends_where_we_say_after_a_real_swap(
    market: ForkMarket, share_percent: int, buys_ether: bool
) -> None:
    hop, sold, bought = Hop(VenueId.UNISWAP_V2), *((USDC, WETH) if buys_ether else (WETH, USDC))
    address = market.pool(hop, USDC, WETH)
    before = market.chain.read(address, "getReserves()", "(uint112,uint112,uint32)")
    pool = v2_pool(before[0], before[1], address=Address(address))
    amount = market.depth(hop, sold, bought) * share_percent // 100
    market.bend(hop, sold, bought, share_percent)
    after = market.chain.read(address, "getReserves()", "(uint112,uint112,uint32)")
    _, expected = pool.swap_exact_in(pool.token0 if buys_ether else pool.token1, amount)
    assert after[:2] == (expected.reserve0, expected.reserve1)


def read_v3(chain: ForkChain, address: str) -> UniswapV3Pool:
    """A pool of the 0.3 % tier with all its ticks, word by word of its bitmap."""
    ticks: dict[int, tuple[int, int]] = {}
    for word in range(-58, 58):
        (bits,) = chain.read(address, "tickBitmap(int16)", "(uint256)", word)
        for bit in (bit for bit in range(256) if bits >> bit & 1):
            tick = (word * 256 + bit) * 60
            gross, net, *_ = chain.read(address, "ticks(int24)", TICK_INFO, tick)
            ticks[tick] = (gross, net)
    price, tick, *_ = chain.read(address, "slot0()", "(uint160,int24,uint16,uint16,uint16,uint8,bool)")
    (liquidity,) = chain.read(address, "liquidity()", "(uint128)")
    known = v3_pool([(-60, 60, 1)], address=Address(address))
    return replace(known, sqrt_price_x96=price, tick=tick, liquidity=liquidity, ticks=TickMap.of(ticks))


@pytest.mark.parametrize("share_percent", [1, 20, 60])
@pytest.mark.parametrize("buys_ether", [True, False], ids=["usdc_in", "weth_in"])
def test_a_v3_pool_ends_where_we_say_after_a_real_swap(
    market: ForkMarket, share_percent: int, buys_ether: bool
) -> None:
    hop, sold, bought = Hop(VenueId.UNISWAP_V3, 3_000), *((USDC, WETH) if buys_ether else (WETH, USDC))
    address = market.pool(hop, USDC, WETH)
    pool = read_v3(market.chain, address)
    amount = market.depth(hop, sold, bought) * share_percent // 100
    market.bend(hop, sold, bought, share_percent)
    _, expected = pool.swap_exact_in(pool.token0 if buys_ether else pool.token1, amount)
    after = read_v3(market.chain, address)
    assert after == expected
