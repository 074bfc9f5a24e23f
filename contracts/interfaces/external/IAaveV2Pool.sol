// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A reserve of Aave V2, up to where its deposits lie (the pool answers with more).
struct AaveV2Reserve {
    uint256 configuration;
    uint128 liquidityIndex;
    uint128 variableBorrowIndex;
    uint128 currentLiquidityRate;
    uint128 currentVariableBorrowRate;
    uint128 currentStableBorrowRate;
    uint40 lastUpdateTimestamp;
    address aTokenAddress;
}

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

    /// @notice Premium on a loan, in bps.
    function FLASHLOAN_PREMIUM_TOTAL() external view returns (uint256);

    /// @notice Whether every action of the pool is stopped.
    function paused() external view returns (bool);

    /// @notice State of a reserve; its aToken holds what can be lent.
    function getReserveData(address asset) external view returns (AaveV2Reserve memory);
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
