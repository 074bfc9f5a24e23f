// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CallbackGuard, CallbackKind} from "../flashloan/CallbackGuard.sol";

/// @title Opens the guard's inside to tests.
contract CallbackGuardHarness is CallbackGuard {
    function expectCallback(address callee, CallbackKind kind, bytes32 dataHash) external {
        _expectCallback(callee, kind, dataHash);
    }

    function consumeCallback(CallbackKind kind, bytes calldata data) external returns (bytes32) {
        return _consumeCallback(kind, data);
    }

    function requireConsumed() external view {
        _requireConsumed();
    }
}
