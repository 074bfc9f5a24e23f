// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a swap needs of a Uniswap V3 style pool.
interface IUniswapV3Pool {
    /// @notice Sends the output to `recipient`, calls back for the input, and checks that it came.
    /// @return amount0 Change of the pool's balance of token0 (positive: owed to the pool).
    /// @return amount1 Change of the pool's balance of token1.
    function swap(
        address recipient,
        bool zeroForOne,
        int256 amountSpecified,
        uint160 sqrtPriceLimitX96,
        bytes calldata data
    ) external returns (int256 amount0, int256 amount1);
}

/// @title What the pool calls on the one who swaps.
interface IUniswapV3SwapCallback {
    /// @notice The positive delta is owed to the calling pool before this returns.
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external;
}
