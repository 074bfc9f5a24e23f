// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What is read of a Chainlink-like price feed.
interface IPriceFeed {
    /// @notice Decimals of the answer.
    function decimals() external view returns (uint8);

    /// @notice The latest answer, and when it was given (seconds).
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
