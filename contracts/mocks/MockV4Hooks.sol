// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMockV4Hooks} from "./MockUniswapV4.sol";

/// @title Hooks of a Uniswap V4 pool that make one call in the middle of a swap: tests only.
contract MockV4Hooks is IMockV4Hooks {
    address public target;
    bytes public payload;

    uint256 public callCount;
    bytes public lastAnswer;

    function arm(address newTarget, bytes calldata newPayload) external {
        (target, payload) = (newTarget, newPayload);
    }

    function beforeSwap() external override {
        ++callCount;
        if (target != address(0)) (, lastAnswer) = target.call(payload);
    }
}
