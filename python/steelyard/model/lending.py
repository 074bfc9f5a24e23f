"""What the lenders offer at one block."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from steelyard.units import BPS, PIPS, WAD, Address, mul_div_down, mul_div_half_up, mul_div_up


class LenderKind(IntEnum):
    """Same order as ``IFlashLoanArbitrage.LenderKind``."""

    BALANCER_V2 = 0
    AAVE_V3 = 1
    MORPHO_BLUE = 2
    AAVE_V2 = 3
    MAKER = 4
    UNISWAP_V2 = 5
    UNISWAP_V3 = 6
    UNISWAP_V4 = 7
    ERC3156 = 8

    @property
    def needs_source(self) -> bool:
        """Whether there are many of the kind, so that a loan names the one that it is taken from."""
        return self in _SEVERAL

    @property
    def is_pool(self) -> bool:
        """Whether it is a pool that lends, which cannot be traded with meanwhile."""
        return self in (LenderKind.UNISWAP_V2, LenderKind.UNISWAP_V3)


_SEVERAL = frozenset({LenderKind.UNISWAP_V2, LenderKind.UNISWAP_V3, LenderKind.ERC3156})


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanSource:
    """Which of several lenders of a kind: a pool of a listed factory, or a lender of the owner's list.

    Attributes:
        listing_id: the executor's id of the pool's venue, or of the lender.
        address: the contract that lends.
        other_token: of a pool, the token beside the one that is borrowed; None for a listed lender.
        fee_pips: what the pool takes of a swap, which is what it asks for a loan; 0 for a listed lender.
    """

    listing_id: int
    address: Address
    other_token: Address | None = None
    fee_pips: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LenderTerms:
    """One lender's offer for one asset.

    Attributes:
        available: base units that can be borrowed in this block.
        fee_wad: the fee as a fraction of the loan, in WAD (5 bps = 5e14), rounded up where that is none.
        source: which of several lenders of the kind it is; None where there is one.
        fee_rounds_up: whether it is an Aave V3 that rounds its fee up; the earlier ones round half up.
    """

    kind: LenderKind
    asset: Address
    available: int
    fee_wad: int
    source: LoanSource | None = None
    fee_rounds_up: bool = False

    def fee(self, amount: int) -> int:
        """Return the exact fee for a loan of ``amount``, in base units of the asset.

        As each lender's own code rounds it. Aave V3: half up (``PercentageMath.percentMul``, whole bps), and
        up from version 3.5 on. Aave V2 and Maker: down (``amount * premium / 10000``; ``* toll / WAD``).
        Uniswap V2: the least repayment that the pair's product check passes, ``ceil(amount * 1e6 / (1e6 -
        fee))``. Uniswap V3 and Balancer: up. Morpho Blue and Uniswap V4 ask nothing. Of a listed ERC-3156
        lender only its rate is known: rounded up, which is never below a linear fee.
        """
        if not self.fee_wad:
            return 0
        kind = self.kind
        if kind is LenderKind.AAVE_V3 and not self.fee_rounds_up:
            # Exact: Aave's premium is whole bps.
            return mul_div_half_up(amount, self.fee_wad * BPS // WAD, BPS)
        if kind is LenderKind.UNISWAP_V2 and self.source is not None:
            return mul_div_up(amount, PIPS, PIPS - self.source.fee_pips) - amount
        if kind in (LenderKind.AAVE_V2, LenderKind.MAKER):
            return mul_div_down(amount, self.fee_wad, WAD)
        return mul_div_up(amount, self.fee_wad, WAD)


def pair_fee_wad(fee_pips: int) -> int:
    """Return a Uniswap V2 pair's fee as a fraction of the loan, in WAD, rounded up: it is paid by us.

    The pair takes its fee of what is paid back: ``fee / (1e6 - fee)`` of what was lent.
    """
    return mul_div_up(fee_pips, WAD, PIPS - fee_pips)
