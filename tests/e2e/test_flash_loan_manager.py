"""Flash loans by protocol and version: the cheapest is found, and a plan is simulated or sent through one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from steelyard import EnhancedFlashLoanManager
from steelyard.app.desk import open_chain
from steelyard.app.flash_loans import SUPPORTED_PROTOCOLS
from steelyard.app.wiring import open_decider, open_deployment, open_follower
from steelyard.cli.demo_stage import KEEPER, DemoStage
from steelyard.config import Config, load_config
from steelyard.connect.chain import ChainClient
from steelyard.connect.plan_codec import plan_id
from steelyard.decide.arbitrage import GasModel
from steelyard.exceptions import NoLoanProvider, SkipError, UnsupportedProtocol
from steelyard.model import Address, ArbitragePlan, Attempts, IntentStatus, LenderKind, VerdictCode
from steelyard.record.database import Database
from steelyard.record.reports import read_records
from steelyard.sandbox.replica.tokens import WETH
from steelyard.units import ETHER, GWEI, UINT256_MAX
from tests.support.operator import write_config

pytestmark = pytest.mark.e2e

T = TypeVar("T")
MOST_BLOCKS = 40
STRANGER = Address("0x" + "5a" * 20)


@pytest.fixture
def config(shared_stage: DemoStage, tmp_path: Path) -> Config:
    return load_config(write_config(shared_stage, tmp_path), environment={})


@pytest.fixture
def chain(config: Config) -> Iterator[ChainClient]:
    client = open_chain(config)
    yield client
    client.rpc.close()


def managed(
    chain: ChainClient,
    config: Config,
    ask: Callable[[EnhancedFlashLoanManager], Awaitable[T]],
    kind: type[EnhancedFlashLoanManager] = EnhancedFlashLoanManager,
    **options: Any,
) -> T:
    """Ask a manager that is closed again."""

    async def run() -> T:
        async with kind(chain, config, **options) as manager:
            return await ask(manager)

    return asyncio.run(run())


def found(
    chain: ChainClient,
    config: Config,
    amount: int,
    kind: type[EnhancedFlashLoanManager] = EnhancedFlashLoanManager,
) -> tuple[str, int]:
    return managed(chain, config, lambda manager: manager.find_optimal_flash_loan(amount, WETH.address), kind)


def plan_from(stage: DemoStage, config: Config, chain: ChainClient, lender: LenderKind) -> ArbitragePlan:
    """Let the market trade until there is something to earn with this lender's loans."""
    deployment = open_deployment(config, chain)
    follower, decider = open_follower(config, chain, deployment), open_decider(config, deployment)
    for _ in range(MOST_BLOCKS):
        snapshot = follower.poll()
        if snapshot is not None:
            only = replace(
                snapshot, lenders=tuple(terms for terms in snapshot.lenders if terms.kind is lender)
            )
            decision = decider(only, busy_pools=frozenset(), stopped_reason=None, attempts=Attempts())
            if decision.plans:
                return decision.plans[0]
        stage.next_block()
    raise AssertionError(f"nothing to earn in {MOST_BLOCKS} blocks")


def names_of(lender: LenderKind) -> tuple[str, str]:
    """The protocol and version of a lender."""
    ((protocol, version),) = (
        (protocol, version)
        for protocol, versions in SUPPORTED_PROTOCOLS.items()
        for version, kind in versions.items()
        if kind is lender
    )
    return protocol, version


# --- finding ----------------------------------------------------------------------------------------------


def test_every_lender_of_the_executor_has_a_name() -> None:
    assert sorted(kind for versions in SUPPORTED_PROTOCOLS.values() for kind in versions.values()) == list(
        LenderKind
    )


def test_the_cheapest_by_fee_and_gas_is_found_with_its_cost(chain: ChainClient, config: Config) -> None:
    snapshot = open_follower(config, chain, open_deployment(config, chain)).poll()
    assert snapshot is not None
    protocol, cost = found(chain, config, ETHER)
    assert protocol == "uniswap", "V4 asks no fee, and takes less gas than Balancer and Morpho"
    assert cost == GasModel().uniswap_v4 * snapshot.gas.price_wei


