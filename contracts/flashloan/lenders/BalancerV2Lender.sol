// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Terms} from "../../interfaces/ILenderLens.sol";
import {
    IBalancerV2Borrower,
    IBalancerV2FeesCollector,
    IBalancerV2Vault
} from "../../interfaces/external/IBalancerV2Vault.sol";
import {BalancerV2Vault} from "../BalancerV2Vault.sol";
import {CallbackKind} from "../CallbackGuard.sol";
import {FlashBorrower} from "../FlashBorrower.sol";

/// @title Loans from the Balancer V2 vault: repaid by a transfer inside the callback.
/// @notice The vault lets anyone name any receiver and its callback names no initiator: only the guard tells our
/// loan from a stranger's.
abstract contract BalancerV2Lender is FlashBorrower, BalancerV2Vault, IBalancerV2Borrower {
    /// @dev Borrows the loan and those that follow it of this kind (the vault wants them sorted by address); everything
    /// else happens in the callback.
    function _borrowFromBalancerV2(bytes calldata plan, bytes32 planHash, uint256 loan) internal {
        (address[] memory tokens, uint256[] memory amounts) = _basket(plan, loan);
        _expectCallback(BALANCER_VAULT, CallbackKind.BalancerV2Loan, planHash);
        IBalancerV2Vault(BALANCER_VAULT).flashLoan(address(this), tokens, amounts, plan);
        _requireConsumed();
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

/// @title What a loan from the vault costs, and how much it has.
library BalancerV2Terms {
    uint256 private constant _WAD = 1e18;

    /// @notice Terms of `amount` of `asset`.
    /// @dev Rounds the fee up, as the vault does, in its own favour.
    function terms(address vault, address asset, uint256 amount) internal view returns (Terms memory) {
        address collector = IBalancerV2Vault(vault).getProtocolFeesCollector();
        uint256 shareWad = IBalancerV2FeesCollector(collector).getFlashLoanFeePercentage();
        (bool paused,,) = IBalancerV2Vault(vault).getPausedState();
        uint256 fee = (amount * shareWad + _WAD - 1) / _WAD;
        return Terms(fee, paused ? 0 : IERC20(asset).balanceOf(vault));
    }
}
