"""Gas limits and fees at their edges; the price ladder beats geth's replacement rule at every step."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from steelyard.act.executor import (
    GAS_STRATEGIES,
    GasOptimizedExecutor,
    GasStrategy,
    bumped,
    next_price_wei,
    replacement_bid,
)
from steelyard.act.gas import (
    TRANSACTION_GAS_CAP,
    FeeBid,
    GasSettings,
    bid_fees,
    limit_gas,
    require_funds,
)
from steelyard.exceptions import (
    ConfigError,
    GasRetriesExhausted,
    InsufficientGasFunds,
    SimulationReverted,
)
from steelyard.model import BlockRef
from tests.support.plans import KEEPER

pytestmark = pytest.mark.unit

SETTINGS = GasSettings(priority_fee_wei=2)


def head(*, base_fee_wei: int = 1_000, gas_limit: int = 30_000_000) -> BlockRef:
    return BlockRef(
        number=1,
        hash="0x" + "11" * 32,
        parent_hash="0x" + "22" * 32,
        timestamp_seconds=1,
        base_fee_wei=base_fee_wei,
        gas_used=gas_limit,
        gas_limit=gas_limit,
    )


@pytest.mark.parametrize("base_fee_wei", [0, 1, 7, 8, 1_000, 30 * 10**9])
def test_bid_outlives_as_many_full_blocks_as_promised(base_fee_wei: int) -> None:
    bid = bid_fees(head(base_fee_wei=base_fee_wei), SETTINGS)
    block = head(base_fee_wei=base_fee_wei)
    for _ in range(SETTINGS.headroom_blocks):
        block = head(base_fee_wei=block.next_base_fee_wei())
    assert bid.max_fee_per_gas_wei >= block.base_fee_wei + bid.max_priority_fee_per_gas_wei


def test_default_headroom_is_about_twice_the_base_fee() -> None:
    assert 2_027 <= bid_fees(head(base_fee_wei=1_000), SETTINGS).max_fee_per_gas_wei <= 2_040


def test_gas_limit_is_the_estimate_and_a_quarter_rounded_up() -> None:
    assert limit_gas(100_001, head(), SETTINGS) == 125_002


@pytest.mark.parametrize(("block_limit", "most"), [(30_000_000, TRANSACTION_GAS_CAP), (200_000, 200_000)])
def test_gas_limit_stays_inside_transaction_and_block(block_limit: int, most: int) -> None:
    assert limit_gas(most, head(gas_limit=block_limit), SETTINGS) == most
    with pytest.raises(SimulationReverted, match=f"needs {most + 1} gas, and a transaction may use {most}"):
        limit_gas(most + 1, head(gas_limit=block_limit), SETTINGS)


def test_funds_suffice_to_the_wei() -> None:
    fees = FeeBid(max_fee_per_gas_wei=10, max_priority_fee_per_gas_wei=1)
    require_funds(KEEPER, balance_wei=1_050, gas_limit=100, fees=fees, committed_wei=50)
    with pytest.raises(InsufficientGasFunds) as caught:
        require_funds(KEEPER, balance_wei=1_049, gas_limit=100, fees=fees, committed_wei=50)
    message = str(caught.value)
    assert KEEPER in message
    assert "has 1049 wei and needs 1000 wei" in message
    assert message.endswith("at least 1 wei")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("priority_fee_wei", -1),
        ("headroom_blocks", 0),
        ("headroom_blocks", 65),
        ("margin_bps", -1),
        ("margin_bps", 10_001),
        ("max_gas_units", 0),
        ("max_gas_units", TRANSACTION_GAS_CAP + 1),
    ],
)
def test_absurd_gas_setting_is_refused(key: str, value: int) -> None:
    with pytest.raises(ConfigError, match=f"not {value}"):
        GasSettings(**{"priority_fee_wei": 1, key: value})


# --- the ladder ---


def test_strategies_have_the_documented_numbers() -> None:
    assert {
        name: (strategy.buffer, strategy.max_tries, strategy.timeout_seconds)
        for name, strategy in GAS_STRATEGIES.items()
    } == {
        "conservative": (Decimal("1.1"), 2, 30),
        "aggressive": (Decimal("1.05"), 3, 15),
        "balanced": (Decimal("1.08"), 2, 20),
    }


@pytest.mark.parametrize("price_wei", [0, 1, 7, 8, 9, 10**9, 2**200 + 1])
def test_bumped_price_is_a_tenth_above_whatever_the_price(price_wei: int) -> None:
    assert bumped(price_wei) > price_wei
    assert bumped(price_wei) * 10 >= price_wei * 11


def test_price_follows_the_market_up_and_never_falls_below_the_replacement() -> None:
    assert next_price_wei(1_001, Decimal("1.08"), None) == 1_082
    assert next_price_wei(1_000, Decimal("1.08"), 1_080) == 1_215
    assert next_price_wei(1, Decimal("1.08"), 1_215) == 1_367
    assert next_price_wei(5_000, Decimal("1.08"), 1_215) == 5_400


def test_replacement_raises_both_fees_even_where_the_market_fell() -> None:
    last = FeeBid(max_fee_per_gas_wei=100, max_priority_fee_per_gas_wei=90)
    bid = replacement_bid(last, FeeBid(max_fee_per_gas_wei=50, max_priority_fee_per_gas_wei=200))
    assert bid == FeeBid(max_fee_per_gas_wei=200, max_priority_fee_per_gas_wei=200)
    bid = replacement_bid(last, FeeBid(max_fee_per_gas_wei=1, max_priority_fee_per_gas_wei=1))
    assert bid == FeeBid(max_fee_per_gas_wei=113, max_priority_fee_per_gas_wei=102)


class Market:
    def __init__(self, *prices_wei: int) -> None:
        self.prices_wei = list(prices_wei)

    async def gas_price_wei(self) -> int:
        return self.prices_wei.pop(0)


class Node:
    """Answers each offer with the next of its answers: an error, a pause in seconds, or success."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.offers: list[int] = []

    async def __call__(self, price_wei: int) -> str:
        self.offers.append(price_wei)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            await asyncio.sleep(answer)
        return "mined"


