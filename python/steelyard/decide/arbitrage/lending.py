"""Whom to borrow from: fee and gas decide together, and what is available bounds the size."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from steelyard.model import LenderKind, LenderTerms
from steelyard.units import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanCost:
    """What a loan costs from one lender.

    Attributes:
        fee: base units of the asset; ``fee_wei`` is its value, rounded up.
        gas_wei: the lender's part of the gas.
    """

    kind: LenderKind
    fee: int
    fee_wei: int
    gas_wei: int

    @property
    def total_wei(self) -> int:
        return self.fee_wei + self.gas_wei


@dataclass(frozen=True, slots=True)
class NoLender:
    """Nobody lends that; ``reason`` says what is missing."""

    reason: str


def offers(lenders: Iterable[LenderTerms], asset: Address) -> tuple[LenderTerms, ...]:
    """Return the lenders that have any of ``asset``, in the order of their kinds."""
    return tuple(
        sorted(
            (terms for terms in lenders if terms.asset == asset and terms.available > 0),
            key=lambda terms: terms.kind,
        )
    )


def choose_lender(
    lenders: Iterable[LenderTerms],
    asset: Address,
    amount: int,
    *,
    gas_wei: Callable[[LenderKind], int],
    value_wei: Callable[[int], int | None],
) -> LoanCost | NoLender:
    """Return the cheapest way to borrow exactly ``amount``, or why there is none.

    Args:
        gas_wei: what a kind's loan costs in gas at the present price.
        value_wei: what base units of the asset are worth; None where they have no price (fees then weigh
            nothing against gas, but less fee still wins among equals).

    Ties go to the lender whose kind is declared first.
    """
    found = offers(lenders, asset)
    costs = [
        LoanCost(
            kind=terms.kind,
            fee=terms.fee(amount),
            fee_wei=value_wei(terms.fee(amount)) or 0,
            gas_wei=gas_wei(terms.kind),
        )
        for terms in found
        if terms.available >= amount
    ]
    if not costs:
        most = max((terms.available for terms in found), default=0)
        return NoLender(f"no lender has {amount} base units of {asset}, the most that one has is {most}")
    return min(costs, key=lambda cost: (cost.total_wei, cost.fee, cost.kind))
