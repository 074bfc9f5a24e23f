// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CallbackKind} from "../flashloan/CallbackGuard.sol";
import {IPancakeV3SwapCallback} from "../interfaces/external/IPancakeV3SwapCallback.sol";
import {UniswapV3Swap} from "./UniswapV3Swap.sol";

/// @title PancakeV3Swap: PancakeSwap V3 pools are swapped on as Uniswap V3's, and call back by a name of their own.
abstract contract PancakeV3Swap is UniswapV3Swap, IPancakeV3SwapCallback {
    /// @inheritdoc IPancakeV3SwapCallback
    function pancakeV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data)
        external
        override
    {
        _payUniswapV3(CallbackKind.PancakeV3Swap, amount0Delta, amount1Delta, data);
    }
}
