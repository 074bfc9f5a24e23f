// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a swap needs of a Uniswap V2 style pair.
interface IUniswapV2Pair {
    /// @notice Reserves at the pair's last update, ordered by token address.
    function getReserves()
        external
        view
        returns (uint112 reserve0, uint112 reserve1, uint32 blockTimestampLast);

    /// @notice Sends out the amounts, then checks that enough came in; calls back only where `data` is not empty.
    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external;
}
