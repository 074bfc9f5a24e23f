// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The one function of a Curve-type stable pool that a swap calls.
/// @notice Some pools return the amount bought, the oldest nothing: neither is read.
interface ICurveStablePool {
    /// @notice Pulls `dx` of coin `i` (or takes the ether sent along) and pays coin `j` to the caller.
    /// @param minDy Least amount of coin `j`, in its base units.
    function exchange(int128 i, int128 j, uint256 dx, uint256 minDy) external payable;
}
