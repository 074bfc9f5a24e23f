"""Each limit stops new risk on a live keeper and says so; it goes on looking, and settles what is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from steelyard.app.keeper import Turn
from steelyard.app.wiring import build_keeper
from steelyard.cli.demo_stage import KEEPER, DemoStage
from steelyard.config import load_config
from steelyard.model import Address, ArbitragePlan, IntentStatus, Outcome, VerdictCode
from steelyard.sandbox.activity import FOLLOWERS
from steelyard.sandbox.activity.pools import Swap
from steelyard.sandbox.activity.traders import swap_transaction
from steelyard.sandbox.activity.venues.registry import view_pools
from steelyard.sandbox.replica import PoolKind
from steelyard.sandbox.replica.build import ReplicaState
from steelyard.units import ETHER, GWEI
from tests.support.keeper_books import open_books, settle_everything
from tests.support.keeper_stage import keeper_stage
from tests.support.operator import ask, events, running_keeper, status, write_config

pytestmark = pytest.mark.e2e

WETH = Address("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2")
MOST_BLOCKS = 40
FRONT_RUNNERS_FEE_WEI = 900 * GWEI
FRONT_RUNNERS_TIP_WEI = 100 * GWEI
LOWEST_SQRT_PRICE, HIGHEST_SQRT_PRICE = 4295128740, 1461446703485210103287273052203988822378723970341


@pytest.fixture(scope="module")
def stage(deployed: ReplicaState, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoStage]:
    with keeper_stage(tmp_path_factory.mktemp("stage"), deployed) as opened:
        yield opened


class SteppedKeeper:
    """A live keeper that takes its turns one by one, in lock-step with the market; a context manager."""

    def __init__(
        self,
        stage: DemoStage,
        folder: Path,
        *,
        on_step: Callable[[str], None] = lambda step: None,
        plans_a_block: int = 3,
        **limits: Any,
    ) -> None:
        arbitrage = {"max_plans_per_block": plans_a_block}
        config = load_config(write_config(stage, folder, arbitrage=arbitrage, limits=limits), environment={})
        self._stage = stage
        self._runner = asyncio.Runner()
        self._keeper = build_keeper(config, live=True, on_step=on_step)
        self._runner.run(self._keeper.start())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._keeper.close())
        self._runner.close()

    def turn(self) -> Turn:
        """Mine a block and take it through all stages."""
        self._stage.next_block()
        turn = self._runner.run(self._keeper.turn())
        assert turn is not None
        return turn

    def turn_until(self, seen: Callable[[Turn], object]) -> Turn:
        """Take turns until one is as wanted."""
        for _ in range(MOST_BLOCKS):
            turn = self.turn()
            if seen(turn):
                return turn
        raise AssertionError(f"not seen in {MOST_BLOCKS} blocks")

    def fail(self) -> list[Outcome]:
        """Let another trader go before all that is sent, until new risk is stopped; return the outcomes."""
        outcomes: list[Outcome] = []
        turn = self.turn_until(lambda turn: turn.submitted)
        for _ in range(MOST_BLOCKS):
            for plan in turn.submitted:
                go_before(self._stage, plan)
            turn = self.turn()
            outcomes.extend(turn.outcomes)
            if turn.stopped:
                return outcomes
        raise AssertionError(f"nothing was stopped in {MOST_BLOCKS} blocks")


def go_before(stage: DemoStage, plan: ArbitragePlan) -> None:
    """Trade what the plan's first leg would, only more, and offer more for it: the plan comes too late."""
    leg = plan.legs[0]
    (record,) = (pool for pool in stage.market._pools if pool.address == leg.pool)
    (view,) = view_pools(stage.rpc, [record])
    zero_in = record.token0 == leg.token_in
    limit = LOWEST_SQRT_PRICE if zero_in else HIGHEST_SQRT_PRICE
    swap = Swap(
        zero_in=zero_in,
        amount=3 * plan.amount,
        sqrt_price_limit_x96=limit if record.kind is PoolKind.UNISWAP_V3 else 0,
    )
    fees = {
        "maxFeePerGas": hex(FRONT_RUNNERS_FEE_WEI),
        "maxPriorityFeePerGas": hex(FRONT_RUNNERS_TIP_WEI),
    }
    stage.rpc.call("eth_sendTransaction", swap_transaction(FOLLOWERS[0], view, swap) | fees)


