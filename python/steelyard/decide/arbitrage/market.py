"""What every assessment of one block looks at, with what is worked out once for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Self

from steelyard.decide.arbitrage.cache import ArbitrageCache
from steelyard.decide.arbitrage.candidate import shallowest_wei
from steelyard.decide.arbitrage.lending import offers
from steelyard.decide.arbitrage.route import Route
from steelyard.decide.arbitrage.settings import ArbitrageSettings
from steelyard.decide.arbitrage.sizing import AmtOptimizer
from steelyard.decide.arbitrage.validation import Evidence, Facts, OpportunityValidator
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.model import Attempts, LenderKind, LenderTerms, MarketSnapshot, Token, Venue, VenueKind
from steelyard.units import BPS, Address, div_up, mul_div_up


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetTerms:
    """An asset as something to borrow.

    Attributes:
        lenders: those that have any of it, each with its gas, the cheapest in fee and gas first.
        most: base units that the largest trade is worth; None where the asset has no price.
        crossing_prices: what crossing a tick costs, in base units, a little too high: rounded up to two
            digits, so that sizes are remembered while gas and prices hardly move. A plan's gas is exact.
            Two of them where a builder is tipped: one of both leads to the best size.
    """

    token: Token | None
    lenders: tuple[tuple[LenderTerms, int], ...]
    most: int | None
    crossing_prices: tuple[int, ...]

    def symbol(self, asset: Address) -> str:
        return self.token.symbol if self.token else str(asset)


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
        self._worths: dict[tuple[Address, LenderKind, tuple[VenueKind, ...]], tuple[int, int]] = {}

    def sized_by(self, optimizer: AmtOptimizer) -> Self:
        """Return the same market with another optimizer."""
        other = copy(self)
        other.optimizer = optimizer
        return other

    def asset(self, asset: Address) -> AssetTerms:
        """Return what is known of borrowing ``asset``."""
        known = self._assets.get(asset)
        if known is None:
            known = self._assets[asset] = self._asset(asset)
        return known

    def venue_kinds(self, route: Route) -> list[VenueKind]:
        """Return the kind of venue of each leg: each kind costs its own gas."""
        return [self._kinds[hop.pool.venue] for hop in route]

    def least_worth(self, lender: LenderTerms, kinds: Sequence[VenueKind]) -> tuple[int, int]:
        """Return the profit, in base units, below which a loan from the lender is refused in any case.

        What gas and the operator's minimum are worth at spot: no sale of the profit brings more than spot.
        Then the profit that is far from it: half of gas alone, rounded down.
        """
        key = lender.asset, lender.kind, tuple(kinds)
        known = self._worths.get(key)
        if known is None:
            gas_wei = self.settings.gas.units(lender.kind, kinds) * self.gas_price_wei
            units = self.valuer.units_at_spot
            worth = units(lender.asset, gas_wei + self.settings.min_net_profit_wei) or 0
            known = self._worths[key] = worth, (units(lender.asset, gas_wei) or 0) // 2
        return known

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
            crossing_prices=tuple(_two_digits(price) for price in self._before_tip(asset, crossing)),
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


def _two_digits(amount: int) -> int:
    """Round up to two significant decimal digits."""
    unit: int = 10 ** max(len(str(amount)) - 2, 0)
    return div_up(amount, unit) * unit


def _unasked(facts: Facts) -> int:
    """No liquidity is asked for, so none need be known."""
    return 0
