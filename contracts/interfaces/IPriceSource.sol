// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Prices that nobody can bend within a block.
interface IPriceSource {
    /// @notice US dollars (WAD) for one whole token.
    /// @dev Reverts where the price cannot be trusted: stale, out of its band, of other decimals than was agreed, or not
    /// there at all. Never zero.
    function priceWad(address token) external view returns (uint256 usdWad);
}
