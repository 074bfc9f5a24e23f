// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title PriceLimitLib: the price limit that limits nothing, for pools that demand one.
/// @notice The bounds of Uniswap V3's TickMath, which PancakeSwap V3, Algebra and Uniswap V4 kept, moved in by one as
/// the pools demand. A leg's least output is our limit.
library PriceLimitLib {
    uint160 private constant _MIN_X96 = 4295128740;
    uint160 private constant _MAX_X96 = 1461446703485210103287273052203988822378723970341;

    /// @notice The farthest sqrt price (Q64.96) that a swap in this direction may push to.
    function farthest(bool zeroForOne) internal pure returns (uint160) {
        return zeroForOne ? _MIN_X96 : _MAX_X96;
    }
}
