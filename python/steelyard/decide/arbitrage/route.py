"""A route: the hops that an amount takes, one pool each."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from steelyard.amm.pool import Pool
from steelyard.exceptions import QuoteError
from steelyard.model import RouteLeg
from steelyard.units import Address


class Hop(NamedTuple):
    """One swap: ``token_in`` into ``pool``, ``token_out`` out of it."""

    pool: Pool
    token_in: Address
    token_out: Address


Route = tuple[Hop, ...]
"""A cycle of hops; it starts and ends in the asset that is borrowed."""


def forward(route: Route, amount: int) -> tuple[int, ...] | None:
    """Return the exact amounts before the first and after each hop, or None where a pool cannot take all.

    Every hop sells all that the hop before paid, as the executor does.
    """
    amounts = [amount]
    for hop in route:
        try:
            quote = hop.pool.quote_exact_in(hop.token_in, amounts[-1])
        except QuoteError:
            return None
        if quote.amount_in != amounts[-1] or quote.amount_out <= 0:
            return None  # liquidity ends first, or the amount is too small to buy a single unit
        amounts.append(quote.amount_out)
    return tuple(amounts)


def legs_of(route: Route) -> tuple[RouteLeg, ...]:
    """Return the route as verdicts carry it."""
    return tuple([_leg(hop.pool.address, hop.token_in, hop.token_out) for hop in route])


@lru_cache(maxsize=65_536)
def _leg(pool: Address, token_in: Address, token_out: Address) -> RouteLeg:
    """Return the one leg of these three: the same pools come back in every block."""
    return RouteLeg(pool=pool, token_in=token_in, token_out=token_out)


def pools_of(route: Route) -> frozenset[Address]:
    """Return the addresses of the route's pools."""
    return frozenset(hop.pool.address for hop in route)
