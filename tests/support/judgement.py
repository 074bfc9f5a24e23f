"""Holds what the engine says about a market against what a brute force finds in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from steelyard.amm import Pool, UniswapV3Pool
from steelyard.decide.arbitrage import GasModel
from steelyard.model import Decision, MarketSnapshot, VenueKind, Verdict
from steelyard.sandbox.replica.tokens import WETH
from steelyard.units import Address
from tests.support.brute_force import (
    Loan,
    Name,
    Steps,
    after,
    best_loan,
    crossed,
    earned,
    name_of_verdict,
    steps_of,
)

Found = Mapping[Name, tuple[Loan, ...]]
"""What brute force found: each cycle with the best loan of every lender."""


def by_name(decision: Decision) -> dict[Name, Verdict]:
    """Return the verdicts by their cycles, plans first, in the order of sending."""
    found = {name_of_verdict(verdict): verdict for verdict in decision.verdicts}
    assert len(found) == len(decision.verdicts), "a cycle is judged twice"
    return found


def worth_wei(snapshot: MarketSnapshot, asset: Address, amount: int) -> int:
    """Return what the pool with the most ether pays for ``amount``: what a sale would bring."""
    if asset == WETH.address or not amount:
        return amount
    pools = [pool for pool in snapshot.pools.values() if {pool.token0, pool.token1} == {asset, WETH.address}]
    deepest = max(pools, key=lambda pool: pool.virtual_reserves_q96(asset)[1])
    return deepest.quote_exact_in(asset, amount).amount_out


def net_wei(snapshot: MarketSnapshot, steps: Steps, loans: Iterable[Loan]) -> int:
    """Return what the best of the loans brings after the snapshot's gas price."""
    kinds = [
        VenueKind.UNISWAP_V3 if isinstance(pool, UniswapV3Pool) else VenueKind.UNISWAP_V2 for pool, _ in steps
    ]
    return max(
        worth_wei(snapshot, steps[0][1], loan.profit)
        - GasModel().units(loan.lender, kinds, crossed(steps, loan.amount)) * snapshot.gas.price_wei
        for loan in loans
    )


def check_stated_profits(
    snapshot: MarketSnapshot, decision: Decision, found: Found, *, neighbours: int
) -> None:
    """Hold that each profit is what its loan earns, and that brute force finds no more than the gap.

    A plan is held against the pools as the plans before it leave them, everything else against the block's.

    Args:
        found: by brute force, on the block's pools.
    """
    pools: Mapping[Address, Pool] = snapshot.pools
    for name, verdict in by_name(decision).items():
        if not verdict.profit:
            continue
        offers = [terms for terms in snapshot.lenders if terms.asset == verdict.asset]
        steps = steps_of(name, pools if verdict.plan else snapshot.pools)
        assert verdict.profit in {earned(steps, terms, verdict.amount) for terms in offers}, verdict
        loans = found.get(name, ())
        if verdict.plan and any(pools[pool] is not snapshot.pools[pool] for pool, _ in name):
            best = (best_loan(steps, terms, neighbours=neighbours) for terms in offers)
            loans = tuple(loan for loan in best if loan is not None)
        if loans:
            _check_size(verdict, net_wei(snapshot, steps, loans))
        if verdict.plan:
            assert verdict.plan.expected_profit == verdict.profit
            pools = after(name, verdict.amount, pools)


def _check_size(verdict: Verdict, possible_wei: int) -> None:
    told = f"{possible_wei} wei can be earned on {verdict.route}: {verdict.reason}"
    assert verdict.net_wei is not None, told
    lacking = possible_wei - verdict.net_wei
    # One wei of leave: each side's worth is rounded down by itself.
    assert lacking <= 1 or (verdict.gap_wei is not None and lacking <= verdict.gap_wei + 1), told
