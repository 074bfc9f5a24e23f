"""What an oracle's answer means: wei for a base unit, from two feeds in USD; bad rounds are no answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pytest

from steelyard.connect import abi
from steelyard.connect.multicall import CallResult, Multicall, StaticCall
from steelyard.model import Address, BlockRef, OraclePrice, Token
from steelyard.observe.oracles import OracleReader
from steelyard.units import ETHER, WAD
from tests.support.markets import block

pytestmark = pytest.mark.unit

NATIVE_FEED, COIN_FEED = Address("0x" + "a1" * 20), Address("0x" + "a2" * 20)
COIN = Address("0x" + "c0" * 20)
BLOCK = replace(block(), timestamp_seconds=1_700_000_000)
ROUND = 7


class Feeds:
    """Answers ``decimals`` and ``latestRoundData`` from tables; what is not in them reverts."""

    def __init__(self) -> None:
        self.decimals = {NATIVE_FEED: 8, COIN_FEED: 8}
        self.rounds: dict[Address, tuple[int, ...]] = {}
        self.says(NATIVE_FEED, 2_000 * 10**8)
        self.says(COIN_FEED, 10**8)

    def says(
        self, feed: Address, answer: int, *, age: int = 0, updated: int | None = None, seen: int = ROUND
    ) -> None:
        at = BLOCK.timestamp_seconds - age if updated is None else updated
        self.rounds[feed] = (ROUND, answer, at, at, seen)

    def read(self, calls: Sequence[StaticCall], at: BlockRef) -> list[CallResult]:
        return [self._result(call) for call in calls]

    def _result(self, call: StaticCall) -> CallResult:
        words = self.rounds.get(call.target)
        if call.data == abi.DECIMALS:
            words = (self.decimals[call.target],) if call.target in self.decimals else None
        if words is None:
            return CallResult(success=False, returned=0, data=bytes(call.want))
        data = b"".join(abi.word(word) for word in words)
        return CallResult(success=True, returned=len(data), data=data)


def prices(
    feeds: Feeds, *, coin_decimals: int = 6, usd: dict[Address, Address] | None = None
) -> dict[Address, OraclePrice]:
    reader = OracleReader(NATIVE_FEED, {COIN: COIN_FEED} if usd is None else usd)
    multicall = cast("Multicall", feeds)
    token = Token(address=COIN, symbol="COIN", decimals=coin_decimals)
    reader.prepare(multicall, BLOCK, {COIN: token})
    reader.take(multicall.read(reader.calls(), BLOCK), BLOCK)
    return dict(reader.prices)


def test_a_unit_is_worth_its_share_of_the_token_in_the_native_coin() -> None:
    dollar = prices(Feeds())[COIN]
    assert dollar.wei_per_unit_wad == ETHER * WAD // 2_000 // 10**6
    assert dollar.updated_at_seconds == BLOCK.timestamp_seconds


@pytest.mark.parametrize(("coin_decimals", "native", "coin"), [(0, 8, 18), (18, 18, 8), (27, 8, 0)])
def test_decimals_of_token_and_feeds_do_not_change_the_value(
    coin_decimals: int, native: int, coin: int
) -> None:
    feeds = Feeds()
    feeds.decimals = {NATIVE_FEED: native, COIN_FEED: coin}
    feeds.says(NATIVE_FEED, 3_000 * 10**native)
    feeds.says(COIN_FEED, 7 * 10**coin)
    found = prices(feeds, coin_decimals=coin_decimals)[COIN]
    assert found.wei_per_unit_wad == 7 * ETHER * WAD // (3_000 * 10**coin_decimals)


def test_a_price_is_as_old_as_the_older_answer() -> None:
    for feed, other in ((NATIVE_FEED, COIN_FEED), (COIN_FEED, NATIVE_FEED)):
        feeds = Feeds()
        feeds.says(feed, 10**8, age=50)
        feeds.says(other, 10**8, age=20)
        assert prices(feeds)[COIN].updated_at_seconds == BLOCK.timestamp_seconds - 50


@pytest.mark.parametrize("feed", [NATIVE_FEED, COIN_FEED], ids=["native", "coin"])
@pytest.mark.parametrize(
    "bad",
    [
        {"answer": 0},
        {"answer": -(10**8)},
        {"answer": 10**8, "updated": 0},
        {"answer": 10**8, "age": -1},
        {"answer": 10**8, "seen": ROUND - 1},
    ],
    ids=["zero", "negative", "never_updated", "from_the_future", "round_not_complete"],
)
def test_an_answer_that_cannot_be_believed_is_none(feed: Address, bad: dict[str, int]) -> None:
    feeds = Feeds()
    feeds.says(feed, **bad)
    assert prices(feeds) == {}


def test_a_feed_that_reverts_has_no_answer() -> None:
    feeds = Feeds()
    del feeds.rounds[COIN_FEED]
    assert prices(feeds) == {}


def test_a_value_below_the_smallest_that_can_be_told_is_no_price() -> None:
    feeds = Feeds()
    feeds.says(COIN_FEED, 1)
    assert prices(feeds, coin_decimals=40) == {}


def test_tokens_that_are_not_watched_are_not_asked_about() -> None:
    stranger = Address("0x" + "77" * 20)
    reader = OracleReader(NATIVE_FEED, {stranger: COIN_FEED})
    reader.prepare(cast("Multicall", Feeds()), BLOCK, {})
    assert [call.target for call in reader.calls()] == [NATIVE_FEED]


@pytest.mark.parametrize("missing", [NATIVE_FEED, COIN_FEED])
def test_an_aggregator_without_decimals_is_left_out_with_a_warning(missing: Address) -> None:
    feeds = Feeds()
    del feeds.decimals[missing]
    reader = OracleReader(NATIVE_FEED, {COIN: COIN_FEED})
    reader.prepare(cast("Multicall", feeds), BLOCK, {COIN: Token(address=COIN, symbol="C", decimals=6)})
    (warning,) = reader.warnings
    assert warning.startswith(f"oracle {missing} does not state its decimals")
    reader.take(feeds.read(reader.calls(), BLOCK), BLOCK)
    assert reader.prices == {}
