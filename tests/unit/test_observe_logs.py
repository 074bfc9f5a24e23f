"""Raw logs into pool states, one event at a time."""

from __future__ import annotations

from typing import Any

import pytest

from steelyard.amm.tick_map import TickMap
from steelyard.amm.uniswap_v2 import UniswapV2Pool
from steelyard.amm.uniswap_v3 import UniswapV3Pool
from steelyard.connect import abi
from steelyard.connect.hexes import checksum
from steelyard.exceptions import RpcInconsistent
from steelyard.model import Venue, VenueKind
from steelyard.observe.discovery import PoolIdentity, created_pool, pool_address
from steelyard.observe.logs import BlockEffects, apply_logs
from steelyard.observe.pools import Known
from steelyard.units import Q96

pytestmark = pytest.mark.unit

BLOCK = "0x" + "bb" * 32
TOKEN0, TOKEN1 = checksum("0x" + "01" * 20), checksum("0x" + "02" * 20)
V2 = checksum("0x" + "a2" * 20)
V3 = checksum("0x" + "a3" * 20)
UNISWAP_V2 = Venue(
    venue_id=0,
    name="uniswap_v2",
    kind=VenueKind.UNISWAP_V2,
    factory=checksum("0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f"),
    init_code_hash="0x96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f",
    fee_pips=3000,
)
UNISWAP_V3 = Venue(
    venue_id=1,
    name="uniswap_v3",
    kind=VenueKind.UNISWAP_V3,
    factory=checksum("0x1F98431c8aD98523631AE4a59f267346ea31F984"),
    init_code_hash="0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54",
    fee_pips=0,
)
PAIR = UniswapV2Pool(
    address=V2, token0=TOKEN0, token1=TOKEN1, venue="uniswap_v2", fee_pips=3000, reserve0=10, reserve1=20
)
POOL = UniswapV3Pool(
    address=V3,
    token0=TOKEN0,
    token1=TOKEN1,
    venue="uniswap_v3",
    fee_pips=3000,
    tick_spacing=60,
    sqrt_price_x96=Q96,
    tick=0,
    liquidity=1_000,
    ticks=TickMap.of({-60: (1_000, 1_000), 60: (1_000, -1_000)}),
)
SLEEPING = PoolIdentity(
    address=V3, venue=UNISWAP_V3, token0=TOKEN0, token1=TOKEN1, fee_pips=3000, tick_spacing=60
)


def log(address: str, topics: list[str], *words: int, index: int = 0) -> dict[str, Any]:
    return {
        "address": address.lower(),
        "topics": topics,
        "data": "0x" + b"".join(abi.word(word) for word in words).hex(),
        "blockHash": BLOCK,
        "logIndex": hex(index),
        "removed": False,
    }


def signed_topic(value: int) -> str:
    return "0x" + abi.word(value).hex()


def sync(reserve0: int, reserve1: int, index: int = 0) -> dict[str, Any]:
    return log(V2, [abi.SYNC], reserve0, reserve1, index=index)


def position(kind: str, lower: int, upper: int, liquidity: int, index: int = 0) -> dict[str, Any]:
    topics = [kind, "0x" + "00" * 32, signed_topic(lower), signed_topic(upper)]
    words = (0, liquidity, 1, 1) if kind == abi.MINT_V3 else (liquidity, 1, 1)
    return log(V3, topics, *words, index=index)


def apply(*logs: dict[str, Any], known: Known = POOL) -> BlockEffects:
    states = {V2.lower(): PAIR, V3.lower(): known}
    return apply_logs(logs, BLOCK, states.get)


def state(effects: BlockEffects) -> UniswapV3Pool:
    after = effects.after[V3.lower()]
    assert isinstance(after, UniswapV3Pool)
    return after


def test_last_sync_of_the_block_sets_the_reserves_and_the_first_state_is_kept() -> None:
    effects = apply(sync(11, 19, 3), sync(12, 18, 7))
    after = effects.after[V2.lower()]
    assert isinstance(after, UniswapV2Pool)
    assert (after.reserve0, after.reserve1) == (12, 18)
    assert effects.before == {V2.lower(): PAIR}


