"""How much gas a plan is expected to use, before it is simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steelyard.exceptions import ConfigError
from steelyard.model import LenderKind, VenueKind


@dataclass(frozen=True, slots=True, kw_only=True)
class GasModel:
    """Units of gas, rounded up from measurements of the executor on the replica, a block's time after the
    last swap: pairs and reserves then write their accumulators too (``tests/fork/test_gas_model.py``).

    Attributes:
        balancer_v2, aave_v3, morpho_blue: the whole transaction without a leg: 21,000 to begin with,
            calldata, guards and event, the loan, its repayment, and the payment to the treasury.
        uniswap_v2_leg: one swap at a pair, both transfers included.
        uniswap_v3_leg: one swap at a pool that crosses no initialised tick.
        tick_crossing: each initialised tick that a swap crosses. (A tick's very first crossing writes slots
            that were zero: up to 48,000.)
        builder_tip: unwrapping the tip and paying it to a builder that has been paid before
            (``tests/fork/test_act_execution.py``).
    """

    balancer_v2: int = 120_000
    aave_v3: int = 236_000
    morpho_blue: int = 124_000
    uniswap_v2_leg: int = 82_000
    uniswap_v3_leg: int = 100_000
    tick_crossing: int = 26_000
    builder_tip: int = 16_500

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) <= 0:
                raise ConfigError(f"gas model: {name} must be positive, not {getattr(self, name)}")

    def units(self, lender: LenderKind, venues: Sequence[VenueKind], crossings: int = 0) -> int:
        """Return the gas of a loan from ``lender``, one leg at each of ``venues``, and tick crossings."""
        # By position, in the declared order of the kinds: this is asked for every candidate.
        loan = (self.balancer_v2, self.aave_v3, self.morpho_blue)[lender]
        legs = (self.uniswap_v2_leg, self.uniswap_v3_leg)
        return loan + sum([legs[venue] for venue in venues]) + crossings * self.tick_crossing
