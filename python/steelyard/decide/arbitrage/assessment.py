"""One candidate through every question, from the size to the minimum: its verdict, with the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from steelyard.decide.arbitrage.candidate import Candidate
from steelyard.decide.arbitrage.market import AssetTerms, Market, Offer
from steelyard.decide.arbitrage.plan import Terms, builder_tip
from steelyard.decide.arbitrage.route import Route, legs_of, pools_of
from steelyard.decide.arbitrage.sizing import Opening, Sizing, SizingSearch
from steelyard.decide.arbitrage.wording import HopelessText, Joined, SizedText
from steelyard.decide.wording import ether_text
from steelyard.model import LenderTerms, VenueKind, Verdict, VerdictCode, Words
from steelyard.units import Address

_NO_CROSSINGS: Final = (0,)
_FOR_PROFIT: Final = frozenset({VerdictCode.BELOW_GAS, VerdictCode.BELOW_MINIMUM})


class Assessment(NamedTuple):
    """A candidate and what was found.

    Attributes:
        terms: only where it is worth sending as far as it is concerned.
        open: whether it is refused for its profit, though a loan that was not looked at could earn enough.
    """

    route: Route
    verdict: Verdict
    terms: Terms | None = None
    open: bool = False


class _Sized(NamedTuple):
    """What the lenders of a route lead to.

    Attributes:
        earning: those from whom some loan earns, with the best loan.
        out_of_reach: bounds on what could be earned at the others, where that is far below gas.
        unfinished: whether a search ended at its budget before it met a loan that earns.
    """

    earning: list[tuple[LenderTerms, Sizing]]
    out_of_reach: list[int]
    unfinished: bool


def assess(market: Market, route: Route) -> Assessment:
    """Size the route at every lender, take the best after gas, and say whether it is worth sending."""
    asset = route[0].token_in
    known = market.asset(asset)
    if not known.lenders:
        return conclude(route, VerdictCode.NO_LENDER, f"no lender has any {known.symbol(asset)}")
    if known.most == 0:
        reason = f"the largest trade, {ether_text(market.settings.max_trade_wei)}, is less than one base unit"
        return conclude(route, VerdictCode.OVER_LIMIT, reason)
    kinds = market.venue_kinds(route)
    sized = _sized(market, route, known, kinds)
    earning = sized.earning
    if not earning:
        return _without_a_loan(market, route, known, sized)
    if known.most is None:
        best = max((sizing for _, sizing in earning), key=lambda sizing: sizing.profit)
        reason = f"{known.symbol(asset)} has no pool against the native coin to value it by"
        return conclude(route, VerdictCode.NO_PRICE, reason, best)
    offered = [_terms(market, asset, kinds, lender, sizing) for lender, sizing in earning]
    priced = [terms for terms in offered if terms is not None]
    if not priced:
        reason = f"the pool that values {known.symbol(asset)} cannot take the profit"
        return conclude(route, VerdictCode.NO_PRICE, reason, earning[0][1])
    # Fee and gas decide together; among equals less gas, then the kind declared first.
    chosen = max(priced, key=lambda terms: (terms.net_wei, -terms.gas_units, -terms.lender.kind))
    judged = _judge(market, route, chosen)
    if judged.verdict.code in _FOR_PROFIT and _could_be_enough(market, asset, priced):
        return judged._replace(open=True)
    return judged


def _could_be_enough(market: Market, asset: Address, offered: Sequence[Terms]) -> bool:
    """Tell whether none of these earns what is asked for, but a loan that was not looked at could."""
    enough = max(market.settings.min_net_profit_wei, 1)
    if any(terms.net_wei >= enough for terms in offered):
        return False
    gaps = [terms.sizing.gap for terms in offered]
    most = [None if gap is None else market.valuer.at_most_wei(asset, gap) for gap in gaps]
    pairs = zip(offered, most, strict=True)
    return any(missed is None or terms.net_wei + missed >= enough for terms, missed in pairs)


def _without_a_loan(market: Market, route: Route, known: AssetTerms, sized: _Sized) -> Assessment:
    """Say why there is no loan to judge."""
    if sized.out_of_reach and not sized.unfinished:
        words = HopelessText(route[0].token_in, known.token, max(sized.out_of_reach), market.gas_price_wei)
        return conclude(route, VerdictCode.BELOW_GAS, words)
    reason = "no loan earns anything after the pools' and lender's fees and the gas of the ticks it crosses"
    if sized.unfinished:
        bound = market.optimizer.max_evaluations
        reason = f"none of the loans tried earns anything; the search ended at its bound, {bound}"
    return conclude(route, VerdictCode.NO_SIZE, reason)._replace(open=sized.unfinished)


def conclude(
    route: Route,
    code: VerdictCode,
    words: Words,
    sizing: Sizing | None = None,
    net_wei: int | None = None,
    gap_wei: int | None = None,
) -> Assessment:
    """Return an assessment without terms: a refusal, unless its caller adds them."""
    verdict = Verdict(
        route=legs_of(route),
        asset=route[0].token_in,
        amount=sizing.amounts[0] if sizing else 0,
        profit=sizing.profit if sizing else 0,
        net_wei=net_wei,
        code=code,
        words=words,
        gap_wei=gap_wei,
    )
    return Assessment(route, verdict)


def _sized(market: Market, route: Route, known: AssetTerms, kinds: tuple[VenueKind, ...]) -> _Sized:
    """Size the route at each lender that could be the best; leave out those that cannot earn anything.

    Whoever asks no less in fee and gas than a lender that was not short of funds cannot do better. They come
    in the order of their fees, so only the gas is left to compare.
    """
    prices = known.crossing_prices if VenueKind.UNISWAP_V3 in kinds else _NO_CROSSINGS
    found: list[tuple[LenderTerms, Sizing]] = []
    out_of_reach: list[int] = []
    ample_gas: int | None = None
    unfinished = False
    for offer in market.offers(route[0].token_in, kinds):
        terms, gas_units, cap, hope = offer.terms, offer.gas_units, offer.cap, market.hope(offer)
        if ample_gas is not None and ample_gas <= gas_units:
            continue
        if terms.source is not None and terms.source.address in pools_of(route):
            continue  # a pool that lends is locked: the route could not trade there
        opening = market.optimizer.opening(route, offer.objective)
        reach = opening.reach(cap)
        if reach is not None and reach < hope:
            out_of_reach.append(reach)
            ample_gas = gas_units
            continue
        searches = _searches(market, route, offer, opening, hope, prices)
        found += [(terms, search.sizing) for search in searches if search.sizing is not None]
        out_of_reach += [search.reach for search in searches if search.hopeless and search.reach is not None]
        unfinished = unfinished or any(search.unfinished for search in searches)
        if cap == known.most or all(search.furthest <= cap for search in searches):
            ample_gas = gas_units  # less than any before
    return _Sized(found, out_of_reach, unfinished)


def _searches(
    market: Market, route: Route, offer: Offer, opening: Opening, hope: int, prices: Sequence[int]
) -> list[SizingSearch]:
    return [
        market.cache.size(
            market.optimizer,
            route,
            offer.terms,
            offer.cap,
            crossing_price=price,
            price_rank=rank,
            worth=offer.worth,
            hope=hope,
            opening=opening,
        )
        for rank, price in enumerate(prices)
    ]


def _terms(
    market: Market, asset: Address, kinds: Sequence[VenueKind], lender: LenderTerms, sizing: Sizing
) -> Terms | None:
    """Return what the loan would cost and bring, or None where the asset's pool cannot value it."""
    settings = market.settings
    share = settings.tip_share_bps(asset)
    gas_units = settings.gas.units(lender.kind, kinds, sizing.crossings)
    gas_units += settings.gas.builder_tip if share else 0
    gas_cost_wei = gas_units * market.gas_price_wei
    tip = 0
    if share:
        tip = builder_tip(sizing.profit, market.least_profit(asset, sizing.profit, gas_cost_wei), share)
    value = market.valuer.value_wei(asset, sizing.profit - tip)
    if value is None:
        return None
    return Terms(
        lender=lender,
        sizing=sizing,
        gas_units=gas_units,
        gas_cost_wei=gas_cost_wei,
        tip=tip,
        net_wei=value - gas_cost_wei,
    )


