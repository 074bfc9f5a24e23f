"""Mainnet's magnitudes: among 230 recorded pools the engine finds all there is, and keeps its promises.

Twice: the recorded pools alone, and beside the replica's own, whose prices are others and whose V3 liquidity
lies in bands, so that there is far more to find.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from steelyard.amm import UniswapV2Pool, UniswapV3Pool
from steelyard.model import ArbitragePlan, Decision, GasTerms, MarketSnapshot, Verdict, VerdictCode
from steelyard.sandbox.replica.build import ReplicaState
from steelyard.sandbox.wholesale import PairOrder
from steelyard.units import GWEI
from tests.support.brute_force import BruteForce, Loan, Name, steps_of
from tests.support.effort import is_deep, patient
from tests.support.judgement import by_name, check_stated_profits, net_wei, worth_wei
from tests.support.mainnet_proof import MainnetProof, mainnet_proof

pytestmark = [pytest.mark.e2e, *patient()]

DEAR_GAS = GasTerms(base_fee_wei=28 * GWEI, priority_fee_wei=2 * GWEI)
TAKEN_OR_IN_ITS_WAY = {VerdictCode.ACCEPTED, VerdictCode.SHARES_POOL}
MOST_LEGS = 4
NEIGHBOURS = 16 if is_deep() else 4
ROUNDS = 6
LEFT_OVER_PPM = 1_000
"""What may be left after all rounds, in millionths of the first: the dust of tokens with few decimals."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """One market, looked at by the engine and by brute force, at gas price zero."""

    snapshot: MarketSnapshot
    decision: Decision
    brute: dict[Name, tuple[Loan, ...]]

    @property
    def earning(self) -> dict[Name, Verdict]:
        """The engine's cycles on which some loan earns a base unit or more."""
        return {name: verdict for name, verdict in by_name(self.decision).items() if verdict.profit}

    def check(self) -> None:
        """Hold that no cycle is missed, that each one's loan earns what is said, and none is left unasked.

        Where all that is left is dust, the engine finds more than brute force does; its loans are the proof.
        """
        earning = self.earning
        missed = {name: self.brute[name] for name in self.brute.keys() - earning.keys()}
        assert not missed
        for verdict in earning.values():
            worth_nothing = worth_wei(self.snapshot, verdict.asset, verdict.profit) == 0
            assert verdict.code in TAKEN_OR_IN_ITS_WAY or worth_nothing, verdict
        check_stated_profits(self.snapshot, self.decision, self.brute, neighbours=NEIGHBOURS)


@pytest.fixture(scope="module", params=[False, True], ids=["alone", "beside_the_replicas_own"])
def proof(
    request: pytest.FixtureRequest, deployed: ReplicaState, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MainnetProof]:
    folder = tmp_path_factory.mktemp("mainnet")
    with mainnet_proof(folder, deployed, beside_others=request.param, most_legs=MOST_LEGS) as opened:
        yield opened


@pytest.fixture(scope="module")
def found(proof: MainnetProof) -> Found:
    return look(proof)


def look(proof: MainnetProof) -> Found:
    snapshot = proof.observed()
    brute = BruteForce(MOST_LEGS, neighbours=NEIGHBOURS).opportunities(snapshot)
    return Found(snapshot=snapshot, decision=proof.decided(snapshot), brute=brute)


def worth_of(snapshot: MarketSnapshot, plans: tuple[ArbitragePlan, ...]) -> int:
    return sum(worth_wei(snapshot, plan.asset, plan.expected_profit) for plan in plans)


def test_pools_stand_at_mainnets_addresses_with_what_was_recorded(proof: MainnetProof, found: Found) -> None:
    for recorded in proof.recorded.pools:
        pool, order = found.snapshot.pools[recorded.address], recorded.order
        if isinstance(order, PairOrder):
            assert isinstance(pool, UniswapV2Pool)
            assert (pool.reserve0, pool.reserve1) == (order.reserve0, order.reserve1)
        else:
            assert isinstance(pool, UniswapV3Pool)
            liquidity = order.positions[0].liquidity
            assert (pool.sqrt_price_x96, pool.liquidity) == (order.sqrt_price_x96, liquidity)
            assert (pool.tick, pool.fee_pips) == (recorded.tick, order.fee_pips)
    decimals = {address: token.decimals for address, token in found.snapshot.tokens.items()}
    assert decimals == {token.address: token.decimals for token in proof.recorded.tokens}
    others = len(found.snapshot.pools) - len(proof.recorded.pools)
    assert (others > 0) == proof.beside_others


def test_engine_finds_every_profitable_cycle_and_no_other(found: Found) -> None:
    lengths = {len(name) for name in found.brute}
    assert lengths == set(range(2, MOST_LEGS + 1)), (
        "a proof without a cycle of some length shows nothing of it"
    )
    found.check()


def test_every_found_plan_alone_brings_its_promise_to_the_wei(proof: MainnetProof, found: Found) -> None:
    verdicts = by_name(found.decision)
    for name in found.brute:
        plan = proof.plan_alone(found.snapshot, verdicts[name])
        with proof.undone():
            assert proof.execute([plan]) == [plan.expected_profit], plan.reason


def test_dear_gas_refuses_what_it_eats_each_with_the_reason(proof: MainnetProof, found: Found) -> None:
    dear = replace(found.snapshot, gas=DEAR_GAS)
    decision = proof.decided(dear)
    verdicts = by_name(decision)
    refused = [name for name in found.brute if verdicts[name].code is VerdictCode.BELOW_GAS]
    for name in refused:
        _check_eaten(dear, name, verdicts[name], found.brute[name])
    for name in found.brute.keys() - set(refused):
        assert verdicts[name].code in TAKEN_OR_IN_ITS_WAY, verdicts[name]
        assert (verdicts[name].net_wei or 0) > 0
    assert refused, "nothing was small enough to be eaten"
    assert bool(decision.plans) == proof.beside_others, "what was recorded alone does not pay for dear gas"


def _check_eaten(dear: MarketSnapshot, name: Name, verdict: Verdict, loans: tuple[Loan, ...]) -> None:
    assert net_wei(dear, steps_of(name, dear.pools), loans) <= 0, verdict
    if verdict.net_wei is None:  # a bound was enough
        assert verdict.amount == verdict.profit == 0
        assert "no loan earns more than" in str(verdict.reason)
        assert "which at 30 gwei costs more than twice as much" in str(verdict.reason)
        return
    assert verdict.net_wei <= 0
    assert verdict.profit
    assert " gas at 30 gwei = " in str(verdict.reason)


def test_best_sequence_brings_its_promises_until_dust_is_left(proof: MainnetProof, found: Found) -> None:
    """Stands last: it changes the market."""
    first = worth_of(found.snapshot, found.decision.plans)
    built_on_another = 0
    for _ in range(ROUNDS):
        plans = found.decision.plans
        if not plans:
            break
        built_on_another += sum(bool(found.decision.built_on(plan)) for plan in plans)
        assert proof.execute(plans) == [plan.expected_profit for plan in plans]
        found = look(proof)
        found.check()
    assert worth_of(found.snapshot, found.decision.plans) <= first * LEFT_OVER_PPM // 10**6
    assert built_on_another, "no plan was built on another: nothing was quoted anew"
