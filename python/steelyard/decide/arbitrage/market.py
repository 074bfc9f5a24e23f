"""What every assessment of one block looks at, with what is worked out once for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from typing import NamedTuple, Self

from steelyard.decide.arbitrage.cache import ArbitrageCache
from steelyard.decide.arbitrage.candidate import shallowest_wei
from steelyard.decide.arbitrage.lending import offers
from steelyard.decide.arbitrage.plan import least_profit
from steelyard.decide.arbitrage.route import Route
from steelyard.decide.arbitrage.settings import ArbitrageSettings
from steelyard.decide.arbitrage.sizing import AmtOptimizer, Objective
from steelyard.decide.arbitrage.validation import Evidence, Facts, OpportunityValidator
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.model import Attempts, LenderTerms, MarketSnapshot, Token, Venue, VenueKind
from steelyard.units import BPS, Address, mul_div_up


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetTerms:
    """An asset as something to borrow.

    Attributes:
        lenders: those that have any of it, each with its gas, the cheapest in fee and gas first.
        most: base units that the largest trade is worth; None where the asset has no price.
        crossing_prices: what crossing a tick costs at this block's gas and the asset's spot price, in base
            units. Two of them where a builder is tipped: one of both leads to the best size.
    """

    token: Token | None
    lenders: tuple[tuple[LenderTerms, int], ...]
    most: int | None
    crossing_prices: tuple[int, ...]

    def symbol(self, asset: Address) -> str:
        return self.token.symbol if self.token else str(asset)


class Offer(NamedTuple):
    """A lender as a route through certain kinds of venues sees it; amounts in base units of the asset.

    Attributes:
        objective: what is to be the greatest with it, crossings aside.
        gas_units: the lender's part of the gas; ``gas_wei``: of the whole transaction, crossings aside.
        cap: the largest loan: what it has, or what the largest trade is worth.
        worth: the profit below which a loan from it is refused in any case: what gas and the operator's
            minimum are worth at spot, since no sale of the profit brings more than spot.
        far: the profit that is far from it: half of gas alone, rounded down.
    """

    terms: LenderTerms
    objective: Objective
    gas_units: int
    gas_wei: int
    cap: int
    worth: int
    far: int


class Market:
    """One block's snapshot, settings and tools. What it keeps is worked out from these alone."""

    def __init__(
        self,
        *,
        snapshot: MarketSnapshot,
        settings: ArbitrageSettings,
        venues: Mapping[str, Venue],
        valuer: Valuer,
        optimizer: AmtOptimizer,
        cache: ArbitrageCache,
        attempts: Attempts,
    ) -> None:
        self.snapshot = snapshot
        self.settings = settings
        self.venues = venues
        self.valuer = valuer
        self.optimizer = optimizer
        self.cache = cache
        self.gas_price_wei = snapshot.gas.price_wei
        self._asked_net_wei: int | None = None
        self.validator = OpportunityValidator(
            settings.validation,
            shallowest_wei if settings.validation.min_liquidity_wei else _unasked,
            Evidence(
                block_number=snapshot.block.number,
                block_seconds=snapshot.block.timestamp_seconds,
                native=settings.wrapped_native,
                safety=snapshot.safety,
                oracles=snapshot.oracles,
                attempts=attempts,
            ),
        )
        self._kinds = {name: venue.kind for name, venue in venues.items()}
        self._assets: dict[Address, AssetTerms] = {}
        self._offers: dict[tuple[Address, tuple[VenueKind, ...]], tuple[Offer, ...]] = {}

    def sized_by(self, optimizer: AmtOptimizer) -> Self:
        """Return the same market with another optimizer."""
        other = copy(self)
        other.optimizer = optimizer
        return other

    def asking(self, net_wei: int) -> Self:
        """Return the same market where no loan need be looked for unless it can net more than that."""
        other = copy(self)
        other._asked_net_wei = max(net_wei, self.settings.min_net_profit_wei)  # noqa: SLF001 - its own kind
        return other

    def asset(self, asset: Address) -> AssetTerms:
        """Return what is known of borrowing ``asset``."""
        known = self._assets.get(asset)
        if known is None:
            known = self._assets[asset] = self._asset(asset)
        return known

    def venue_kinds(self, route: Route) -> tuple[VenueKind, ...]:
        """Return the kind of venue of each leg: each kind costs its own gas."""
        kinds = self._kinds
        return tuple([kinds[hop.pool.venue] for hop in route])

    def offers(self, asset: Address, kinds: tuple[VenueKind, ...]) -> tuple[Offer, ...]:
        """Return what a route over venues of these kinds is offered, the cheapest in fee and gas first.

        Who comes behind one that can lend the largest trade, and takes no less gas, cannot do better.
        """
        key = asset, kinds
        known = self._offers.get(key)
        if known is None:
            known = self._offers[key] = tuple(self._offers_of(self.asset(asset), kinds))
        return known

    def _offers_of(self, known: AssetTerms, kinds: tuple[VenueKind, ...]) -> Iterator[Offer]:
        most, ample_gas, units = known.most, None, self.valuer.units_at_spot
        for terms, gas_units in known.lenders:
            if ample_gas is not None and ample_gas <= gas_units:
                continue
            cap = terms.available if most is None else min(most, terms.available)
            if cap == most and terms.source is None:  # a pool that lends may be one of the route's
                ample_gas = gas_units
            gas_wei = self.settings.gas.units(terms.kind, kinds) * self.gas_price_wei
            worth = units(terms.asset, gas_wei + self.settings.min_net_profit_wei) or 0
            far = (units(terms.asset, gas_wei) or 0) // 2
            yield Offer(terms, Objective.of(terms), gas_units, gas_wei, cap, worth, far)

    def hope(self, offer: Offer) -> int:
        """Return the profit, in base units, below which no loan from the offer need be looked for.

        That is far below gas; for who asks for a net profit it is what falls short of that at spot, by more
        than a unit, so that no other lender's rounding makes up for it.
        """
        if self._asked_net_wei is None:
            return offer.far
        asked = self.valuer.units_at_spot(offer.terms.asset, offer.gas_wei + self._asked_net_wei)
        return max((asked or 0) - 1, 0)

    def least_profit(self, asset: Address, profit: int, gas_cost_wei: int) -> int:
        """Return what a plan with this profit insists on, base units: see ``plan.least_profit``."""
        floor = self.valuer.cost(asset, gas_cost_wei)
        kept_bps = self.settings.profit_share_kept_bps
        return least_profit(profit, profit if floor is None else floor, kept_bps)

    def _asset(self, asset: Address) -> AssetTerms:
        gas = self.settings.gas
        crossing = self.valuer.units_at_spot(asset, gas.tick_crossing * self.gas_price_wei) or 0
        lenders = sorted(
            ((terms, gas.units(terms.kind, ())) for terms in offers(self.snapshot.lenders, asset)),
            key=lambda offer: (offer[0].fee_wad, offer[1], offer[0].kind),
        )
        return AssetTerms(
            token=self.snapshot.tokens.get(asset),
            lenders=tuple(lenders),
            most=self.valuer.units_at_spot(asset, self.settings.max_trade_wei),
            crossing_prices=self._before_tip(asset, crossing),
        )

    def _before_tip(self, asset: Address, cost: int) -> tuple[int, ...]:
        """Return the gain, before the builder's tip, that pays for ``cost`` of gas; rounded up.

        The tip is a share of what is above ``min_profit``, which is the larger of the gas and the kept share
        of the gain. Where it is the gas, gas is paid before anything is shared: its price stays. Where it is
        the kept share, of each unit of gain the builder has its share of what is not kept, and gas is paid
        out of the rest. What we keep is the larger of the two, so the better of their best sizes is the best.
        """
        shared = self.settings.tip_share_bps(asset) * (BPS - self.settings.profit_share_kept_bps)
        if not 0 < shared < BPS * BPS:
            return (cost,)
        return cost, mul_div_up(cost, BPS * BPS, BPS * BPS - shared)


def _unasked(facts: Facts) -> int:
    """No liquidity is asked for, so none need be known."""
    return 0
