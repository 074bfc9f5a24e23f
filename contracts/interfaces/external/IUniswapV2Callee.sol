// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a Uniswap V2 pair calls on the one who takes first and pays later.
interface IUniswapV2Callee {
    /// @notice The amounts have been sent; `sender` is who asked.
    function uniswapV2Call(address sender, uint256 amount0, uint256 amount1, bytes calldata data) external;
}

/// @title The same from a PancakeSwap V2 pair.
interface IPancakeV2Callee {
    /// @notice The amounts have been sent; `sender` is who asked.
    function pancakeCall(address sender, uint256 amount0, uint256 amount1, bytes calldata data) external;
}
