// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAaveV3Borrower, IAaveV3Pool} from "../../interfaces/external/IAaveV3Pool.sol";
import {AllowanceLib} from "../../libraries/AllowanceLib.sol";
import {Loan} from "../../libraries/PlanLib.sol";
import {CallbackKind} from "../CallbackGuard.sol";
import {AaveV2Lender} from "./AaveV2Lender.sol";

/// @title Loans from the Aave V3 pool: repaid by an exact allowance that the pool pulls.
/// @notice One asset goes the cheaper way of its own, several in a row go the way of Aave V2. The pool lets anyone name
/// any receiver, and says who asked: that must be us.
abstract contract AaveV3Lender is AaveV2Lender, IAaveV3Borrower {
    /// @dev The pool; zero where the chain has none.
    address internal immutable _AAVE_V3_POOL;

    constructor(address pool) {
        _AAVE_V3_POOL = pool;
    }

    /// @dev Borrows the loan, with those that follow it of this kind; checks afterwards that the pool pulled all it was
    /// allowed to.
    function _borrowFromAaveV3(address pool, bytes calldata plan, bytes32 planHash, Loan memory loan)
        internal
    {
        if (_isBasket(plan, loan)) return _borrowBasketFromAave(pool, plan, planHash, loan);
        uint256 outer = _expectCallback(pool, CallbackKind.AaveV3Loan, planHash);
        IAaveV3Pool(pool).flashLoanSimple(address(this), loan.asset, loan.amount, plan, _NO_REFERRAL);
        _requireConsumed(outer);
        AllowanceLib.requireUsed(loan.asset, pool);
    }

    /// @inheritdoc IAaveV3Borrower
    function executeOperation(
        address asset,
        uint256 amount,
        uint256 premium,
        address initiator,
        bytes calldata params
    ) external override returns (bool repaid) {
        bytes32 planHash = _consumeCallback(CallbackKind.AaveV3Loan, params);
        _requireOurs(initiator);
        uint256 owed = _onLoan(params, planHash, asset, amount, premium);
        AllowanceLib.allow(asset, msg.sender, owed);
        return true;
    }
}
