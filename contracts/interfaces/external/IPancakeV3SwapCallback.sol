// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a PancakeSwap V3 pool calls on the one who swaps; the pool's own `swap` is Uniswap V3's.
interface IPancakeV3SwapCallback {
    /// @notice The positive delta is owed to the calling pool before this returns.
    function pancakeV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external;
}
