// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The call for loans of several assets, which Aave V2's pool and Aave V3's share.
interface IAaveV2Pool {
    /// @notice Lends `amounts` of `assets` to `receiver`, calls it back, then pulls amounts plus premiums by allowance.
    /// @param modes For each asset: 0 takes it back at once; other values would open a debt of `onBehalfOf`.
    function flashLoan(
        address receiver,
        address[] calldata assets,
        uint256[] calldata amounts,
        uint256[] calldata modes,
        address onBehalfOf,
        bytes calldata params,
        uint16 referralCode
    ) external;
}

/// @title What either pool calls on the borrower of several assets.
interface IAaveV2Borrower {
    /// @notice The loans have arrived; `initiator` is who asked for them.
    /// @return repaid Must be true, and the pool must hold an allowance of amount plus premium of each asset.
    function executeOperation(
        address[] calldata assets,
        uint256[] calldata amounts,
        uint256[] calldata premiums,
        address initiator,
        bytes calldata params
    ) external returns (bool repaid);
}
