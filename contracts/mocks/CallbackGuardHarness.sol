// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CallbackGuard, CallbackKind} from "../flashloan/CallbackGuard.sol";

/// @title Opens the guard's inside to tests.
contract CallbackGuardHarness is CallbackGuard {
    function expectCallback(address callee, CallbackKind kind, uint256 at, bytes32 dataHash) external {
        _expectCallback(callee, kind, at, dataHash);
    }

    function consumeCallback(CallbackKind kind, bytes calldata data) external returns (bytes32, uint256) {
        return _consumeCallback(kind, data);
    }

    function requireConsumed() external view {
        _requireConsumed();
    }
}
