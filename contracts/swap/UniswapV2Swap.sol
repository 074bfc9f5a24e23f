// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IUniswapV2Pair} from "../interfaces/external/IUniswapV2Pair.sol";

/// @title UniswapV2Swap: exact-in swaps straight at a pair: pay first, then take.
/// @notice `swap` is given no data, so the pair never calls back.
abstract contract UniswapV2Swap {
    /// @dev 100 % in hundredths of a basis point.
    uint256 private constant _PIPS = 1e6;

    /// @dev Pays all of `amountIn` to the pair, unless it is there already, and takes the most that its product rule
    /// allows.
    /// @param prepaid The leg before has paid the pair directly.
    /// @param recipient Who is paid: this contract, or the next leg's pair.
    /// @return amountOut What the pair sent, in base units of `tokenOut`.
    function _swapOnUniswapV2(
        address pair,
        address tokenIn,
        address tokenOut,
        uint24 feePips,
        uint256 amountIn,
        bool prepaid,
        address recipient
    ) internal returns (uint256 amountOut) {
        bool zeroForOne = tokenIn < tokenOut;
        amountOut = _quoteUniswapV2(pair, zeroForOne, feePips, amountIn);
        if (!prepaid) SafeTransferLib.safeTransfer(tokenIn, pair, amountIn);
        (uint256 amount0Out, uint256 amount1Out) =
            zeroForOne ? (uint256(0), amountOut) : (amountOut, uint256(0));
        IUniswapV2Pair(pair).swap(amount0Out, amount1Out, recipient, "");
    }

    /// @dev Source of the formula: Uniswap V2 whitepaper, 3.2.1: (in - fee) times the new in-reserve keeps the
    /// product. Rounds down: one unit more would break the pair's product check.
    function _quoteUniswapV2(address pair, bool zeroForOne, uint24 feePips, uint256 amountIn)
        private
        view
        returns (uint256)
    {
        (uint256 reserve0, uint256 reserve1,) = IUniswapV2Pair(pair).getReserves();
        (uint256 reserveIn, uint256 reserveOut) = zeroForOne ? (reserve0, reserve1) : (reserve1, reserve0);
        uint256 paid = amountIn * (_PIPS - feePips);
        return (paid * reserveOut) / (reserveIn * _PIPS + paid);
    }
}
