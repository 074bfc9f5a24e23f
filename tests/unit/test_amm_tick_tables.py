"""What tables cost: the range that quotes reach, and no more memory than allowed."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from steelyard.amm.tick_tables import TickTables
from tests.support.pools import SPACING_OF_TIER, TOKEN0, TOKEN1, v3_pool

pytestmark = pytest.mark.unit

EDGE = 887_272
DEEP = 10**21


def rows(tables: TickTables) -> int:
    """How many stops all kept tables have."""
    return sum(len(table.rows) for table in tables)


def test_a_table_reaches_as_far_as_quotes_do() -> None:
    pool, tables = v3_pool([(-EDGE, EDGE, DEEP)], fee_pips=100, tick=10), TickTables()
    side = pool.side(TOKEN0, tables)
    assert rows(tables) == 2, "the stop behind the price and the one ahead"
    side.output(1)
    side.support(2**60, 2**60)
    assert rows(tables) == 2
    sizes = []
    for share in (100, 10, 3, 1):
        side.output(DEEP // share)
        sizes.append(rows(tables))
    assert sizes == sorted(set(sizes)), "each reached further than the one before"
    assert sizes[-1] < 60, "halving the price takes 27 words of 256 ticks"
    assert side.capacity > 2**64 * DEEP >> 10
    assert rows(tables) == 3_468, "to the end of the price range, when it is asked for"


def test_a_price_that_moves_back_lets_the_table_grow_in_front() -> None:
    pool, tables = v3_pool([(-EDGE, EDGE, DEEP)], fee_pips=100, tick=10), TickTables()
    pool.side(TOKEN0, tables)
    _, higher = pool.swap_exact_in(TOKEN1, DEEP // 10)
    assert higher.tick > 1_500
    higher.side(TOKEN0, tables)
    assert rows(tables) == 2 + higher.tick // 256
    pool.side(TOKEN0, tables)
    assert rows(tables) == 2 + higher.tick // 256, "and nothing is built twice"


def test_states_of_one_tick_map_share_a_table_and_a_mint_begins_another() -> None:
    pool, tables = v3_pool([(-600, 600, DEEP)], tick=0), TickTables()
    _, after = pool.swap_exact_in(TOKEN0, 10**18)
    for state in (pool, after):
        state.side(TOKEN0, tables)
    assert len(list(tables)) == 1
    pool.side(TOKEN1, tables)
    assert len(list(tables)) == 2, "the other direction stops at the other ends of words"
    pool.with_position(-60, 60, DEEP).side(TOKEN0, tables)
    assert len(list(tables)) == 3


def test_the_least_recently_used_table_goes_first_and_answers_stay() -> None:
    pools = [v3_pool([(-600, 600, DEEP + number)], tick=0) for number in range(3)]
    one = TickTables()
    pools[0].side(TOKEN0, one)
    tables = TickTables(max_bytes=2 * one.size_bytes + one.size_bytes // 2)
    first, second = pools[0].side(TOKEN0, tables), pools[1].side(TOKEN0, tables)
    pools[0].side(TOKEN0, tables)
    pools[2].side(TOKEN0, tables)
    kept = {table.ticks for table in tables}
    assert kept == {pools[0].ticks, pools[2].ticks}, "the second was used longest ago"
    assert second.output(10**18) == pools[1].quote_exact_in(TOKEN0, 10**18).amount_out
    assert first.output(10**18) == pools[0].quote_exact_in(TOKEN0, 10**18).amount_out
    before = tables.size_bytes
    second.least_input(10**19)
    assert tables.size_bytes == before, "what has gone is counted no more"


def test_a_table_that_outgrows_all_goes_itself() -> None:
    pool, tables = v3_pool([(-EDGE, EDGE, DEEP)], fee_pips=100, tick=10), TickTables(max_bytes=20_000)
    side = pool.side(TOKEN0, tables)
    assert len(list(tables)) == 1
    capacity = side.capacity
    assert len(list(tables)) == 0
    assert tables.size_bytes == 0
    assert pool.quote_exact_in(TOKEN0, capacity).amount_in == capacity


def test_the_bytes_counted_are_about_those_that_are_taken() -> None:
    pools = [
        v3_pool([(-EDGE // spacing * spacing + spacing, EDGE // spacing * spacing, DEEP)], fee_pips=fee)
        for fee, spacing in SPACING_OF_TIER.items()
    ]
    for pool in pools:  # the prices of ticks are cached besides
        pool.side(TOKEN0).capacity  # noqa: B018 - builds the whole table
    gc.collect()
    tracemalloc.start()
    tables = TickTables()
    for pool in pools:
        pool.side(TOKEN0, tables).capacity  # noqa: B018 - builds the whole table
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.7 * taken < tables.size_bytes < 1.5 * taken