UNDERPRICED = ValueError("replacement transaction underpriced")


def run(strategy: str, node: Node, *prices_wei: int, **options: Any) -> str:
    executor = GasOptimizedExecutor(Market(*prices_wei), **options)
    return asyncio.run(executor.execute_with_gas_strategy(strategy, node))


def test_refused_price_is_followed_by_one_that_compounds() -> None:
    node = Node(UNDERPRICED, UNDERPRICED, "mined")
    assert run("aggressive", node, 1_000, 1_000, 1_000) == "mined"
    assert node.offers == [1_050, 1_182, 1_330]


def test_unknown_strategy_is_balanced() -> None:
    node = Node("mined")
    run("reckless", node, 1_000)
    assert node.offers == [1_080]


def test_used_up_tries_are_an_error_and_not_nothing() -> None:
    node = Node(UNDERPRICED, UNDERPRICED)
    with pytest.raises(GasRetriesExhausted, match=r"2 prices were offered, the last 1238 wei.*underpriced"):
        run("conservative", node, 1_000, 1_000)


def test_other_error_is_raised_at_once() -> None:
    node = Node(ValueError("insufficient funds"))
    with pytest.raises(ValueError, match="insufficient funds"):
        run("aggressive", node, 1_000)
    assert node.offers == [1_050]


def test_price_that_waits_too_long_is_raised() -> None:
    quick = {"hasty": GasStrategy(buffer=Decimal(1), max_tries=2, timeout_seconds=1)}
    node = Node(30, "mined")
    assert run("hasty", node, 1_000, 1_000, config=quick) == "mined"
    assert node.offers == [1_000, 1_125]


@pytest.mark.parametrize(
    "values", [(Decimal("0.9"), 1, 1), (Decimal(11), 1, 1), (Decimal(1), 0, 1), (Decimal(1), 1, 0)]
)
def test_absurd_strategy_is_refused(values: tuple[Decimal, int, int]) -> None:
    with pytest.raises(ConfigError):
        GasStrategy(buffer=values[0], max_tries=values[1], timeout_seconds=values[2])
