"""One candidate through every question, from the size to the minimum: its verdict, with the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from steelyard.decide.arbitrage.cache import ArbitrageCache
from steelyard.decide.arbitrage.lending import offers
from steelyard.decide.arbitrage.plan import Terms, builder_tip, least_profit
from steelyard.decide.arbitrage.route import Hop, Route, legs_of
from steelyard.decide.arbitrage.settings import ArbitrageSettings
from steelyard.decide.arbitrage.sizing import AmtOptimizer, Sizing
from steelyard.decide.arbitrage.validation import Opportunity, OpportunityValidator, ValidationLimits
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.decide.arbitrage.wording import amount_text, ether_text, gwei_text
from steelyard.exceptions import QuoteError
from steelyard.model import LenderTerms, MarketSnapshot, Venue, Verdict, VerdictCode
from steelyard.units import BPS, Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What every assessment of one block looks at."""

    snapshot: MarketSnapshot
    settings: ArbitrageSettings
    venues: Mapping[str, Venue]
    valuer: Valuer
    optimizer: AmtOptimizer
    cache: ArbitrageCache


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A candidate and what was found; ``terms`` only where it is worth sending as far as it is concerned."""

    route: Route
    verdict: Verdict
    terms: Terms | None = None


def assess(market: Market, route: Route) -> Assessment:
    """Size the route at every lender, take the best after gas, and say whether it is worth sending."""
    asset = route[0].token_in
    lenders = offers(market.snapshot.lenders, asset)
    if not lenders:
        return conclude(route, VerdictCode.NO_LENDER, f"no lender has any {_symbol(market, asset)}")
    limit = market.valuer.units_at_spot(asset, market.settings.max_trade_wei)
    if limit == 0:
        reason = f"the largest trade, {ether_text(market.settings.max_trade_wei)}, is less than one base unit"
        return conclude(route, VerdictCode.OVER_LIMIT, reason)
    earning = _sized(market, route, lenders, limit)
    if not earning:
        return conclude(
            route, VerdictCode.NO_SIZE, "no loan earns anything after the pools' and lender's fees"
        )
    if limit is None:
        best = max((sizing for _, sizing in earning), key=lambda sizing: sizing.profit)
        reason = f"{_symbol(market, asset)} has no pool against the native coin to value it by"
        return conclude(route, VerdictCode.NO_PRICE, reason, best)
    offered = [_terms(market, route, lender, sizing) for lender, sizing in earning]
    known = [terms for terms in offered if terms is not None]
    if not known:
        reason = f"the pool that values {_symbol(market, asset)} cannot take the profit"
        return conclude(route, VerdictCode.NO_PRICE, reason, earning[0][1])
    # Fee and gas decide together; among equals less gas, then the kind declared first.
    return _judge(
        market, route, max(known, key=lambda terms: (terms.net_wei, -terms.gas_units, -terms.lender.kind))
    )


def conclude(
    route: Route, code: VerdictCode, reason: str, sizing: Sizing | None = None, net_wei: int | None = None
) -> Assessment:
    """Return an assessment without terms: a refusal, unless its caller adds them."""
    verdict = Verdict(
        route=legs_of(route),
        asset=route[0].token_in,
        amount=sizing.amounts[0] if sizing else 0,
        profit=sizing.profit if sizing else 0,
        net_wei=net_wei,
        code=code,
        words=reason,
    )
    return Assessment(route=route, verdict=verdict)


def _sized(
    market: Market, route: Route, lenders: Iterable[LenderTerms], limit: int | None
) -> list[tuple[LenderTerms, Sizing]]:
    """Size the route at each lender that could be the best; leave out those that cannot earn anything.

    Whoever asks no less in fee and gas than a lender that was not short of funds cannot do better.
    """
    gas = market.settings.gas
    found: list[tuple[LenderTerms, Sizing]] = []
    ample: list[LenderTerms] = []
    for terms in sorted(lenders, key=lambda terms: (terms.fee_wad, gas.units(terms.kind, ()), terms.kind)):
        if any(
            other.fee_wad <= terms.fee_wad and gas.units(other.kind, ()) <= gas.units(terms.kind, ())
            for other in ample
        ):
            continue
        cap = terms.available if limit is None else min(limit, terms.available)
        search = market.cache.size(market.optimizer, route, terms, cap)
        if cap == limit or search.furthest <= cap:
            ample.append(terms)
        if search.sizing is not None:
            found.append((terms, search.sizing))
    return found


def _terms(market: Market, route: Route, lender: LenderTerms, sizing: Sizing) -> Terms | None:
    """Return what the loan would cost and bring, or None where the asset's pool cannot value it."""
    settings, asset = market.settings, route[0].token_in
    kinds = [market.venues[hop.pool.venue].kind for hop in route]
    gas_units = settings.gas.units(lender.kind, kinds)
    gas_cost_wei = gas_units * market.snapshot.gas.price_wei
    floor = market.valuer.cost(asset, gas_cost_wei)
    least = least_profit(
        sizing.profit, sizing.profit if floor is None else floor, settings.profit_share_kept_bps
    )
    share = settings.builder_share_bps if asset == settings.wrapped_native else 0
    tip = builder_tip(sizing.profit, least, share)
    value = market.valuer.value_wei(asset, sizing.profit - tip)
    if value is None:
        return None
    return Terms(
        lender=lender,
        sizing=sizing,
        gas_units=gas_units,
        gas_cost_wei=gas_cost_wei,
        min_profit=least,
        tip=tip,
        net_wei=value - gas_cost_wei,
    )


