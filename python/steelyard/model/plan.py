"""A plan: everything that the executor contract and the journal need, complete before anything is signed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from steelyard.exceptions import InvalidPlan
from steelyard.model.lending import LenderKind
from steelyard.units import BPS, Address


class VenueKind(IntEnum):
    """Same order as ``IFlashLoanArbitrage.VenueKind``."""

    UNISWAP_V2 = 0
    UNISWAP_V3 = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """A factory that the executor's owner has listed.

    Attributes:
        venue_id: index in the executor's list.
        name: our name for it, such as ``sushiswap_v2``; pools carry it as ``venue``.
        fee_pips: the fee of all its pools where it has one (V2), else 0.
        init_code_hash: of its pools, as 0x-hex; (factory, hash, pair) determine a pool's address by CREATE2.
    """

    venue_id: int
    name: str
    kind: VenueKind
    factory: Address
    init_code_hash: str
    fee_pips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLeg:
    """One swap of a plan: what we expect (``amount_in``, ``amount_out``), insist on (``min_amount_out``)."""

    venue_id: int
    pool: Address
    fee_pips: int
    """V3 fee tier; 0 for a venue that has one fee for all."""
    token_in: Address
    token_out: Address
    amount_in: int
    amount_out: int
    min_amount_out: int

    def __post_init__(self) -> None:
        if self.token_in == self.token_out:
            raise InvalidPlan(f"leg at pool {self.pool}: token_in and token_out are both {self.token_in}")
        if self.amount_in <= 0 or self.amount_out <= 0:
            raise InvalidPlan(f"leg at pool {self.pool}: amounts must be positive")
        if not 0 < self.min_amount_out <= self.amount_out:
            raise InvalidPlan(
                f"leg at pool {self.pool}: min_amount_out {self.min_amount_out} "
                f"must be in 1..{self.amount_out}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ArbitragePlan:
    """A flash-loan arbitrage, ready to be simulated, signed and sent.

    Its id is the executor's ``planHash`` (see ``connect.plan_codec``): same intent, same id.

    Attributes:
        amount: loan in base units of ``asset``.
        loan_fee: what we expect the lender to ask; ``max_loan_fee`` is what the executor accepts.
        expected_profit: base units of ``asset`` after the loan fee and before gas.
        gas_units: gas that the transaction is expected to use; ``gas_cost_wei`` is that at ``gas_price_wei``.
        expected_net_wei: ``expected_profit`` valued in wei (rounded down) less ``gas_cost_wei``.
        block_number: the block whose state it was decided on.
        reason: why it was chosen, for people.
    """

    chain_id: int
    executor: Address
    deadline_seconds: int
    lender: LenderKind
    asset: Address
    amount: int
    loan_fee: int
    max_loan_fee: int
    min_profit: int
    builder_share_bps: int
    legs: tuple[PlanLeg, ...]
    expected_profit: int
    gas_units: int
    gas_price_wei: int
    gas_cost_wei: int
    expected_net_wei: int
    block_number: int
    reason: str

    def __post_init__(self) -> None:
        if not self.legs:
            raise InvalidPlan("a plan needs at least one leg")
        if self.amount <= 0:
            raise InvalidPlan(f"amount must be positive, not {self.amount}")
        if self.legs[0].token_in != self.asset or self.legs[-1].token_out != self.asset:
            raise InvalidPlan(f"the route must start and end in the loan's asset {self.asset}")
        for before, after in zip(self.legs, self.legs[1:], strict=False):
            if before.token_out != after.token_in:
                raise InvalidPlan(
                    f"leg at {after.pool} takes {after.token_in}, but the leg before pays {before.token_out}"
                )
        if not 0 <= self.loan_fee <= self.max_loan_fee:
            raise InvalidPlan(f"loan_fee {self.loan_fee} must be in 0..max_loan_fee {self.max_loan_fee}")
        if not 0 < self.min_profit <= self.expected_profit:
            raise InvalidPlan(
                f"min_profit {self.min_profit} must be in 1..expected_profit {self.expected_profit}"
            )
        if not 0 <= self.builder_share_bps <= BPS:
            raise InvalidPlan(f"builder_share_bps {self.builder_share_bps} must be in 0..{BPS}")

    @property
    def pools(self) -> frozenset[Address]:
        return frozenset(leg.pool for leg in self.legs)
