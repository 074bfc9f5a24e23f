// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the model asks of a USD feed.
interface IUsdFeed {
    function latestAnswer() external view returns (int256);
}

/// @title A model of a price feed quoted in ether, for the offline replica of mainnet
/// @notice Models what readers of a Chainlink feed in ether meet: 18 decimals and `latestAnswer`, `latestTimestamp`,
/// `latestRoundData`. The answer is the ratio of two USD feeds of the replica, so the two never contradict each
/// other, and it is as fresh as the block that asks.
/// @dev Leaves out: the aggregator behind the proxy, rounds before the latest, events, and mainnet's byte code. On
/// mainnet such a feed is a market of its own and may lag its USD sisters.
contract RatioFeedModel {
    uint8 public constant decimals = 18;
    uint256 public constant version = 4;

    string public description;
    IUsdFeed public immutable priced;
    IUsdFeed public immutable ether_;

    constructor(string memory description_, IUsdFeed priced_, IUsdFeed etherFeed) {
        description = description_;
        priced = priced_;
        ether_ = etherFeed;
    }

    /// @notice Ether for one whole token, with 18 decimals; rounds down.
    function latestAnswer() public view returns (int256) {
        return priced.latestAnswer() * 10 ** 18 / ether_.latestAnswer();
    }

    function latestTimestamp() external view returns (uint256) {
        return block.timestamp;
    }

    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        return (1, latestAnswer(), block.timestamp, block.timestamp, 1);
    }
}
