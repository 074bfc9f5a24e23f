"""``OpportunityValidator``: liquidity, price impact, gas cost, path, in this order; first failure wins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from steelyard.exceptions import ConfigError, QuoteError
from steelyard.units import BPS, Address

VALID = "Valid opportunity"

LiquidityOf = Callable[[str, tuple[Address, Address]], int]
"""Liquidity in wei at a venue for a token pair; raises QuoteError where it cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationLimits:
    """What an opportunity must keep to.

    Attributes:
        min_liquidity_wei: of the wanted token in the shallowest pool, inclusive.
        max_price_impact_bps: of the leg that moves its pool the most, inclusive.
    """

    min_liquidity_wei: int = 0
    max_price_impact_bps: int = BPS

    def __post_init__(self) -> None:
        if self.min_liquidity_wei < 0:
            raise ConfigError(f"min_liquidity_wei must not be negative, but is {self.min_liquidity_wei}")
        if not 0 <= self.max_price_impact_bps <= BPS:
            raise ConfigError(f"max_price_impact_bps must be in 0..{BPS}, not {self.max_price_impact_bps}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """What is asked about: one sized cycle.

    Attributes:
        dex, token_pair: the venue and pair of the shallowest leg.
        price_impact_bps: of the leg that moves its pool the most.
        profit_wei: after the loan fee, before gas.
        path: the tokens from the borrowed asset back to it.
        pools: the pools between them, one fewer than tokens.
    """

    dex: str
    token_pair: tuple[Address, Address]
    price_impact_bps: int
    profit_wei: int
    gas_cost_wei: int
    path: tuple[Address, ...]
    pools: tuple[Address, ...]


def _no_source(dex: str, token_pair: tuple[Address, Address]) -> int:
    raise QuoteError(f"nobody can say what {dex} holds of {token_pair[0]} and {token_pair[1]}")


class OpportunityValidator:
    """Checks opportunities against limits. Pure: what it knows of pools comes through ``liquidity_of``."""

    def __init__(self, config: ValidationLimits, liquidity_of: LiquidityOf = _no_source) -> None:
        self._limits = config
        self._liquidity_of = liquidity_of
        self.validators: Sequence[Callable[[Opportunity], tuple[bool, str]]] = (
            self._validate_liquidity,
            self._validate_price_impact,
            self._validate_gas_cost,
            self._validate_path,
        )

    def validate_opportunity(self, opportunity: Opportunity) -> tuple[bool, str]:
        """Return ``(True, "Valid opportunity")``, or False and the first failure's reason."""
        for validator in self.validators:
            is_valid, reason = validator(opportunity)
            if not is_valid:
                return False, reason
        return True, VALID

    def _validate_liquidity(self, opportunity: Opportunity) -> tuple[bool, str]:
        try:
            liquidity_wei = self._liquidity_of(opportunity.dex, opportunity.token_pair)
        except QuoteError as error:
            return False, f"Liquidity check failed: {error}"
        return liquidity_wei >= self._limits.min_liquidity_wei, "Insufficient liquidity"

    def _validate_price_impact(self, opportunity: Opportunity) -> tuple[bool, str]:
        impact, most = opportunity.price_impact_bps, self._limits.max_price_impact_bps
        return impact <= most, f"Price impact too high: {impact} bps, at most {most} bps"

    def _validate_gas_cost(self, opportunity: Opportunity) -> tuple[bool, str]:
        profit, gas = opportunity.profit_wei, opportunity.gas_cost_wei
        return profit > gas, f"Gas cost exceeds profit: {gas} wei of gas for {profit} wei"

    def _validate_path(self, opportunity: Opportunity) -> tuple[bool, str]:
        path, pools = opportunity.path, opportunity.pools
        if len(path) < 3 or path[0] != path[-1]:
            return False, "Invalid path: it must lead back to the borrowed asset"
        if len(pools) != len(path) - 1:
            return False, "Invalid path: every hop needs one pool"
        if len(set(pools)) != len(pools):
            return False, "Invalid path: it uses a pool twice"
        return True, VALID
