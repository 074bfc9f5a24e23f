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

/// @notice A reserve of Aave V3, up to where its deposits lie (the pool answers with more).
struct AaveV3Reserve {
    uint256 configuration;
    uint128 liquidityIndex;
    uint128 currentLiquidityRate;
    uint128 variableBorrowIndex;
    uint128 currentVariableBorrowRate;
    uint128 currentStableBorrowRate;
    uint40 lastUpdateTimestamp;
    uint16 id;
    address aTokenAddress;
}

/// @title What the pool says of its loans.
interface IAaveV3Terms {
    /// @notice Version of the pool's code.
    function POOL_REVISION() external view returns (uint256);

    /// @notice Premium on a loan, in bps.
    function FLASHLOAN_PREMIUM_TOTAL() external view returns (uint128);

    /// @notice State of a reserve; its aToken holds what can be lent.
    function getReserveData(address asset) external view returns (AaveV3Reserve memory);

    /// @notice What was deposited and is not lent out, donations aside. Only later revisions count it.
    function getVirtualUnderlyingBalance(address asset) external view returns (uint128);
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
