// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LenderKind} from "../../interfaces/IFlashLoanArbitrage.sol";
import {IAaveV3Borrower, IAaveV3Pool} from "../../interfaces/external/IAaveV3Pool.sol";
import {ErrorsLib} from "../../libraries/ErrorsLib.sol";
import {Loan} from "../../libraries/PlanLib.sol";
import {CallbackKind} from "../CallbackGuard.sol";
import {FlashBorrower} from "../FlashBorrower.sol";

/// @title Loans from the Aave V3 pool (one asset): repaid by an exact allowance that the pool pulls.
/// @notice The pool lets anyone name any receiver, and says who asked: that must be us.
abstract contract AaveV3Lender is FlashBorrower, IAaveV3Borrower {
    /// @dev Aave's referral programme is over; 0 means none.
    uint16 private constant _NO_REFERRAL = 0;

    /// @notice The pool; zero where the chain has none.
    address public immutable AAVE_POOL;

    constructor(address pool) {
        AAVE_POOL = pool;
    }

    /// @dev Borrows one asset; checks afterwards that the pool pulled all it was allowed to.
    function _borrowFromAaveV3(bytes calldata plan, bytes32 planHash, Loan memory loan) internal {
        if (AAVE_POOL == address(0)) revert ErrorsLib.LenderNotAvailable(LenderKind.AaveV3);
        uint256 outer = _expectCallback(AAVE_POOL, CallbackKind.AaveV3Loan, planHash);
        IAaveV3Pool(AAVE_POOL).flashLoanSimple(address(this), loan.asset, loan.amount, plan, _NO_REFERRAL);
        _requireConsumed(outer);
        _requireNoAllowance(loan.asset, AAVE_POOL);
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
        if (initiator != address(this)) revert ErrorsLib.WrongInitiator(initiator);
        uint256 owed = _onLoan(params, planHash, asset, amount, premium);
        _approveRepayment(asset, AAVE_POOL, owed);
        return true;
    }
}
