"""``OpportunityValidator``: liquidity, price impact, gas cost, path, in this order; then further evidence.

After the four documented checks come staleness, the safety of the tokens, the oracles, and the record of past
attempts. The first failure wins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from steelyard.decide.arbitrage.odds import odds_of_success
from steelyard.exceptions import ConfigError, QuoteError
from steelyard.model import Attempts, OraclePrice, TokenSafety, VerdictCode
from steelyard.units import BPS, WAD, Address

VALID = "Valid opportunity"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationLimits:
    """What an opportunity must keep to.

    Attributes:
        min_liquidity_wei: of the wanted token in the shallowest pool, inclusive.
        max_price_impact_bps: of the leg that moves its pool the most, inclusive.
        max_block_age_seconds: between the block's timestamp and its observation, inclusive; None: any.
        max_token_trial_age_blocks: a token that was found safe longer ago counts as never tried.
        require_token_trial: refuse tokens that were never tried.
        max_oracle_deviation_bps: between a pool's price and the oracles', of the smaller one, inclusive.
        max_oracle_age_seconds: an older answer of an oracle is none.
        require_oracle: refuse tokens of which no oracle has an answer.
    """

    min_liquidity_wei: int = 0
    max_price_impact_bps: int = BPS
    max_block_age_seconds: int | None = None
    max_token_trial_age_blocks: int = 1_000
    require_token_trial: bool = False
    max_oracle_deviation_bps: int = 1_000
    max_oracle_age_seconds: int = 90_000
    require_oracle: bool = False

    def __post_init__(self) -> None:
        for name in ("min_liquidity_wei", "max_oracle_deviation_bps"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} must not be negative, but is {getattr(self, name)}")
        if not 0 <= self.max_price_impact_bps <= BPS:
            raise ConfigError(f"max_price_impact_bps must be in 0..{BPS}, not {self.max_price_impact_bps}")
        for name in ("max_block_age_seconds", "max_token_trial_age_blocks", "max_oracle_age_seconds"):
            if (limit := getattr(self, name)) is not None and limit <= 0:
                raise ConfigError(f"{name} must be positive, not {limit}")


class PoolPrice(NamedTuple):
    """A leg's pool and its price without the fee: ``units_out`` per ``units_in``."""

    pool: Address
    token_in: Address
    token_out: Address
    units_in: int
    units_out: int


