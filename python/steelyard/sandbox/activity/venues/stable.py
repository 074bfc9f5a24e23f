"""What pools of two and more stable coins show: a view for each two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from steelyard.sandbox.activity.pools import PoolView
from steelyard.sandbox.replica.manifest import PoolRecord
from steelyard.sandbox.replica.pools.stable_swap import virtual_reserves
from steelyard.sandbox.replica.tokens import token_at


def stable_views(record: PoolRecord, balances: Sequence[int], leverage: int) -> list[PoolView]:
    """Each two coins of a stable pool, as the constant product with its price and slope between them.

    Args:
        balances: base units, in the order of the record's tokens.
        leverage: A, as the pool gives it.
    """
    scales = [10 ** (18 - token_at(token).decimals) for token in record.tokens]
    scaled = [balance * scale for balance, scale in zip(balances, scales, strict=True)]
    views = []
    for first, second in combinations(range(len(scaled)), 2):
        reserve0, reserve1 = virtual_reserves(scaled, leverage, first, second)
        view = PoolView(
            record=replace(record, token0=record.tokens[first], token1=record.tokens[second]),
            reserve0=reserve0 // scales[first],
            reserve1=reserve1 // scales[second],
        )
        views.append(view)
    return views
