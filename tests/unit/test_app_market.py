"""The configured market, and where its checkpoint lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from steelyard.app.market import checkpoint_path, open_checkpointer, watch_list
from steelyard.config import Config, parse_config
from steelyard.connect.deployment import Deployment
from steelyard.exceptions import ConfigError
from steelyard.model import LenderKind, Venue, VenueKind
from steelyard.observe.watch import Discovery
from steelyard.units import Address

pytestmark = pytest.mark.unit

WETH, DAI = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "0x6B175474E89094C44Da98b954EedeAC495271d0F"
EXECUTOR = Address("0x" + "11" * 20)
VENUE = Venue(
    venue_id=0,
    name="uniswap_v2",
    kind=VenueKind.UNISWAP_V2,
    factory=Address("0x" + "55" * 20),
    init_code_hash="0x" + "00" * 32,
    fee_pips=3_000,
)
DEPLOYMENT = Deployment(
    chain_id=1,
    executor=EXECUTOR,
    treasury=EXECUTOR,
    keeper=EXECUTOR,
    block_number=1,
    lenders={LenderKind.AAVE_V3: EXECUTOR},
    venues=(VENUE,),
)


def configured(market: dict[str, object] | None = None, keeper: dict[str, object] | None = None) -> Config:
    tokens = {"tokens": [WETH, DAI]}
    return parse_config({"market": tokens | (market or {}), "keeper": keeper or {}}, source="t")


def test_every_key_of_the_market_reaches_the_watch_list() -> None:
    market: dict[str, object] = {"discovery": "hubs", "bases": [DAI], "logs_from_block": 7}
    watch = watch_list(configured(market), DEPLOYMENT)
    assert (watch.tokens, watch.venues, watch.lenders) == ((WETH, DAI), (VENUE,), DEPLOYMENT.lenders)
    assert (watch.discovery, watch.bases, watch.logs_from_block) == (Discovery.HUBS, (DAI,), 7)


def test_base_is_the_native_coin_where_none_is_named() -> None:
    watch = watch_list(configured(), DEPLOYMENT)
    assert (watch.discovery, watch.bases) == (Discovery.AUTO, (WETH,))


def test_market_without_tokens_is_refused() -> None:
    with pytest.raises(ConfigError, match="market.tokens is empty"):
        watch_list(parse_config({}, source="t"), DEPLOYMENT)


@pytest.mark.parametrize(
    ("keeper", "path"),
    [
        ({"database_url": "sqlite:////var/keeper.sqlite"}, Path("/var/keeper.sqlite.market")),
        ({"database_url": "sqlite:////var/k.sqlite", "checkpoint": "/tmp/m"}, Path("/tmp/m")),
        ({"database_url": "postgresql://node/keeper", "checkpoint": "/tmp/m"}, Path("/tmp/m")),
        ({"database_url": "postgresql://node/keeper"}, None),
        ({"database_url": "sqlite://"}, None),
        ({"checkpoint": False}, None),
    ],
)
def test_checkpoint_lies_where_it_is_configured_or_beside_the_database(
    keeper: dict[str, object], path: Path | None
) -> None:
    assert checkpoint_path(configured(keeper=keeper)) == path


def test_no_checkpoint_is_kept_where_none_is_wanted() -> None:
    config = configured(keeper={"checkpoint": False})
    assert open_checkpointer(config, watch_list(config, DEPLOYMENT), lambda _: None, saves=True) is None
