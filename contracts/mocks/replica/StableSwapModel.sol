// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StableSwapBase} from "./StableSwapBase.sol";

/// @title A model of a Curve-type pool of the second generation (FRAX/USDC), for the offline replica of mainnet
/// @notice Models what traders meet beyond `StableSwapBase`: `exchange` returns the amount paid out, and `get_dy`
/// gives exactly that amount: both take the fee before they convert to the coin's own units.
contract StableSwapModel is StableSwapBase {
    constructor(address[] memory coins_, uint256 leverage, uint256 fee_, uint256 adminFee)
        StableSwapBase(coins_, leverage, fee_, adminFee)
    {}

    function exchange(int128 i, int128 j, uint256 dx, uint256 minDy) external lock returns (uint256 dy) {
        dy = _exchange(i, j, dx, minDy);
    }

    function get_dy(int128 i, int128 j, uint256 dx) external view returns (uint256) {
        uint256 out = _scaledOut(i, j, dx);
        // The fee rounds down, for the trader; the conversion rounds down, for the pool.
        return (out - out * fee / FEE_ONE) / _scale(j);
    }
}
