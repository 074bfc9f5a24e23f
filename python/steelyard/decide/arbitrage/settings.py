"""What the operator decides about arbitrage, checked once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from steelyard.decide.arbitrage.gas import GasModel
from steelyard.decide.arbitrage.validation import ValidationLimits
from steelyard.exceptions import ConfigError
from steelyard.units import BPS, ETHER, Address

SHORTEST_PATH: Final = 2
LONGEST_PATH: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ArbitrageSettings:
    """Limits and preferences; every amount in wei is valued through the wrapped native coin.

    Attributes:
        executor: the FlashLoanArbitrage contract that plans are for.
        wrapped_native: the token that counts as wei.
        path_length: most hops of a cycle, 2 to 6.
        max_candidates: most cycles that are sized in a block, the most promising ones.
        max_plans: most plans of one block.
        min_net_profit_wei: after the loan fee, gas and tip.
        min_trading_limit_wei: least loan worth looking at.
        max_trade_wei: largest loan.
        slippage_bps: how much less than expected a leg may pay.
        profit_share_kept_bps: ``min_profit`` as a share of the expected profit; never below what gas costs.
        deadline_seconds: after the timestamp of the block that was decided on.
        builder_share_bps: of the profit above ``min_profit``; only paid where the asset is wrapped native.
        validation: what ``OpportunityValidator`` asks of every candidate. Its ``max_block_age_seconds`` is
            None where the chain's clock is not the world's (a replica).
        max_evaluations: exact chain quotes that sizing one cycle may cost.
        certify_budget: exact chain quotes that proving a plan to the last unit may cost, or a refusal whose
            gap leaves it open; 0 leaves both at the tolerance.
        sizing_tolerance_ppm: sizing stops where no loan can earn more by that many millionths of the profit.
    """

    executor: Address
    wrapped_native: Address
    path_length: int = 3
    max_candidates: int = 200
    max_plans: int = 3
    min_net_profit_wei: int = ETHER // 1000
    min_trading_limit_wei: int = 0
    max_trade_wei: int = 500 * ETHER
    slippage_bps: int = 0
    profit_share_kept_bps: int = 9_000
    deadline_seconds: int = 60
    builder_share_bps: int = 0
    validation: ValidationLimits = field(default_factory=ValidationLimits)
    max_evaluations: int = 64
    sizing_tolerance_ppm: int = 10
    certify_budget: int = 1_000
    gas: GasModel = field(default_factory=GasModel)

    def tip_share_bps(self, asset: Address) -> int:
        """Return the builder's share of a loan of ``asset``: the executor tips out of wrapped native only."""
        return self.builder_share_bps if asset == self.wrapped_native else 0

    def __post_init__(self) -> None:
        if not SHORTEST_PATH <= self.path_length <= LONGEST_PATH:
            raise ConfigError(
                f"path_length must be in {SHORTEST_PATH}..{LONGEST_PATH}, not {self.path_length}"
            )
        for name in ("max_candidates", "max_plans", "max_trade_wei", "deadline_seconds", "max_evaluations"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} must be positive, not {getattr(self, name)}")
        for name in ("min_net_profit_wei", "min_trading_limit_wei", "sizing_tolerance_ppm", "certify_budget"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} must not be negative, but is {getattr(self, name)}")
        for name in ("slippage_bps", "profit_share_kept_bps", "builder_share_bps"):
            if not 0 <= getattr(self, name) <= BPS:
                raise ConfigError(f"{name} must be in 0..{BPS}, not {getattr(self, name)}")
        if self.slippage_bps == BPS:
            raise ConfigError(f"slippage_bps {BPS} would accept nothing for something")
