// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {CallbackGuard} from "./CallbackGuard.sol";

/// @title FlashBorrower: the shape of a lender.
/// @notice A lender is one file in `lenders/`: an abstract contract that holds the lender's address as an immutable,
/// one `_borrowFrom<Lender>` that awaits the callback, asks for the loan and checks that the callback was consumed,
/// and the callback itself, which (1) consumes the guard, (2) checks everything else that the lender says,
/// (3) calls `_onLoan`, (4) sees to the repayment of what `_onLoan` says is owed. It holds no policy of its own.
abstract contract FlashBorrower is CallbackGuard {
    /// @dev Runs the plan encoded in `data` with the loan that has just arrived. The callback was proven before.
    /// @param planHash keccak256 of `data`, as `_consumeCallback` returned it.
    /// @return owed What the lender must have back: amount plus fee, held by this contract when this returns.
    function _onLoan(address asset, uint256 amount, uint256 fee, bytes calldata data, bytes32 planHash)
        internal
        virtual
        returns (uint256 owed);

    /// @dev Allows `lender` to pull exactly `owed`. Tokens that only approve from zero are served: no allowance is
    /// ever left over.
    function _approveRepayment(address asset, address lender, uint256 owed) internal {
        SafeTransferLib.safeApproveWithRetry(asset, lender, owed);
    }

    /// @dev The lender must have used its allowance to the last unit.
    function _requireNoAllowance(address asset, address lender) internal view {
        uint256 left = IERC20(asset).allowance(address(this), lender);
        if (left != 0) revert ErrorsLib.AllowanceLeft(asset, lender, left);
    }
}
