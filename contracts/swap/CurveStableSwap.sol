// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICurveStablePool} from "../interfaces/external/ICurveStablePool.sol";
import {AllowanceLib} from "../libraries/AllowanceLib.sol";

/// @title CurveStableSwap: exact-in swaps at Curve-type stable pools, each on the owner's list itself.
/// @notice Which coins `i` and `j` are is not asked: only `tokenIn` is approved (or only ether sent along), so nothing
/// else can be sold, and only `tokenOut` counts as received, so nothing else can be bought.
abstract contract CurveStableSwap {
    /// @dev Sells all of `amountIn`; the pool pays this contract, whoever is next.
    function _swapOnCurveStable(address pool, uint8 i, uint8 j, address tokenIn, uint256 amountIn) internal {
        bool sellsEther = tokenIn == address(0);
        if (!sellsEther) AllowanceLib.allow(tokenIn, pool, amountIn);
        // No least amount here: what arrives is measured against the leg's. Indices fit: they are bytes.
        ICurveStablePool(pool).exchange{value: sellsEther ? amountIn : 0}(
            int128(uint128(i)), int128(uint128(j)), amountIn, 0
        );
        if (!sellsEther) AllowanceLib.requireUsed(tokenIn, pool);
    }
}
