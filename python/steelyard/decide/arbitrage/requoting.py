"""A candidate behind others: what it is worth on the states of pools that plans before it leave."""

from __future__ import annotations

from dataclasses import replace

from steelyard.amm import UniswapV2Pool
from steelyard.amm.pool import Pool
from steelyard.amm.side import Side
from steelyard.decide.arbitrage.assessment import Assessment, assess
from steelyard.decide.arbitrage.market import Market
from steelyard.decide.arbitrage.route import Hop, pools_of
from steelyard.decide.arbitrage.sequence import Candidates, States
from steelyard.decide.arbitrage.sizing import AmtOptimizer
from steelyard.decide.arbitrage.wording import Joined
from steelyard.units import Address


class Requoting:
    """What a search over sequences asks of one block's assessed candidates, and the proof of what it chose.

    Only a candidate that is accepted behind others can follow them. So a search for a loan there ends with
    the first bound that proves that none can be accepted: mostly a closed form instead of a size.
    """

    def __init__(self, market: Market) -> None:
        self._market = market
        self._sides: dict[tuple[int, Address], tuple[Pool, Side]] = {}
        hot = market.optimizer
        quick = market.sized_by(
            AmtOptimizer(
                max_evaluations=hot.max_evaluations,
                tolerance_ppm=hot.tolerance_ppm,
                side_of=self._side,
                resigns=True,
            )
        )
        self._quick = quick.asking(0)
        self._asking = {0: self._quick}
        budget = market.settings.certify_budget
        self._thorough = market.sized_by(AmtOptimizer(max_evaluations=budget, side_of=self._side))

    def candidates(self) -> Candidates[Assessment]:
        """Return the questions of ``best_sequence`` about assessments with terms."""
        return Candidates(
            worth=worth,
            pools=pools_of_plan,
            after=self.after,
            requote=self._requoted,
        )

    def settled(self, one: Assessment) -> Assessment:
        """Return the candidate; where it was refused without proof, as a search to the last unit finds it."""
        if not one.open or not self._market.settings.certify_budget:
            return one
        return assess(self._thorough, one.route)

    def certified(self, one: Assessment, states: States) -> Assessment | None:
        """Return the candidate sized to the last unit on ``states``; None where it pays no more."""
        return _behind(self._thorough, one, states)

    def _requoted(self, one: Assessment, states: States, above_wei: int) -> Assessment | None:
        if above_wei not in self._asking:
            self._asking = {above_wei: self._quick.asking(above_wei)}
        return _behind(self._asking[above_wei], one, states)

    def after(self, one: Assessment, states: States) -> States:
        """Return ``states`` with the pools of the plan as it leaves them."""
        assert one.terms is not None
        moved = dict(states)
        for hop, amount_in in zip(one.route, one.terms.sizing.amounts, strict=False):
            pool = moved.get(hop.pool.address, hop.pool)
            moved[hop.pool.address] = pool.swap_exact_in(hop.token_in, amount_in)[1]
        source, fee = one.terms.lender.source, one.terms.sizing.loan_fee
        if source is not None:
            # A pair keeps its fee as a reserve, which moves its price a little; a V3 pool keeps it apart.
            pair = moved.get(source.address, self._market.snapshot.pools.get(source.address))
            if isinstance(pair, UniswapV2Pool):
                paid0 = fee if one.terms.lender.asset == pair.token0 else 0
                moved[pair.address] = pair.with_reserves(pair.reserve0 + paid0, pair.reserve1 + fee - paid0)
        return moved

    def _side(self, pool: Pool, token_in: Address) -> Side:
        """Return a side of the block's own state, or of one that only this search sees.

        The cache keeps one state of a pool: what plans leave would drive out what the next block needs.
        """
        if self._market.snapshot.pools.get(pool.address) is pool:
            return self._market.cache.side(pool, token_in)
        key = id(pool), token_in  # found again by its identity, which the entry keeps taken
        known = self._sides.get(key)
        if known is None:
            known = self._sides[key] = pool, self._market.cache.passing_side(pool, token_in)
        return known[1]


def worth(one: Assessment) -> int:
    """Return the wei that a candidate with terms earns."""
    assert one.terms is not None
    return one.terms.net_wei


def pools_of_plan(one: Assessment) -> frozenset[Address]:
    """Return the pools that the plan has to do with: those of its route, and one that lends."""
    lender = None if one.terms is None else one.terms.lender
    if lender is None or lender.source is None or not lender.kind.is_pool:
        return pools_of(one.route)
    return pools_of(one.route) | {lender.source.address}


def _behind(market: Market, one: Assessment, states: States) -> Assessment | None:
    """Return the route assessed on the ``states`` that plans before it leave; None where it pays no more."""
    route = tuple([_standing(hop, states) for hop in one.route])
    behind = assess(market, route)
    if behind.terms is None:
        return None
    if not pools_of(route) & states.keys():
        return behind
    words = Joined("behind better plans on the same pools", behind.verdict.words)
    return behind._replace(verdict=replace(behind.verdict, words=words))


def _standing(hop: Hop, states: States) -> Hop:
    pool = states.get(hop.pool.address)
    return hop if pool is None else Hop(pool=pool, token_in=hop.token_in, token_out=hop.token_out)