def test_available_liquidity_counts(chain: ChainClient, config: Config) -> None:
    snapshot = open_follower(config, chain, open_deployment(config, chain)).poll()
    assert snapshot is not None
    offers = [terms for terms in snapshot.lenders if terms.asset == WETH.address]
    rich = max(offers, key=lambda terms: terms.available)
    rest = max(terms.available for terms in offers if terms.kind is not rich.kind)
    assert rich.available > rest, "one of them has the most"
    protocol, cost = found(chain, config, rest + 1)
    assert protocol == names_of(rich.kind)[0]
    assert cost > rich.fee(rest + 1)


def test_no_provider_is_an_error_of_our_kind_and_a_value_error(chain: ChainClient, config: Config) -> None:
    with pytest.raises(ValueError, match="no provider lends") as refused:
        found(chain, config, UINT256_MAX)
    assert isinstance(refused.value, NoLoanProvider)
    assert isinstance(refused.value, SkipError)


class Troubled(EnhancedFlashLoanManager):
    """Cannot tell what Uniswap asks."""

    async def _estimate_flash_loan_cost(self, protocol: str, *details: Any) -> int:
        if protocol == "uniswap":
            raise RuntimeError("the manager does not answer")
        return await super()._estimate_flash_loan_cost(protocol, *details)


class Even(EnhancedFlashLoanManager):
    """Thinks that all cost the same."""

    async def _estimate_flash_loan_cost(self, *details: Any) -> int:
        return 7


def test_a_failing_estimate_is_logged_and_skipped(
    chain: ChainClient, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        protocol, _ = found(chain, config, ETHER, Troubled)
    assert protocol == "balancer"
    assert "error estimating uniswap v4 cost: the manager does not answer" in caplog.text


def test_among_equals_the_protocol_declared_first_wins(chain: ChainClient, config: Config) -> None:
    assert found(chain, config, ETHER, Even) == ("aave", 7)


# --- executing --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("protocol", "version", "said"),
    [
        ("dydx", "v1", "Unsupported protocol: dydx"),
        ("aave", "v1", "Unsupported version of aave: v1; supported: v3, v2"),
    ],
)
def test_what_is_not_supported_is_a_value_error_that_says_so(
    chain: ChainClient, config: Config, protocol: str, version: str, said: str
) -> None:
    with pytest.raises(ValueError, match="Unsupported") as refused:
        managed(chain, config, lambda manager: manager.execute_flash_loan(protocol, version, {}))
    assert isinstance(refused.value, UnsupportedProtocol)
    assert str(refused.value) == said


def test_a_plan_for_another_lender_or_none_is_refused(
    shared_stage: DemoStage, chain: ChainClient, config: Config
) -> None:
    plan = plan_from(shared_stage, config, chain, LenderKind.BALANCER_V2)
    with pytest.raises(UnsupportedProtocol, match="it borrows from balancer_v2"):
        managed(chain, config, lambda manager: manager.execute_flash_loan("aave", "v3", {"plan": plan}))
    with pytest.raises(UnsupportedProtocol, match="there is none"):
        managed(chain, config, lambda manager: manager.execute_flash_loan("aave", "v3", {}))


@pytest.mark.parametrize(
    "lender",
    # Maker lends DAI alone, and the stage's executor lists no other lender.
    [kind for kind in LenderKind if kind not in (LenderKind.MAKER, LenderKind.ERC3156)],
    ids=lambda kind: kind.name.lower(),
)
def test_on_paper_a_plan_is_journalled_and_simulated_and_nothing_is_sent(
    shared_stage: DemoStage, chain: ChainClient, config: Config, lender: LenderKind
) -> None:
    plan = plan_from(shared_stage, config, chain, lender)
    nonce = chain.nonce(Address(KEEPER), "pending")
    verdict = managed(
        chain, config, lambda manager: manager.execute_flash_loan(*names_of(lender), {"plan": plan})
    )
    assert (verdict.code, verdict.plan) == (VerdictCode.ACCEPTED, plan)
    assert chain.nonce(Address(KEEPER), "pending") == nonce
    assert status_of(config, plan) is IntentStatus.PAPER


