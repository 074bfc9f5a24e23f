"""What the validator asks about a sized route, worked out when it is asked: most limits are never reached."""

from __future__ import annotations

from itertools import pairwise

from steelyard.decide.arbitrage.route import Hop, Route
from steelyard.decide.arbitrage.validation import Facts, PoolPrice
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.exceptions import QuoteError
from steelyard.model import MarketSnapshot
from steelyard.units import BPS, PIPS, Address


class Candidate:
    """One sized route as the validator sees it: ``validation.Facts``."""

    __slots__ = ("_amounts", "_route", "_snapshot", "_valuer", "gas_cost_wei", "profit_wei")

    def __init__(
        self,
        route: Route,
        amounts: tuple[int, ...],
        profit_wei: int,
        gas_cost_wei: int,
        *,
        snapshot: MarketSnapshot,
        valuer: Valuer,
    ) -> None:
        self._route = route
        self._amounts = amounts
        self._snapshot = snapshot
        self._valuer = valuer
        self.profit_wei = profit_wei
        self.gas_cost_wei = gas_cost_wei

    @property
    def path(self) -> list[Address]:
        return [*(hop.token_in for hop in self._route), self._route[-1].token_out]

    @property
    def pools(self) -> list[Address]:
        return [hop.pool.address for hop in self._route]

    @property
    def dex(self) -> str:
        return self._shallowest().pool.venue

    @property
    def token_pair(self) -> tuple[Address, Address]:
        hop = self._shallowest()
        return hop.token_in, hop.token_out

    @property
    def price_impact_bps(self) -> int:
        legs = zip(self._route, pairwise(self._amounts), strict=True)
        return max(_impact_bps(hop, given) for hop, given in legs)

    @property
    def block_age_seconds(self) -> int:
        return self._snapshot.observed_at_seconds - self._snapshot.block.timestamp_seconds

    @property
    def stale_pools(self) -> list[Address]:
        """Pools that observation has set aside since, or never published at this block."""
        pools, unusable = self._snapshot.pools, self._snapshot.unusable
        return [at for at in self.pools if at in unusable or at not in pools]

    @property
    def pool_prices(self) -> list[PoolPrice]:
        return [
            PoolPrice(
                hop.pool.address, hop.token_in, hop.token_out, *hop.pool.virtual_reserves_q96(hop.token_in)
            )
            for hop in self._route
        ]

    def shallowest_wei(self) -> int:
        """Return the depth of the shallowest leg's pool. Raises QuoteError where one cannot be valued."""
        depths = [self._depth_wei(hop) for hop in self._route]
        known = [depth for depth in depths if depth is not None]
        if len(known) < len(depths):
            venue = self._route[depths.index(None)].pool.venue
            raise QuoteError(f"no price for the tokens of the {venue} pool")
        return min(known)

    def _shallowest(self) -> Hop:
        return min(self._route, key=lambda hop: self._depth_wei(hop) or 0)

    def _depth_wei(self, hop: Hop) -> int | None:
        """Return what the leg's pool holds of the bought token on its present curve, in wei."""
        sold, bought = hop.pool.virtual_reserves_q96(hop.token_in)
        value = self._valuer.wei_at_spot(hop.token_out, bought >> 96)
        return value if value is not None else self._valuer.wei_at_spot(hop.token_in, sold >> 96)


def _impact_bps(hop: Hop, amounts: tuple[int, int]) -> int:
    """Return by how much the leg is paid less than at its pool's marginal rate, rounded up: we are strict."""
    sold, bought = hop.pool.virtual_reserves_q96(hop.token_in)
    ideal, got = amounts[0] * bought * (PIPS - hop.pool.fee_pips), amounts[1] * sold * PIPS
    return max(-(-(ideal - got) * BPS // ideal), 0) if ideal else BPS


def shallowest_wei(facts: Facts) -> int:
    """Return the liquidity of a ``Candidate``, for ``validation.LiquidityOf``."""
    assert isinstance(facts, Candidate)
    return facts.shallowest_wei()
