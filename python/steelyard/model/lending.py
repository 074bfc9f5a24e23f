"""What the lenders offer at one block."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from steelyard.units import BPS, WAD, Address, mul_div_half_up, mul_div_up


class LenderKind(IntEnum):
    """Same order as ``IFlashLoanArbitrage.LenderKind``."""

    BALANCER_V2 = 0
    AAVE_V3 = 1
    MORPHO_BLUE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class LenderTerms:
    """One lender's offer for one asset.

    Attributes:
        available: base units that can be borrowed in this block.
        fee_wad: the fee as a fraction of the loan, in WAD (5 bps = 5e14).
    """

    kind: LenderKind
    asset: Address
    available: int
    fee_wad: int

    def fee(self, amount: int) -> int:
        """Return the exact fee for a loan of ``amount``, in base units of the asset.

        Aave rounds half up (``PercentageMath.percentMul``, in bps); Balancer rounds up
        (``FixedPoint.mulUp``); Morpho asks nothing.
        """
        if self.kind is LenderKind.AAVE_V3:
            return mul_div_half_up(
                amount, self.fee_wad * BPS // WAD, BPS
            )  # exact: Aave's premium is whole bps
        return mul_div_up(amount, self.fee_wad, WAD)
