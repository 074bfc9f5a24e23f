// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The one function of Morpho Blue that a borrower of a flash loan calls.
interface IMorphoBlue {
    /// @notice Lends `assets` of `token` to the caller, calls it back, then pulls the same amount by allowance.
    function flashLoan(address token, uint256 assets, bytes calldata data) external;
}

/// @title What Morpho Blue calls on its borrower.
interface IMorphoBlueBorrower {
    /// @notice The loan has arrived; the token is not named, the borrower knows what it asked for.
    function onMorphoFlashLoan(uint256 assets, bytes calldata data) external;
}
