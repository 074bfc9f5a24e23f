"""``decide``: from a block's market to its verdicts and plans. Pure: equal arguments, equal answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from steelyard.amm import UniswapV2Pool
from steelyard.decide.arbitrage.assessment import Assessment, assess, conclude
from steelyard.decide.arbitrage.cache import ArbitrageCache
from steelyard.decide.arbitrage.market import Market
from steelyard.decide.arbitrage.paths import PathOptimizer
from steelyard.decide.arbitrage.plan import build_plan
from steelyard.decide.arbitrage.route import pools_of
from steelyard.decide.arbitrage.sequence import Candidates, States, best_sequence
from steelyard.decide.arbitrage.settings import ArbitrageSettings
from steelyard.decide.arbitrage.sizing import AmtOptimizer
from steelyard.decide.arbitrage.validation import stale_block
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.decide.arbitrage.wording import Joined
from steelyard.model import Attempts, Decision, MarketSnapshot, Venue, Verdict, VerdictCode
from steelyard.units import Address

NO_ATTEMPTS: Final = Attempts()


def decide(
    snapshot: MarketSnapshot,
    settings: ArbitrageSettings,
    venues: Iterable[Venue],
    cache: ArbitrageCache,
    busy_pools: frozenset[Address] = frozenset(),
    stopped_reason: str | None = None,
    attempts: Attempts = NO_ATTEMPTS,
) -> Decision:
    """Return a verdict on every candidate cycle of the snapshot, and plans for the best set of them.

    Args:
        venues: the executor's listed venues; pools elsewhere cannot be traded and are not looked at.
        cache: makes the next decision quick; never changes an answer.
        busy_pools: pools of transactions of ours that are still open.
        stopped_reason: why no new risk may be taken, where that is so; the verdicts then say what was missed.
        attempts: the record of past ones, which says how likely the next is to succeed.

    Accepted verdicts come first, in the order in which their plans are to be sent, then the others in the
    order of their promise. A plan that shares a pool with an earlier one is sized on what that one leaves.
    """
    by_name = {venue.name: venue for venue in venues}
    graph = cache.graph(snapshot, by_name)
    market = Market(
        snapshot=snapshot,
        settings=settings,
        venues=by_name,
        valuer=Valuer(graph, settings.wrapped_native),
        optimizer=AmtOptimizer(
            max_evaluations=settings.max_evaluations,
            tolerance_ppm=settings.sizing_tolerance_ppm,
            side_of=cache.side,
        ),
        cache=cache,
        attempts=attempts,
    )
    paths = PathOptimizer(
        path_length=settings.path_length,
        max_candidates=settings.max_candidates,
        min_trading_limit=settings.min_trading_limit_wei,
    )
    found = paths.search(snapshot, graph, cache, market.valuer)
    age_seconds = snapshot.observed_at_seconds - snapshot.block.timestamp_seconds
    stale = stale_block(age_seconds, settings.validation.max_block_age_seconds)
    if stale is not None:  # the whole block is: nothing of it need be sized
        refused = [conclude(route, stale.code, stale.reason) for route in found.routes]
        return _decision(snapshot, refused, found.limits)
    assessed = [assess(market, route) for route in found.routes]
    assessed = [_unless_blocked(one, busy_pools, stopped_reason) for one in assessed]
    return _decision(snapshot, _select(market, assessed), found.limits)


def _unless_blocked(one: Assessment, busy: frozenset[Address], stopped: str | None) -> Assessment:
    if one.terms is None:
        return one
    if stopped is not None:
        return _turned(one, VerdictCode.STOPPED, f"new risk is stopped: {stopped}")
    held = sorted(_pools_of(one) & busy)
    if held:
        return _turned(one, VerdictCode.PENDING, f"a transaction of ours on {', '.join(held)} is still open")
    return one


def _select(market: Market, assessed: list[Assessment]) -> list[Assessment]:
    """Plan the best sequence, and say of every other good candidate why it has to wait."""
    good = sorted((one for one in assessed if one.terms is not None), key=lambda one: -_worth(one))  # stable
    chosen = _proven(market, best_sequence(good, market.settings.max_plans, _candidates(market)))
    accepted = [_planned(market, one) for one in chosen]
    taken = frozenset().union(*(_pools_of(one) for one in chosen))
    routes = {one.verdict.route for one in chosen}
    rest = []
    for one in good:
        shared = sorted(_pools_of(one) & taken)
        if one.verdict.route in routes:
            continue
        if shared:
            rest.append(
                _turned(one, VerdictCode.SHARES_POOL, f"a better set of plans uses {', '.join(shared)}")
            )
        else:
            most = market.settings.max_plans
            rest.append(
                _turned(one, VerdictCode.OVER_LIMIT, f"at most {most} plans a block, better ones came first")
            )
    return [*accepted, *rest, *(one for one in assessed if one.terms is None)]


def _candidates(market: Market) -> Candidates[Assessment]:
    return Candidates(
        worth=_worth,
        pools=_pools_of,
        after=lambda one, states: _after(market, one, states),
        requote=lambda one, states: _behind(market, one, states),
    )


def _pools_of(one: Assessment) -> frozenset[Address]:
    """Return the pools that the plan has to do with: those of its route, and one that lends."""
    lender = None if one.terms is None else one.terms.lender
    if lender is None or lender.source is None or not lender.kind.is_pool:
        return pools_of(one.route)
    return pools_of(one.route) | {lender.source.address}


def _after(market: Market, one: Assessment, states: States) -> States:
    """Return ``states`` with the pools of the plan as it leaves them."""
    assert one.terms is not None
    moved = dict(states)
    for hop, amount_in in zip(one.route, one.terms.sizing.amounts, strict=False):
        pool = moved.get(hop.pool.address, hop.pool)
        moved[hop.pool.address] = pool.swap_exact_in(hop.token_in, amount_in)[1]
    source, fee = one.terms.lender.source, one.terms.sizing.loan_fee
    if source is not None:
        # A pair keeps its fee as a reserve, which moves its price a little; a V3 pool keeps it apart.
        pair = moved.get(source.address, market.snapshot.pools.get(source.address))
        if isinstance(pair, UniswapV2Pool):
            paid0 = fee if one.terms.lender.asset == pair.token0 else 0
            moved[pair.address] = pair.with_reserves(pair.reserve0 + paid0, pair.reserve1 + fee - paid0)
    return moved


def _behind(market: Market, one: Assessment, states: States) -> Assessment | None:
    """Return the route assessed on the ``states`` that plans before it leave; None where it pays no more."""
    route = tuple(replace(hop, pool=states.get(hop.pool.address, hop.pool)) for hop in one.route)
    behind = assess(market, route)
    if behind.terms is None:
        return None
    if not pools_of(route) & states.keys():
        return behind
    words = Joined("behind better plans on the same pools", behind.verdict.words)
    return replace(behind, verdict=replace(behind.verdict, words=words))


def _proven(market: Market, chosen: Iterable[Assessment]) -> list[Assessment]:
    """Size the chosen few to the last unit, in their order, each on what the ones before it now leave."""
    budget = market.settings.certify_budget
    if not budget:
        return list(chosen)
    certifying = AmtOptimizer(max_evaluations=budget, side_of=market.cache.side)
    thorough = market.sized_by(certifying)
    states: States = {}
    proven = []
    for one in chosen:
        sure = _behind(thorough, one, states)
        # A size from before is good for as long as its pools have not moved.
        as_before = None if _pools_of(one) & states.keys() else one
        best = max((each for each in (sure, as_before) if each is not None), key=_worth, default=None)
        if best is not None:
            states = _after(market, best, states)
            proven.append(best)
    return proven


def _worth(one: Assessment) -> int:
    assert one.terms is not None
    return one.terms.net_wei


def _planned(market: Market, one: Assessment) -> Assessment:
    assert one.terms is not None
    plan = build_plan(
        one.route,
        one.terms,
        snapshot=market.snapshot,
        settings=market.settings,
        venues=market.venues,
        reason=one.verdict.reason,
    )
    return replace(one, verdict=replace(one.verdict, plan=plan))


def _turned(one: Assessment, code: VerdictCode, reason: str) -> Assessment:
    """Return the assessment as a refusal that keeps its numbers."""
    verdict: Verdict = replace(one.verdict, code=code, words=Joined(reason, one.verdict.words))
    return Assessment(route=one.route, verdict=verdict)


def _decision(
    snapshot: MarketSnapshot, assessed: list[Assessment], search_limits: tuple[str, ...]
) -> Decision:
    return Decision(
        block=snapshot.block,
        verdicts=tuple(one.verdict for one in assessed),
        search_limits=search_limits,
    )
