"""A plan: everything that the executor contract and the journal need, complete before anything is signed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from steelyard.exceptions import InvalidPlan
from steelyard.model.lending import LenderKind, LoanSource
from steelyard.units import BPS, Address


class VenueKind(IntEnum):
    """Same order as ``IFlashLoanArbitrage.VenueKind``."""

    UNISWAP_V2 = 0
    UNISWAP_V3 = 1
    PANCAKE_V3 = 2
    ALGEBRA = 3
    UNISWAP_V4 = 4
    BALANCER_V2 = 5
    CURVE_STABLE = 6
    WRAPPED_ETHER = 7

    @property
    def is_factory(self) -> bool:
        """Whether it is listed as a factory whose pools are found by CREATE2."""
        return self <= VenueKind.ALGEBRA

    @property
    def is_listed(self) -> bool:
        """Whether the executor's owner lists it; the others stand where the constructor was told."""
        return self.is_factory or self is VenueKind.CURVE_STABLE

    @property
    def has_tiers(self) -> bool:
        """Whether a leg names the pool's fee tier."""
        return self in (VenueKind.UNISWAP_V3, VenueKind.PANCAKE_V3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """A factory, or a single pool, that the executor's owner has listed.

    Attributes:
        venue_id: index in the executor's list.
        name: our name for it, such as ``sushiswap_v2``; pools carry it as ``venue``.
        factory: deployer of its pools; of a Curve-type pool, the pool itself.
        fee_pips: the fee of all its pools where it has one (V2), else 0.
        init_code_hash: of its pools, as 0x-hex; (factory, hash, pair) determine a pool's address by CREATE2.
            Zero for a Curve-type pool.
    """

    venue_id: int
    name: str
    kind: VenueKind
    factory: Address
    init_code_hash: str
    fee_pips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLeg:
    """One swap of a plan: what we expect (``amount_in``, ``amount_out``), insist on (``min_amount_out``).

    The decision routes over pools of listed factories only; the executor can do more (see the plan codec).
    """

    kind: VenueKind
    venue_id: int
    pool: Address
    fee_pips: int
    """Fee tier of the pool; 0 for a venue whose legs name none."""
    token_in: Address
    token_out: Address
    amount_in: int
    amount_out: int
    min_amount_out: int

    def __post_init__(self) -> None:
        if not self.kind.is_factory:
            raise InvalidPlan(f"leg at pool {self.pool}: {self.kind.name.lower()} is no kind of factory")
        if self.fee_pips and not self.kind.has_tiers:
            raise InvalidPlan(f"leg at pool {self.pool}: {self.kind.name.lower()} has no fee tiers")
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
        source: which pool or listed lender lends, for kinds of lender that are more than one contract.
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
    source: LoanSource | None = None

    def __post_init__(self) -> None:
        if not self.legs:
            raise InvalidPlan("a plan needs at least one leg")
        self._check_source()
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

    def _check_source(self) -> None:
        if (self.source is not None) != self.lender.needs_source:
            needed = "must be named" if self.lender.needs_source else "is the only one of its kind"
            raise InvalidPlan(f"the {self.lender.name.lower()} that lends {needed}")
        if self.source is not None and any(leg.pool == self.source.address for leg in self.legs):
            raise InvalidPlan(f"pool {self.source.address} lends: it is locked, the route cannot trade there")

    @property
    def pools(self) -> frozenset[Address]:
        """The pools that it has to do with: those of its route, and one that lends."""
        route = frozenset(leg.pool for leg in self.legs)
        if self.source is None or not self.lender.is_pool:
            return route
        return route | {self.source.address}
