// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {StableSwapBase} from "./StableSwapBase.sol";

/// @title A model of Curve's 3pool (DAI/USDC/USDT), for the offline replica of mainnet
/// @notice Models what traders meet beyond `StableSwapBase` at a pool of the first generation: `exchange` returns
/// nothing, so a caller that decodes an amount reverts; `get_dy` converts to the coin's own units before it takes the
/// fee, and `exchange` after, so that the two may differ by one base unit; the coin at index 2 may take a fee on
/// transfers (USDT can), and what arrives is what counts.
contract ThreePoolModel is StableSwapBase {
    uint256 private constant FEE_INDEX = 2;

    constructor(address[] memory coins_, uint256 leverage, uint256 fee_, uint256 adminFee)
        StableSwapBase(coins_, leverage, fee_, adminFee)
    {}

    function exchange(int128 i, int128 j, uint256 dx, uint256 minDy) external lock {
        _exchange(i, j, dx, minDy);
    }

    function get_dy(int128 i, int128 j, uint256 dx) external view returns (uint256) {
        // Rounds down for the pool; the fee rounds down, for the trader.
        uint256 dy = _scaledOut(i, j, dx) / _scale(j);
        return dy - dy * fee / FEE_ONE;
    }

    function _pull(uint256 i, uint256 dx) internal override returns (uint256) {
        if (i != FEE_INDEX) return super._pull(i, dx);
        uint256 before = IERC20(coins[i]).balanceOf(address(this));
        super._pull(i, dx);
        return IERC20(coins[i]).balanceOf(address(this)) - before;
    }
}
