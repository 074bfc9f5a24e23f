"""A real mainnet pool with all its ticks, and what the on-chain quoter answered for it: exact or wrong."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from steelyard.amm import TickMap, UniswapV3Pool
from steelyard.amm.tick_tables import TickTables
from steelyard.units import Address

pytestmark = pytest.mark.unit

RECORDED = Path(__file__).parents[3] / "shared" / "data" / "uniswap_v3_wbtc_weth"
STATE, QUOTES = RECORDED / "state_block_24407242.json", RECORDED / "quoter_values.json"

needs_recording = pytest.mark.skipif(
    not QUOTES.is_file(), reason=f"the recorded pool is not here: {RECORDED} does not exist"
)


@cache
def recorded(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def pool() -> UniswapV3Pool:
    state = recorded(STATE)
    scalars = state["scalars"]
    return UniswapV3Pool(
        address=Address(state["pool"]),
        token0=Address(state["token0"]["symbol"]),
        token1=Address(state["token1"]["symbol"]),
        venue="uniswap_v3",
        fee_pips=scalars["fee"],
        tick_spacing=scalars["tick_spacing"],
        sqrt_price_x96=scalars["sqrt_price_x96"],
        tick=scalars["tick"],
        liquidity=scalars["liquidity"],
        ticks=TickMap.of({int(tick): (row[0], row[1]) for tick, row in state["tick_data"].items()}),
    )


@cache
def shared() -> tuple[UniswapV3Pool, TickTables]:
    """One state and one table for all cases, whichever comes first."""
    return pool(), TickTables()


def cases() -> list[str]:
    return sorted(recorded(QUOTES)["entries"]) if QUOTES.is_file() else ["absent"]


@needs_recording
@pytest.mark.parametrize("case", cases())
def test_each_recorded_quote_is_met_to_the_wei(case: str) -> None:
    _, function, direction, amount = case.split("|")
    token_in = Address(direction.partition("->")[0])
    expected = recorded(QUOTES)["entries"][case]["value"]
    if function == "quoteExactInputSingle":
        assert pool().quote_exact_in(token_in, int(amount)).amount_out == expected
    else:
        # The recorded calls carried a price limit: where the pool has less, they state what all of it costs.
        assert pool().fill_exact_out(token_in, int(amount)).amount_in == expected


@needs_recording
@pytest.mark.parametrize("case", cases())
def test_the_pools_sides_meet_it_too(case: str) -> None:
    _, function, direction, amount = case.split("|")
    state, tables = shared()
    side = state.side(Address(direction.partition("->")[0]), tables)
    expected = recorded(QUOTES)["entries"][case]["value"]
    if function == "quoteExactInputSingle":
        walked = state.quote_exact_in(Address(direction.partition("->")[0]), int(amount))
        assert side.output(walked.amount_in) == walked.amount_out == expected
        assert walked.amount_in == min(int(amount), side.capacity)
    else:
        least = side.least_input(int(amount))
        assert (least is None) == (side.output(side.capacity) < int(amount))
        if least is not None:
            assert least <= expected
            assert side.output(least) >= int(amount) > side.output(least - 1)


@needs_recording
def test_the_recorded_ticks_add_up_to_the_recorded_liquidity() -> None:
    state = pool()
    assert state.ticks.liquidity_at(state.tick) == state.liquidity
    assert sum(state.ticks.liquidity_net) == 0