def _judge(market: Market, route: Route, terms: Terms) -> Assessment:
    """Say whether what is sized and valued is worth sending."""
    asset, sizing, net = route[0].token_in, terms.sizing, terms.net_wei
    words = _numbers(market, route, terms)
    gap_wei = None if sizing.gap is None else market.valuer.at_most_wei(asset, sizing.gap)
    candidate = Candidate(
        route,
        sizing.amounts,
        net + terms.gas_cost_wei,
        terms.gas_cost_wei,
        snapshot=market.snapshot,
        valuer=market.valuer,
    )
    failure = market.validator.first_failure(candidate)
    if failure is not None:
        # The numbers say themselves that gas costs more.
        said = words if failure.code is VerdictCode.BELOW_GAS else Joined(failure.reason, words)
        return conclude(route, failure.code, said, sizing, net, gap_wei)
    small = _too_small(market, route, terms)
    if small is not None:
        return conclude(route, VerdictCode.BELOW_MINIMUM, Joined(words, small), sizing, net, gap_wei)
    accepted = conclude(route, VerdictCode.ACCEPTED, words, sizing, net, gap_wei)
    return Assessment(route, accepted.verdict, terms)


def _too_small(market: Market, route: Route, terms: Terms) -> str | None:
    """Return why the operator does not care for so little, or None where they do."""
    settings = market.settings
    if terms.net_wei < settings.min_net_profit_wei:
        return f"the minimum is {ether_text(settings.min_net_profit_wei)}"
    least = settings.min_trading_limit_wei
    if not least:
        return None
    loan_wei = market.valuer.wei_at_spot(route[0].token_in, terms.sizing.amounts[0])
    if loan_wei is None or loan_wei >= least:
        return None
    return f"the loan is worth {ether_text(loan_wei)}, less than the least, {ether_text(least)}"


def _numbers(market: Market, route: Route, terms: Terms) -> SizedText:
    """Return the sentence that every sized verdict carries."""
    asset, sizing = route[0].token_in, terms.sizing
    return SizedText(
        lender=terms.lender.kind.name.lower(),
        asset=asset,
        token=market.snapshot.tokens.get(asset),
        loan=sizing.amounts[0],
        loan_fee=sizing.loan_fee,
        profit=sizing.profit,
        gas_units=terms.gas_units,
        gas_price_wei=market.gas_price_wei,
        gas_cost_wei=terms.gas_cost_wei,
        net_wei=terms.net_wei,
        gap=sizing.gap,
        unproven=sizing.uncertified_reason,
    )
