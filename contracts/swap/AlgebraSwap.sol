// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CallbackKind} from "../flashloan/CallbackGuard.sol";
import {IAlgebraSwapCallback} from "../interfaces/external/IAlgebraSwapCallback.sol";
import {UniswapV3Swap} from "./UniswapV3Swap.sol";

/// @title AlgebraSwap: Algebra pools are swapped on as Uniswap V3's, and call back by a name of their own.
abstract contract AlgebraSwap is UniswapV3Swap, IAlgebraSwapCallback {
    /// @inheritdoc IAlgebraSwapCallback
    function algebraSwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data)
        external
        override
    {
        _payUniswapV3(CallbackKind.AlgebraSwap, amount0Delta, amount1Delta, data);
    }
}
