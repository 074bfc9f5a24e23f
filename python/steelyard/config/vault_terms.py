"""What a vault is to be, as a file says it before the vault stands: ``ape run deploy vault FILE``.

An example with every key explained: ``docs/examples/vault.toml``. Amounts are base units of the asset,
prices US dollars for a whole token.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from steelyard.config.address_book import BookAddress
from steelyard.config.toml_files import read_toml_as
from steelyard.units import BPS, WAD

DEFAULT_SALT: Final = "steelyard"
MOST_UINT128: Final = 2**128 - 1
MOST_POOLS: Final = 32
_MOST_UINT16: Final = 2**16 - 1
_MOST_UINT32: Final = 2**32 - 1
_MOST_UINT64: Final = 2**64 - 1
_MOST_TICK: Final = 887_272
_NAME_BYTES: Final = 31
_SCORES: Final = ("trust_score", "liquidity_score", "performance_score")


def _base_units(value: object) -> object:
    """A TOML number ends at 64 bits; a longer one is written as text."""
    if isinstance(value, str) and value.replace("_", "").isdecimal():
        return int(value)
    return value


def _dollars(value: object) -> Decimal:
    """Return a price; TOML's fractions are floats, which cannot hold one, so they are written as text."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError(f'write a price as text, "0.98", not {value!r}')
    try:
        found = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a price") from None
    if not found.is_finite() or found <= 0 or (found * WAD) % 1 != 0 or found * WAD > MOST_UINT128:
        raise ValueError(f"{value!r} is not a price above zero of at most 18 decimals")
    return found


def _one_line(value: str) -> str:
    if not value.isascii() or not value.isprintable() or not 0 < len(value) <= _NAME_BYTES:
        raise ValueError(f"must be 1 to {_NAME_BYTES} plain characters, not {value!r}")
    return value


