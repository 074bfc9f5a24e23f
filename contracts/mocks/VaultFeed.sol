// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A price feed that says what a test wants: tests only.
contract VaultFeed {
    uint8 public decimals;
    int256 public answer;
    uint256 public updatedAt;
    bool public alwaysFresh = true;

    constructor(uint8 decimals_, int256 answer_) {
        (decimals, answer) = (decimals_, answer_);
    }

    function post(int256 newAnswer) external {
        answer = newAnswer;
    }

    function setDecimals(uint8 newDecimals) external {
        decimals = newDecimals;
    }

    /// @dev From now on the time of the answer stands still.
    function freeze(uint256 at) external {
        (alwaysFresh, updatedAt) = (false, at);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        uint256 at = alwaysFresh ? block.timestamp : updatedAt;
        return (1, answer, at, at, 1);
    }
}
