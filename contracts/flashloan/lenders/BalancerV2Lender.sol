// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Terms} from "../../interfaces/ILenderLens.sol";
import {
    IBalancerV2Borrower,
    IBalancerV2FeesCollector,
    IBalancerV2Vault
} from "../../interfaces/external/IBalancerV2Vault.sol";
import {PlanLib} from "../../libraries/PlanLib.sol";
import {RawCallLib} from "../../libraries/RawCallLib.sol";
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
        (uint256 from, uint256 to) = _encodeFlashLoan(plan, loan);
        _expectCallback(_BALANCER_VAULT, CallbackKind.BalancerV2Loan, loan, planHash);
        // A vault without code would not call back.
        RawCallLib.makeCall(_BALANCER_VAULT, from, to);
        _requireConsumed();
    }

    /// @inheritdoc IBalancerV2Borrower
    function receiveFlashLoan(
        address[] calldata tokens,
        uint256[] calldata amounts,
        uint256[] calldata feeAmounts,
        bytes calldata userData
    ) external override {
        (bytes32 planHash, uint256 loan) = _consumeCallback(CallbackKind.BalancerV2Loan, userData);
        if (tokens.length == 1) {
            // The same as below, for less; the plan's asset is `tokens[0]`, as has been seen.
            uint256 owed = _onLoan(tokens[0], amounts[0], feeAmounts[0], userData, planHash, loan);
            return _repay(PlanLib.loanAsset(userData, loan), owed);
        }
        _onBasket(tokens, amounts, feeAmounts, userData, planHash, loan);
        for (uint256 i; i < tokens.length; ++i) {
            _repay(tokens[i], amounts[i] + feeAmounts[i]);
        }
    }

    /// @dev The call of `IBalancerV2Vault.flashLoan`, straight from the plan: by way of arrays it is 1,200 gas dearer. It
    /// lies beyond the free memory and is not kept.
    /// @return from Where it begins.
    /// @return to Where it ends.
    function _encodeFlashLoan(bytes calldata plan, uint256 loan)
        private
        view
        returns (uint256 from, uint256 to)
    {
        uint256 count = _basketSize(plan, loan);
        bytes4 selector = IBalancerV2Vault.flashLoan.selector;
        uint256 size;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            // An array: its length and its elements.
            size := shl(5, add(count, 1))
            from := mload(0x40)
            mstore(from, selector)
            let head := add(from, 4)
            mstore(head, address())
            mstore(add(head, 0x20), 0x80)
            mstore(add(head, 0x40), add(0x80, size))
            mstore(add(head, 0x60), add(0x80, shl(1, size)))
            to := add(head, 0x80)
            mstore(to, count)
            mstore(add(to, size), count)
        }
        for (uint256 i; i < count; ++i) {
            (address asset, uint256 amount,) = PlanLib.loanTerms(plan, loan);
            // solhint-disable-next-line no-inline-assembly
            assembly ("memory-safe") {
                to := add(to, 0x20)
                mstore(to, asset)
                mstore(add(to, size), amount)
            }
            loan = PlanLib.afterLoan(plan, loan);
        }
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            to := add(add(to, size), 0x20)
            mstore(to, plan.length)
            calldatacopy(add(to, 0x20), plan.offset, plan.length)
            // Padded, as the vault's old decoder wants it; what lies there is not looked at.
            to := add(to, and(add(plan.length, 0x3f), not(0x1f)))
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
