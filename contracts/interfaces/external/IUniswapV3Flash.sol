// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a loan needs of a Uniswap V3 style pool (Uniswap, PancakeSwap, Algebra).
interface IUniswapV3FlashPool {
    /// @notice Sends the amounts to `recipient`, calls the caller back, and checks that amounts plus fees came back.
    function flash(address recipient, uint256 amount0, uint256 amount1, bytes calldata data) external;
}

/// @title What a Uniswap pool calls on its borrower.
interface IUniswapV3FlashCallback {
    /// @notice The loan has arrived; it and the fees must be back at the calling pool when this returns.
    function uniswapV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external;
}

/// @title The same from a PancakeSwap V3 pool.
interface IPancakeV3FlashCallback {
    /// @notice The loan has arrived; it and the fees must be back at the calling pool when this returns.
    function pancakeV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external;
}

/// @title The same from an Algebra pool.
interface IAlgebraFlashCallback {
    /// @notice The loan has arrived; it and the fees must be back at the calling pool when this returns.
    function algebraFlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external;
}
