"""Plans of one block that share pools: each simulated on what the ones before it leave, mined after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from steelyard.act.gas import GasSettings
from steelyard.act.simulate import simulate_behind
from steelyard.act.submitter import Refusal, Rehearsal, Submitter
from steelyard.act.tracker import Tracker
from steelyard.connect.chain import ChainClient
from steelyard.connect.rpc import RpcClient
from steelyard.model import ArbitragePlan, IntentStatus, SignedTransaction
from steelyard.sandbox.faulty_rpc import ErrorAnswer, FaultyRpc
from tests.support.dev_chain import DevChain, KeySigner, start_chain
from tests.support.plans import KEEPER, make_plan
from tests.support.records import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e

GAS = GasSettings(priority_fee_wei=10**9)
FIRST_AMOUNT = 10**19


@pytest.fixture
def chain() -> Iterator[DevChain]:
    with start_chain() as started:
        yield started


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "keeper.sqlite") as opened:
        yield opened


@pytest.fixture
def submitter(chain: DevChain, store: Store) -> Submitter:
    return Submitter(chain.client, store.journal, KeySigner(), GAS)


def plan_for(chain: DevChain, number: int, *, seconds: int = 60) -> ArbitragePlan:
    head = chain.client.block()
    return make_plan(
        block_number=head.number,
        deadline_seconds=head.timestamp_seconds + seconds,
        amount=FIRST_AMOUNT + number,
    )


def test_plan_behind_another_is_simulated_on_what_that_leaves_and_mined_after_it(
    submitter: Submitter, chain: DevChain, store: Store
) -> None:
    chain.require_order(FIRST_AMOUNT)
    first, second = plan_for(chain, 0), plan_for(chain, 1)
    submitter.submit(first)
    alone = submitter.submit(plan_for(chain, 1, seconds=61))
    assert isinstance(alone, Refusal)
    assert "MinProfitNotMet" in alone.reason
    submitter.submit(second, behind=[first])
    outcomes = Tracker(chain.client, store.journal).settle_open(chain.mine())
    assert [outcome.status for outcome in outcomes] == [IntentStatus.CONFIRMED] * 2
    assert chain.executions() == 2


def test_rehearsal_behind_another_sees_its_effect_and_its_failure(
    submitter: Submitter, chain: DevChain
) -> None:
    chain.require_order(FIRST_AMOUNT)
    first, second, third = (plan_for(chain, number) for number in range(3))
    assert isinstance(submitter.rehearse(third, behind=[first, second]), Rehearsal)
    refused = submitter.rehearse(plan_for(chain, 2, seconds=61), behind=[second])
    assert isinstance(refused, Refusal)
    assert "a plan before it on the same pools would fail: MinProfitNotMet" in refused.reason


def test_gas_behind_another_is_what_a_transaction_needs(submitter: Submitter, chain: DevChain) -> None:
    first, second = plan_for(chain, 1), plan_for(chain, 2)
    behind = simulate_behind(chain.client, [first], second, KEEPER)
    submitter.submit(first)
    signed = submitter.submit(second, [first])
    assert isinstance(signed, SignedTransaction)
    chain.mine()
    receipt = chain.client.receipt(signed.hash)
    assert receipt is not None
    assert receipt.gas_used <= behind.gas <= signed.gas_limit
    assert behind.effect.profit == second.min_profit


def test_node_without_simulation_in_order_refuses_what_builds_on_another(
    chain: DevChain, tmp_path: Path
) -> None:
    with FaultyRpc(chain.url) as proxy, open_store(tmp_path / "keeper.sqlite") as store:
        proxy.fault("eth_simulateV1", ErrorAnswer(-32601, "Method not found"))
        submitter = Submitter(ChainClient(RpcClient(proxy.url)), store.journal, KeySigner(), GAS)
        first, second = plan_for(chain, 1), plan_for(chain, 2)
        assert isinstance(submitter.submit(first), SignedTransaction)
        refused = submitter.submit(second, [first])
        assert isinstance(refused, Refusal)
        assert "cannot simulate a plan behind another" in refused.reason
