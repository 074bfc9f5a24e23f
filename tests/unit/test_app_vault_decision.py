"""One pool that refuses its part does not keep the vault from the rest; who is no keeper stays refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, cast

import pytest
from eth_abi.abi import decode

from steelyard.act.vault_trial import refused_move
from steelyard.app.vault_decision import decide_rebalance
from steelyard.app.vault_sending import DirectCarrier
from steelyard.connect.chain import CallReverted, ChainClient
from steelyard.connect.hexes import checksum
from steelyard.decide.allocation.rebalance import RebalanceSettings
from steelyard.model import Move, RebalanceCode, RebalanceVerdict, VaultSnapshot
from steelyard.units import Address
from tests.support.markets import address
from tests.support.vaults import UNIT, block, pool, vault

pytestmark = pytest.mark.unit

A, B, C, D, E = (address(number) for number in range(1, 6))
KEEPER: Final = address(77)
WORTH_IT: Final = RebalanceSettings(misplaced_bps_per_year=10_000)


class Chain:
    """Refuses each plan that touches one of these pools, or all of them; gas is a fixed part a move."""

    def __init__(self, *refusing: Address, everything: bool = False, gas_a_move: int = 100_000) -> None:
        self.refusing, self.everything, self.gas_a_move = set(refusing), everything, gas_a_move
        self.asked: list[list[Address]] = []

    def eth_call(self, to: Address, data: bytes, *, sender: Address) -> bytes:
        moves, _, _ = decode(["(address,bool,uint256)[]", "uint256", "uint256"], data[4:])
        pools = [checksum(strategy) for strategy, _, _ in moves]
        self.asked.append(pools)
        if self.everything:
            raise CallReverted("MissingRole(caller=0x77, role=0)", b"")
        if self.refusing & set(pools):
            raise CallReverted("NotEnoughLiquidity()", b"")
        return bytes(32)

    def estimate_gas(self, to: Address, data: bytes, *, sender: Address) -> int:
        return len(self.asked[-1]) * self.gas_a_move


def decided(
    snapshot: VaultSnapshot, chain: Chain, settings: RebalanceSettings = WORTH_IT
) -> RebalanceVerdict:
    return decide_rebalance(
        snapshot,
        block(),
        cast("ChainClient", chain),
        DirectCarrier(KEEPER),
        settings,
        priority_fee_wei=0,
        is_pending=False,
        stopped=None,
    )


def awaited(*holding: int) -> VaultSnapshot:
    """Everybody leaves: each pool is to give all that it has, the fullest first."""
    pools = [pool(number, value, 0) for number, value in enumerate(holding, 1)]
    return vault(*pools, idle=0, idle_target=sum(holding), awaited=sum(holding))


def moved(verdict: RebalanceVerdict) -> list[Any]:
    assert verdict.plan is not None, verdict.reason
    return [move.strategy for move in verdict.plan.moves]


def test_requests_are_served_by_the_pools_that_do_not_refuse() -> None:
    chain = Chain(B)
    verdict = decided(awaited(500 * UNIT, 400 * UNIT, 300 * UNIT), chain)
    assert moved(verdict) == [A, C]
    assert f", as {B} refused: NotEnoughLiquidity()" in verdict.reason
    assert verdict.plan is not None
    assert (verdict.plan.is_urgent, verdict.plan.reason) == (True, verdict.reason)
    # All three, then the first one and the first two; then those that are left.
    assert chain.asked == [[A, B, C], [A], [A, B], [A, C]]


def test_several_pools_may_refuse_but_not_so_many_that_a_look_takes_for_ever() -> None:
    snapshot = awaited(500 * UNIT, 400 * UNIT, 300 * UNIT, 200 * UNIT, 100 * UNIT)
    verdict = decided(snapshot, Chain(A, C, D))
    assert moved(verdict) == [B, E]
    assert all(f"{refusing} refused" in verdict.reason for refusing in (A, C, D))

    verdict = decided(snapshot, Chain(A, B, C, D))
    assert verdict.code is RebalanceCode.SIMULATION
    assert verdict.reason.startswith("5 moves for requests of 1500 USDC: simulation reverted: NotEnough")


def test_pool_that_refuses_what_is_put_in_leaves_it_to_the_others() -> None:
    snapshot = vault(
        pool(1, 0, 400 * UNIT), pool(2, 0, 300 * UNIT), idle=1_000 * UNIT, idle_target=300 * UNIT
    )
    verdict = decided(snapshot, Chain(A))
    assert moved(verdict) == [B]
    assert (
        f"({A} takes 0 USDC now of 400 USDC wanted), as {A} refused: NotEnoughLiquidity()" in verdict.reason
    )


def test_who_is_refused_as_such_is_told_that_and_soon() -> None:
    chain = Chain(everything=True)
    verdict = decided(awaited(500 * UNIT, 400 * UNIT, 300 * UNIT), chain)
    assert verdict.code is RebalanceCode.SIMULATION
    assert verdict.reason == (
        "3 moves for requests of 1200 USDC: simulation reverted: MissingRole(caller=0x77, role=0)"
    )
    assert len(chain.asked) < 10


def test_what_is_left_must_be_worth_it_or_else_the_refusal_is_what_is_said() -> None:
    snapshot = vault(pool(1, 0, 400 * UNIT), pool(2, 0, 30 * UNIT), idle=1_000 * UNIT, idle_target=570 * UNIT)
    # 30 dollars bring 2.50 in a month, and gas is 0.20; or 0.08 in a day, and gas is 1.00.
    brief = replace(WORTH_IT, horizon_seconds=86_400)
    assert moved(decided(snapshot, Chain(A))) == [B]
    verdict = decided(snapshot, Chain(A, gas_a_move=500_000), brief)
    assert verdict.code is RebalanceCode.SIMULATION
    assert "NotEnoughLiquidity()" in verdict.reason


@pytest.mark.parametrize("count", range(1, 9))
def test_first_move_that_is_refused_is_found_wherever_it_stands(count: int) -> None:
    moves = [Move(strategy=address(number), is_deploy=False, assets=1) for number in range(count)]
    for move in moves:
        chain = Chain(move.strategy)
        found = refused_move(cast("ChainClient", chain), address(99), moves, sender=KEEPER)
        assert found == move
        assert len(chain.asked) <= 3