def _judge(market: Market, route: Route, terms: Terms) -> Assessment:
    settings, sizing, net = market.settings, terms.sizing, terms.net_wei
    numbers = _numbers(market, route, terms)
    validator = OpportunityValidator(
        ValidationLimits(
            min_liquidity_wei=settings.min_liquidity_wei, max_price_impact_bps=settings.max_price_impact_bps
        ),
        lambda dex, pair: _liquidity_wei(market, route, dex, pair),
    )
    is_valid, reason = validator.validate_opportunity(_opportunity(market, route, terms))
    if not is_valid:
        code = VerdictCode.BELOW_GAS if reason.startswith("Gas cost") else VerdictCode.OVER_LIMIT
        return conclude(
            route, code, numbers if code is VerdictCode.BELOW_GAS else f"{reason}; {numbers}", sizing, net
        )
    if net < settings.min_net_profit_wei:
        reason = f"{numbers}; the minimum is {ether_text(settings.min_net_profit_wei)}"
        return conclude(route, VerdictCode.BELOW_MINIMUM, reason, sizing, net)
    accepted = conclude(route, VerdictCode.ACCEPTED, numbers, sizing, net)
    return Assessment(route=route, verdict=accepted.verdict, terms=terms)


def _opportunity(market: Market, route: Route, terms: Terms) -> Opportunity:
    shallowest = min(route, key=lambda hop: _depth_wei(market, hop) or 0)
    amounts = terms.sizing.amounts
    impacts = [_impact_bps(hop, given) for hop, given in zip(route, pairwise(amounts), strict=True)]
    return Opportunity(
        dex=shallowest.pool.venue,
        token_pair=(shallowest.token_in, shallowest.token_out),
        price_impact_bps=max(impacts),
        profit_wei=terms.net_wei + terms.gas_cost_wei,
        gas_cost_wei=terms.gas_cost_wei,
        path=(*(hop.token_in for hop in route), route[-1].token_out),
        pools=tuple(hop.pool.address for hop in route),
    )


def _impact_bps(hop: Hop, amounts: tuple[int, int]) -> int:
    """Return by how much the leg is paid less than at its pool's marginal rate, rounded up: we are strict."""
    rate = hop.pool.marginal_rate(hop.token_in)
    ideal, got = amounts[0] * rate.numerator, amounts[1] * rate.denominator
    return max(-(-(ideal - got) * BPS // ideal), 0)


def _liquidity_wei(market: Market, route: Route, dex: str, pair: tuple[Address, Address]) -> int:
    for hop in route:
        if (hop.pool.venue, hop.token_in, hop.token_out) == (dex, *pair):
            depth = _depth_wei(market, hop)
            if depth is not None:
                return depth
            if market.settings.min_liquidity_wei == 0:
                return 0  # nothing is asked, so nothing need be known
    raise QuoteError(f"no price for the tokens of the {dex} pool")


def _depth_wei(market: Market, hop: Hop) -> int | None:
    """Return what the leg's pool holds of the bought token on its present curve, in wei."""
    held = hop.pool.virtual_reserves_q96(hop.token_in)[1] >> 96
    value = market.valuer.wei_at_spot(hop.token_out, held)
    if value is not None:
        return value
    sold = hop.pool.virtual_reserves_q96(hop.token_in)[0] >> 96
    return market.valuer.wei_at_spot(hop.token_in, sold)


def _numbers(market: Market, route: Route, terms: Terms) -> str:
    """Return the sentence that every sized verdict carries."""
    tokens, asset, sizing = market.snapshot.tokens, route[0].token_in, terms.sizing
    lender = terms.lender.kind.name.lower()
    loan, fee, profit = (
        amount_text(amount, asset, tokens) for amount in (sizing.amounts[0], sizing.loan_fee, sizing.profit)
    )
    return (
        f"borrow {loan} from {lender}, fee {fee}, profit {profit}, "
        f"{terms.gas_units} gas at {gwei_text(market.snapshot.gas.price_wei)} = "
        f"{ether_text(terms.gas_cost_wei)}, net {ether_text(terms.net_wei)}"
    )


def _symbol(market: Market, asset: Address) -> str:
    token = market.snapshot.tokens.get(asset)
    return token.symbol if token else str(asset)
