// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICurveStablePool} from "../interfaces/external/ICurveStablePool.sol";

/// @title CurveStableSwap: exact-in swaps at Curve-type stable pools, each on the owner's list itself.
/// @notice Which coins `i` and `j` are is not asked: only the token sold is approved (or only ether sent along), so
/// nothing else can be sold, and only the token bought counts as received, so nothing else can be bought.
abstract contract CurveStableSwap {
    /// @dev Sells all of `amountIn`, which the pool is allowed to pull, or which goes along as `value`; the pool pays this
    /// contract, whoever is next.
    function _swapOnCurveStable(address pool, uint8 i, uint8 j, uint256 amountIn, uint256 value) internal {
        // No least amount here: what arrives is measured against the leg's. Indices fit: they are bytes.
        ICurveStablePool(pool).exchange{value: value}(int128(uint128(i)), int128(uint128(j)), amountIn, 0);
    }
}
