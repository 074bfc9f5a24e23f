// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {CallbackKind} from "../flashloan/CallbackGuard.sol";
import {UniswapV4Unlock} from "../flashloan/UniswapV4Unlock.sol";
import {VenueKind} from "../interfaces/IFlashLoanArbitrage.sol";
import {IUniswapV4PoolManager} from "../interfaces/external/IUniswapV4PoolManager.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {PlanLib} from "../libraries/PlanLib.sol";
import {PriceLimitLib} from "../libraries/PriceLimitLib.sol";

/// @title UniswapV4Swap: exact-in swaps straight at the pool manager, inside our own unlock.
/// @notice Pools are not listed: the manager keeps every pool's money apart, and a pool whose hooks cheat can only give
/// too little, which the leg's least output and the loan hold against it. Between two legs over the manager tokens do
/// not move: what the first bought stays a credit there, which the second sells.
abstract contract UniswapV4Swap is UniswapV4Unlock {
    /// @dev Bytes of a leg's parameters without and with hooks.
    uint256 private constant _PLAIN = 6;
    uint256 private constant _HOOKED = 26;

    /// @dev Unlocks the manager, once, around all legs of a route; they run in `_onUnlockedForSwap`.
    /// @param route Where they begin.
    function _unlockUniswapV4(bytes calldata plan, uint256 route) internal {
        if (_POOL_MANAGER == address(0)) revert ErrorsLib.VenueNotAvailable(VenueKind.UniswapV4);
        _expectCallback(_POOL_MANAGER, CallbackKind.UniswapV4Swap, route, keccak256(plan));
        IUniswapV4PoolManager(_POOL_MANAGER).unlock(plan);
        _requireConsumed();
    }

    /// @dev Sells all of `amountIn`, or reverts. Tokens are named as currencies are: the zero address is ether.
    /// @param params The leg's own: the pool's fee, tick spacing and hooks.
    /// @param credited The leg before left the input with the manager.
    /// @param recipient Who is paid: this contract, the next leg's pair, or nobody yet (the manager itself).
    /// @return amountOut What the manager paid or credited, in base units of `tokenOut`.
    function _swapOnUniswapV4(
        bytes calldata params,
        address tokenIn,
        address tokenOut,
        uint256 amountIn,
        bool credited,
        address recipient
    ) internal returns (uint256 amountOut) {
        amountOut = _sellToUniswapV4(params, tokenIn, tokenOut, amountIn);
        if (!credited) _settleUniswapV4(tokenIn, amountIn);
        if (recipient != _POOL_MANAGER) _takeUniswapV4(tokenOut, recipient, amountOut);
    }

    /// @dev The swap itself, on the manager's books.
    function _sellToUniswapV4(bytes calldata params, address tokenIn, address tokenOut, uint256 amountIn)
        private
        returns (uint256 amountOut)
    {
        bool zeroForOne = tokenIn < tokenOut;
        IUniswapV4PoolManager.PoolKey memory key = _poolKey(params);
        (key.currency0, key.currency1) = zeroForOne ? (tokenIn, tokenOut) : (tokenOut, tokenIn);
        // Negative: exact input.
        int256 wanted = -SafeCast.toInt256(amountIn);
        int256 deltas = IUniswapV4PoolManager(_POOL_MANAGER)
            .swap(
                key,
                IUniswapV4PoolManager.SwapParams(zeroForOne, wanted, PriceLimitLib.farthest(zeroForOne)),
                ""
            );
        // Two int128 in one word, that of currency0 above.
        // forge-lint: disable-next-line(unsafe-typecast)
        (int256 deltaIn, int256 deltaOut) = (deltas >> 128, int256(int128(deltas)));
        if (!zeroForOne) (deltaIn, deltaOut) = (deltaOut, deltaIn);
        if (deltaIn != wanted) revert ErrorsLib.SwapNotFilled(_POOL_MANAGER, amountIn, -deltaIn);
        return SafeCast.toUint256(deltaOut);
    }

    /// @dev The pool's fee, tick spacing and hooks; its currencies are for the caller to fill in.
    function _poolKey(bytes calldata params) private pure returns (IUniswapV4PoolManager.PoolKey memory key) {
        bool hooked = params.length > _PLAIN;
        uint256 needed = hooked ? _HOOKED : _PLAIN;
        if (params.length != needed) revert ErrorsLib.WrongParameters(params.length, needed);
        key.fee = PlanLib.uint24At(params, 0);
        // Two's complement in three bytes.
        // forge-lint: disable-next-line(unsafe-typecast)
        key.tickSpacing = int24(PlanLib.uint24At(params, 3));
        if (hooked) key.hooks = PlanLib.addressAt(params, 6);
    }
}
