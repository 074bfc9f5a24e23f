"""A wrong configuration is refused whole, with every fault named; a right one is exact."""

import re
import tomllib
from pathlib import Path

import pytest

from steelyard.config import Config, load_config, parse_config
from steelyard.exceptions import ConfigError
from steelyard.units import ETHER, GWEI

pytestmark = pytest.mark.unit

WETH = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"


def refusal(values: dict[str, object]) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(values, source="steelyard.toml")
    return str(caught.value)


def test_nothing_configured_is_paper_mode() -> None:
    config = parse_config({}, source="defaults")
    assert config.keeper.mode == "paper"
    assert config.keeper.account is None


@pytest.mark.parametrize(
    ("written", "wei"),
    [
        ("0.05 ether", ETHER // 20),
        ("30 gwei", 30 * GWEI),
        (7, 7),
        ("7", 7),
        ("1.000000000000000001 ether", ETHER + 1),
    ],
)
def test_amounts_are_exact_to_the_wei(written: object, wei: int) -> None:
    config = parse_config({"arbitrage": {"min_net_profit": written}}, source="t")
    assert config.arbitrage.min_net_profit == wei


@pytest.mark.parametrize(
    "written",
    [
        0.05,
        "0.05 eth",
        "a lot",
        "1e-19 ether",
        -1,
        "-0.1 ether",
        True,
        "NaN ether",
        "Infinity wei",
        10**30,
    ],
)
def test_amount_that_is_not_whole_wei_in_range_is_refused_by_name(
    written: object,
) -> None:
    assert "arbitrage.min_net_profit" in refusal({"arbitrage": {"min_net_profit": written}})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_trade", 0),
        ("max_trade", "-1 ether"),
        ("max_loss_per_day", "5000000000 ether"),
        ("max_gas_per_hour", 0),
        ("max_failures_in_a_row", 0),
        ("max_failures_in_a_row", -3),
        ("max_failures_in_a_row", 10**9),
    ],
)
def test_negative_or_absurd_limit_is_refused_by_name(key: str, value: object) -> None:
    assert f"limits.{key}" in refusal({"limits": {key: value}})


def test_unknown_key_is_named_with_the_nearest_known_one() -> None:
    message = refusal({"arbitrage": {"min_net_proft": 1}})
    assert "arbitrage.min_net_proft: unknown key; did you mean min_net_profit?" in message


def test_every_fault_is_reported_at_once() -> None:
    message = refusal(
        {
            "arbitrage": {"path_length": 9},
            "keeper": {"confirmations": 0},
            "nonsense": {},
        }
    )
    assert message.count("\n") == 3


def test_a_node_address_is_never_shown_because_it_can_hold_a_key() -> None:
    message = refusal({"chain": {"rpc_url": "ftp://user:provider-secret@node.example"}})
    assert "chain.rpc_url" in message
    assert "provider-secret" not in message
    assert "provider-secret" not in repr(
        parse_config({"chain": {"rpc_url": "https://x/provider-secret"}}, source="t")
    )


def test_live_mode_without_an_account_is_refused() -> None:
    assert "keeper.account" in refusal({"keeper": {"mode": "live"}})


def test_token_list_without_the_wrapped_native_coin_is_refused() -> None:
    assert "wrapped_native" in refusal({"market": {"tokens": ["0x6B175474E89094C44Da98b954EedeAC495271d0F"]}})


def test_bases_must_be_watched_and_hubs_need_some() -> None:
    market = {"tokens": [WETH], "bases": ["0x6B175474E89094C44Da98b954EedeAC495271d0F"]}
    assert "0x6B175474E89094C44Da98b954EedeAC495271d0F, which is not among" in refusal({"market": market})
    assert "market.bases names no token" in refusal({"market": {"tokens": [WETH], "discovery": "hubs"}})
    assert "market.discovery" in refusal({"market": {"tokens": [WETH], "discovery": "guess"}})


@pytest.mark.parametrize(
    ("written", "value"), [(True, None), (False, False), ("/var/lib/market", Path("/var/lib/market"))]
)
def test_checkpoint_is_a_file_or_switched_off(written: object, value: object) -> None:
    assert parse_config({"keeper": {"checkpoint": written}}, source="t").keeper.checkpoint == value


