// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {VenueKind} from "../../interfaces/IFlashLoanArbitrage.sol";
import {Terms} from "../../interfaces/ILenderLens.sol";
import {
    IAlgebraFlashCallback,
    IAlgebraFlashTerms,
    IPancakeV3FlashCallback,
    IUniswapV3FlashCallback,
    IUniswapV3FlashPool,
    IUniswapV3FlashTerms
} from "../../interfaces/external/IUniswapV3Flash.sol";
import {PlanLib} from "../../libraries/PlanLib.sol";
import {CallbackKind} from "../CallbackGuard.sol";
import {PoolLender} from "./PoolLender.sol";

/// @title Loans from the pools of a listed venue of Uniswap V3's family, each fork with a callback name of its own.
/// @notice The pool calls back only the one who asked. The fee is what the pool says; the plan bounds it.
abstract contract UniswapV3Lender is
    PoolLender,
    IUniswapV3FlashCallback,
    IPancakeV3FlashCallback,
    IAlgebraFlashCallback
{
    /// @dev Borrows one side of the pool.
    function _borrowFromUniswapV3(bytes calldata plan, bytes32 planHash, uint256 loan) internal {
        (address pool, uint256 amount0, uint256 amount1) = _awaitPool(plan, planHash, loan);
        IUniswapV3FlashPool(pool).flash(address(this), amount0, amount1, plan);
        _requireConsumed();
    }

    /// @inheritdoc IUniswapV3FlashCallback
    function uniswapV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external override {
        _onFlash(fee0, fee1, data);
    }

    /// @inheritdoc IPancakeV3FlashCallback
    function pancakeV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external override {
        _onFlash(fee0, fee1, data);
    }

    /// @inheritdoc IAlgebraFlashCallback
    function algebraFlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external override {
        _onFlash(fee0, fee1, data);
    }

    function _onFlash(uint256 fee0, uint256 fee1, bytes calldata plan) private {
        (bytes32 planHash, uint256 loan) = _consumeCallback(CallbackKind.UniswapV3Loan, plan);
        // The pool does not say what it lent; that it all came shows before the route, or when it is repaid.
        uint256 amount = PlanLib.loanAmount(plan, loan);
        _onPoolLoan(plan, planHash, loan, amount, _isToken0(plan, loan) ? fee0 : fee1);
    }
}

/// @title What a loan from a pool of Uniswap V3's family costs, and how much the pool has.
library UniswapV3Terms {
    /// @dev 100 % in hundredths of a basis point.
    uint256 private constant _PIPS = 1e6;

    /// @notice Terms of `amount` of `asset`.
    /// @dev Rounds the fee up, as the pool does, in its own favour. A pool without liquidity in range does not lend.
    /// Algebra's fee moves with the market (its first version, the one with seven words of state, is read here: a later
    /// one has terms of its own, and this reverts rather than guess).
    function terms(address pool, VenueKind kind, address asset, uint256 amount)
        internal
        view
        returns (Terms memory)
    {
        uint256 feePips;
        if (kind == VenueKind.Algebra) (,, feePips,,,,) = IAlgebraFlashTerms(pool).globalState();
        else feePips = IUniswapV3FlashTerms(pool).fee();
        bool isEmpty = IUniswapV3FlashTerms(pool).liquidity() == 0;
        uint256 fee = (amount * feePips + _PIPS - 1) / _PIPS;
        return Terms(fee, isEmpty ? 0 : IERC20(asset).balanceOf(pool));
    }
}
