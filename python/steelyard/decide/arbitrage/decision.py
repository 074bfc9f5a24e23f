"""``decide``: from a block's market to its verdicts and plans. Pure: equal arguments, equal answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from steelyard.decide.arbitrage.assessment import Assessment, Market, assess, conclude
from steelyard.decide.arbitrage.cache import ArbitrageCache
from steelyard.decide.arbitrage.paths import PathOptimizer
from steelyard.decide.arbitrage.plan import build_plan
from steelyard.decide.arbitrage.route import pools_of
from steelyard.decide.arbitrage.selection import best_set
from steelyard.decide.arbitrage.settings import ArbitrageSettings
from steelyard.decide.arbitrage.sizing import AmtOptimizer
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.model import Decision, MarketSnapshot, Venue, Verdict, VerdictCode
from steelyard.units import Address


def decide(
    snapshot: MarketSnapshot,
    settings: ArbitrageSettings,
    venues: Iterable[Venue],
    cache: ArbitrageCache,
    busy_pools: frozenset[Address] = frozenset(),
    stopped_reason: str | None = None,
) -> Decision:
    """Return a verdict on every candidate cycle of the snapshot, and plans for the best set of them.

    Args:
        venues: the executor's listed venues; pools elsewhere cannot be traded and are not looked at.
        cache: makes the next decision quick; never changes an answer.
        busy_pools: pools of transactions of ours that are still open.
        stopped_reason: why no new risk may be taken, where that is so; the verdicts then say what was missed.

    Accepted verdicts come first, best first, then the others in the order of their promise. No two accepted
    plans share a pool, so each plan's promise holds whatever becomes of the others.
    """
    by_name = {venue.name: venue for venue in venues}
    graph = cache.graph(snapshot, by_name)
    market = Market(
        snapshot=snapshot,
        settings=settings,
        venues=by_name,
        valuer=Valuer(graph, settings.wrapped_native),
        optimizer=AmtOptimizer(
            max_evaluations=settings.max_evaluations, tolerance_ppm=settings.sizing_tolerance_ppm
        ),
        cache=cache,
    )
    paths = PathOptimizer(path_length=settings.path_length, max_candidates=settings.max_candidates)
    routes = paths.find_arbitrage(snapshot, graph, cache, market.valuer)
    stale = _stale(snapshot, settings)
    if stale is not None:
        refused = [conclude(route, VerdictCode.STALE, stale) for route in routes]
        return _decision(snapshot, refused)
    assessed = [assess(market, route) for route in routes]
    assessed = [_unless_blocked(one, busy_pools, stopped_reason) for one in assessed]
    return _decision(snapshot, _select(market, assessed))


def _stale(snapshot: MarketSnapshot, settings: ArbitrageSettings) -> str | None:
    if settings.max_block_age_seconds is None:
        return None
    age = snapshot.observed_at_seconds - snapshot.block.timestamp_seconds
    if age <= settings.max_block_age_seconds:
        return None
    return (
        f"block {snapshot.block.number} was {age} s old when seen, at most {settings.max_block_age_seconds} s"
    )


def _unless_blocked(one: Assessment, busy: frozenset[Address], stopped: str | None) -> Assessment:
    if one.terms is None:
        return one
    if stopped is not None:
        return _turned(one, VerdictCode.STOPPED, f"new risk is stopped: {stopped}")
    held = sorted(pools_of(one.route) & busy)
    if held:
        return _turned(one, VerdictCode.PENDING, f"a transaction of ours on {', '.join(held)} is still open")
    return one


def _select(market: Market, assessed: list[Assessment]) -> list[Assessment]:
    """Plan the best set, and say of every other good candidate why it has to wait."""
    good = sorted(
        (one for one in assessed if one.terms is not None),
        key=lambda one: -(one.terms.net_wei if one.terms else 0),  # stable: ties keep the order of promise
    )
    nets = [one.terms.net_wei for one in good if one.terms is not None]
    chosen = best_set(nets, [pools_of(one.route) for one in good], market.settings.max_plans)
    accepted = [_planned(market, good[at]) for at in chosen]
    taken = frozenset().union(*(pools_of(one.route) for one in accepted))
    rest = []
    for one in (one for at, one in enumerate(good) if at not in set(chosen)):
        shared = sorted(pools_of(one.route) & taken)
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
    verdict: Verdict = replace(one.verdict, code=code, reason=f"{reason}; {one.verdict.reason}")
    return Assessment(route=one.route, verdict=verdict)


def _decision(snapshot: MarketSnapshot, assessed: list[Assessment]) -> Decision:
    return Decision(block=snapshot.block, verdicts=tuple(one.verdict for one in assessed))