def test_address_with_a_wrong_checksum_is_refused_and_lower_case_is_normalised() -> None:
    wrong = "0xc02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
    assert "not an address" in refusal({"market": {"tokens": [WETH, wrong]}})
    assert parse_config({"market": {"tokens": [WETH.lower()]}}, source="t").market.tokens == (WETH,)


def test_file_and_environment_are_read_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "steelyard.toml"
    file.write_text(
        '[chain]\nrpc_url = "http://127.0.0.1:1"\n[limits]\nmax_trade = "3 ether"\n',
        encoding="utf-8",
    )
    config = load_config(file, environment={"STEELYARD_RPC_URL": "http://127.0.0.1:2"})
    assert config.chain.rpc_url == "http://127.0.0.1:2"
    assert config.limits.max_trade == 3 * ETHER


def test_missing_and_malformed_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml does not exist"):
        load_config(tmp_path / "absent.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[chain\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"broken\.toml is not TOML"):
        load_config(broken)


# --- oracles, and the documented file ---------------------------------------------------------------------

FEED, COIN = "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419", "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"


def test_an_oracle_in_dollars_needs_the_one_of_the_native_coin() -> None:
    with pytest.raises(ConfigError, match="needs oracles.native_usd too"):
        parse_config({"oracles": {"usd": {COIN: FEED}}}, source="t")
    found = parse_config({"oracles": {"usd": {COIN.lower(): FEED}, "native_usd": FEED}}, source="t")
    assert found.oracles.usd == {COIN: FEED}


def test_an_oracle_of_a_token_that_is_not_watched_is_a_slip() -> None:
    oracles = {"usd": {COIN: FEED}, "native_usd": FEED}
    with pytest.raises(ConfigError, match=f"names {COIN}, which is not among market.tokens"):
        parse_config({"oracles": oracles, "market": {"tokens": [WETH]}}, source="t")
    parse_config({"oracles": oracles, "market": {"tokens": [WETH, COIN]}}, source="t")


def test_the_documented_file_is_a_configuration_with_its_comments_taken_off_too() -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    written = page.partition("```toml")[2].partition("```")[0]
    whole = re.sub(r"^# ", "", written, flags=re.MULTILINE)
    for text in (written, whole):
        config = parse_config(tomllib.loads(text), source="the page")
        assert config.token_trials == Config().token_trials
        assert config.arbitrage.min_trading_limit == 0
    assert config.oracles.usd == {COIN: "0x8fFfFfd4AfB6115b954Bd326cbe7B4BA576818f6"}
    sections = set(Config.model_fields)
    assert sections == set(tomllib.loads(whole)), "every section is on the page"
    for section, values in tomllib.loads(whole).items():
        assert set(values) == set(type(getattr(config, section)).model_fields), section


def test_relays_come_from_the_file_or_with_commas_from_the_environment() -> None:
    config = load_config(environment={"STEELYARD_PRIVATE_RPC_URLS": "https://a/key, https://b ,"})
    assert config.private.rpc_urls == ("https://a/key", "https://b")
    assert config.private.method == "auto"
    assert not config.private.fallback_to_public
    assert "https" not in repr(config.private), "an address can hold a key"


@pytest.mark.parametrize(
    ("private", "complaint"),
    [
        ({"rpc_urls": ["ftp://hidden-key"]}, "private.rpc_urls"),
        ({"rpc_urls": ["https://hidden-key", "https://hidden-key"]}, "names a relay twice"),
        ({"rpc_urls": ["http://127.0.0.1:8545/"]}, "private.rpc_urls names chain.rpc_url"),
        ({"status_url": "https://hidden-key/tx"}, "private.status_url"),
        ({"method": "bundle"}, "private.method"),
        ({"max_blocks": 0}, "private.max_blocks"),
        ({"identity": "keeper"}, "must be an account of its own"),
    ],
)
def test_slip_about_relays_is_refused_by_name_and_shows_no_address(
    private: dict[str, object], complaint: str
) -> None:
    message = refusal({"private": private, "keeper": {"account": "keeper"}})
    assert complaint in message
    assert "hidden-key" not in message
