// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a loan needs of a Uniswap V3 style pool (Uniswap, PancakeSwap, Algebra).
interface IUniswapV3FlashPool {
    /// @notice Sends the amounts to `recipient`, calls the caller back, and checks that amounts plus fees came back.
    function flash(address recipient, uint256 amount0, uint256 amount1, bytes calldata data) external;
}

/// @title What such a pool says of its loans.
interface IUniswapV3FlashTerms {
    /// @notice Fee of swaps and loans, in hundredths of a basis point. Algebra's pools have it in their state.
    function fee() external view returns (uint24);

    /// @notice Liquidity in range.
    function liquidity() external view returns (uint128);
}

/// @title What an Algebra pool (first version) says of its loans.
interface IAlgebraFlashTerms {
    /// @notice Price, tick, present fee in hundredths of a basis point, and what else the pool keeps beside them.
    function globalState()
        external
        view
        returns (
            uint160 price,
            int24 tick,
            uint16 fee,
            uint16 timepointIndex,
            uint256 communityFeeToken0,
            uint256 communityFeeToken1,
            bool unlocked
        );
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