Whole = Annotated[int, Field(strict=True)]
Bps = Annotated[Whole, Field(ge=0, le=BPS)]
PositiveBps = Annotated[Whole, Field(gt=0, le=BPS)]
Seconds = Annotated[Whole, Field(ge=0, le=_MOST_UINT32)]
PositiveSeconds = Annotated[Whole, Field(gt=0, le=_MOST_UINT32)]
Tick = Annotated[Whole, Field(ge=-_MOST_TICK, le=_MOST_TICK)]
Dollars = Annotated[Decimal, BeforeValidator(_dollars)]
Label = Annotated[str, BeforeValidator(_one_line)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FeedTerms(_Part):
    """How a token's price is read: the contract's ``Feed``, prices in US dollars."""

    token: BookAddress
    feed: BookAddress
    decimals: Annotated[Whole, Field(ge=0, le=18)]
    max_age_seconds: PositiveSeconds
    min_price_usd: Dollars
    max_price_usd: Dollars
    second: BookAddress | None = None
    max_deviation_bps: Bps = 0

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        if self.min_price_usd > self.max_price_usd:
            raise ValueError(
                f"min_price_usd {self.min_price_usd} is above max_price_usd {self.max_price_usd}"
            )
        if self.second == self.feed:
            raise ValueError("second must be a feed of another origin")
        if (self.second is None) is not (self.max_deviation_bps == 0):
            raise ValueError("second and max_deviation_bps are given together, or neither")
        return self


class ModelTerms(_Part):
    """The contract's ``WeightModel``."""

    default_c_score: Bps
    score_amplifier_bps: Annotated[Whole, Field(gt=0, le=_MOST_UINT16)]
    min_max_bps: Bps
    max_bps: PositiveBps
    diversification_factor_bps: Annotated[Whole, Field(ge=0, le=_MOST_UINT16)]

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        if self.min_max_bps > self.max_bps:
            raise ValueError(f"min_max_bps {self.min_max_bps} is above max_bps {self.max_bps}")
        return self


class CurveTerms(_Part):
    """The contract's ``BufferCurve``."""

    min_bps: Bps
    max_bps: Bps
    pivot_usd: Annotated[Whole, Field(gt=0, le=_MOST_UINT64)]

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        if self.min_bps > self.max_bps:
            raise ValueError(f"min_bps {self.min_bps} is above max_bps {self.max_bps}")
        return self


class LimitTerms(_Part):
    """The contract's ``RebalanceLimits``."""

    threshold_bps: Bps
    max_step_bps: PositiveBps
    max_move_loss_bps: Bps
    max_loss_bps: Bps
    min_interval_seconds: Seconds
    loss_period_seconds: PositiveSeconds


class SettingTerms(_Part):
    """The contract's ``VaultSettings`` but the policy; no cap where none is given."""

    fee_recipient: BookAddress
    management_fee_bps: Annotated[Whole, Field(ge=0, le=500)]
    performance_fee_bps: Annotated[Whole, Field(ge=0, le=3_000)]
    deposit_cap: Annotated[int, BeforeValidator(_base_units), Field(strict=True, ge=0, le=MOST_UINT128)] = (
        MOST_UINT128
    )


class RoleTerms(_Part):
    """Who may do what; what ``owner``, the administration, does waits for ``admin_delay_seconds``."""

    owner: BookAddress
    admin_delay_seconds: Seconds
    keepers: tuple[BookAddress, ...] = ()
    managers: tuple[BookAddress, ...] = ()
    guardians: tuple[BookAddress, ...] = ()


class ScoreTerms(_Part):
    """Scores of a pool, in basis points: three, or one, or nothing."""

    trust_score: Bps | None = None
    liquidity_score: Bps | None = None
    performance_score: Bps | None = None
    c_score: Bps | None = None

    @property
    def scores(self) -> tuple[int, ...]:
        """Three scores, one cScore, or nothing."""
        given = self.trust_score, self.liquidity_score, self.performance_score, self.c_score
        return tuple(score for score in given if score is not None)

    @model_validator(mode="after")
    def _scored_one_way(self) -> Self:
        given = {name for name in (*_SCORES, "c_score") if getattr(self, name) is not None}
        if given not in (set(), {"c_score"}, set(_SCORES)):
            raise ValueError(f"give {', '.join(_SCORES)} together, or c_score, or none of them")
        return self


class _PoolTerms(ScoreTerms):
    """Any pool: its name here, and its first scores; the model's default where none is given."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]


class Erc4626Terms(_PoolTerms):
    """Another vault over the same asset."""

    kind: Literal["erc4626"]
    target: BookAddress
    band_bps: PositiveBps
    growth_bps: Annotated[Whole, Field(ge=0, le=_MOST_UINT32)]


class UniswapV3Terms(_PoolTerms):
    """A range of a Uniswap V3 pool of the asset and another token, whose price must have a feed too."""

    kind: Literal["uniswap_v3"]
    pool: BookAddress
    swap_pool: BookAddress | None = None
    band_bps: PositiveBps
    slippage_bps: Bps
    lower_tick: Tick
    upper_tick: Tick

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.lower_tick >= self.upper_tick:
            raise ValueError(f"lower_tick {self.lower_tick} must be below upper_tick {self.upper_tick}")
        return self


PoolTerms = Annotated[Erc4626Terms | UniswapV3Terms, Field(discriminator="kind")]


class VaultTerms(_Part):
    """Everything that is decided about a vault before it stands."""

    chain_id: Annotated[Whole, Field(gt=0)]
    salt: str = DEFAULT_SALT
    asset: BookAddress
    name: Label
    symbol: Label
    forwarder: BookAddress | None = None
    settings: SettingTerms
    roles: RoleTerms
    model: ModelTerms
    curve: CurveTerms
    limits: LimitTerms
    feeds: tuple[FeedTerms, ...]
    pools: Annotated[tuple[PoolTerms, ...], Field(max_length=MOST_POOLS)] = ()

    @property
    def place(self) -> str:
        """What tells this vault's addresses from those of others that the same account deploys."""
        return f"{self.salt}/{self.asset}/{self.symbol}"

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        tokens = [feed.token for feed in self.feeds]
        if self.asset not in tokens:
            raise ValueError(f"feeds must have one of the asset, {self.asset}")
        if len(set(tokens)) != len(tokens):
            raise ValueError("feeds must have each token once")
        names = [pool.name for pool in self.pools]
        if len(set(names)) != len(names):
            raise ValueError("pools must have different names")
        return self


def load_vault_terms(path: Path) -> VaultTerms:
    """Read a file of terms. Raises ConfigError, listing every fault with its place."""
    return read_toml_as(VaultTerms, path, "description of a vault")
