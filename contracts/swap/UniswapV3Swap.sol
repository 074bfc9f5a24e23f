// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {CallbackGuard, CallbackKind} from "../flashloan/CallbackGuard.sol";
import {IUniswapV3Pool, IUniswapV3SwapCallback} from "../interfaces/external/IUniswapV3Pool.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {PriceLimitLib} from "../libraries/PriceLimitLib.sol";

/// @title UniswapV3Swap: exact-in swaps straight at a pool: take first, pay in the callback.
/// @notice The families that descend from it (PancakeSwap V3, Algebra) have the same `swap` and a callback of another
/// name: their files hold that name, this one all the rest. A callback of one family never passes for another's.
abstract contract UniswapV3Swap is CallbackGuard, IUniswapV3SwapCallback {
    /// @dev Sells all of `amountIn`, or reverts.
    /// @param family Whose callback is awaited.
    /// @param recipient Who is paid: this contract, or the next leg's pair.
    /// @return amountOut What the pool says it sent, in base units of `tokenOut`.
    function _swapOnUniswapV3(
        CallbackKind family,
        address pool,
        address tokenIn,
        address tokenOut,
        uint256 amountIn,
        address recipient
    ) internal returns (uint256 amountOut) {
        bool zeroForOne = tokenIn < tokenOut;
        bytes memory data = abi.encode(tokenIn, amountIn);
        _expectCallback(pool, family, 0, keccak256(data));
        (int256 amount0, int256 amount1) = IUniswapV3Pool(pool)
            .swap(
                recipient,
                zeroForOne,
                SafeCast.toInt256(amountIn), // positive: exact input
                PriceLimitLib.farthest(zeroForOne),
                data
            );
        _requireConsumed();
        amountOut = SafeCast.toUint256(-(zeroForOne ? amount1 : amount0));
    }

    /// @inheritdoc IUniswapV3SwapCallback
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data)
        external
        override
    {
        _payUniswapV3(CallbackKind.UniswapV3Swap, amount0Delta, amount1Delta, data);
    }

    /// @dev The whole of a callback: it must be the one awaited, and want exactly what is being sold.
    function _payUniswapV3(CallbackKind family, int256 amount0Delta, int256 amount1Delta, bytes calldata data)
        internal
    {
        _consumeCallback(family, data);
        (address tokenIn, uint256 amountIn) = abi.decode(data, (address, uint256));
        int256 taken = amount0Delta > 0 ? amount0Delta : amount1Delta;
        // A pool that runs out of liquidity takes less; the rest would stay here. The cast cannot wrap: `amountIn`
        // was an int256 in the call that led here.
        // forge-lint: disable-next-line(unsafe-typecast)
        if (taken != int256(amountIn)) revert ErrorsLib.SwapNotFilled(msg.sender, amountIn, taken);
        SafeTransferLib.safeTransfer(tokenIn, msg.sender, amountIn);
    }
}
