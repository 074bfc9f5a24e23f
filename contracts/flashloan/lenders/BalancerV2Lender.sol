// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBalancerV2Borrower, IBalancerV2Vault} from "../../interfaces/external/IBalancerV2Vault.sol";
import {Loan} from "../../libraries/PlanLib.sol";
import {BalancerV2Vault} from "../BalancerV2Vault.sol";
import {CallbackKind} from "../CallbackGuard.sol";
import {FlashBorrower} from "../FlashBorrower.sol";

/// @title Loans from the Balancer V2 vault: repaid by a transfer inside the callback.
/// @notice The vault lets anyone name any receiver and its callback names no initiator: only the guard tells our
/// loan from a stranger's.
abstract contract BalancerV2Lender is FlashBorrower, BalancerV2Vault, IBalancerV2Borrower {
    /// @dev Borrows the loan and those that follow it of this kind (the vault wants them sorted by address); everything
    /// else happens in the callback.
    function _borrowFromBalancerV2(bytes calldata plan, bytes32 planHash, Loan memory loan) internal {
        (address[] memory tokens, uint256[] memory amounts) = _basket(plan, loan);
        uint256 outer = _expectCallback(BALANCER_VAULT, CallbackKind.BalancerV2Loan, planHash);
        IBalancerV2Vault(BALANCER_VAULT).flashLoan(address(this), tokens, amounts, plan);
        _requireConsumed(outer);
    }

    /// @inheritdoc IBalancerV2Borrower
    function receiveFlashLoan(
        address[] calldata tokens,
        uint256[] calldata amounts,
        uint256[] calldata feeAmounts,
        bytes calldata userData
    ) external override {
        bytes32 planHash = _consumeCallback(CallbackKind.BalancerV2Loan, userData);
        uint256[] memory owed = _onBasket(userData, planHash, tokens, amounts, feeAmounts);
        for (uint256 i; i < owed.length; ++i) {
            _repay(tokens[i], owed[i]);
        }
    }
}
