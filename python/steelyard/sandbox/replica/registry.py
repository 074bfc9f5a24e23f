"""The registry: what the replica is made of, in the order of building.

Adding a protocol is one file in ``protocols/`` and one entry here; ``docs/replica.md`` tells how.
"""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.protocols import (
    aave_v2,
    aave_v3,
    algebra,
    balancer_v2,
    balancer_v2_pools,
    curve,
    maker_flash,
    modelled_tokens,
    morpho_blue,
    pancakeswap_v3,
    permit2,
    price_feeds,
    sushiswap_v2,
    uniswap_v2,
    uniswap_v3,
    uniswap_v4,
    usdc,
    weth9,
)

PROTOCOLS: Final[tuple[Protocol, ...]] = (
    weth9.PROTOCOL,
    usdc.PROTOCOL,
    modelled_tokens.PROTOCOL,
    price_feeds.PROTOCOL,
    uniswap_v2.PROTOCOL,
    sushiswap_v2.PROTOCOL,
    uniswap_v3.PROTOCOL,
    balancer_v2.PROTOCOL,
    balancer_v2_pools.PROTOCOL,
    aave_v2.PROTOCOL,
    aave_v3.PROTOCOL,
    morpho_blue.PROTOCOL,
    maker_flash.PROTOCOL,
    curve.PROTOCOL,
    permit2.PROTOCOL,
    uniswap_v4.PROTOCOL,
    pancakeswap_v3.PROTOCOL,
    algebra.PROTOCOL,
)
