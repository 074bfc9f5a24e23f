// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a borrower needs of an ERC-3156 lender.
interface IErc3156FlashLender {
    /// @notice Lends `amount` of `token` to `receiver`, calls it back, then pulls amount plus fee by allowance.
    /// @dev The answer (always true) is not read: the callback and the allowance say more.
    function flashLoan(address receiver, address token, uint256 amount, bytes calldata data) external;

    /// @notice The most of `token` that can be lent now; 0 for a token that it does not lend.
    function maxFlashLoan(address token) external view returns (uint256);

    /// @notice What a loan of `amount` costs; reverts for a token that it does not lend.
    function flashFee(address token, uint256 amount) external view returns (uint256);
}

/// @title What the lender calls on its borrower.
interface IErc3156FlashBorrower {
    /// @notice The loan has arrived; `initiator` is who asked for it.
    /// @return magic keccak256("ERC3156FlashBorrower.onFlashLoan").
    function onFlashLoan(address initiator, address token, uint256 amount, uint256 fee, bytes calldata data)
        external
        returns (bytes32 magic);
}
