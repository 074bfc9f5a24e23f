"""What the venues of pools with ticks share, where our own model of a router stands before the pools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from steelyard.sandbox.abi import encode_call
from steelyard.sandbox.activity.pools import PoolView, Swap
from steelyard.sandbox.activity.venues.venue import Call
from steelyard.units import Address

_SWAP: Final = "swap(address,bool,uint256,uint160,address)"


def swap_through(router: Address) -> Callable[[Address, PoolView, Swap], Call]:
    """Trades at a pool through the model of its router at this address."""

    def swap(who: Address, view: PoolView, swap: Swap) -> Call:
        limit = swap.sqrt_price_limit_x96
        data = encode_call(_SWAP, view.record.address, swap.zero_in, swap.amount, limit, who)
        return Call(to=router, data=data)

    return swap
