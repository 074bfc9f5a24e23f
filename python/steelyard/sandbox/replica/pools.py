"""The pools of the market: which, how deep, and how V3 liquidity lies around the price.

Depths are of mainnet's order in December 2023. Every pool starts at the fair price, off by less than a third
of its own fee, so that the market begins without an arbitrage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from steelyard.sandbox.replica.manifest import PoolKind
from steelyard.sandbox.replica.tokens import (
    AAVE,
    CRV,
    DAI,
    FRAX,
    LDO,
    LINK,
    MKR,
    UNI,
    USDC,
    USDT,
    WBTC,
    WETH,
    MarketToken,
)

V2_FEE_PIPS: Final = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPlan:
    """A pool to be made.

    Attributes:
        fee_pips: fee in hundredths of a basis point.
        side_usd: worth of the liquidity on each side of the price, in whole USD.
    """

    kind: PoolKind
    token_a: MarketToken
    token_b: MarketToken
    fee_pips: int
    side_usd: int

    @property
    def tokens(self) -> tuple[MarketToken, MarketToken]:
        """The two tokens in the pool's own order: by address."""
        if int(self.token_a.address, 16) < int(self.token_b.address, 16):
            return self.token_a, self.token_b
        return self.token_b, self.token_a


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A V3 position relative to the current tick.

    Attributes:
        below_ticks: how far its lower edge lies under the current tick; negative puts it above.
        above_ticks: how far its upper edge lies over the current tick; negative puts it below.
        share_percent: its part of the pool's liquidity.
    """

    below_ticks: int
    above_ticks: int
    share_percent: int


# Overlapping bands: a swap of one per cent leaves the first, and finds other liquidity at each edge.
VOLATILE_BANDS: Final = (
    Band(below_ticks=120, above_ticks=120, share_percent=15),
    Band(below_ticks=480, above_ticks=360, share_percent=25),
    Band(below_ticks=1_200, above_ticks=1_500, share_percent=20),
    Band(below_ticks=6_000, above_ticks=6_000, share_percent=20),
    Band(below_ticks=887_000, above_ticks=887_000, share_percent=10),
    Band(below_ticks=-60, above_ticks=900, share_percent=5),
    Band(below_ticks=900, above_ticks=-60, share_percent=5),
)
STABLE_BANDS: Final = (
    Band(below_ticks=3, above_ticks=3, share_percent=20),
    Band(below_ticks=10, above_ticks=10, share_percent=40),
    Band(below_ticks=60, above_ticks=40, share_percent=25),
    Band(below_ticks=600, above_ticks=600, share_percent=10),
    Band(below_ticks=887_000, above_ticks=887_000, share_percent=5),
)
STABLES: Final = frozenset({USDC, USDT, DAI, FRAX})


def bands_of(plan: PoolPlan) -> tuple[Band, ...]:
    """Bands of a V3 pool: narrow ones between two stable coins."""
    return STABLE_BANDS if STABLES.issuperset(plan.tokens) else VOLATILE_BANDS


def _pool(
    kind: PoolKind, token_a: MarketToken, token_b: MarketToken, fee_pips: int, side_usd: int
) -> PoolPlan:
    return PoolPlan(kind=kind, token_a=token_a, token_b=token_b, fee_pips=fee_pips, side_usd=side_usd)


def _v2(token_a: MarketToken, token_b: MarketToken, side_usd: int) -> PoolPlan:
    return _pool(PoolKind.UNISWAP_V2, token_a, token_b, V2_FEE_PIPS, side_usd)


def _sushi(token_a: MarketToken, token_b: MarketToken, side_usd: int) -> PoolPlan:
    return _pool(PoolKind.SUSHISWAP_V2, token_a, token_b, V2_FEE_PIPS, side_usd)


def _v3(token_a: MarketToken, token_b: MarketToken, fee_pips: int, side_usd: int) -> PoolPlan:
    return _pool(PoolKind.UNISWAP_V3, token_a, token_b, fee_pips, side_usd)


POOL_PLANS: Final[tuple[PoolPlan, ...]] = (
    _v2(USDC, WETH, 52_000_000),
    _v2(USDT, WETH, 48_000_000),
    _v2(DAI, WETH, 9_000_000),
    _v2(WBTC, WETH, 6_000_000),
    _v2(LINK, WETH, 4_000_000),
    _v2(UNI, WETH, 2_500_000),
    _v2(AAVE, WETH, 1_500_000),
    _v2(MKR, WETH, 3_000_000),
    _v2(CRV, WETH, 1_000_000),
    _v2(LDO, WETH, 1_200_000),
    _v2(DAI, MKR, 12_000_000),
    _v2(USDC, USDT, 2_500_000),
    _v2(DAI, USDC, 3_000_000),
    _sushi(USDC, WETH, 5_000_000),
    _sushi(USDT, WETH, 5_500_000),
    _sushi(DAI, WETH, 4_000_000),
    _sushi(WBTC, WETH, 9_000_000),
    _sushi(LINK, WETH, 2_000_000),
    _sushi(UNI, WETH, 1_000_000),
    _sushi(AAVE, WETH, 1_300_000),
    _sushi(CRV, WETH, 1_100_000),
    _sushi(LDO, WETH, 2_200_000),
    _v3(USDC, WETH, 500, 27_000_000),
    _v3(USDC, WETH, 3000, 18_000_000),
    _v3(USDC, WETH, 10000, 1_500_000),
    _v3(USDT, WETH, 500, 8_000_000),
    _v3(USDT, WETH, 3000, 12_000_000),
    _v3(DAI, WETH, 500, 2_500_000),
    _v3(DAI, WETH, 3000, 6_000_000),
    _v3(WBTC, WETH, 500, 12_000_000),
    _v3(WBTC, WETH, 3000, 20_000_000),
    _v3(WBTC, USDC, 3000, 5_000_000),
    _v3(LINK, WETH, 3000, 4_000_000),
    _v3(UNI, WETH, 3000, 3_500_000),
    _v3(AAVE, WETH, 3000, 2_500_000),
    _v3(MKR, WETH, 3000, 3_000_000),
    _v3(CRV, WETH, 10000, 1_200_000),
    _v3(LDO, WETH, 3000, 2_500_000),
    _v3(USDC, USDT, 100, 9_000_000),
    _v3(DAI, USDC, 100, 20_000_000),
    _v3(DAI, USDC, 500, 4_000_000),
    _v3(FRAX, USDC, 100, 6_000_000),
    _v3(FRAX, USDC, 500, 3_000_000),
    _v3(FRAX, DAI, 500, 1_000_000),
)