def sent(stage: DemoStage) -> int:
    return int(stage.rpc.call("eth_getTransactionCount", KEEPER, "pending"), 16)


def check_stopped(turn: Turn, words: str) -> None:
    """The turn says why it takes no new risk, of everything that it would have taken."""
    assert turn.stopped is not None
    assert words in turn.stopped
    assert not turn.submitted
    codes = {verdict.code for verdict in turn.decision.verdicts}
    assert VerdictCode.ACCEPTED not in codes
    for verdict in turn.decision.verdicts:
        if verdict.code is VerdictCode.STOPPED:
            assert words in verdict.reason


def check_goes_on_without_risk(stage: DemoStage, keeper: SteppedKeeper, words: str) -> None:
    """Blocks are seen and decided, opportunities are named as missed, and nothing is sent."""
    before = sent(stage)
    missed = keeper.turn_until(
        lambda turn: VerdictCode.STOPPED in {verdict.code for verdict in turn.decision.verdicts}
    )
    check_stopped(missed, words)
    assert sent(stage) == before


def check_said(folder: Path, words: str) -> None:
    """The operator finds it in the events and in what ``status`` prints."""
    assert any(words in message for message in events(folder, "risk_stopped"))
    assert status(folder)["new_risk_allowed"] is False
    assert words in status(folder)["stopped_reason"]
    printed = " ".join(ask("status", "--config", folder / "steelyard.toml").output.split())
    assert f"New risk is stopped: {words}" in printed


def test_largest_trade_holds_for_every_plan(stage: DemoStage, tmp_path: Path) -> None:
    with SteppedKeeper(stage, tmp_path, max_trade=f"{ETHER}") as keeper:
        turn = keeper.turn_until(lambda turn: any(plan.asset == WETH for plan in turn.submitted))
        assert all(plan.amount <= ETHER for plan in turn.submitted if plan.asset == WETH)


def test_trade_that_cannot_be_small_enough_is_over_the_limit(stage: DemoStage, tmp_path: Path) -> None:
    with SteppedKeeper(stage, tmp_path, max_trade="1") as keeper:
        turns = [keeper.turn() for _ in range(4)]
    refused = [
        verdict
        for turn in turns
        for verdict in turn.decision.verdicts
        if verdict.code is VerdictCode.OVER_LIMIT
    ]
    assert refused
    assert all("the largest trade" in verdict.reason for verdict in refused)
    assert not any(turn.submitted for turn in turns)


def test_loss_of_the_day_stops_new_risk_until_the_operator_raises_it(
    stage: DemoStage, tmp_path: Path
) -> None:
    books = open_books(stage)
    with SteppedKeeper(stage, tmp_path, max_loss_per_day="1") as keeper:
        assert IntentStatus.REVERTED in {outcome.status for outcome in keeper.fail()}
        check_goes_on_without_risk(stage, keeper, "loss limit reached")
        check_said(tmp_path, "loss limit reached")
    with SteppedKeeper(stage, tmp_path, max_loss_per_day="1") as keeper:
        check_goes_on_without_risk(stage, keeper, "loss limit reached")
    with SteppedKeeper(stage, tmp_path, max_loss_per_day=f"{ETHER}") as keeper:
        assert keeper.turn_until(lambda turn: turn.submitted).stopped is None
    config = load_config(tmp_path / "steelyard.toml", environment={})
    settle_everything(stage, config)
    assert books.check(config)["reverted"] >= 1


def test_gas_of_the_hour_stops_new_risk_and_what_is_open_is_settled(stage: DemoStage, tmp_path: Path) -> None:
    with SteppedKeeper(stage, tmp_path, max_gas_per_hour="1") as keeper:
        # The limit is reached by the first transaction: of the same block's plans, the others are stopped.
        first = keeper.turn_until(lambda turn: turn.submitted)
        assert first.stopped is None
        assert len(first.submitted) == 1
        after = keeper.turn()
        assert [outcome.status for outcome in after.outcomes] == [IntentStatus.CONFIRMED], "it is settled"
        check_stopped(after, "gas limit reached")
        check_goes_on_without_risk(stage, keeper, "gas limit reached")
        check_said(tmp_path, "gas limit reached")


