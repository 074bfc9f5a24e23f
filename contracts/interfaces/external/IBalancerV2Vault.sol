// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a borrower and a swap call on the Balancer V2 vault.
interface IBalancerV2Vault {
    enum SwapKind {
        GivenIn,
        GivenOut
    }

    struct SingleSwap {
        bytes32 poolId;
        SwapKind kind;
        address assetIn;
        address assetOut;
        uint256 amount;
        bytes userData;
    }

    struct FundManagement {
        address sender;
        bool fromInternalBalance;
        address recipient;
        bool toInternalBalance;
    }

    /// @notice Lends `amounts` of `tokens` (sorted, unique) to `recipient` and calls it back.
    /// @dev Anyone may name any recipient, and the callback does not say who asked.
    function flashLoan(
        address recipient,
        address[] calldata tokens,
        uint256[] calldata amounts,
        bytes calldata userData
    ) external;

    /// @notice Pulls the input from `funds.sender` by its allowance and pays the output to `funds.recipient`.
    /// @param limit Least output of a `GivenIn` swap.
    /// @return amountCalculated What was paid out by a `GivenIn` swap.
    function swap(
        SingleSwap calldata singleSwap,
        FundManagement calldata funds,
        uint256 limit,
        uint256 deadline
    ) external payable returns (uint256 amountCalculated);

    /// @notice Whether the vault is stopped, and until when that can be.
    function getPausedState()
        external
        view
        returns (bool paused, uint256 pauseWindowEndTime, uint256 bufferPeriodEndTime);

    /// @notice Where fees are decided and gathered.
    function getProtocolFeesCollector() external view returns (address);
}

/// @title Where the vault's fees are decided.
interface IBalancerV2FeesCollector {
    /// @notice Share of a loan that it costs, in WAD.
    function getFlashLoanFeePercentage() external view returns (uint256);
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
