"""The least input for an output, found by search where a pool's own exact-out asks for more than it must."""

from __future__ import annotations

from steelyard.amm.pool import Pool
from steelyard.units import Address


def least_input(pool: Pool, token_in: Address, amount_out: int) -> int:
    """Return the least amount of ``token_in`` whose sale pays at least ``amount_out``.

    V3's exact-out rounds its price away from the trader and can ask a few units too many; where the bought
    token's unit is coarse, "a few" can be many. Gallop down from its answer, then bisect: quotes never fall.

    Raises:
        QuoteError: the pool cannot pay ``amount_out``.
    """
    enough = pool.quote_exact_out(token_in, amount_out).amount_in
    short, step = 0, 1
    while enough > step:
        if pool.quote_exact_in(token_in, enough - step).amount_out < amount_out:
            short = enough - step
            break
        enough -= step
        step *= 2
    while enough - short > 1:
        middle = (short + enough) // 2
        if pool.quote_exact_in(token_in, middle).amount_out < amount_out:
            short = middle
        else:
            enough = middle
    return enough
