// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Wrapped ether: what unwrapping a tip needs.
interface IWETH {
    /// @notice Mints as much WETH to the caller as ether was sent.
    function deposit() external payable;

    /// @notice Burns `amount` of the caller's WETH and sends it the ether.
    function withdraw(uint256 amount) external;
}