class Facts(Protocol):
    """What the validator asks about one sized cycle; ``Opportunity`` holds it, others may work it out.

    Attributes:
        dex, token_pair: the venue and pair of the shallowest leg.
        price_impact_bps: of the leg that moves its pool the most.
        profit_wei: after the loan fee and the tip, before gas.
        gas_cost_wei: of the transaction, which a failure costs at most.
        path: the tokens from the borrowed asset back to it.
        pools: the pools between them, one fewer than tokens.
        block_age_seconds: how old the block was when it was seen.
        stale_pools: pools whose state is known not to be the block's.
        pool_prices: of each leg.
    """

    @property
    def dex(self) -> str: ...
    @property
    def token_pair(self) -> tuple[Address, Address]: ...
    @property
    def price_impact_bps(self) -> int: ...
    @property
    def profit_wei(self) -> int: ...
    @property
    def gas_cost_wei(self) -> int: ...
    @property
    def path(self) -> Sequence[Address]: ...
    @property
    def pools(self) -> Sequence[Address]: ...
    @property
    def block_age_seconds(self) -> int: ...
    @property
    def stale_pools(self) -> Sequence[Address]: ...
    @property
    def pool_prices(self) -> Sequence[PoolPrice]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """What is asked about, written down: see ``Facts``."""

    dex: str
    token_pair: tuple[Address, Address]
    price_impact_bps: int
    profit_wei: int
    gas_cost_wei: int
    path: tuple[Address, ...]
    pools: tuple[Address, ...]
    block_age_seconds: int = 0
    stale_pools: tuple[Address, ...] = ()
    pool_prices: tuple[PoolPrice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known beside the opportunity itself, at one block.

    Attributes:
        native: the token that is worth its amount in wei, without an oracle.
        safety, oracles: by token; see ``model.evidence``.
        attempts: the record of past ones.
    """

    block_number: int = 0
    block_seconds: int = 0
    native: Address | None = None
    safety: Mapping[Address, TokenSafety] = field(default_factory=dict)
    oracles: Mapping[Address, OraclePrice] = field(default_factory=dict)
    attempts: Attempts = field(default_factory=Attempts)


NO_EVIDENCE: Final = Evidence()


class Failure(NamedTuple):
    """Why an opportunity is refused."""

    code: VerdictCode
    reason: str


LiquidityOf = Callable[[Facts], int]
"""Liquidity in wei of the opportunity's shallowest pool; raises QuoteError where it cannot be told."""


def _no_source(opportunity: Facts) -> int:
    pair = opportunity.token_pair
    raise QuoteError(f"nobody can say what {opportunity.dex} holds of {pair[0]} and {pair[1]}")


def stale_block(age_seconds: int, limit_seconds: int | None) -> Failure | None:
    """Return why a block is too old to act on, or None where it is not."""
    if limit_seconds is None or age_seconds <= limit_seconds:
        return None
    reason = f"Stale block: it was {age_seconds} s old when seen, at most {limit_seconds} s"
    return Failure(VerdictCode.STALE, reason)


class OpportunityValidator:
    """Checks opportunities against limits. Pure: all that it knows is given to it, for one block."""

    def __init__(
        self,
        config: ValidationLimits,
        liquidity_of: LiquidityOf = _no_source,
        evidence: Evidence = NO_EVIDENCE,
    ) -> None:
        self._limits = config
        self._liquidity_of = liquidity_of
        self._evidence = evidence
        self._tokens: dict[Address, Failure | None] = {}
        self._prices: dict[Address, int | None] = {}
        self.validators: Sequence[Callable[[Facts], Failure | None]] = (
            self._validate_liquidity,
            self._validate_price_impact,
            self._validate_gas_cost,
            self._validate_path,
            self._validate_freshness,
            self._validate_tokens,
            self._validate_oracle_price,
            self._validate_expected_value,
        )

    def validate_opportunity(self, opportunity: Facts) -> tuple[bool, str]:
        """Return ``(True, "Valid opportunity")``, or False and the first failure's reason."""
        failure = self.first_failure(opportunity)
        return (True, VALID) if failure is None else (False, failure.reason)

    def first_failure(self, opportunity: Facts) -> Failure | None:
        """Return the first failure in the order of ``validators``, or None where all is well."""
        for validator in self.validators:
            failure = validator(opportunity)
            if failure is not None:
                return failure
        return None

    def _validate_liquidity(self, opportunity: Facts) -> Failure | None:
        try:
            liquidity_wei = self._liquidity_of(opportunity)
        except QuoteError as error:
            return Failure(VerdictCode.LIQUIDITY, f"Liquidity check failed: {error}")
        if liquidity_wei >= self._limits.min_liquidity_wei:
            return None
        return Failure(VerdictCode.LIQUIDITY, "Insufficient liquidity")

    def _validate_price_impact(self, opportunity: Facts) -> Failure | None:
        most = self._limits.max_price_impact_bps
        if most == BPS or (impact := opportunity.price_impact_bps) <= most:
            return None  # nobody can be paid less than nothing
        reason = f"Price impact too high: {impact} bps, at most {most} bps"
        return Failure(VerdictCode.PRICE_IMPACT, reason)

    def _validate_gas_cost(self, opportunity: Facts) -> Failure | None:
        profit, gas = opportunity.profit_wei, opportunity.gas_cost_wei
        if profit > gas:
            return None
        return Failure(VerdictCode.BELOW_GAS, f"Gas cost exceeds profit: {gas} wei of gas for {profit} wei")

    def _validate_path(self, opportunity: Facts) -> Failure | None:
        path, pools = opportunity.path, opportunity.pools
        wrong = None
        if len(path) < 3 or path[0] != path[-1]:
            wrong = "it must lead back to the borrowed asset"
        elif len(pools) != len(path) - 1:
            wrong = "every hop needs one pool"
        elif len(set(pools)) != len(pools):
            wrong = "it uses a pool twice"
        return None if wrong is None else Failure(VerdictCode.INVALID_PATH, f"Invalid path: {wrong}")

    def _validate_freshness(self, opportunity: Facts) -> Failure | None:
        failure = stale_block(opportunity.block_age_seconds, self._limits.max_block_age_seconds)
        if failure is None and (stale := opportunity.stale_pools):
            return Failure(VerdictCode.STALE, f"Stale pool: the state of {stale[0]} is not the block's")
        return failure

    def _validate_tokens(self, opportunity: Facts) -> Failure | None:
        for token in opportunity.path[1:]:  # the last is the first
            if token not in self._tokens:
                self._tokens[token] = self._token_failure(token)
            if (failure := self._tokens[token]) is not None:
                return failure
        return None

    def _token_failure(self, token: Address) -> Failure | None:
        """Tell a token's fault, however old; that there was none only counts while it is fresh."""
        safety, limits = self._evidence.safety.get(token), self._limits
        if safety is not None and safety.problem is not None:
            reason = f"Unsafe token {token}: {safety.problem}, tried at block {safety.block_number}"
            return Failure(VerdictCode.UNSAFE_TOKEN, reason)
        if not limits.require_token_trial:
            return None
        if safety is None:
            return Failure(VerdictCode.UNSAFE_TOKEN, f"Unsafe token {token}: it was never tried")
        if self._evidence.block_number - safety.block_number <= limits.max_token_trial_age_blocks:
            return None
        reason = f"Unsafe token {token}: it was last tried at block {safety.block_number}"
        return Failure(VerdictCode.UNSAFE_TOKEN, reason)

    def _validate_oracle_price(self, opportunity: Facts) -> Failure | None:
        if not self._evidence.oracles and not self._limits.require_oracle:
            return None
        prices = {token: self._oracle_wad(token) for token in opportunity.path}
        unknown = [token for token, price in prices.items() if price is None]
        if unknown and self._limits.require_oracle:
            reason = f"Oracle price unknown: no oracle has a fresh answer on {unknown[0]}"
            return Failure(VerdictCode.ORACLE_DEVIATION, reason)
        for leg in opportunity.pool_prices:
            sold, bought = prices[leg.token_in], prices[leg.token_out]
            if sold is not None and bought is not None:
                failure = self._deviation(leg, sold, bought)
                if failure is not None:
                    return failure
        return None

    def _deviation(self, leg: PoolPrice, sold_wad: int, bought_wad: int) -> Failure | None:
        """Compare what the pool would give for equal values by the oracles, the larger with the smaller.

        So it does not matter in which direction the pool is traded. Exact: both sides are products.
        """
        given, taken = leg.units_out * bought_wad, leg.units_in * sold_wad
        low, high = (given, taken) if given < taken else (taken, given)
        most = self._limits.max_oracle_deviation_bps
        if high * BPS <= low * (BPS + most):
            return None
        apart = f"{(high - low) * BPS // low} bps" if low else "infinitely far"  # down, for people
        reason = f"Oracle deviation: pool {leg.pool} is {apart} from the oracles' price, at most {most} bps"
        return Failure(VerdictCode.ORACLE_DEVIATION, reason)

    def _oracle_wad(self, token: Address) -> int | None:
        """Return what a unit is worth in wei (WAD), or None where no oracle has a fresh answer."""
        if token not in self._prices:
            price = self._evidence.oracles.get(token)
            if token == self._evidence.native:
                self._prices[token] = WAD
            elif price is None or price.wei_per_unit_wad <= 0 or self._is_old(price):
                self._prices[token] = None
            else:
                self._prices[token] = price.wei_per_unit_wad
        return self._prices[token]

    def _is_old(self, price: OraclePrice) -> bool:
        age_seconds = self._evidence.block_seconds - price.updated_at_seconds
        return age_seconds > self._limits.max_oracle_age_seconds

    def _validate_expected_value(self, opportunity: Facts) -> Failure | None:
        attempts = self._evidence.attempts
        if not attempts.overall.failed and not attempts.by_pools:
            return None  # nothing has ever failed: what it earns is what it is worth
        gas = opportunity.gas_cost_wei
        odds = odds_of_success(attempts, frozenset(opportunity.pools))
        worth = odds.expected_wei(opportunity.profit_wei - gas, gas)
        if worth > 0:
            return None
        share = odds.successes * BPS // odds.attempts  # down, for people
        reason = f"Expected loss: {share} bps of such attempts succeed, so one is worth {worth} wei"
        return Failure(VerdictCode.EXPECTED_LOSS, reason)
