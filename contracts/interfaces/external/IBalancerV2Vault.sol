// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The one function of the Balancer V2 vault that a borrower calls.
interface IBalancerV2Vault {
    /// @notice Lends `amounts` of `tokens` (sorted, unique) to `recipient` and calls it back.
    /// @dev Anyone may name any recipient, and the callback does not say who asked.
    function flashLoan(
        address recipient,
        address[] calldata tokens,
        uint256[] calldata amounts,
        bytes calldata userData
    ) external;
}

/// @title What the vault calls on its borrower.
interface IBalancerV2Borrower {
    /// @notice Loans have arrived; each amount plus its fee must be back at the vault when this returns.
    function receiveFlashLoan(
        address[] calldata tokens,
        uint256[] calldata amounts,
        uint256[] calldata feeAmounts,
        bytes calldata userData
    ) external;
}