def test_swap_sets_price_tick_and_liquidity_and_shares_the_ticks() -> None:
    words = (5, -5, Q96 // 2, 0, -13_864)
    after = state(apply(log(V3, [abi.SWAP_V3, "0x", "0x"], *words)))
    assert (after.sqrt_price_x96, after.tick, after.liquidity) == (Q96 // 2, -13_864, 0)
    assert after.ticks is POOL.ticks


@pytest.mark.parametrize(
    ("lower", "upper", "in_range"),
    [(-60, 60, True), (0, 60, True), (-60, 0, False), (60, 120, False), (-120, -60, False)],
)
def test_mint_counts_at_once_only_in_range(lower: int, upper: int, in_range: bool) -> None:
    after = state(apply(position(abi.MINT_V3, lower, upper, 500)))
    assert after.liquidity == 1_000 + 500 * in_range
    assert after.ticks == POOL.ticks.with_position(lower, upper, 500)


def test_burn_of_all_clears_the_ticks() -> None:
    after = state(apply(position(abi.BURN_V3, -60, 60, 1_000)))
    assert after.liquidity == 0
    assert after.ticks.indices == ()


def test_burn_of_nothing_touches_nothing() -> None:
    effects = apply(position(abi.BURN_V3, -60, 60, 0))
    assert effects.after == effects.before == {}


def test_events_of_a_block_build_on_each_other() -> None:
    after = state(apply(position(abi.MINT_V3, -120, 120, 9, 1), position(abi.BURN_V3, -120, 120, 9, 2)))
    assert after == POOL


def test_burn_of_more_than_is_known_marks_the_pool_as_stale() -> None:
    effects = apply(position(abi.BURN_V3, -60, 60, 1_001))
    assert effects.stale == {V3.lower()}
    assert effects.after == {}


@pytest.mark.parametrize(("tick", "liquidity"), [(-1, 2_000), (-61, 1_000), (60, 1)])
def test_swap_into_liquidity_that_no_known_mint_explains_marks_the_pool_as_stale(
    tick: int, liquidity: int
) -> None:
    effects = apply(log(V3, [abi.SWAP_V3, "0x", "0x"], 5, -5, Q96 - 7, liquidity, tick))
    assert effects.stale == {V3.lower()}
    assert effects.after == {}


def test_initialize_wakes_a_pool() -> None:
    after = state(apply(log(V3, [abi.INITIALIZE], Q96, 0), known=SLEEPING))
    assert (after.sqrt_price_x96, after.tick, after.liquidity, after.ticks.indices) == (Q96, 0, 0, ())


def test_events_of_strangers_and_of_other_kinds_are_passed_over() -> None:
    stranger = checksum("0x" + "99" * 20)
    effects = apply(
        log(stranger, [abi.SYNC], 1, 2, index=1),
        log(V2, ["0x" + "12" * 32], 1, 2, index=2),
        log(V3, [abi.SYNC], 1, 2, index=3),
        log(V2, [abi.SWAP_V3], 1, 2, 3, 4, 5, index=4),
    )
    assert effects.after == {}


@pytest.mark.parametrize(
    "change",
    [
        {"blockHash": "0x" + "cc" * 32},
        {"removed": True},
        {"data": "0x12"},
        {"data": None},
        {"topics": None},
        {"topics": []},
        {"logIndex": "later"},
        {"address": 5},
    ],
)
def test_damaged_log_is_an_inconsistency(change: dict[str, Any]) -> None:
    with pytest.raises(RpcInconsistent):
        apply(sync(11, 19) | change)


def test_log_out_of_order_is_an_inconsistency() -> None:
    with pytest.raises(RpcInconsistent):
        apply(sync(11, 19, 3), sync(12, 18, 3))


def test_well_known_pools_come_out_at_their_addresses() -> None:
    usdc = checksum("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48")
    weth = checksum("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2")
    assert pool_address(UNISWAP_V2, usdc, weth, 3000) == "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc"
    assert pool_address(UNISWAP_V3, usdc, weth, 500) == "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640"


def created_v3(address: str, token1: str = TOKEN1, fee_pips: int = 3000) -> dict[str, Any]:
    topics = [
        abi.POOL_CREATED,
        "0x" + TOKEN0[2:].lower().rjust(64, "0"),
        "0x" + token1[2:].lower().rjust(64, "0"),
        signed_topic(fee_pips),
    ]
    return log(UNISWAP_V3.factory, topics, 60, int(address, 16))


def announced(raw: dict[str, Any]) -> tuple[PoolIdentity, str | None] | None:
    venues = {venue.factory.lower(): venue for venue in (UNISWAP_V2, UNISWAP_V3)}
    return created_pool(raw, venues, {TOKEN0, TOKEN1})


def test_pool_announced_by_its_factory_is_known_by_all_that_never_changes() -> None:
    address = pool_address(UNISWAP_V3, TOKEN0, TOKEN1, 3000)
    found = announced(created_v3(address))
    assert found == (
        PoolIdentity(
            address=address,
            venue=UNISWAP_V3,
            token0=TOKEN0,
            token1=TOKEN1,
            fee_pips=3000,
            tick_spacing=60,
        ),
        None,
    )


def test_pool_that_the_executor_would_look_for_elsewhere_comes_with_the_reason() -> None:
    found = announced(created_v3(V3))
    assert found is not None
    assert found[1] is not None
    assert "init code hash" in found[1]


def test_pools_of_other_tokens_and_factories_are_none_of_ours() -> None:
    address = pool_address(UNISWAP_V3, TOKEN0, TOKEN1, 3000)
    assert announced(created_v3(address, token1="0x" + "77" * 20)) is None
    assert announced(created_v3(address) | {"address": "0x" + "f0" * 20}) is None
    assert announced(created_v3(address) | {"address": UNISWAP_V2.factory.lower()}) is None
    with pytest.raises(RpcInconsistent, match="wrong size"):
        announced(created_v3(address) | {"data": "0x"})
