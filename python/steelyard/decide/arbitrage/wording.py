"""The sentences of arbitrage verdicts, put together when they are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from steelyard.decide.wording import amount_text, ether_text, gwei_text
from steelyard.model import Token, Words
from steelyard.units import Address


class SizedText(NamedTuple):
    """The sentence that every sized verdict carries.

    Attributes:
        token: of the asset; None where it is not known.
        profit: after the loan fee.
        gap, unproven: what another loan could earn more at most, and why that is not nothing (``Sizing``).
    """

    lender: str
    asset: Address
    token: Token | None
    loan: int
    loan_fee: int
    profit: int
    gas_units: int
    gas_price_wei: int
    gas_cost_wei: int
    net_wei: int
    gap: int | None
    unproven: str | None

    def __str__(self) -> str:
        tokens = {} if self.token is None else {self.asset: self.token}
        loan, fee, profit = (
            amount_text(amount, self.asset, tokens) for amount in (self.loan, self.loan_fee, self.profit)
        )
        return (
            f"borrow {loan} from {self.lender}, fee {fee}, profit {profit}{self._proof(tokens)}, "
            f"{self.gas_units} gas at {gwei_text(self.gas_price_wei)} = {ether_text(self.gas_cost_wei)}, "
            f"net {ether_text(self.net_wei)}"
        )

    def _proof(self, tokens: Mapping[Address, Token]) -> str:
        if self.unproven is None:
            return " (certified)"
        if self.gap is None:
            return f" (uncertified: {self.unproven})"
        if self.gap == 0:
            return f" (no loan earns more, yet uncertified: {self.unproven})"
        return f" (at most {amount_text(self.gap, self.asset, tokens)} more is possible: {self.unproven})"


class HopelessText(NamedTuple):
    """The sentence of a verdict that was reached without looking for a loan.

    Attributes:
        most: a proven bound on what any loan earns, base units of the asset.
    """

    asset: Address
    token: Token | None
    most: int
    gas_price_wei: int

    def __str__(self) -> str:
        tokens = {} if self.token is None else {self.asset: self.token}
        most, price = amount_text(self.most, self.asset, tokens), gwei_text(self.gas_price_wei)
        return f"no loan earns more than {most} before gas, which at {price} costs more than twice as much"


class Joined(NamedTuple):
    """Two sentences with a semicolon between them."""

    first: Words
    second: Words

    def __str__(self) -> str:
        return f"{self.first}; {self.second}"
