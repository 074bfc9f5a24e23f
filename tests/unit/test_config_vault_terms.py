"""The file that describes a vault: the example reads, and what cannot be meant is refused with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from steelyard.config.vault_terms import MOST_UINT128, VaultTerms, load_vault_terms
from steelyard.exceptions import ConfigError

pytestmark = pytest.mark.unit

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "vault.toml"
SOMEBODY = "0x5e6715270eAcd897Cdd0126334858762a2DDA39a"
PLACEHOLDERS = ("0x_OWNER", "0x_KEEPER", "0x_MANAGER", "0x_GUARDIAN", "0x_FEES", "0x_A_VAULT_OVER_USDC")
WETH = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"


def example(*changes: tuple[str, str]) -> str:
    text = EXAMPLE.read_text(encoding="utf-8")
    for placeholder in PLACEHOLDERS:
        text = text.replace(placeholder, SOMEBODY)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def reading(*changes: tuple[str, str]) -> VaultTerms:
        path = tmp_path / "vault.toml"
        path.write_text(example(*changes), encoding="utf-8")
        return load_vault_terms(path)

    return reading


def test_example__filled_in__is_what_it_says(read: Any) -> None:
    terms = read()
    assert (terms.chain_id, terms.symbol, terms.forwarder) == (1, "syUSDC", None)
    assert (terms.settings.deposit_cap, terms.limits.max_step_bps) == (5_000_000 * 10**6, 2_500)
    assert [pool.kind for pool in terms.pools] == ["erc4626", "uniswap_v3"]
    assert [pool.scores for pool in terms.pools] == [(8_000, 9_000, 6_000), (4_000,)]
    assert [str(feed.max_price_usd) for feed in terms.feeds] == ["1.05", "20000"]


def test_terms__written_down_as_json__are_read_back_the_same(read: Any) -> None:
    terms = read()
    assert VaultTerms.model_validate(terms.model_dump(mode="json", exclude_none=True)) == terms


def test_example__as_it_is__names_everything_that_is_to_be_filled_in() -> None:
    with pytest.raises(ConfigError) as refused:
        load_vault_terms(EXAMPLE)
    assert str(refused.value).count("must be 0x and 40 hexadecimal digits") == len(PLACEHOLDERS)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("deposit_cap = 5_000_000_000_000", "deposit_cap = -1", "settings.deposit_cap: "),
        ("management_fee_bps = 50 ", "management_fee_bps = 501 ", "settings.management_fee_bps: .*500"),
        (
            "performance_fee_bps = 1_000",
            "performance_fee_bps = 3_001",
            "settings.performance_fee_bps: .*3000",
        ),
        ('name = "Steelyard USDC"', f'name = "{"x" * 32}"', "name: must be 1 to 31 plain characters"),
        ('symbol = "syUSDC"', 'symbol = "sy€"', "symbol: must be 1 to 31 plain characters"),
        (f'owner = "{SOMEBODY}"', f'owner = "{SOMEBODY.lower()}"', "roles.owner: .*wrong checksum"),
        ('max_price_usd = "1.05"', "max_price_usd = 1.05", "feeds.0.max_price_usd: write a price as text"),
        ('max_price_usd = "1.05"', 'max_price_usd = "0.5"', "feeds.0: min_price_usd 0.95 is above"),
        ('max_price_usd = "1.05"', 'max_price_usd = "NaN"', "feeds.0.max_price_usd: .* is not a price"),
        ("# max_deviation_bps = 100", "max_deviation_bps = 100", "feeds.1: second and max_deviation_bps are"),
        ("default_c_score = 5_000", "default_c_score = 10_001", "model.default_c_score: "),
        (
            "min_max_bps = 2_500\nmax_bps = 10_000",
            "min_max_bps = 2\nmax_bps = 1",
            "model: .*is above max_bps",
        ),
        ("pivot_usd = 1_000_000", "pivot_usd = 0", "curve.pivot_usd: "),
        ("loss_period_seconds = 86_400", "loss_period_seconds = 0", "limits.loss_period_seconds: "),
        ("threshold_bps = 100 ", "threshold = 100 ", "limits.threshold_bps: Field required"),
        ("trust_score = 8_000", "#", "pools.0.erc4626: give trust_score, .* together, or c_score"),
        ("c_score = 4_000", "c_score = 4_000\ntrust_score = 1", "pools.1.uniswap_v3: give trust_score"),
        ('name = "usdc_weth"', 'name = "lending"', "pools must have different names"),
        (
            "lower_tick = 193_380",
            "lower_tick = 202_500",
            "pools.1.uniswap_v3: lower_tick 202500 must be below",
        ),
        ('kind = "uniswap_v3"', 'kind = "uniswap_v9"', "pools.1: .*uniswap_v9"),
        (f'token = "{WETH}"', 'token = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"', "each token once"),
        ("growth_bps = 3_000", "growth_bps = true", "pools.0.erc4626.growth_bps: "),
    ],
)
def test_terms__that_cannot_be_meant__are_refused_with_their_place(
    read: Any, old: str, new: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=f"(?s)is not a valid description of a vault.*{said}"):
        read((old, new))


def test_deposit_cap__longer_than_a_toml_number_or_left_out(read: Any) -> None:
    written = "deposit_cap = 5_000_000_000_000"
    assert read((written, f'deposit_cap = "{MOST_UINT128}"')).settings.deposit_cap == MOST_UINT128
    assert read((written, "#")).settings.deposit_cap == MOST_UINT128


def test_feeds__without_the_assets__are_refused(read: Any) -> None:
    with pytest.raises(ConfigError, match="feeds must have one of the asset"):
        read(('asset = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"', f'asset = "{SOMEBODY}"'))
