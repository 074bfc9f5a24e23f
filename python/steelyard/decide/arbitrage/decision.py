"""``decide``: from a block's market to its verdicts and plans. Pure: equal arguments, equal answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from steelyard.decide.arbitrage.assessment import Assessment, assess, conclude
from steelyard.decide.arbitrage.cache import ArbitrageCache
from steelyard.decide.arbitrage.graph import MarketGraph
from steelyard.decide.arbitrage.market import Market
from steelyard.decide.arbitrage.paths import PathOptimizer
from steelyard.decide.arbitrage.plan import build_plan
from steelyard.decide.arbitrage.requoting import Requoting, pools_of_plan, worth
from steelyard.decide.arbitrage.sequence import States, best_sequence
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
    market = _market(snapshot, settings, by_name, cache, graph, attempts)
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
    requoting = Requoting(market)
    assessed = [requoting.settled(assess(market, route)) for route in found.routes]
    assessed = [_unless_blocked(one, busy_pools, stopped_reason) for one in assessed]
    return _decision(snapshot, _select(requoting, market, assessed), found.limits)


def _market(
    snapshot: MarketSnapshot,
    settings: ArbitrageSettings,
    venues: Mapping[str, Venue],
    cache: ArbitrageCache,
    graph: MarketGraph,
    attempts: Attempts,
) -> Market:
    optimizer = AmtOptimizer(
        max_evaluations=settings.max_evaluations,
        tolerance_ppm=settings.sizing_tolerance_ppm,
        side_of=cache.side,
    )
    return Market(
        snapshot=snapshot,
        settings=settings,
        venues=venues,
        valuer=Valuer(graph, settings.wrapped_native, side_of=cache.side),
        optimizer=optimizer,
        cache=cache,
        attempts=attempts,
    )


def _unless_blocked(one: Assessment, busy: frozenset[Address], stopped: str | None) -> Assessment:
    if one.terms is None:
        return one
    if stopped is not None:
        return _turned(one, VerdictCode.STOPPED, f"new risk is stopped: {stopped}")
    held = sorted(pools_of_plan(one) & busy)
    if held:
        return _turned(one, VerdictCode.PENDING, f"a transaction of ours on {', '.join(held)} is still open")
    return one


def _select(requoting: Requoting, market: Market, assessed: list[Assessment]) -> list[Assessment]:
    """Plan the best sequence, and say of every other good candidate why it has to wait."""
    good = sorted((one for one in assessed if one.terms is not None), key=lambda one: -worth(one))  # stable
    chosen = best_sequence(good, market.settings.max_plans, requoting.candidates())
    if market.settings.certify_budget:
        chosen = _proven(requoting, chosen)
    accepted = [_planned(market, one) for one in chosen]
    taken = frozenset().union(*(pools_of_plan(one) for one in chosen))
    routes = {one.verdict.route for one in chosen}
    rest = []
    for one in good:
        shared = sorted(pools_of_plan(one) & taken)
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


def _proven(requoting: Requoting, chosen: Iterable[Assessment]) -> tuple[Assessment, ...]:
    """Size the chosen few to the last unit, in their order, each on what the ones before it now leave."""
    states: States = {}
    proven = []
    for one in chosen:
        sure = requoting.certified(one, states)
        # A size from before is good for as long as its pools have not moved.
        as_before = None if pools_of_plan(one) & states.keys() else one
        best = max((each for each in (sure, as_before) if each is not None), key=worth, default=None)
        if best is not None:
            states = requoting.after(best, states)
            proven.append(best)
    return tuple(proven)


def _planned(market: Market, one: Assessment) -> Assessment:
    terms = one.terms
    assert terms is not None
    asset, profit = one.route[0].token_in, terms.sizing.profit
    plan = build_plan(
        one.route,
        terms,
        market.least_profit(asset, profit, terms.gas_cost_wei),
        snapshot=market.snapshot,
        settings=market.settings,
        venues=market.venues,
        reason=one.verdict.reason,
    )
    return one._replace(verdict=replace(one.verdict, plan=plan))


def _turned(one: Assessment, code: VerdictCode, reason: str) -> Assessment:
    """Return the assessment as a refusal that keeps its numbers."""
    verdict: Verdict = replace(one.verdict, code=code, words=Joined(reason, one.verdict.words))
    return Assessment(one.route, verdict)


def _decision(
    snapshot: MarketSnapshot, assessed: list[Assessment], search_limits: tuple[str, ...]
) -> Decision:
    return Decision(
        block=snapshot.block,
        verdicts=tuple(one.verdict for one in assessed),
        search_limits=search_limits,
    )
