"""What an asset is worth in wei, from the deepest pool against the wrapped native coin."""

from __future__ import annotations

from collections.abc import Callable

from steelyard.amm.pool import Pool
from steelyard.amm.side import Side
from steelyard.decide.arbitrage.graph import MarketGraph
from steelyard.exceptions import QuoteError
from steelyard.units import Address, mul_div_up


class Valuer:
    """Values amounts at one market state; the wrapped native coin is worth itself.

    The deepest pool is the one with the most wrapped native coin on the curve that the next unit trades on:
    it is the dearest to push away from the market.

    Args:
        side_of: where a prepared side of a pool is taken from, which quotes the same at less cost; None for
            the pool's own quotes.
    """

    def __init__(
        self,
        graph: MarketGraph,
        wrapped_native: Address,
        *,
        side_of: Callable[[Pool, Address], Side] | None = None,
    ) -> None:
        self._graph = graph
        self._native = wrapped_native
        self._side_of = side_of
        self._deepest: dict[Address, Pool | None] = {}
        self._spots: dict[Address, tuple[int, int] | None] = {}

    def value_wei(self, asset: Address, amount: int) -> int | None:
        """Return the wei that selling ``amount`` brings (the pool rounds down); None without a price."""
        if asset == self._native or amount == 0:
            return amount
        pool = self._pool(asset)
        if pool is None:
            return None
        if self._side_of is not None and (paid := self._side_of(pool, asset).output(amount)):
            return paid  # 0 also where the pool takes no more than a part, which its own quote values
        try:
            return pool.quote_exact_in(asset, amount).amount_out
        except QuoteError:
            return None

    def cost(self, asset: Address, amount_wei: int) -> int | None:
        """Return the units that buy ``amount_wei`` (the pool rounds up); None without a price."""
        if asset == self._native or amount_wei == 0:
            return amount_wei
        pool = self._pool(asset)
        if pool is None:
            return None
        try:
            return pool.quote_exact_out(asset, amount_wei).amount_in
        except QuoteError:
            return None

    def units_at_spot(self, asset: Address, amount_wei: int) -> int | None:
        """Return how many units are worth ``amount_wei`` at the pool's price; None without a price.

        Without fee and price impact, for limits on size. Rounds down: a limit is never exceeded.
        """
        if asset == self._native:
            return amount_wei
        reserves = self._spot(asset)
        return None if reserves is None else amount_wei * reserves[0] // reserves[1]

    def wei_at_spot(self, asset: Address, amount: int) -> int | None:
        """Return what ``amount`` is worth at the pool's price, in wei rounded down; None without a price."""
        if asset == self._native:
            return amount
        reserves = self._spot(asset)
        return None if reserves is None else amount * reserves[1] // reserves[0]

    def at_most_wei(self, asset: Address, amount: int) -> int | None:
        """Return what ``amount`` can be worth at most: at the pool's price without fee, rounded up."""
        if asset == self._native or amount == 0:
            return amount
        reserves = self._spot(asset)
        return None if reserves is None else mul_div_up(amount, reserves[1], reserves[0])

    def _spot(self, asset: Address) -> tuple[int, int] | None:
        if asset not in self._spots:
            pool = self._pool(asset)
            self._spots[asset] = None if pool is None else pool.virtual_reserves_q96(asset)
        return self._spots[asset]

    def _pool(self, asset: Address) -> Pool | None:
        if asset not in self._deepest:
            candidates = self._graph.pools_between(asset, self._native)
            depth = {pool.address: pool.virtual_reserves_q96(asset)[1] for pool in candidates}
            alive = [pool for pool in candidates if depth[pool.address] > 0]
            # The first of equals, in order of addresses, so that equal markets give equal values.
            self._deepest[asset] = max(alive, key=lambda pool: depth[pool.address], default=None)
        return self._deepest[asset]