def test_live_a_plan_is_sent_and_pays_what_it_promised(
    shared_stage: DemoStage, chain: ChainClient, config: Config
) -> None:
    plan = plan_from(shared_stage, config, chain, LenderKind.MORPHO_BLUE)
    treasury = chain.eth_call(plan.executor, bytes.fromhex("61d027b3"))[-20:]
    before = balance(chain, plan.asset, treasury)
    verdict = managed(
        chain, config, lambda manager: manager.execute_flash_loan("morpho", "blue", {"plan": plan}), live=True
    )
    assert verdict.code is VerdictCode.ACCEPTED, verdict.reason
    assert status_of(config, plan) is IntentStatus.SENT
    shared_stage.market.mine()
    assert balance(chain, plan.asset, treasury) - before == plan.expected_profit


def test_a_kill_file_stands_against_it(shared_stage: DemoStage, chain: ChainClient, config: Config) -> None:
    plan = plan_from(shared_stage, config, chain, LenderKind.BALANCER_V2)
    config.keeper.kill_file.touch()
    verdict = managed(
        chain, config, lambda manager: manager.execute_flash_loan("balancer", "v2", {"plan": plan})
    )
    assert verdict.code is VerdictCode.STOPPED
    assert "kill file" in verdict.reason
    assert verdict.plan is None


def test_a_loan_above_the_largest_trade_is_refused_though_its_plan_came_from_elsewhere(
    shared_stage: DemoStage, chain: ChainClient, config: Config, tmp_path: Path
) -> None:
    plan = plan_from(shared_stage, config, chain, LenderKind.BALANCER_V2)
    small = {"max_trade": plan.amount - 1 if plan.asset == WETH.address else 1}
    careful = load_config(write_config(shared_stage, tmp_path, limits=small), environment={})
    verdict = managed(
        chain, careful, lambda manager: manager.execute_flash_loan("balancer", "v2", {"plan": plan})
    )
    assert verdict.code is VerdictCode.OVER_LIMIT, verdict.reason
    assert "limits.max_trade" in verdict.reason
    assert verdict.plan is None
    with Database(config.keeper.database_url, create=False) as database, database.read() as session:
        assert not read_records(session)


def test_a_paused_executor_stands_against_it_before_anything_is_journalled(
    shared_stage: DemoStage, chain: ChainClient, config: Config
) -> None:
    plan = plan_from(shared_stage, config, chain, LenderKind.BALANCER_V2)
    before = shared_stage.rpc.call("evm_snapshot")
    owner = chain.eth_call(plan.executor, bytes.fromhex("8da5cb5b"))[-20:]
    pause = {"from": "0x" + owner.hex(), "to": plan.executor, "data": "0x8456cb59", "gas": hex(100_000)}
    shared_stage.rpc.call("eth_sendTransaction", pause | {"maxFeePerGas": hex(200 * GWEI)})
    shared_stage.market.mine()
    verdict = managed(
        chain, config, lambda manager: manager.execute_flash_loan("balancer", "v2", {"plan": plan})
    )
    shared_stage.rpc.call("evm_revert", before)
    assert verdict.code is VerdictCode.STOPPED
    assert "paused" in verdict.reason
    with Database(config.keeper.database_url, create=False) as database, database.read() as session:
        assert not read_records(session)


def test_a_plan_whose_profit_is_gone_is_refused_in_simulation(
    shared_stage: DemoStage, chain: ChainClient, config: Config
) -> None:
    plan = plan_from(shared_stage, config, chain, LenderKind.BALANCER_V2)
    greedy = replace(plan, min_profit=plan.expected_profit * 2, expected_profit=plan.expected_profit * 2)
    verdict = managed(
        chain, config, lambda manager: manager.execute_flash_loan("balancer", "v2", {"plan": greedy})
    )
    assert verdict.code is VerdictCode.SIMULATION
    assert "MinProfitNotMet" in verdict.reason
    assert status_of(config, greedy) is IntentStatus.REFUSED


def status_of(config: Config, plan: ArbitragePlan) -> IntentStatus:
    with Database(config.keeper.database_url, create=False) as database, database.read() as session:
        (status,) = (record.status for record in read_records(session) if record.plan_id == plan_id(plan))
    return IntentStatus(status)


def balance(chain: ChainClient, token: Address, holder: bytes) -> int:
    return int.from_bytes(chain.eth_call(token, bytes.fromhex("70a08231") + holder.rjust(32, b"\0")))
