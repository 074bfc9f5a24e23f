// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Terms} from "../../interfaces/ILenderLens.sol";
import {IPancakeV2Callee, IUniswapV2Callee} from "../../interfaces/external/IUniswapV2Callee.sol";
import {IUniswapV2Pair} from "../../interfaces/external/IUniswapV2Pair.sol";
import {PlanLib} from "../../libraries/PlanLib.sol";
import {CallbackKind} from "../CallbackGuard.sol";
import {PoolLender} from "./PoolLender.sol";

/// @title Loans from the pairs of a listed Uniswap V2 venue: a flash swap that takes and pays the same token.
/// @notice Anyone can name any receiver; the pair says who asked: that must be us.
abstract contract UniswapV2Lender is PoolLender, IUniswapV2Callee, IPancakeV2Callee {
    /// @dev Borrows one side of the pair.
    function _borrowFromUniswapV2(bytes calldata plan, bytes32 planHash, uint256 loan) internal {
        (address pair, uint256 amount0, uint256 amount1) = _awaitPool(plan, planHash, loan);
        IUniswapV2Pair(pair).swap(amount0, amount1, address(this), plan);
        _requireConsumed();
    }

    /// @inheritdoc IUniswapV2Callee
    function uniswapV2Call(address sender, uint256 amount0, uint256 amount1, bytes calldata data)
        external
        override
    {
        _onFlashSwap(sender, amount0, amount1, data);
    }

    /// @inheritdoc IPancakeV2Callee
    function pancakeCall(address sender, uint256 amount0, uint256 amount1, bytes calldata data)
        external
        override
    {
        _onFlashSwap(sender, amount0, amount1, data);
    }

    function _onFlashSwap(address sender, uint256 amount0, uint256 amount1, bytes calldata plan) private {
        (bytes32 planHash, uint256 loan) = _consumeCallback(CallbackKind.UniswapV2Loan, plan);
        _requireOurs(sender);
        uint256 amount = _isToken0(plan, loan) ? amount0 : amount1;
        uint16 venueId = PlanLib.uint16At(plan, PlanLib.loanParams(loan));
        uint256 fee = UniswapV2Terms.feeOf(amount, _listedVenue(venueId).feePips);
        _onPoolLoan(plan, planHash, loan, amount, fee);
    }
}

/// @title What a flash swap of one token costs, and how much the pair has.
library UniswapV2Terms {
    /// @dev 100 % in hundredths of a basis point.
    uint256 private constant _PIPS = 1e6;

    /// @notice Terms of `amount` of one of the pair's tokens.
    /// @dev A pair never gives out a whole reserve.
    function terms(address pair, bool isToken0, uint256 amount, uint256 feePips)
        internal
        view
        returns (Terms memory)
    {
        (uint256 reserve0, uint256 reserve1,) = IUniswapV2Pair(pair).getReserves();
        uint256 reserve = isToken0 ? reserve0 : reserve1;
        return Terms(feeOf(amount, feePips), reserve == 0 ? 0 : reserve - 1);
    }

    /// @notice Fee of taking `amount` and paying in the same token, in base units.
    /// @dev The least x for which the pair's product check passes: (amount + x) (1 - fee) >= amount. Rounds up: one unit
    /// less would break the check.
    function feeOf(uint256 amount, uint256 feePips) internal pure returns (uint256) {
        uint256 kept = _PIPS - feePips;
        return (amount * _PIPS + kept - 1) / kept - amount;
    }
}
