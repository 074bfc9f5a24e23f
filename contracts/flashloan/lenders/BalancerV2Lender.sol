// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {LenderKind} from "../../interfaces/IFlashLoanArbitrage.sol";
import {IBalancerV2Borrower, IBalancerV2Vault} from "../../interfaces/external/IBalancerV2Vault.sol";
import {ErrorsLib} from "../../libraries/ErrorsLib.sol";
import {CallbackKind} from "../CallbackGuard.sol";
import {FlashBorrower} from "../FlashBorrower.sol";

/// @title Loans from the Balancer V2 vault: repaid by a transfer inside the callback.
/// @notice The vault lets anyone name any receiver and its callback names no initiator: only the guard tells our
/// loan from a stranger's.
abstract contract BalancerV2Lender is FlashBorrower, IBalancerV2Borrower {
    /// @notice The vault; zero where the chain has none.
    address public immutable BALANCER_VAULT;

    constructor(address vault) {
        BALANCER_VAULT = vault;
    }

    /// @dev Borrows one asset; everything else happens in the callback.
    function _borrowFromBalancerV2(address asset, uint256 amount, bytes memory data, bytes32 planHash)
        internal
    {
        if (BALANCER_VAULT == address(0)) revert ErrorsLib.LenderNotAvailable(LenderKind.BalancerV2);
        address[] memory tokens = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        tokens[0] = asset;
        amounts[0] = amount;
        uint256 outer = _expectCallback(BALANCER_VAULT, CallbackKind.BalancerV2Loan, planHash);
        IBalancerV2Vault(BALANCER_VAULT).flashLoan(address(this), tokens, amounts, data);
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
        if (tokens.length != 1) revert ErrorsLib.WrongLoan(address(0), tokens.length);
        uint256 owed = _onLoan(tokens[0], amounts[0], feeAmounts[0], userData, planHash);
        SafeTransferLib.safeTransfer(tokens[0], BALANCER_VAULT, owed);
    }
}
