"""Exact integer mathematics of every pool kind: no IO, no clock, no float in an amount."""

from steelyard.amm.pool import Pool, Quote
from steelyard.amm.tick_map import TickMap
from steelyard.amm.uniswap_v2 import UniswapV2Pool
from steelyard.amm.uniswap_v3 import UniswapV3Pool

__all__ = ["Pool", "Quote", "TickMap", "UniswapV2Pool", "UniswapV3Pool"]
