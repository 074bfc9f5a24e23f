"""The configuration's keys, their units, ranges and defaults. Nothing here reads anything."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from eth_utils.address import is_hex_address, to_checksum_address
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from steelyard.config.amounts import parse_wei
from steelyard.units import BPS, ETHER, GWEI, Address

MOST_WEI = 10**9 * ETHER
"""More native coin than exists: an amount above it is a slip of the unit."""


def parse_address(value: str) -> Address:
    """Return the EIP-55 form of an address in one case, or with a right checksum. Raises ValueError."""
    mixed_case = value[2:] not in (value[2:].lower(), value[2:].upper())
    if not is_hex_address(value) or (mixed_case and to_checksum_address(value) != value):
        raise ValueError(
            f"{value!r} is not an address: 0x and 40 hex digits, in lower case or with a right checksum"
        )
    return Address(to_checksum_address(value))


Wei = Annotated[int, BeforeValidator(parse_wei), Field(ge=0, le=MOST_WEI)]
PositiveWei = Annotated[int, BeforeValidator(parse_wei), Field(gt=0, le=MOST_WEI)]
Bps = Annotated[int, Field(ge=0, le=BPS)]
ChecksumAddress = Annotated[str, AfterValidator(parse_address)]
RelayUrl = Annotated[str, Field(pattern=r"^https?://")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)


class ChainConfig(_Section):
    """The node that the keeper talks to."""

    chain_id: int = Field(default=1, gt=0)
    rpc_url: str = Field(default="http://127.0.0.1:8545", pattern=r"^https?://", repr=False)
    request_timeout_seconds: int = Field(default=10, ge=1, le=300)
    poll_interval_milliseconds: int = Field(default=500, ge=10, le=60_000)


class PrivateConfig(_Section):
    """Relays that transactions are sent to, and to nobody else; without one they go to ``chain.rpc_url``."""

    rpc_urls: tuple[RelayUrl, ...] = Field(default=(), strict=False, repr=False, max_length=8)
    method: Literal["auto", "raw", "private"] = "auto"
    max_blocks: int = Field(default=5, ge=1, le=1_000)
    timeout_seconds: int = Field(default=5, ge=1, le=60)
    status_url: str | None = Field(default=None, pattern=r"^https?://.*\{hash\}", repr=False)
    identity: str | None = None
    identity_passphrase_file: Path | None = Field(default=None, strict=False)
    fallback_to_public: bool = False

    @model_validator(mode="after")
    def _relays_are_named_once(self) -> PrivateConfig:
        if len(set(self.rpc_urls)) != len(self.rpc_urls):
            raise ValueError("private.rpc_urls names a relay twice")
        return self


class GasConfig(_Section):
    """How gas is saved. ``auto``: with an access list where the simulation is cheaper with it."""

    access_list: Literal["off", "auto"] = "off"


class MarketConfig(_Section):
    """Which tokens are looked at; the executor's listed factories are asked for their pairs' pools."""

    tokens: tuple[ChecksumAddress, ...] = Field(default=(), strict=False)
    wrapped_native: ChecksumAddress = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
    discovery: Literal["auto", "pairs", "hubs", "logs"] = "auto"
    bases: tuple[ChecksumAddress, ...] = Field(default=(), strict=False)
    logs_from_block: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _bases_are_looked_at(self) -> MarketConfig:
        if self.discovery == "hubs" and not self.bases:
            raise ValueError("market.discovery is hubs, but market.bases names no token to find pools of")
        strangers = sorted(set(self.bases) - set(self.tokens))
        if strangers:
            raise ValueError(f"market.bases names {strangers[0]}, which is not among market.tokens")
        return self


def _file_or_false(value: object) -> object:
    if value is True:
        return None
    return Path(value) if isinstance(value, str) else value


class KeeperConfig(_Section):
    """How the keeper runs. ``live`` also needs the flag ``--live`` and a key.

    ``checkpoint`` is where observation saves what it knows: beside the database by default, nowhere if false.
    """

    mode: Literal["paper", "live"] = "paper"
    deployment: Path | None = Field(default=None, strict=False)
    account: str | None = None
    passphrase_file: Path | None = Field(default=None, strict=False)
    database_url: str = "sqlite:///.steelyard/keeper.sqlite"
    kill_file: Path = Field(default=Path(".steelyard/STOP"), strict=False)
    checkpoint: Annotated[Path | Literal[False] | None, BeforeValidator(_file_or_false)] = None
    recording: Path | None = Field(default=None, strict=False)
    confirmations: int = Field(default=1, ge=1, le=64)


class ArbitrageConfig(_Section):
    """What is worth doing."""

    path_length: int = Field(default=3, ge=2, le=6)
    min_net_profit: Wei = ETHER // 1000
    min_trading_limit: Wei = 0
    slippage_bps: Bps = 0
    profit_share_kept_bps: Bps = 9_000
    max_plans_per_block: int = Field(default=3, ge=1, le=50)
    max_candidates: int = Field(default=200, ge=1, le=100_000)
    certify_budget: int = Field(default=1_000, ge=0, le=1_000_000)
    deadline_seconds: int = Field(default=60, ge=1, le=3_600)
    priority_fee: Wei = 2 * GWEI
    builder_share_bps: Bps = 0
    min_liquidity: Wei = 0
    max_price_impact_bps: Bps = BPS
    max_block_age_seconds: int | None = Field(default=None, ge=1, le=86_400)


class TokenTrialsConfig(_Section):
    """Tokens are sent out of a pool and back, in a call that changes nothing, to see what they do."""

    enabled: bool = True
    every_blocks: int = Field(default=50, ge=1, le=1_000_000)
    at_once: int = Field(default=16, ge=1, le=200)
    max_age_blocks: int = Field(default=1_000, ge=1, le=10_000_000)
    required: bool = False


class OraclesConfig(_Section):
    """Chainlink-style aggregators: of each token in USD, and of the native coin in USD."""

    native_usd: ChecksumAddress | None = None
    usd: dict[ChecksumAddress, ChecksumAddress] = Field(default_factory=dict)
    max_deviation_bps: int = Field(default=1_000, ge=0, le=1_000_000)
    max_age_seconds: int = Field(default=90_000, ge=1, le=30 * 86_400)
    required: bool = False


class LimitsConfig(_Section):
    """Reaching one of these stops new risk until an operator has looked."""

    max_trade: PositiveWei = 500 * ETHER
    max_loss_per_day: PositiveWei = ETHER // 2
    max_gas_per_hour: PositiveWei = ETHER // 2
    max_failures_in_a_row: int = Field(default=5, ge=1, le=1_000)


class VaultConfig(_Section):
    """The vault that the keeper looks after; none without ``address``. Amounts are parts, not units.

    ``keeper.account`` calls the vault itself, or, with ``forwarder``, pays for what ``account`` signs.
    """

    address: ChecksumAddress | None = None
    every_seconds: int = Field(default=60, ge=1, le=86_400)
    forwarder: ChecksumAddress | None = None
    account: str | None = None
    passphrase_file: Path | None = Field(default=None, strict=False)
    horizon_days: int = Field(default=30, ge=1, le=3_650)
    misplaced_bps_per_year: int = Field(default=200, ge=0, le=10 * BPS)
    yields_bps_per_year: dict[ChecksumAddress, int] = Field(default_factory=dict)
    min_move_bps: Bps = 10
    max_loss_bps: Bps = 50
    loss_tolerance_bps: Bps = 5
    urgent_interval_seconds: int = Field(default=300, ge=0, le=86_400)
    deadline_seconds: int = Field(default=600, ge=1, le=86_400)

    @model_validator(mode="after")
    def _relaying_is_whole(self) -> VaultConfig:
        if (self.forwarder is None) != (self.account is None):
            raise ValueError(
                "vault.forwarder and vault.account belong together: the relayer that the vault trusts, and "
                "the Ape account that signs for it; without both, keeper.account calls the vault itself"
            )
        return self


class Config(_Section):
    """Everything that an operator can set."""

    chain: ChainConfig = ChainConfig()
    private: PrivateConfig = PrivateConfig()
    gas: GasConfig = GasConfig()
    market: MarketConfig = MarketConfig()
    keeper: KeeperConfig = KeeperConfig()
    arbitrage: ArbitrageConfig = ArbitrageConfig()
    token_trials: TokenTrialsConfig = TokenTrialsConfig()
    oracles: OraclesConfig = OraclesConfig()
    limits: LimitsConfig = LimitsConfig()
    vault: VaultConfig = VaultConfig()

    @model_validator(mode="after")
    def _live_needs_a_key(self) -> Config:
        if self.keeper.mode == "live" and not self.keeper.account:
            raise ValueError("keeper.mode is live, but keeper.account names no Ape account to sign with")
        if self.market.tokens and self.market.wrapped_native not in self.market.tokens:
            raise ValueError(
                "market.tokens must hold market.wrapped_native: without it nothing can be valued"
            )
        return self

    @model_validator(mode="after")
    def _private_is_private(self) -> Config:
        private = self.private
        if self.chain.rpc_url.rstrip("/") in {url.rstrip("/") for url in private.rpc_urls}:
            raise ValueError("private.rpc_urls names chain.rpc_url, which is the public node: name a relay")
        if private.identity is not None and private.identity == self.keeper.account:
            raise ValueError(
                "private.identity must be an account of its own, not keeper.account: the identity signs what "
                "relays are asked, and must own nothing"
            )
        return self

    @model_validator(mode="after")
    def _oracles_can_be_compared(self) -> Config:
        oracles = self.oracles
        if oracles.usd and oracles.native_usd is None:
            raise ValueError("oracles.usd needs oracles.native_usd too: prices are told in the native coin")
        strangers = sorted(oracles.usd.keys() - set(self.market.tokens)) if self.market.tokens else []
        if strangers:
            raise ValueError(f"oracles.usd names {strangers[0]}, which is not among market.tokens")
        return self
