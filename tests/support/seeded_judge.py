"""Looks over a keeper's shoulder: every turn is held against a brute force over the same block's market."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from steelyard.app.keeper import Turn
from steelyard.config import Config
from steelyard.connect.plan_codec import plan_id
from steelyard.decide.arbitrage import GasModel
from steelyard.model import (
    ArbitragePlan,
    IntentStatus,
    MarketSnapshot,
    Outcome,
    Verdict,
    VerdictCode,
)
from steelyard.units import GWEI
from tests.support.brute_force import BruteForce, Loan, Name, Steps, best_loan, crossed, received, steps_of
from tests.support.judgement import by_name, check_stated_profits, net_wei, worth_wei

LEGS = 3
NEIGHBOURS = 1


@dataclass(kw_only=True)
class Judge:
    """Raises where the engine overlooks an opportunity, misjudges one, or breaks a promise.

    Attributes:
        config: the keeper's.
        counts: blocks; opportunities that brute force saw, in all and by the verdicts that they got; cycles
            that it looked at; and what was executed.
    """

    config: Config
    counts: Counter[str] = field(default_factory=Counter)
    _brute: BruteForce = field(default_factory=lambda: BruteForce(LEGS, neighbours=NEIGHBOURS))
    _sent: dict[str, ArbitragePlan] = field(default_factory=dict)

    def on_turn(self, turn: Turn) -> None:
        assert turn.stopped is None, turn.stopped
        opportunities = self._brute.opportunities(turn.snapshot)
        self.counts.update(blocks=1, opportunities=len(opportunities), cycles=self._brute.cycles)
        verdicts = by_name(turn.decision)
        for name, loans in opportunities.items():
            assert name in verdicts, f"block {turn.decision.block.number}: overlooked {name}, {loans}"
            self.counts[verdicts[name].code.value] += 1
            self._confirm(turn, name, verdicts[name], loans)
        check_stated_profits(turn.snapshot, turn.decision, opportunities, neighbours=NEIGHBOURS)
        assert list(turn.submitted) == list(turn.decision.plans)
        self._sent |= {plan_id(plan): plan for plan in turn.submitted}
        self.settle(turn.outcomes)

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Hold that what was sent was mined, and brought what was promised."""
        for outcome in outcomes:
            plan = self._sent.pop(outcome.plan_id)
            assert outcome.status is IntentStatus.CONFIRMED, outcome
            assert outcome.profit == plan.expected_profit, outcome
            self.counts.update(executed=1, over_expected_gas=outcome.gas_used > plan.gas_units)
            self.counts["net_gwei"] += outcome.net_wei // GWEI

    def assert_all_settled(self) -> None:
        assert not self._sent, "plans were sent of which nothing was heard"

    def _confirm(self, turn: Turn, name: Name, verdict: Verdict, loans: tuple[Loan, ...]) -> None:
        """Hold that the verdict's reason is one that brute force sees too."""
        steps = steps_of(name, turn.snapshot.pools)
        net = net_wei(turn.snapshot, steps, loans)
        plans, wanted = turn.decision.plans, self.config.arbitrage
        told = f"{verdict.code} ({verdict.reason}), but by brute force it brings {net} wei: {loans}"
        if verdict.code is VerdictCode.BELOW_GAS:
            assert net <= 0, told
        elif verdict.code is VerdictCode.BELOW_MINIMUM:
            assert net < wanted.min_net_profit, told
        elif verdict.code is VerdictCode.SHARES_POOL:
            taken = frozenset[str]().union(*(plan.pools for plan in plans))
            assert taken & {pool for pool, _ in name}, told
            assert net <= sum(plan.expected_net_wei for plan in plans), told
        elif verdict.code is VerdictCode.NO_SIZE:
            _confirm_no_size(turn.snapshot, steps, loans)
        elif verdict.code is VerdictCode.OVER_LIMIT:
            assert len(plans) == wanted.max_plans_per_block, told
        else:
            assert verdict.code is VerdictCode.ACCEPTED, told


def _confirm_no_size(snapshot: MarketSnapshot, steps: Steps, loans: tuple[Loan, ...]) -> None:
    """Hold that whatever ticks a loan crosses, their gas costs more than it earns."""
    asset = steps[0][1]
    offers = {terms.kind: terms for terms in snapshot.lenders if terms.asset == asset}
    for loan in loans:
        for ticks in range(crossed(steps, loan.amount) + 1):
            cap = _most_within(steps, ticks, loan.amount)
            best = best_loan(steps, replace(offers[loan.lender], available=cap)) if cap else None
            if best is not None:
                gas_wei = ticks * GasModel().tick_crossing * snapshot.gas.price_wei
                assert worth_wei(snapshot, asset, best.profit) <= gas_wei, (steps, best)


def _most_within(steps: Steps, ticks: int, amount: int) -> int:
    """Return the largest loan, ``amount`` at most, that crosses no more than so many ticks."""
    low, high = 0, amount + 1
    while high - low > 1:
        middle = (low + high) // 2
        if received(steps, middle) and crossed(steps, middle) > ticks:
            high = middle
        else:
            low = middle
    return low
