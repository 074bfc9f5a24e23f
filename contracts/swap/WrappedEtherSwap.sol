// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IWETH} from "../interfaces/external/IWETH.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";

/// @title WrappedEtherSwap: WETH for ether and ether for WETH, one for one. In a route, ether is the zero address.
abstract contract WrappedEtherSwap {
    /// @notice Wrapped ether; the only asset of which a builder's tip can be paid.
    address public immutable WETH;

    constructor(address weth) {
        if (weth.code.length == 0) revert ErrorsLib.InvalidWeth(weth);
        WETH = weth;
    }

    /// @dev Wraps or unwraps all of `amount`, as the tokens say.
    function _swapWrappedEther(address tokenIn, address tokenOut, uint256 amount) internal {
        if (tokenIn == WETH && tokenOut == address(0)) IWETH(WETH).withdraw(amount);
        else if (tokenIn == address(0) && tokenOut == WETH) IWETH(WETH).deposit{value: amount}();
        else revert ErrorsLib.NotWrappedEther(tokenIn, tokenOut);
    }
}
