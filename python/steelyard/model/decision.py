"""What was decided at one block: every candidate with its verdict, a "no" being a value like a "yes"."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from steelyard.model.chain import BlockRef
from steelyard.model.plan import ArbitragePlan
from steelyard.units import Address


class VerdictCode(StrEnum):
    """Why a candidate was taken or refused."""

    ACCEPTED = "accepted"
    """It is planned: sent, or simulated."""
    NO_SIZE = "no_size"
    """No loan amount makes a profit, or none was met before the search ended at its bound: the reason says.
    Where a swap would cross ticks, their gas counts too."""
    NO_LENDER = "no_lender"
    """No lender has any of the asset."""
    BELOW_GAS = "below_gas"
    """Profitable, but not after gas."""
    BELOW_MINIMUM = "below_minimum"
    """Profitable after gas, but under the operator's minimum."""
    OVER_LIMIT = "over_limit"
    """One of the operator's limits on size or number stands against it."""
    LIQUIDITY = "liquidity"
    """A pool of the route holds less than the operator asks for."""
    PRICE_IMPACT = "price_impact"
    """A leg moves its pool further than the operator allows."""
    INVALID_PATH = "invalid_path"
    """The route does not lead back to its asset, or uses a pool twice."""
    UNSAFE_TOKEN = "unsafe_token"
    """A simulated transfer of one of its tokens did not move what it should, or was never tried."""
    ORACLE_DEVIATION = "oracle_deviation"
    """A pool's price is too far from an oracle's, or the oracle's answer too old."""
    EXPECTED_LOSS = "expected_loss"
    """What it earns where it succeeds does not pay for the attempts that are likely to fail."""
    SHARES_POOL = "shares_pool"
    """A better candidate of the same block uses one of its pools."""
    PENDING = "pending"
    """A transaction of ours on the same pools is still open."""
    NO_PRICE = "no_price"
    """The asset cannot be valued in the native coin."""
    STALE = "stale"
    """The block was too old when it was seen, or a pool's state is known not to be the block's."""
    SIMULATION = "simulation"
    """The chain refused it in simulation."""
    STOPPED = "stopped"
    """New risk is stopped: a limit is reached or the kill file is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteLeg:
    """One hop of a cycle: into ``pool`` with ``token_in``, out with ``token_out``."""

    pool: Address
    token_in: Address
    token_out: Address


class Words(Protocol):
    """A sentence: a text, or a value that becomes one when somebody reads it.

    A block has hundreds of verdicts and most are never read, so their texts are not made while it matters.
    Equal values must say the same.
    """

    def __str__(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One candidate cycle and what became of it.

    Attributes:
        route: the cycle, starting at the asset that would be borrowed.
        amount: the best loan found, base units (0 where none was).
        profit: base units of the asset at that amount after the loan fee, before gas (0 where none).
        net_wei: after gas, valued in wei; None where it could not be valued.
        gap_wei: what any other loan on this route could earn more at most, valued in wei; 0 where the loan is
            proven to be the best, None where nothing is proven or nothing was sized.
        words: one sentence with the numbers that decided; ``reason`` is its text.
        plan: the plan, where the candidate was accepted.
    """

    route: tuple[RouteLeg, ...]
    asset: Address
    amount: int
    profit: int
    net_wei: int | None
    code: VerdictCode
    words: Words
    plan: ArbitragePlan | None = None
    gap_wei: int | None = None

    @property
    def reason(self) -> str:
        return str(self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """All verdicts of one block; ``plans`` are the accepted ones, in the order in which they are to be sent.

    A plan that shares a pool with an earlier one was sized and quoted on the state that the earlier leaves:
    what it promises holds after that one and nothing else.

    Attributes:
        search_limits: bounds that the search for cycles reached, in sentences: what has no verdict although
            it may pay. Empty where every cycle that pays at the margin was looked at.
    """

    block: BlockRef
    verdicts: tuple[Verdict, ...]
    search_limits: tuple[str, ...] = ()

    @property
    def plans(self) -> tuple[ArbitragePlan, ...]:
        return tuple(verdict.plan for verdict in self.verdicts if verdict.plan is not None)

    def built_on(self, plan: ArbitragePlan) -> tuple[ArbitragePlan, ...]:
        """Return the plans to be sent before ``plan`` that it builds on, through shared pools, in order."""
        found: list[ArbitragePlan] = []
        pools = plan.pools
        for earlier in reversed(self.plans[: self.plans.index(plan)]):
            if earlier.pools & pools:
                found.append(earlier)
                pools |= earlier.pools
        return tuple(reversed(found))