def test_second_plan_of_a_block_is_stopped_by_what_the_first_may_cost(
    stage: DemoStage, tmp_path: Path
) -> None:
    for attempt in range(MOST_BLOCKS):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        with SteppedKeeper(stage, folder, max_gas_per_hour="1") as keeper:
            turn = keeper.turn()
        stopped = [verdict for verdict in turn.decision.verdicts if verdict.code is VerdictCode.STOPPED]
        assert len(turn.submitted) <= 1
        if stopped:
            assert "gas limit reached" in stopped[0].reason
            assert stopped[0].plan is None
            return
    raise AssertionError(f"no block with two plans in {MOST_BLOCKS}")


def test_failures_in_a_row_stop_new_risk_until_the_operator_resumes(stage: DemoStage, tmp_path: Path) -> None:
    books = open_books(stage)
    words = "failure limit reached"
    with SteppedKeeper(stage, tmp_path, plans_a_block=1, max_failures_in_a_row=3) as keeper:
        statuses = [outcome.status for outcome in keeper.fail()]
        assert statuses[-3:] == [IntentStatus.REVERTED] * 3
        assert statuses[-4:-3] != [IntentStatus.REVERTED], "the third is the limit, not the fourth"
        check_goes_on_without_risk(stage, keeper, words)
        check_said(tmp_path, words)
    with SteppedKeeper(stage, tmp_path, max_failures_in_a_row=3) as keeper:
        check_goes_on_without_risk(stage, keeper, words)
        assert ask("resume", "--config", tmp_path / "steelyard.toml").exit_code == 0
        assert keeper.turn_until(lambda turn: turn.submitted).stopped is None
        assert status(tmp_path)["new_risk_allowed"] is True
    assert events(tmp_path, "risk_allowed") == ["new risk is allowed again"]
    config = load_config(tmp_path / "steelyard.toml", environment={})
    settle_everything(stage, config)
    outcomes = books.check(config)
    assert outcomes["reverted"] == statuses.count(IntentStatus.REVERTED)
    assert outcomes["confirmed"] >= 1


def test_kill_file_stops_new_risk_while_it_is_there(stage: DemoStage, tmp_path: Path) -> None:
    kill_file = tmp_path / "STOP"
    words = f"the kill file {kill_file} is there"
    with SteppedKeeper(stage, tmp_path) as keeper:
        under_way = keeper.turn_until(lambda turn: turn.submitted)
        kill_file.touch()
        turn = keeper.turn()
        assert len(turn.outcomes) == len(under_way.submitted), "what is open is settled"
        check_stopped(turn, words)
        check_goes_on_without_risk(stage, keeper, words)
        check_said(tmp_path, words)
        kill_file.unlink()
        assert keeper.turn_until(lambda turn: turn.submitted).stopped is None
        assert status(tmp_path)["new_risk_allowed"] is True


@pytest.mark.parametrize("step", ["decided", "opened", "simulated"])
def test_kill_file_counts_up_to_the_signature(stage: DemoStage, tmp_path: Path, step: str) -> None:
    kill_file = tmp_path / "STOP"

    def appear(done: str) -> None:
        if done == step:
            kill_file.touch()

    before = sent(stage)
    with SteppedKeeper(stage, tmp_path, on_step=appear) as keeper:
        kill_file.unlink(missing_ok=True)
        for _ in range(MOST_BLOCKS):
            turn = keeper.turn()
            kill_file.unlink(missing_ok=True)
            stopped = [verdict for verdict in turn.decision.verdicts if verdict.code is VerdictCode.STOPPED]
            if stopped:
                break
    assert stopped
    assert all(str(kill_file) in verdict.reason and verdict.plan is None for verdict in stopped)
    assert sent(stage) == before


def test_running_command_says_that_it_stands_still(stage: DemoStage, tmp_path: Path) -> None:
    file = write_config(stage, tmp_path, chain={"poll_interval_milliseconds": 20})
    with ExitStack() as opened:
        keeper = opened.enter_context(running_keeper(file, "--live"))
        keeper.wait_for("started")
        (tmp_path / "STOP").touch()
        keeper.wait_for("risk_stopped", stage)
        (tmp_path / "STOP").unlink()
        keeper.wait_for("risk_allowed", stage)
        assert keeper.stop() == 0
