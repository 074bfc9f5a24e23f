"""Plans that build on one another: told what they are behind, and refused with what they build on."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from steelyard.act.submitter import Refusal
from steelyard.app.stages import KeeperStages
from steelyard.model import Address, ArbitragePlan, BlockRef, Decision, Mode, Verdict, VerdictCode
from tests.support.plans import make_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.unit

BLOCK = BlockRef(
    number=1,
    hash="0x" + "1" * 64,
    parent_hash="0x" + "0" * 64,
    timestamp_seconds=1,
    base_fee_wei=1,
    gas_used=0,
    gas_limit=30_000_000,
)


def plan_through(*pools: int) -> ArbitragePlan:
    first, second = make_plan().legs
    return make_plan(
        legs=(
            replace(first, pool=Address(f"pool {pools[0]}")),
            replace(second, pool=Address(f"pool {pools[1]}")),
        )
    )


def decision_of(*plans: ArbitragePlan) -> Decision:
    return Decision(
        block=BLOCK,
        verdicts=tuple(
            Verdict(
                route=(),
                asset=plan.asset,
                amount=plan.amount,
                profit=plan.expected_profit,
                net_wei=plan.expected_net_wei,
                code=VerdictCode.ACCEPTED,
                words="",
                plan=plan,
            )
            for plan in plans
        ),
    )


class Desk:
    """Takes what it is given, and refuses what it is told to."""

    def __init__(self, *refused: ArbitragePlan) -> None:
        self._refused = refused
        self.taken: list[tuple[ArbitragePlan, tuple[ArbitragePlan, ...]]] = []

    def rehearse(self, plan: ArbitragePlan, behind: Sequence[ArbitragePlan]) -> Refusal | None:
        if plan in self._refused:
            return Refusal(plan_id="0x", reason="it would revert")
        self.taken.append((plan, tuple(behind)))
        return None


def act(desk: Desk, decision: Decision) -> Decision:
    parts: Any = SimpleNamespace(mode=Mode.PAPER, submitter=desk)
    stages: Any = KeeperStages(parts, Any)  # type: ignore[arg-type]
    after, submitted = stages._act(decision)
    assert submitted == [plan for plan, _ in desk.taken]
    assert isinstance(after, Decision)
    return after


def test_plan_builds_on_all_earlier_ones_that_reach_its_pools() -> None:
    first, apart, second, third = (
        plan_through(1, 2),
        plan_through(8, 9),
        plan_through(2, 3),
        plan_through(3, 4),
    )
    decision = decision_of(first, apart, second, third)
    assert decision.built_on(first) == ()
    assert decision.built_on(apart) == ()
    assert decision.built_on(second) == (first,)
    assert decision.built_on(third) == (first, second)


def test_each_plan_is_brought_behind_those_that_it_builds_on() -> None:
    first, second, apart = plan_through(1, 2), plan_through(2, 3), plan_through(8, 9)
    desk = Desk()
    act(desk, decision_of(first, second, apart))
    assert desk.taken == [(first, ()), (second, (first,)), (apart, ())]


def test_plan_whose_ground_was_refused_is_not_sent_and_others_are() -> None:
    first, second, third, apart = (
        plan_through(1, 2),
        plan_through(2, 3),
        plan_through(3, 4),
        plan_through(8, 9),
    )
    desk = Desk(first)
    after = act(desk, decision_of(first, second, third, apart))
    assert [plan for plan, _ in desk.taken] == [apart]
    assert after.plans == (apart,)
    reasons = [(verdict.code, verdict.reason) for verdict in after.verdicts[:3]]
    built_on = "it builds on a plan of this block that was not sent"
    assert reasons == [
        (VerdictCode.SIMULATION, "it would revert"),
        (VerdictCode.SIMULATION, built_on),
        (VerdictCode.SIMULATION, built_on),
    ]
