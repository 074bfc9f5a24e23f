"""How much gas a plan is expected to use, before it is simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from steelyard.exceptions import ConfigError
from steelyard.model import LenderKind, VenueKind

_LOANS: Final = tuple(kind.name.lower() for kind in LenderKind)
_V2: Final = VenueKind.UNISWAP_V2


@dataclass(frozen=True, slots=True, kw_only=True)
class GasModel:
    """Units of gas, rounded up from measurements of the executor on the replica, a block's time after the
    last swap: pairs and reserves then write their accumulators too (``tests/fork/test_gas_model.py``).

    Attributes:
        balancer_v2 and so on: the whole transaction without a leg: 21,000 to begin with, calldata, guards and
            event, the loan, its repayment, and the payment to the treasury. A listed ERC-3156 lender is taken
            to do what Maker's does.
        uniswap_v2_leg: one swap at a pair, both transfers included.
        uniswap_v3_leg: one swap at a pool of any other kind that crosses no initialised tick.
        direct_payment: what a Uniswap V2 leg saves behind another, which pays the pair directly.
        tick_crossing: each initialised tick that a swap crosses. (A tick's very first crossing writes slots
            that were zero: up to 48,000.)
        builder_tip: unwrapping the tip and paying it to a builder that has been paid before
            (``tests/fork/test_act_execution.py``).
    """

    balancer_v2: int = 112_000
    aave_v3: int = 214_000
    morpho_blue: int = 115_000
    aave_v2: int = 240_000
    maker: int = 146_000
    uniswap_v2: int = 131_000
    uniswap_v3: int = 117_000
    uniswap_v4: int = 98_000
    erc3156: int = 150_000
    uniswap_v2_leg: int = 72_000
    uniswap_v3_leg: int = 82_000
    direct_payment: int = 10_000
    tick_crossing: int = 26_000
    builder_tip: int = 16_500

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) <= 0:
                raise ConfigError(f"gas model: {name} must be positive, not {getattr(self, name)}")

    def units(self, lender: LenderKind, venues: Sequence[VenueKind], crossings: int = 0) -> int:
        """Return the gas of a loan from ``lender``, one leg at each of ``venues``, and tick crossings."""
        # By position, in the declared order of the kinds: this is asked for every candidate.
        legs = sum([self.uniswap_v2_leg if venue is _V2 else self.uniswap_v3_leg for venue in venues])
        prepaid = sum([venue is _V2 for venue in venues[1:]])
        loan: int = getattr(self, _LOANS[lender])
        return loan + legs - prepaid * self.direct_payment + crossings * self.tick_crossing
