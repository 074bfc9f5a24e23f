// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The one function of the Aave V3 pool that a borrower of a single asset calls.
interface IAaveV3Pool {
    /// @notice Lends `amount` of `asset` to `receiver`, calls it back, then pulls amount plus premium by allowance.
    function flashLoanSimple(
        address receiver,
        address asset,
        uint256 amount,
        bytes calldata params,
        uint16 referralCode
    ) external;
}

/// @title What the pool calls on its borrower.
interface IAaveV3Borrower {
    /// @notice The loan has arrived; `initiator` is who asked for it.
    /// @return repaid Must be true, and the pool must hold an allowance of `amount + premium`.
    function executeOperation(
        address asset,
        uint256 amount,
        uint256 premium,
        address initiator,
        bytes calldata params
    ) external returns (bool repaid);
}
